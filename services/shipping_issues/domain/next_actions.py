"""What an agent may do next with a case, best first, and why not.

Guarantee: each entry is the command's own check, tried on a copy, so the list and the commands never disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casework import NextAction, next_action, take
from chassis.domain import Money
from services.shipping_issues.domain import remedy as r
from services.shipping_issues.domain.delivery_case import ENDINGS, DeliveryCase
from services.shipping_issues.domain.guidelines import CORRECT_ADDRESS, REFUND, RESHIP, WAIT, Rules
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.units import units_of

_LABELS = {
    RESHIP: ("Reship", "Send the same goods again"),
    REFUND: ("RequestRefund", "Pay the goods in this parcel back"),
    WAIT: ("Wait", "Tell the customer an honest date"),
    CORRECT_ADDRESS: ("CorrectAddress", "Have it brought to another address"),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """Who asks, and what they granted today by action."""

    id: str
    roles: frozenset[str]
    granted_today: dict[str, Money]


def next_actions(
    case: DeliveryCase, parcel: Shipment, order: Order, agent: Agent, rules: Rules, *, at: datetime
) -> list[NextAction]:
    """Every action an agent could think of here, allowed ones first."""
    guideline = rules.guidelines.of(case.finding)
    actions = []
    for remedy in (*case.proposals, *(known for known in _LABELS if known not in case.proposals)):
        if remedy in _LABELS:
            rpc, label = _LABELS[remedy]
            tried = _attempt(remedy, case, parcel, order, agent, rules, at)
            known = (("case_id", str(case.id)), *_dates(remedy, case, at))
            actions.append(next_action(case, rpc, label, tried, why=guideline.why.get(remedy, ""), arguments=known))
    actions += _endings(case, agent, at)
    allowed = [action for action in actions if action.allowed]
    refused = [action for action in actions if not action.allowed]
    return _with_best(allowed) + refused


def _attempt(
    remedy: str, case: DeliveryCase, parcel: Shipment, order: Order, agent: Agent, rules: Rules, at: datetime
) -> Callable[[DeliveryCase], None]:
    def attempt(copy: DeliveryCase) -> None:
        if remedy == WAIT:
            copy.decide_wait(at + timedelta(hours=1), "", by=agent.id, at=at)
            return
        copy.check_remedy(remedy, rules.guidelines.version)
        if remedy in r.COMPENSATES:
            value = order.value_of(units_of(parcel, order))
            rules.limits.check(
                agent.roles,
                remedy,
                value,
                order_so_far=order.granted_so_far(remedy, value.currency),
                day_so_far=agent.granted_today.get(remedy, Money.zero(value.currency)),
            )

    return attempt


def _endings(case: DeliveryCase, agent: Agent, at: datetime) -> list[NextAction]:
    about = ("case_id", str(case.id))
    actions = take(case, "AssignCase", (about,), by=agent.id, at=at)
    if (standing := case.under_way) is not None:

        def withdraw(copy: DeliveryCase) -> None:
            copy.withdraw(standing.id, "", by=agent.id, at=at)

        label = f"Take the {standing.remedy.replace('_', ' ')} back"
        known = (about, ("remedy_id", standing.id))
        actions.append(next_action(case, "WithdrawRemedy", label, withdraw, why="not carried out yet", arguments=known))
    for outcome in ENDINGS:

        def end(copy: DeliveryCase, outcome: str = outcome) -> None:
            copy.end(outcome, "", by=agent.id, at=at)

        known = (about, ("outcome", outcome))
        label = f"Close it as {outcome.replace('_', ' ')}"
        if (ending := next_action(case, "CloseCase", label, end, why="the facts show it", arguments=known)).allowed:
            actions.append(ending)
    return actions


def _dates(remedy: str, case: DeliveryCase, at: datetime) -> tuple[tuple[str, str], ...]:
    honest = case.expected_by
    return (("expect_by", honest.isoformat()),) if remedy == WAIT and honest is not None and honest > at else ()


def _with_best(allowed: list[NextAction]) -> list[NextAction]:
    best = next((action for action in allowed if not action.needs_approval), None)
    return [replace(action, recommended=action is best) for action in allowed]
