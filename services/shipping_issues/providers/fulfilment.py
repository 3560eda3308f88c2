"""Asks the shop for goods and for another address, over Kafka.

Guarantee: an address is read from the case when the request is sent, and never lies in an intent; the request's
id is the remedy's own, so a shop that is asked twice does it once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from aftercare.orders.v1 import fulfilment_requests_pb2 as pb
from google.protobuf.message import Message

from chassis.domain import Aggregate
from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, Failed, ProviderAnswer
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.remedy import Remedy
from services.shipping_issues.translation import address_from_text

TOPIC = "aftercare.fulfilment.requests.v1"
REQUESTER = "shipping_issues"

A = TypeVar("A", bound=Aggregate)
Load = Callable[[UUID], Awaitable[Aggregate | None]]


class _Fulfilment:
    """A request about one remedy of one case."""

    idempotency: timedelta | None = timedelta(days=7)  # the contract: request_id is the shop's idempotency key

    def __init__(self, sender: RequestSender, load: Load) -> None:
        self._sender, self._load = sender, load

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request; the shop answers on Kafka."""
        case = await self._get(DeliveryCase, attempt.subject)
        order = await self._get(Order, Order.id_of(case.shop_id, case.order_id))
        message = self.message(attempt, case, order, case.remedies[attempt.body["remedy_id"]])
        if message is None:
            return Failed("ADDRESS_FORGOTTEN")
        return await self._sender.submit(
            attempt, TOPIC, case.order_id, message, shop_id=case.shop_id, answer_by=_answer_by(attempt)
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """The shop cannot be asked: it answers by itself."""
        return None

    def message(self, attempt: Attempt, case: DeliveryCase, order: Order, remedy: Remedy) -> Message | None:
        """The request; None where it can no longer be made."""
        raise NotImplementedError

    async def _get(self, cls: type[A], id: UUID) -> A:
        found = await self._load(id)
        if not isinstance(found, cls):
            raise LookupError(f"{cls.__name__} {id} is not in the log")
        return found


class Reshipments(_Fulfilment):
    """Send the same goods again."""

    def message(self, attempt: Attempt, case: DeliveryCase, order: Order, remedy: Remedy) -> Message | None:
        """To the address given with the remedy. Else none is sent: the shop has the order's own, and a topic forgets
        nobody before its retention ends."""
        return pb.ReshipRequested(
            shop_id=case.shop_id,
            request_id=remedy.id,
            occurred_at=timestamp_to_proto(datetime.fromisoformat(attempt.body["asked_at"])),
            answer_by=timestamp_to_proto(_answer_by(attempt)),
            order_id=case.order_id,
            requester=REQUESTER,
            case_id=str(case.id),
            customer_id=case.customer_id,
            shipment_id=case.shipment_id,
            units=[pb.RequestedUnits(line_id=x.line_id, sku=x.sku, quantity=x.quantity) for x in remedy.units],
            address=address_from_text(remedy.address.text),
            service_level=remedy.service_level,
        )


class AddressCorrections(_Fulfilment):
    """Have the carrier bring a parcel to another address."""

    def message(self, attempt: Attempt, case: DeliveryCase, order: Order, remedy: Remedy) -> Message | None:
        """None once the customer was forgotten: there is no address any more."""
        address = address_from_text(remedy.address.text)
        if address is None:
            return None
        return pb.AddressCorrectionRequested(
            shop_id=case.shop_id,
            request_id=remedy.id,
            occurred_at=timestamp_to_proto(datetime.fromisoformat(attempt.body["asked_at"])),
            answer_by=timestamp_to_proto(_answer_by(attempt)),
            order_id=case.order_id,
            requester=REQUESTER,
            case_id=str(case.id),
            shipment_id=case.shipment_id,
            address=address,
        )


def _answer_by(attempt: Attempt) -> datetime:
    """Counted from this attempt: a repeat gets its own time to be answered in."""
    return attempt.now + timedelta(seconds=attempt.body["answer_within_seconds"])
