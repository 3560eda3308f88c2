"""Pays back through the shop's payment system, over Kafka.

Guarantee: the request's id is the transfer's own key, which the receiver treats as its idempotency key:
asked twice, it pays once. Silence past the answer-by time is asked about, never taken for a no.
"""

from dataclasses import replace
from datetime import timedelta

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import payment_requests_pb2 as pb

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer

TOPIC = "aftercare.payment.requests.v1"


class PaymentSystem:
    """Refunds, and questions about them."""

    idempotency: timedelta | None = timedelta(days=30)  # the contract sets no end; ours is what an inbox keeps

    def __init__(self, sender: RequestSender, answer_within: timedelta) -> None:
        self._sender, self._answer_within = sender, answer_within

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for the refund; what comes of it is told on Kafka."""
        body = attempt.body
        answer_by = attempt.now + self._answer_within
        message = pb.RefundRequested(
            shop_id=body["shop_id"],
            request_id=attempt.key,
            occurred_at=timestamp_to_proto(attempt.now),
            answer_by=timestamp_to_proto(answer_by),
            order_id=body["order_id"],
            requester=body["requester"],
            case_id=body["case_id"],
            tender_id=body["tender_id"],
            capture_id=body.get("capture_id", ""),
            amount=money_pb2.Money(minor_units=body["minor"], currency=body["currency"]),
            reason=body["reason"],
            attempt=attempt.number,
        )
        return await self._sender.submit(
            attempt, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """Ask what became of it; changes nothing."""
        body = attempt.body
        answer_by = attempt.now + self._answer_within
        lookup_id = f"{attempt.key}.{int(attempt.now.timestamp() * 1000)}"
        message = pb.RefundLookup(
            shop_id=body["shop_id"],
            request_id=attempt.key,
            occurred_at=timestamp_to_proto(attempt.now),
            answer_by=timestamp_to_proto(answer_by),
            order_id=body["order_id"],
            requester=body["requester"],
            case_id=body["case_id"],
            lookup_id=lookup_id,
        )
        # A question of its own: under the request's id it would be taken for a repeat of the request.
        question = replace(attempt, idempotency_key=lookup_id)
        return await self._sender.submit(
            question, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )
