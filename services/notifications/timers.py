"""When a message has to be looked at again: to send it, or to find that it is of no use any more."""

from collections.abc import Iterable

from chassis.domain import Aggregate
from chassis.service import WantedTimer
from services.notifications.domain.message import Message

SEND = "send"
EXPIRE = "expire"


def wanted(aggregate: Aggregate) -> Iterable[WantedTimer]:
    """What should be armed now. What is due as soon as it is planned goes out in the planning unit, or waits for its
    contact, which wakes it."""
    if not isinstance(aggregate, Message) or not aggregate.waiting:
        return
    if not aggregate.handed_over and aggregate.due_at is not None and aggregate.due_at != aggregate.planned_at:
        yield WantedTimer(SEND, aggregate.due_at)
    if aggregate.expires_at is not None:
        yield WantedTimer(EXPIRE, aggregate.expires_at)
