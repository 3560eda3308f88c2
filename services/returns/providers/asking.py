"""Asks the shop and its payment system over Kafka: every request has the same head and its own rest.

Guarantee: the request's id is the effect's own key, which the receiver treats as its idempotency key: asked twice, it
is done once. No address lies in an intent, nor in a request unless another than the order's own was given for it.
Silence is known at the answer-by time that the request named, and is asked again under the same key.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import fulfilment_requests_pb2
from google.protobuf.message import Message

from chassis.domain import Aggregate
from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer

FULFILMENT = "aftercare.fulfilment.requests.v1"
PAYMENT = "aftercare.payment.requests.v1"
PAYOUT = "aftercare.payout.requests.v1"
REQUESTER = "returns"
"""Who asks, where the ledger does not ask for another service."""

Head = dict[str, Any]
Say = Callable[[Attempt, Head], Message]
"""The whole request: its head is given."""
AnswerBy = Callable[[Attempt], datetime]
Load = Callable[[UUID], Awaitable[Aggregate | None]]
"""How a provider reads what is in no intent: where it is kept, while it is."""


class Requests:
    """One kind of request. The receiver answers by itself."""

    idempotency: timedelta | None = timedelta(days=30)  # the contract sets no end; ours is what an inbox keeps

    def __init__(self, sender: RequestSender, topic: str, say: Say, answer_by: AnswerBy) -> None:
        self._sender, self._topic, self._say, self._answer_by = sender, topic, say, answer_by

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request; what comes of it is told on Kafka."""
        return await self.publish(attempt, self._say)

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """It cannot be asked about: the request itself is sent again, under the same key."""
        return None

    async def publish(self, attempt: Attempt, say: Say) -> ProviderAnswer:
        """Send what `say` makes of the attempt's head."""
        body, answer_by = attempt.body, self._answer_by(attempt)
        head = {
            "shop_id": body["shop_id"],
            "request_id": attempt.key,
            "occurred_at": timestamp_to_proto(attempt.now),
            "answer_by": timestamp_to_proto(answer_by),
            "order_id": body["order_id"],
            "requester": body.get("requester", REQUESTER),
            "case_id": body["case_id"],
        }
        return await self._sender.submit(
            attempt, self._topic, body["order_id"], say(attempt, head), shop_id=body["shop_id"], answer_by=answer_by
        )


def within(time: timedelta) -> AnswerBy:
    """So long after each sending."""
    return lambda attempt: attempt.now + time


def amount_of(body: Mapping[str, Any], minor: str = "minor") -> money_pb2.Money:
    """An amount of an intent."""
    return money_pb2.Money(minor_units=body[minor], currency=body["currency"])


def units_of(body: Mapping[str, Any]) -> list[fulfilment_requests_pb2.RequestedUnits]:
    """The units of an intent."""
    units = body["units"]
    return [fulfilment_requests_pb2.RequestedUnits(line_id=line, sku=sku, quantity=n) for line, sku, n in units]
