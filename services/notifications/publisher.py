"""Who was told what, for the other services: ids and facts, never an address or a text."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from aftercare.notifications.v1 import events_pb2, model_pb2

from chassis.domain import Aggregate, Event
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import PublicEvent
from services.notifications.domain.contact import Contact
from services.notifications.domain.events import (
    AddressRejected,
    MessageAccepted,
    MessageBounced,
    MessageComplained,
    MessageOutcomeUnknown,
    MessageSuppressed,
)
from services.notifications.domain.message import Message
from services.notifications.domain.values import Why

TOPIC = "aftercare.notifications.events.v1"

STATES: Mapping[str, "model_pb2.MessageState.ValueType"] = {
    "planned": model_pb2.MESSAGE_STATE_PLANNED,
    "sent": model_pb2.MESSAGE_STATE_SENT,
    "accepted": model_pb2.MESSAGE_STATE_ACCEPTED,
    "deferred": model_pb2.MESSAGE_STATE_DEFERRED,
    "bounced": model_pb2.MESSAGE_STATE_BOUNCED,
    "complained": model_pb2.MESSAGE_STATE_COMPLAINED,
    "unknown": model_pb2.MESSAGE_STATE_UNKNOWN,
    "suppressed": model_pb2.MESSAGE_STATE_SUPPRESSED,
    "superseded": model_pb2.MESSAGE_STATE_SUPERSEDED,
}
"""States of messages in the contract's words."""


def publish(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    """The public events of one domain event."""
    if isinstance(aggregate, Message):
        yield from _outcome(event, aggregate)
    elif isinstance(aggregate, Contact) and isinstance(event, AddressRejected):
        yield _unreachable(aggregate.shop_id, aggregate.customer_id, event.timestamp, "bounced")


def _outcome(event: Event, message: Message) -> Iterable[PublicEvent]:
    match event:
        case MessageAccepted():
            yield _recorded(event, message, "accepted", "")
        case MessageBounced(reason=reason):
            yield _recorded(event, message, "bounced", reason)
        case MessageComplained():
            yield _recorded(event, message, "complained", "")
        case MessageOutcomeUnknown(reason=reason):
            yield _recorded(event, message, "unknown", reason)
        case MessageSuppressed(why=why):
            superseded = why in (Why.SUPERSEDED, Why.OVERTAKEN)
            yield _recorded(event, message, "superseded" if superseded else "suppressed", why.value)
            if why is Why.NO_ADDRESS:
                yield _unreachable(message.shop_id, message.customer_id, event.timestamp, "no_contact")


def _recorded(event: Event, message: Message, state: str, reason: str) -> PublicEvent:
    told = events_pb2.MessageOutcomeRecorded(
        shop_id=message.shop_id,
        case_id=message.case_id,
        occurred_at=timestamp_to_proto(event.timestamp),
        order_id=message.order_id,
        customer_id=message.customer_id,
        message_id=str(message.id),
        trouble=message.trouble,
        expectation=message.expectation,
        channel="email",
        language=message.rendering.locale if message.rendering else "",
        state=STATES[state],
        reason=reason,
        sent_at=timestamp_to_proto(message.sent_at),
    )
    return PublicEvent(TOPIC, message.case_id, told, message.shop_id)


def _unreachable(shop_id: str, customer_id: str, at: datetime, reason: str) -> PublicEvent:
    told = events_pb2.CustomerUnreachable(
        shop_id=shop_id, customer_id=customer_id, occurred_at=timestamp_to_proto(at), channel="email", reason=reason
    )
    return PublicEvent(TOPIC, customer_id, told, shop_id)
