"""Asks the shop to change an order before its parcel leaves, and the carrier to bring a parcel back, over Kafka.

Guarantee: the request's id is the effect's own key, which the receiver treats as its idempotency key: asked twice, it
is done once. The shop's silence is known at the answer-by time that the request named.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import change_requests_pb2, fulfilment_requests_pb2
from google.protobuf.message import Message

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT
from services.returns.domain.change import ChangeKind
from services.returns.providers.labels import REQUESTER, TOPIC

Say = Callable[[Mapping[str, Any], dict[str, Any]], Message]


class ChangeRequests:
    """One kind of request about an order that has not left, or has just left; the shop answers by itself."""

    idempotency: timedelta | None = timedelta(days=30)

    def __init__(self, sender: RequestSender, say: Say) -> None:
        self._sender, self._say = sender, say

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request."""
        body = attempt.body
        answer_by = attempt.now + timedelta(hours=body["answer_hours"])
        common = {
            "shop_id": body["shop_id"],
            "request_id": attempt.key,
            "occurred_at": timestamp_to_proto(attempt.now),
            "answer_by": timestamp_to_proto(answer_by),
            "order_id": body["order_id"],
            "requester": REQUESTER,
            "case_id": body["case_id"],
        }
        message = self._say(body, common)
        return await self._sender.submit(
            attempt, TOPIC, body["order_id"], message, shop_id=body["shop_id"], answer_by=answer_by
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """It cannot be asked about: the request itself is sent again, under the same key."""
        return None


def _cancellation(body: Mapping[str, Any], common: dict[str, Any]) -> Message:
    units = [fulfilment_requests_pb2.RequestedUnits(line_id=line, sku=s, quantity=n) for line, s, n in body["units"]]
    return fulfilment_requests_pb2.OrderCancellationRequested(units=units, **common)


def _swap(body: Mapping[str, Any], common: dict[str, Any]) -> Message:
    ((line_id, sku, quantity),) = body["units"]
    return change_requests_pb2.VariantSwapRequested(
        line_id=line_id,
        quantity=quantity,
        from_sku=sku,
        to_sku=body["sku"],
        to_variant_id=body["variant_id"],
        most_on_top=money_pb2.Money(minor_units=body["minor"], currency=body["currency"]),
        **common,
    )


def _tender(body: Mapping[str, Any], common: dict[str, Any]) -> Message:
    return change_requests_pb2.TenderChangeRequested(
        tender_id=body["tender_id"], to_kind=body["to_kind"], to_reference=body["to_reference"], **common
    )


def _interception(body: Mapping[str, Any], common: dict[str, Any]) -> Message:
    return fulfilment_requests_pb2.InterceptionRequested(shipment_id=body["shipment_id"], **common)


SAID: Mapping[str, Say] = {
    CHANGE_EFFECTS[ChangeKind.CANCEL]: _cancellation,
    CHANGE_EFFECTS[ChangeKind.SWAP]: _swap,
    CHANGE_EFFECTS[ChangeKind.TENDER]: _tender,
    INTERCEPTION_EFFECT: _interception,
}
"""How each kind of effect is said to the shop."""


def change_requests(sender: RequestSender) -> dict[str, ChangeRequests]:
    """A provider for each kind."""
    return {kind: ChangeRequests(sender, say) for kind, say in SAID.items()}
