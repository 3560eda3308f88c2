"""A case told as sentences, one per stored event, without personal data.

Guarantee: every event class gets a line; what no sentence was written for is told by its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from re import sub
from typing import Any

from casework import approval_events as a
from casework import events as e
from chassis.domain import Event, Personal

Sentence = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of a case's story."""

    at: datetime
    what: str
    text: str
    by: str
    facts: dict[str, str]


SHARED_SENTENCES: Mapping[type[Event], Sentence] = {
    e.CaseAssigned: lambda x: f"{x.by} gave the case to {x.assignee}",
    e.CaseUnassigned: lambda x: f"{x.by} put the case back in its queue",
    e.CaseEscalated: lambda x: f"Escalated to {x.queue}: {x.reason}",
    e.NoteAdded: lambda x: f"{x.by} wrote a note",
    e.CustomerWrote: lambda x: f"The customer wrote by {x.channel}",
    e.CustomerAnswered: lambda x: (
        f"{'Automatic message' if x.automatic else x.by + ' wrote'} to the customer ({x.channel})"
    ),
    e.CaseTagged: lambda x: f"{x.by} tagged it {x.tag}",
    e.CaseUntagged: lambda x: f"{x.by} took the tag {x.tag} off",
    e.WaitingOnChanged: lambda x: f"Waiting on {x.party or 'nobody'}",
    e.PromiseMade: lambda x: f"{x.by} promised to come back by {x.due_at.isoformat()}",
    e.PromiseKept: lambda x: f"{x.by} kept the promise",
    e.PromiseMissed: lambda x: f"The promise to come back by {x.due_at.isoformat()} was missed",
    e.ServicePlanSet: lambda x: f"Service levels: {x.plan.name} (version {x.plan.version})",
    e.ServiceLevelWarned: lambda x: f"{_words(x.target)} is due at {x.due_at.isoformat()}",
    e.ServiceLevelBreached: lambda x: f"{_words(x.target)} was due at {x.due_at.isoformat()} and was missed",
    e.CaseClosed: lambda x: f"{x.by} closed the case: {_words(x.outcome)}" + (f" ({x.reason})" if x.reason else ""),
    e.CaseReopened: lambda x: f"{x.by} reopened the case: {x.reason}",
    a.ApprovalRequested: lambda x: f"{x.by} asked a second person for {_words(x.action)}: {x.reason}",
    a.ApprovalGranted: lambda x: f"{_acting(x)} approved it",
    a.ApprovalDeclined: lambda x: f"{_acting(x)} declined it: {x.reason}",
    a.ApprovalHandedOver: lambda x: f"{x.by} let {x.to} use the approval: {x.reason}",
    a.ApprovalUsed: lambda x: f"{_acting(x)} carried out what was approved",
    a.ApprovalExpired: lambda x: "The approval expired",
}

_NOT_FACTS = frozenset(
    {
        "originator_id",
        "originator_version",
        "originator_topic",
        "timestamp",
        "by",
        "plan",
    }
)


def tell(event: Event, sentences: Mapping[type[Event], Sentence]) -> StoryLine:
    """The line of one event; `sentences` are the service's own, beside the shared ones."""
    what = type(event).__name__
    sentence = sentences.get(type(event)) or SHARED_SENTENCES.get(type(event))
    text = sentence(event) if sentence else sub(r"(?<!^)(?=[A-Z])", " ", what).capitalize()
    facts = {
        name: str(value)
        for name, value in vars(event).items()
        if name not in _NOT_FACTS and not isinstance(value, Personal) and _is_plain(value)
    }
    return StoryLine(event.timestamp, what, text, getattr(event, "by", ""), facts)


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, (dict, list, tuple)) and "Personal(" not in repr(value)


def _acting(x: Any) -> str:
    return f"{x.by} in place of {x.in_place_of}" if x.in_place_of else str(x.by)


def _words(name: str) -> str:
    return name.replace("_", " ")
