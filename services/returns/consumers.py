"""Kafka in: the shop's facts and answers, and what other services ask of the ledger. No decisions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aftercare.compensation.v1 import requests_pb2
from aftercare.orders.v1 import (
    answers_pb2,
    credit_notes_pb2,
    customers_pb2,
    exchanges_pb2,
    orders_pb2,
    payments_pb2,
    receipts_pb2,
    shipments_pb2,
)
from google.protobuf.message import Message

from casework.amounts import written
from chassis.domain import subject_of
from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from chassis.service import Failed, Record, RecordHandler, Subscription, Succeeded, Unknown
from chassis.work import Work
from services.returns.application import Application
from services.returns.application.answered import ANSWERED
from services.returns.application.common import REFUND_EFFECT
from services.returns.application.exchange_requests import KIND_OF_STEP
from services.returns.domain.identity import exchange_request_of
from services.returns.domain.order import PaymentKind
from services.returns.goods_translation import correction_of, delivery_of, receipt_of, shipment_of
from services.returns.neighbours import told_by_shipping
from services.returns.translation import (
    ask_of,
    day_of,
    dispute_fact,
    money_in_fact,
    refund_fact,
    snapshot_of,
    unit_ids,
)

Handlers = Mapping[str, tuple[type[Message], RecordHandler]]
Handle = Callable[[Work, Any], Awaitable[None]]


def subscriptions(app: Application) -> list[Subscription]:
    """Every topic returns reads."""
    return [
        Subscription("shop.orders.v1", ordered=False, handlers=_orders(app)),
        Subscription("shop.shipments.v1", ordered=False, handlers=_shipments(app)),
        Subscription("shop.receipts.v1", ordered=False, handlers=_receipts(app)),
        Subscription("shop.payments.v1", ordered=False, handlers=_payments(app)),
        Subscription("shop.answers.v1", ordered=False, handlers=_answers()),
        Subscription("shop.customers.v1", ordered=False, handlers=_customers()),
        Subscription("aftercare.compensation.requests.v1", ordered=True, handlers=_ledger(app)),
        told_by_shipping(app),
    ]


def _orders(app: Application) -> Handlers:
    async def recorded(work: Work, m: orders_pb2.OrderRecorded) -> None:
        await app.order_recorded(work, m.shop_id, m.order_id, snapshot_of(m))

    return table({orders_pb2.OrderRecorded: recorded})


def _shipments(app: Application) -> Handlers:
    async def created(work: Work, m: shipments_pb2.ShipmentCreated) -> None:
        await app.shipment_told(work, m.shop_id, m.order_id, shipment_of(m))

    async def handed_over(work: Work, m: shipments_pb2.HandedOver) -> None:
        at = timestamp_from_proto(m.occurred_at, "occurred_at")
        await app.handed_over(work, m.shop_id, m.order_id, m.shipment_id, at)

    async def delivered(work: Work, m: shipments_pb2.Delivered | shipments_pb2.DeliveryRevoked) -> None:
        await app.delivery_told(work, m.shop_id, m.order_id, delivery_of(m))

    return table(
        {
            shipments_pb2.ShipmentCreated: created,
            shipments_pb2.HandedOver: handed_over,
            shipments_pb2.Delivered: delivered,
            shipments_pb2.DeliveryRevoked: delivered,
        }
    )


def _receipts(app: Application) -> Handlers:
    async def made(work: Work, m: receipts_pb2.ReceiptMade) -> None:
        await app.receipt_told(work, m.shop_id, m.receipt_number, receipt_of(m), by="warehouse")

    async def corrected(work: Work, m: receipts_pb2.ReceiptCorrected) -> None:
        await app.receipt_told(work, m.shop_id, m.receipt_number, correction_of(m), by="warehouse")

    async def voided(work: Work, m: receipts_pb2.ReceiptVoided) -> None:
        await app.receipt_voided(work, m.shop_id, m.receipt_number, m.reason)

    return table(
        {
            receipts_pb2.ReceiptMade: made,
            receipts_pb2.ReceiptCorrected: corrected,
            receipts_pb2.ReceiptVoided: voided,
        }
    )


def _payments(app: Application) -> Handlers:
    async def authorised(work: Work, m: payments_pb2.PaymentAuthorised) -> None:
        fact = money_in_fact(m, PaymentKind.AUTHORISED, m.authorisation_id)
        await app.payment_told(work, m.shop_id, m.order_id, fact)

    async def captured(work: Work, m: payments_pb2.PaymentCaptured) -> None:
        fact = money_in_fact(m, PaymentKind.CAPTURED, m.capture_id)
        await app.payment_told(work, m.shop_id, m.order_id, fact)

    async def refunded(work: Work, m: payments_pb2.PaymentRefunded) -> None:
        await app.payment_told(work, m.shop_id, m.order_id, refund_fact(m, PaymentKind.REFUNDED))

    async def failed(work: Work, m: payments_pb2.PaymentRefundFailed) -> None:
        await app.payment_told(work, m.shop_id, m.order_id, refund_fact(m, PaymentKind.REFUND_FAILED))

    async def disputed(work: Work, m: payments_pb2.DisputeOpened | payments_pb2.DisputeClosed) -> None:
        await app.payment_told(work, m.shop_id, m.order_id, dispute_fact(m))

    return table(
        {
            payments_pb2.PaymentAuthorised: authorised,
            payments_pb2.PaymentCaptured: captured,
            payments_pb2.PaymentRefunded: refunded,
            payments_pb2.PaymentRefundFailed: failed,
            payments_pb2.DisputeOpened: disputed,
            payments_pb2.DisputeClosed: disputed,
        }
    )


def _answers() -> Handlers:
    # The request id is the effect's own key, and no two kinds share one: the one that exists is meant.
    async def prove(work: Work, m: Any, answer: Succeeded | Failed | Unknown) -> None:
        for kind in kinds_of(m.request_id):
            await work.effect_fact(kind, m.request_id, answer)

    async def kept(work: Work, m: exchanges_pb2.ExchangeReserved) -> None:
        facts = {
            "expires_at": timestamp_from_proto(m.expires_at, "expires_at").isoformat(),
            "minor": str(m.price.minor_units),
            "currency": m.price.currency,
        }
        await prove(work, m, Succeeded(m.reservation_id, facts))

    async def note(work: Work, m: credit_notes_pb2.CreditNoteIssued) -> None:
        facts = {"number": m.number, "issued_on": day_of(m.issued_on, "issued_on").isoformat()}
        await prove(work, m, Succeeded(m.number, facts))

    async def accepted(work: Work, m: answers_pb2.RequestAccepted) -> None:
        return  # it will be done: the answer that counts is still to come

    async def done(work: Work, m: answers_pb2.RequestDone) -> None:
        facts = {
            "label_url": m.label_url,
            "carrier": m.carrier,
            "tracking_number": m.tracking_number,
            "qr_code_url": m.qr_code_url,
            "instructions": m.instructions,
        }
        if m.HasField("price_difference"):
            facts["difference"] = written(money_from_proto(m.price_difference))
        await prove(work, m, Succeeded(m.reference, {name: value for name, value in facts.items() if value}))

    async def refused(work: Work, m: answers_pb2.RequestRefused) -> None:
        await prove(work, m, Failed(m.reason))

    async def looked_up(work: Work, m: answers_pb2.RefundLookupAnswered) -> None:
        match m.outcome:
            case answers_pb2.REFUND_LOOKUP_OUTCOME_SUCCEEDED:
                await work.effect_fact(REFUND_EFFECT, m.request_id, Succeeded(m.provider_refund_id))
            case answers_pb2.REFUND_LOOKUP_OUTCOME_FAILED:
                await work.effect_fact(REFUND_EFFECT, m.request_id, Failed(m.reason))
            case answers_pb2.REFUND_LOOKUP_OUTCOME_ABSENT:
                await work.effect_fact(REFUND_EFFECT, m.request_id, Unknown("absent"))
            case _:
                return  # taken and not carried out yet: the answer-by time of the look-up runs on

    return table(
        {
            answers_pb2.RequestAccepted: accepted,
            answers_pb2.RequestDone: done,
            answers_pb2.RequestRefused: refused,
            answers_pb2.RefundLookupAnswered: looked_up,
            exchanges_pb2.ExchangeReserved: kept,
            credit_notes_pb2.CreditNoteIssued: note,
        }
    )


def kinds_of(request_id: str) -> tuple[str, ...]:
    """The kinds of effect that a request's id may be the key of."""
    about = exchange_request_of(request_id)
    if about is not None:
        return (KIND_OF_STEP[about[2]],) if about[2] in KIND_OF_STEP else ()
    return ANSWERED


