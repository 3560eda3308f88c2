"""Asks the shop for return labels, over Kafka.

Guarantee: no address lies in an intent or a request: the shop ships from the order's own.
"""

from datetime import timedelta

from aftercare.orders.v1 import fulfilment_requests_pb2 as pb

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer

TOPIC = "aftercare.fulfilment.requests.v1"
REQUESTER = "returns"


class ReturnLabels:
    """A label for one return; the shop answers by itself."""

    idempotency: timedelta | None = timedelta(days=30)

    def __init__(self, sender: RequestSender, answer_within: timedelta) -> None:
        self._sender, self._answer_within = sender, answer_within

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request."""
        body = attempt.body
        answer_by = attempt.now + self._answer_within
        message = pb.ReturnLabelRequested(
            shop_id=body["shop_id"],
            request_id=attempt.key,
            occurred_at=timestamp_to_proto(attempt.now),
            answer_by=timestamp_to_proto(answer_by),
            order_id=body["order_id"],
            requester=REQUESTER,
            case_id=body["case_id"],
            customer_id=body["customer_id"],
            units=[pb.RequestedUnits(line_id=line, sku=sku, quantity=n) for line, sku, n in body["units"]],
        )
        return await self._sender.submit(
            attempt, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """The shop cannot be asked."""
        return None
