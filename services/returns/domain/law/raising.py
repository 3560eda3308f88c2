"""Duties of a flow of the law become due: the shop is warned of its own before, and what is missed is written down.

Guarantee: an alarm about a duty is raised once; a date that moves is another alarm. What the shop missed escalates.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from casework.case import ESCALATIONS, Case
from chassis.domain import Event

SHOP, CUSTOMER = "shop", "customer"
WARN, MISSED = "warn", "missed"


class DutyAlarm(NamedTuple):
    """Warn or missed, of which duty, whose it is, when it is raised, and when the duty is due."""

    kind: str
    duty: str
    owner: str
    at: datetime
    due_at: datetime


class RaisingDuties(Case):
    """Abstract: the flow says which duties are open, and names its own events."""

    duties_raised: set[str]
    DUTY_EVENTS: ClassVar[tuple[type[Event], type[Event]]]
    """The shop is warned of a duty, and one was missed."""

    def open_duties(self) -> Sequence[tuple[str, str, datetime]]:
        """Each duty that is open, with whose it is and when it is due."""
        raise NotImplementedError

    def days_of_warning(self) -> int:
        """How long before the end the shop is warned."""
        raise NotImplementedError

    def alarms_of_duties(self) -> list[DutyAlarm]:
        """What is still to be raised of them."""
        found: list[DutyAlarm] = []
        for duty, owner, due in self.open_duties() if self.is_open else ():
            if owner == SHOP:
                before = due - timedelta(days=self.days_of_warning())
                found.append(DutyAlarm(WARN, duty, owner, before, due))
            found.append(DutyAlarm(MISSED, duty, owner, due, due))
        return [alarm for alarm in found if raised(alarm.kind, alarm.duty, alarm.due_at) not in self.duties_raised]

    def raise_duties(self, *, at: datetime) -> None:
        """Record what has become due; a duty the shop missed moves the case to the escalations queue."""
        warned, missed = self.DUTY_EVENTS
        for alarm in [alarm for alarm in self.alarms_of_duties() if alarm.at <= at]:
            if alarm.kind == WARN:
                self.record(warned, at=at, duty=alarm.duty, due_at=alarm.due_at)
                continue
            self.record(missed, at=at, duty=alarm.duty, owner=alarm.owner, due_at=alarm.due_at)
            if alarm.owner == SHOP:
                self.escalate(ESCALATIONS, f"{alarm.duty} missed", by="system", at=at)


def raised(kind: str, duty: str, due_at: datetime) -> str:
    """The key of an alarm about a duty."""
    return f"{kind}:{duty}:{due_at.isoformat()}"