def _customers() -> Handlers:
    async def erased(work: Work, m: customers_pb2.CustomerErased) -> None:
        work.forget_person(subject_of(m.shop_id, m.customer_id))

    return table({customers_pb2.CustomerErased: erased})


def _ledger(app: Application) -> Handlers:
    async def requested(work: Work, m: requests_pb2.CompensationRequested) -> None:
        await app.compensation_requested(work, m.shop_id, m.order_id, ask_of(m))

    async def released(work: Work, m: requests_pb2.CompensationReleased) -> None:
        await app.compensation_released(work, m.shop_id, m.order_id, m.requester, m.request_key, m.reason)

    async def settled(work: Work, m: requests_pb2.CompensationSettled) -> None:
        await app.compensation_settled(
            work, m.shop_id, m.order_id, m.requester, m.request_key, m.reference, unit_ids(m.units)
        )

    return table(
        {
            requests_pb2.CompensationRequested: requested,
            requests_pb2.CompensationReleased: released,
            requests_pb2.CompensationSettled: settled,
        }
    )


def table(handles: Mapping[type[Message], Handle]) -> Handlers:
    return {cls.DESCRIPTOR.full_name: (cls, _handler(handle)) for cls, handle in handles.items()}


def _handler(handle: Handle) -> RecordHandler:
    async def apply(work: Work, record: Record[Any]) -> None:
        work.history = bool(getattr(record.message, "history", False))
        await handle(work, record.message)

    return apply
