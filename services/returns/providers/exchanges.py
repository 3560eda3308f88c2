"""Asks the shop to keep, order or let go of what a customer wants for a unit, and to charge for one that did not come
back, over Kafka.

Guarantee: the request's id is the effect's own key for all its repeats, which the receiver treats as its idempotency
key. Silence past the answer-by time is asked again under the same key.
"""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import exchanges_pb2 as pb
from aftercare.orders.v1 import fulfilment_requests_pb2
from google.protobuf.message import Message

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer
from services.returns.providers import labels, payment


class ShopRequest(ABC):
    """One kind of request; the shop answers by itself."""

    idempotency: timedelta | None = timedelta(days=30)
    topic = labels.TOPIC

    def __init__(self, sender: RequestSender, answer_within: timedelta) -> None:
        self._sender, self._answer_within = sender, answer_within

    @abstractmethod
    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        """The request as its contract has it."""

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request."""
        body = attempt.body
        answer_by = attempt.now + self._answer_within
        common = {
            "shop_id": body["shop_id"],
            "request_id": attempt.key,
            "occurred_at": timestamp_to_proto(attempt.now),
            "answer_by": timestamp_to_proto(answer_by),
            "order_id": body["order_id"],
            "requester": labels.REQUESTER,
            "case_id": body["case_id"],
        }
        message = self.message(body, common, attempt.number)
        return await self._sender.submit(
            attempt, self.topic, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """It cannot be asked about: the request itself is sent again, under the same key."""
        return None


class ExchangeReservations(ShopRequest):
    """Keep one."""

    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        own = {name: body[name] for name in ("customer_id", "line_id", "returned_sku", "sku", "currency")}
        return pb.ExchangeReservationRequested(**common, **own)


class ExchangeReleases(ShopRequest):
    """Do not keep it any longer."""

    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        own = {name: body[name] for name in ("reservation_request_id", "reservation_id")}
        return pb.ExchangeReservationReleased(**common, **own)


class ExchangeOrders(ShopRequest):
    """Make an order of it."""

    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        own = {name: body[name] for name in ("customer_id", "reservation_id", "sku", "instant")}
        return pb.ExchangeOrderRequested(
            carried=money_pb2.Money(minor_units=body["carried"], currency=body["currency"]),
            on_top=money_pb2.Money(minor_units=body["on_top"], currency=body["currency"]),
            **common,
            **own,
        )


class ExchangeCancellations(ShopRequest):
    """Do not send it."""

    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        return fulfilment_requests_pb2.OrderCancellationRequested(**common)


class ExchangeCharges(ShopRequest):
    """Charge for a unit that was not given back."""

    topic = payment.TOPIC

    def message(self, body: Any, common: dict[str, Any], attempt: int) -> Message:
        return pb.ChargeRequested(
            **common,
            amount=money_pb2.Money(minor_units=body["minor"], currency=body["currency"]),
            consented_at=timestamp_to_proto(datetime.fromisoformat(body["consented_at"])),
            consent=body["consent"],
            attempt=attempt,
        )
