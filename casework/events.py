"""Facts that every case shares; one class may be folded by the cases of several services.

`by` is the id of the person or program that decided; texts about the customer are `Personal`.
"""

from datetime import datetime
from uuid import UUID

from casework.service_levels import ServicePlan
from chassis.domain import Event, Personal


class CaseAssigned(Event):
    """Somebody has the case now."""

    TOPIC = "casework.Case.Assigned"
    assignee: str
    by: str


class CaseUnassigned(Event):
    """Nobody has the case; it is back in its queue."""

    TOPIC = "casework.Case.Unassigned"
    by: str


class CaseEscalated(Event):
    """The case moved to another queue because something was not done in time, or was asked to be."""

    TOPIC = "casework.Case.Escalated"
    queue: str
    reason: str
    by: str


class NoteAdded(Event):
    """An agent wrote something down, for agents."""

    TOPIC = "casework.Case.NoteAdded"
    note_id: UUID
    text: Personal
    by: str


class CustomerWrote(Event):
    """The customer got in touch; `written_at` is the message's own instant."""

    TOPIC = "casework.Case.CustomerWrote"
    message_id: str
    channel: str
    written_at: datetime
    text: Personal


class CustomerAnswered(Event):
    """A message went to the customer; an automatic one is no answer in the sense of service levels."""

    TOPIC = "casework.Case.CustomerAnswered"
    message_id: str
    channel: str
    automatic: bool
    text: Personal
    by: str


class CaseTagged(Event):
    """A tag was put on the case."""

    TOPIC = "casework.Case.Tagged"
    tag: str
    by: str


class CaseUntagged(Event):
    """A tag was taken off the case."""

    TOPIC = "casework.Case.Untagged"
    tag: str
    by: str


class WaitingOnChanged(Event):
    """Whom the case waits on: customer, agent, warehouse, carrier, shop, provider, or nobody (empty)."""

    TOPIC = "casework.Case.WaitingOnChanged"
    party: str
    by: str


class PromiseMade(Event):
    """Somebody told the customer "I will come back by `due_at`"."""

    TOPIC = "casework.Case.PromiseMade"
    promise_id: UUID
    due_at: datetime
    text: Personal
    by: str


class PromiseKept(Event):
    """The promise was kept, in time or late."""

    TOPIC = "casework.Case.PromiseKept"
    promise_id: UUID
    by: str


class PromiseMissed(Event):
    """Its instant passed and it was not kept."""

    TOPIC = "casework.Case.PromiseMissed"
    promise_id: UUID
    due_at: datetime


class ServicePlanSet(Event):
    """These service levels hold for the case; the resolution clock runs from the opening."""

    TOPIC = "casework.Case.ServicePlanSet"
    plan: ServicePlan


class ServiceLevelWarned(Event):
    """A goal will soon be missed."""

    TOPIC = "casework.Case.ServiceLevelWarned"
    target: str
    cycle: int
    due_at: datetime


class ServiceLevelBreached(Event):
    """A goal was missed."""

    TOPIC = "casework.Case.ServiceLevelBreached"
    target: str
    cycle: int
    due_at: datetime


class CaseClosed(Event):
    """The case ended; `outcome` in the words of its service."""

    TOPIC = "casework.Case.Closed"
    outcome: str
    reason: str
    by: str


class CaseReopened(Event):
    """Something spoke against its end."""

    TOPIC = "casework.Case.Reopened"
    reason: str
    by: str
