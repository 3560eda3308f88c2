"""Kafka in: orders, picked lots, answers of the ledger and the shop, who was told, what comes back. No decisions.

An answer to somebody else's request, and a message about somebody else's case, is passed over.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any, TypeVar
from uuid import UUID

from aftercare.common.v1 import event_pb2
from aftercare.compensation.v1 import answers_pb2 as ledger
from aftercare.notifications.v1 import events_pb2 as told_pb2
from aftercare.notifications.v1 import model_pb2 as told_model
from aftercare.orders.v1 import answers_pb2, customers_pb2, orders_pb2, shipments_pb2
from aftercare.returns.v1 import events_pb2 as returns_pb2
from google.protobuf.message import Message

from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from chassis.service import Record, RecordHandler, Subscription
from chassis.work import Work
from services.quality_complaints import translation
from services.quality_complaints.application import Application
from services.quality_complaints.publisher import REQUESTER

M = TypeVar("M", bound=Message)
Handlers = Mapping[str, tuple[type[Message], RecordHandler]]

LEDGER_ANSWERS = "aftercare.compensation.answers.v1"
NOTIFICATIONS = "aftercare.notifications.events.v1"
RETURNS = "aftercare.returns.events.v1"


def subscriptions(app: Application) -> list[Subscription]:
    """Every topic this service reads."""
    return [
        Subscription("shop.customers.v1", ordered=False, handlers=_customers(app)),
        Subscription("shop.orders.v1", ordered=False, handlers=_orders(app)),
        Subscription("shop.shipments.v1", ordered=False, handlers=_shipments(app)),
        Subscription("shop.answers.v1", ordered=False, handlers=_shop_answers(app)),
        _ordered(LEDGER_ANSWERS, ledger, _ledger_answers(app)),
        _ordered(NOTIFICATIONS, told_pb2, _told(app)),
        _ordered(RETURNS, returns_pb2, _returned(app)),
    ]


def _on(cls: type[M], tell: Callable[[Work, M], Awaitable[None]]) -> dict[str, tuple[type[Message], RecordHandler]]:
    async def handle(work: Work, record: Record[Any]) -> None:
        work.history = bool(getattr(record.message, "history", False))
        await tell(work, record.message)

    return {cls.DESCRIPTOR.full_name: (cls, handle)}


def _ordered(topic: str, module: ModuleType, handlers: Handlers) -> Subscription:
    """One of our own topics: every type of it is handled, or known and passed over."""
    types = {
        message.full_name
        for message in module.DESCRIPTOR.message_types_by_name.values()
        if topic in message.GetOptions().Extensions[event_pb2.event].topics
    }
    return Subscription(topic, ordered=True, handlers=handlers, known=frozenset(types) - frozenset(handlers))


def _customers(app: Application) -> Handlers:
    async def erased(work: Work, m: customers_pb2.CustomerErased) -> None:
        await app.forget_customer(work, m.shop_id, m.customer_id)

    return _on(customers_pb2.CustomerErased, erased)


def _orders(app: Application) -> Handlers:
    async def recorded(work: Work, m: orders_pb2.OrderRecorded) -> None:
        await app.order_recorded(
            work,
            m.shop_id,
            m.order_id,
            m.version,
            customer_id=m.customer_id,
            country=m.country,
            currency=m.currency,
            lines=translation.order_lines(m),
        )

    return _on(orders_pb2.OrderRecorded, recorded)


def _shipments(app: Application) -> Handlers:
    async def created(work: Work, m: shipments_pb2.ShipmentCreated) -> None:
        if m.direction == shipments_pb2.DIRECTION_OUTBOUND:
            at = timestamp_from_proto(m.occurred_at, "occurred_at")
            lots = translation.picked_lots(m)
            await app.parcel_picked(work, m.shop_id, m.order_id, m.shipment_id, lots, told_at=at)

    return _on(shipments_pb2.ShipmentCreated, created)


def _shop_answers(app: Application) -> Handlers:
    async def accepted(work: Work, m: answers_pb2.RequestAccepted) -> None:
        if m.requester == REQUESTER and not m.history:
            await app.shop_accepted(work, m.request_id, m.reference)

    async def refused(work: Work, m: answers_pb2.RequestRefused) -> None:
        if m.requester == REQUESTER and not m.history:
            await app.shop_refused(work, m.request_id, m.reason)

    async def done(work: Work, m: answers_pb2.RequestDone) -> None:
        if m.requester == REQUESTER and not m.history:
            await app.shop_did(work, m.request_id, m.reference)

    return {
        **_on(answers_pb2.RequestAccepted, accepted),
        **_on(answers_pb2.RequestRefused, refused),
        **_on(answers_pb2.RequestDone, done),
    }


def _ledger_answers(app: Application) -> Handlers:
    async def reserved(work: Work, m: ledger.CompensationReserved) -> None:
        amount = money_from_proto(m.amount) if m.HasField("amount") else None
        hold = timestamp_from_proto(m.hold_until, "hold_until") if m.HasField("hold_until") else None
        await app.reserved(work, UUID(m.case_id), m.request_key, amount, hold)

    async def refused(work: Work, m: ledger.CompensationRefused) -> None:
        left = money_from_proto(m.left) if m.HasField("left") else None
        given = tuple(translation.given(grant) for grant in m.given)
        await app.refused(work, UUID(m.case_id), m.request_key, m.reason, left, given)

    async def pending(work: Work, m: ledger.CompensationPending) -> None:
        await app.delayed(work, UUID(m.case_id), m.request_key, m.reason)

    async def too_late(work: Work, m: ledger.CompensationTooLate) -> None:
        await app.not_released(work, UUID(m.case_id), m.request_key, m.state)

    async def overdue(work: Work, m: ledger.CompensationOverdue) -> None:
        await app.overdue(work, UUID(m.case_id), m.request_key)

    async def settled(work: Work, m: ledger.RefundSettled) -> None:
        await app.settled(work, UUID(m.case_id), m.request_key, m.provider_refund_id, money_from_proto(m.amount))

    async def failed(work: Work, m: ledger.RefundFailed) -> None:
        await app.refund_failed(work, UUID(m.case_id), m.request_key, m.reason)

    def ours(tell: Callable[[Work, Any], Awaitable[None]]) -> Callable[[Work, Any], Awaitable[None]]:
        async def told(work: Work, m: Any) -> None:
            if m.requester == REQUESTER:
                await tell(work, m)

        return told

    return {
        **_on(ledger.CompensationReserved, ours(reserved)),
        **_on(ledger.CompensationRefused, ours(refused)),
        **_on(ledger.CompensationPending, ours(pending)),
        **_on(ledger.CompensationTooLate, ours(too_late)),
        **_on(ledger.CompensationOverdue, ours(overdue)),
        **_on(ledger.RefundSettled, ours(settled)),
        **_on(ledger.RefundFailed, ours(failed)),
    }


def _told(app: Application) -> Handlers:
    async def outcome(work: Work, m: told_pb2.MessageOutcomeRecorded) -> None:
        ours = m.trouble == f"complaint:{m.case_id}"
        if ours and m.state == told_model.MESSAGE_STATE_ACCEPTED:
            await app.customer_told(work, UUID(m.case_id), m.message_id)

    return _on(told_pb2.MessageOutcomeRecorded, outcome)


def _returned(app: Application) -> Handlers:
    async def recorded(work: Work, m: returns_pb2.ReturnedUnitRecorded) -> None:
        await app.unit_returned(
            work,
            m.shop_id,
            m.order_id,
            m.line_id,
            m.unit,
            customer_id=m.customer_id,
            sku=m.sku,
            told=translation.told_unit(m),
        )

    return _on(returns_pb2.ReturnedUnitRecorded, recorded)
