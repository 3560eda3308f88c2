"""Asks the shop to repair or replace goods that do not conform, over Kafka.

Guarantee: no address lies in an intent or a request, the shop ships to the order's own; the request's id is its
idempotency key, so a shop that is asked twice does it once.
"""

from datetime import datetime, timedelta

from aftercare.orders.v1 import fulfilment_requests_pb2 as pb

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer
from services.returns.providers.labels import REQUESTER, TOPIC


class Remedies:
    """Repairs, or replacements; the shop answers by itself, when it is done."""

    idempotency: timedelta | None = timedelta(days=30)

    def __init__(
        self, sender: RequestSender, message: type[pb.RepairRequested] | type[pb.ReplacementRequested]
    ) -> None:
        self._sender, self._message = sender, message

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request."""
        body = attempt.body
        answer_by = max(datetime.fromisoformat(body["answer_by"]), attempt.now + timedelta(days=1))
        message = self._message(
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
