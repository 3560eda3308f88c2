"""Kafka in: what the shop tells, what the ledger answers and what the shop answers. No decisions.

Guarantee: every message is turned into domain values field by field; an answer to somebody else's request is
passed over.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from aftercare.common.v1 import event_pb2
from aftercare.compensation.v1 import answers_pb2 as ledger
from aftercare.orders.v1 import answers_pb2, customers_pb2, orders_pb2, shipments_pb2
from google.protobuf.message import Message

from chassis.domain import Money, subject_of
from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from chassis.service import Record, RecordHandler, Subscription
from chassis.work import Work
from services.shipping_issues import translation
from services.shipping_issues.application import Application
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment

REQUESTER = "shipping_issues"

M = TypeVar("M", bound=Message)
Handlers = Mapping[str, tuple[type[Message], RecordHandler]]


def subscriptions(app: Application) -> list[Subscription]:
    """Every topic this service reads."""
    return [
        Subscription("shop.customers.v1", ordered=False, handlers=_customers()),
        Subscription("shop.orders.v1", ordered=False, handlers=_orders(app), about=_order),
        Subscription("shop.shipments.v1", ordered=False, handlers=_shipments(app), about=_parcel_and_order),
        Subscription("shop.answers.v1", ordered=False, handlers=_shop_answers(app)),
        Subscription(
            "aftercare.compensation.answers.v1",
            ordered=True,
            handlers=(handlers := _ledger_answers(app)),
            known=_types_on("aftercare.compensation.answers.v1", ledger.DESCRIPTOR) - frozenset(handlers),
        ),
    ]


def _on(cls: type[M], tell: Callable[[Work, M], Awaitable[None]]) -> dict[str, tuple[type[Message], RecordHandler]]:
    async def handle(work: Work, record: Record[Any]) -> None:
        work.history = bool(getattr(record.message, "history", False))
        await tell(work, record.message)

    return {cls.DESCRIPTOR.full_name: (cls, handle)}


def _order(message: orders_pb2.OrderRecorded) -> tuple[UUID, ...]:
    return (Order.id_of(message.shop_id, message.order_id),)


def _parcel_and_order(message: translation.ParcelFact) -> tuple[UUID, ...]:
    shop_id = message.shop_id
    return Shipment.id_of(shop_id, message.shipment_id), Order.id_of(shop_id, message.order_id)


def _customers() -> Handlers:
    async def erased(work: Work, m: customers_pb2.CustomerErased) -> None:
        work.forget_person(subject_of(m.shop_id, m.customer_id))

    return _on(customers_pb2.CustomerErased, erased)


def _orders(app: Application) -> Handlers:
    async def recorded(work: Work, m: orders_pb2.OrderRecorded) -> None:
        await app.order_recorded(work, m.shop_id, m.order_id, translation.order_snapshot(m), history=m.history)

    return _on(orders_pb2.OrderRecorded, recorded)


def _shipments(app: Application) -> Handlers:
    carriers = app.rules.carriers
    ref = translation.parcel_ref

    async def created(work: Work, m: shipments_pb2.ShipmentCreated) -> None:
        await app.parcel_described(work, ref(m), translation.parcel_facts(m), history=m.history)

    async def handed_over(work: Work, m: shipments_pb2.HandedOver) -> None:
        await app.handed_over(work, ref(m), translation.occurred_at(m), history=m.history)

    async def scanned(work: Work, m: shipments_pb2.Scanned) -> None:
        await app.scanned(work, ref(m), translation.scan(m, carriers), history=m.history)

    async def scan_revoked(work: Work, m: shipments_pb2.ScanRevoked) -> None:
        await app.scan_revoked(work, ref(m), m.scan_key, translation.occurred_at(m), history=m.history)

    async def estimate(work: Work, m: shipments_pb2.EstimateChanged) -> None:
        await app.estimate_changed(work, ref(m), translation.estimate(m), history=m.history)

    async def delivered(work: Work, m: shipments_pb2.Delivered) -> None:
        await app.delivered(work, ref(m), translation.delivery(m), history=m.history)

    async def delivery_revoked(work: Work, m: shipments_pb2.DeliveryRevoked) -> None:
        await app.delivery_revoked(work, ref(m), m.delivery_key, translation.occurred_at(m), history=m.history)

    async def exception(work: Work, m: shipments_pb2.DeliveryException) -> None:
        await app.exception_told(work, ref(m), translation.told_exception(m, carriers), history=m.history)

    return {
        **_on(shipments_pb2.ShipmentCreated, created),
        **_on(shipments_pb2.HandedOver, handed_over),
        **_on(shipments_pb2.Scanned, scanned),
        **_on(shipments_pb2.ScanRevoked, scan_revoked),
        **_on(shipments_pb2.EstimateChanged, estimate),
        **_on(shipments_pb2.Delivered, delivered),
        **_on(shipments_pb2.DeliveryRevoked, delivery_revoked),
        **_on(shipments_pb2.DeliveryException, exception),
    }


def _shop_answers(app: Application) -> Handlers:
    async def accepted(work: Work, m: answers_pb2.RequestAccepted) -> None:
        if m.requester == REQUESTER and not m.history:
            by = timestamp_from_proto(m.expected_by, "expected_by") if m.HasField("expected_by") else None
            await app.shop_accepted(work, m.request_id, m.reference, by)

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
        left: Money | None = money_from_proto(m.left) if m.HasField("left") else None
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

    def ours(tell: Callable[[Work, M], Awaitable[None]]) -> Callable[[Work, M], Awaitable[None]]:
        async def only_ours(work: Work, m: M) -> None:
            if m.requester == REQUESTER:  # type: ignore[attr-defined]  # every answer repeats its requester
                await tell(work, m)

        return only_ours

    return {
        **_on(ledger.CompensationReserved, ours(reserved)),
        **_on(ledger.CompensationRefused, ours(refused)),
        **_on(ledger.CompensationPending, ours(pending)),
        **_on(ledger.CompensationTooLate, ours(too_late)),
        **_on(ledger.CompensationOverdue, ours(overdue)),
        **_on(ledger.RefundSettled, ours(settled)),
        **_on(ledger.RefundFailed, ours(failed)),
    }


def _types_on(topic: str, file: Any) -> frozenset[str]:
    return frozenset(
        message.full_name
        for message in file.message_types_by_name.values()
        if topic in message.GetOptions().Extensions[event_pb2.event].topics
    )
