"""What an agent may do next with a complaint, best first, and why not.

Each entry is the command's own check, tried on a copy, so the list and the commands never disagree.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from casework import Limits, NextAction, next_action, take
from chassis.domain import Money
from services.quality_complaints.domain.complaint import OUTCOMES, Complaint
from services.quality_complaints.domain.values import REMEDIES

LABELS = {
    "replacement": "Send new goods",
    "repair": "Have it repaired",
    "refund": "Pay the money back",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What a complaint's actions rest on beside the complaint: who asks, and what was given so far."""

    agent: str
    roles: frozenset[str]
    value: Money | None  # what the units cost; None while the order is not known
    order_so_far: Money | None
    day_so_far: Money | None
    contained: bool
    guideline_version: str
    limits: Limits


def next_actions(complaint: Complaint, around: Situation, *, at: datetime) -> list[NextAction]:
    """Every action an agent could think of here, allowed ones first; at most one is recommended."""
    about = (("case_id", str(complaint.id)),)
    actions: list[NextAction] = []
    if complaint.is_open and complaint.assessment is None:
        told = (*about, ("symptom", complaint.symptom), ("safety", str(complaint.safety).lower()))
        actions.append(NextAction("AssessComplaint", "Judge how bad it is", True, "nothing is given before", "", told))
    for remedy in (*complaint.proposals, *(known for known in REMEDIES if known not in complaint.proposals)):
        known = (*about, ("remedy", remedy))

        def attempt(copy: Complaint, remedy: str = remedy) -> None:
            copy.check_remedy(remedy, around.guideline_version, contained=around.contained)
            if around.value is not None and around.order_so_far is not None and around.day_so_far is not None:
                around.limits.check(
                    around.roles,
                    "resolve",
                    around.value,
                    order_so_far=around.order_so_far,
                    day_so_far=around.day_so_far,
                )

        why = "the customer asks for it" if remedy == complaint.remedy_sought else "proposed by the guideline"
        actions.append(next_action(complaint, "ResolveComplaint", LABELS[remedy], attempt, why=why, arguments=known))
    actions += _endings(complaint, around.agent, at)
    allowed = [action for action in actions if action.allowed]
    if allowed:
        allowed[0] = replace(allowed[0], recommended=True)
    return allowed + [action for action in actions if not action.allowed]


def _endings(complaint: Complaint, agent: str, at: datetime) -> list[NextAction]:
    about = ("case_id", str(complaint.id))
    actions = []
    standing = complaint.standing
    if standing is not None and standing.is_under_way:

        def withdraw(copy: Complaint) -> None:
            copy.withdraw(standing.id, "", by=agent, at=at)

        known = (about, ("remedy_id", standing.id))
        label = f"Take the {standing.remedy} back"
        actions.append(
            next_action(complaint, "WithdrawRemedy", label, withdraw, why="not carried out yet", arguments=known)
        )
    for outcome in OUTCOMES:

        def end(copy: Complaint, outcome: str = outcome) -> None:
            copy.end(outcome, by=agent, at=at)

        known = (about, ("outcome", outcome))
        label = f"Close it as {outcome.replace('_', ' ')}"
        ending = next_action(complaint, "CloseComplaint", label, end, why="the facts show it", arguments=known)
        if ending.allowed:
            actions.append(ending)
    if complaint.is_open:
        actions += take(complaint, "AssignCase", (about,), by=agent, at=at)
    return actions
