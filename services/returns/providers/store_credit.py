"""Issues store credit in the shop's own wallet, over Kafka.

Guarantee: the request's id is the transfer's own key, which the receiver treats as its idempotency key: asked twice, it
issues once. No money moves by it, so its answer is its only fact.
"""

from datetime import timedelta

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import store_credit_pb2 as pb

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer
from services.returns.providers.payment import TOPIC


class StoreCredits:
    """Credit instead of money."""

    idempotency: timedelta | None = timedelta(days=30)

    def __init__(self, sender: RequestSender, answer_within: timedelta) -> None:
        self._sender, self._answer_within = sender, answer_within

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for the credit."""
        body = attempt.body
        answer_by = attempt.now + self._answer_within
        message = pb.StoreCreditRequested(
            shop_id=body["shop_id"],
            request_id=attempt.key,
            occurred_at=timestamp_to_proto(attempt.now),
            answer_by=timestamp_to_proto(answer_by),
            order_id=body["order_id"],
            requester=body["requester"],
            case_id=body["case_id"],
            customer_id=body["customer_id"],
            amount=money_pb2.Money(minor_units=body["minor"], currency=body["currency"]),
            reason=body["reason"],
            attempt=attempt.number,
        )
        return await self._sender.submit(
            attempt, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """It cannot be asked about: the request itself is sent again, under the same key."""
        return None
