"""Asks the shop for goods, for repairs, and to stop sending a lot, over Kafka.

The address is read from the complaint when the request is sent and never lies in an intent; the request's id is the
remedy's own, so a shop that is asked twice does it once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aftercare.orders.v1 import fulfilment_requests_pb2 as pb

from chassis.domain import Aggregate
from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, ProviderAnswer
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.values import REPLACEMENT
from services.quality_complaints.publisher import REQUESTER
from services.quality_complaints.translation import address_from_text

TOPIC = "aftercare.fulfilment.requests.v1"

Load = Callable[[UUID], Awaitable[Aggregate | None]]


class Goods:
    """A replacement, or a repair, for one complaint."""

    idempotency: timedelta | None = timedelta(days=7)  # the contract: request_id is the shop's idempotency key

    def __init__(self, sender: RequestSender, load: Load) -> None:
        self._sender, self._load = sender, load

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request; the shop answers on Kafka."""
        complaint = await self._load(attempt.subject)
        if not isinstance(complaint, Complaint):
            raise LookupError(f"complaint {attempt.subject} is not in the log")
        message = request_for(complaint, attempt)
        return await self._sender.submit(
            attempt,
            TOPIC,
            complaint.order_id,
            message,
            shop_id=complaint.shop_id,
            answer_by=datetime.fromisoformat(attempt.body["answer_by"]),
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """The shop cannot be asked: it answers by itself."""
        return None


class StopShip:
    """No more of a lot goes out, or it goes out again."""

    idempotency: timedelta | None = timedelta(days=7)  # as above

    def __init__(self, sender: RequestSender, load: Load) -> None:
        self._sender, self._load = sender, load

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Publish the request; the shop answers on Kafka."""
        investigation = await self._load(attempt.subject)
        if not isinstance(investigation, Investigation):
            raise LookupError(f"investigation {attempt.subject} is not in the log")
        message = pb.StopShipRequested(
            shop_id=investigation.shop_id,
            request_id=attempt.key,
            case_id=str(investigation.id),
            requester=REQUESTER,
            sku=investigation.sku,
            lot_id=investigation.lot_id,
            lifted=bool(attempt.body["lifted"]),
            **_times(attempt),
        )
        return await self._sender.submit(
            attempt,
            TOPIC,
            str(investigation.id),
            message,
            shop_id=investigation.shop_id,
            answer_by=datetime.fromisoformat(attempt.body["answer_by"]),
        )

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """The shop cannot be asked: it answers by itself."""
        return None


def request_for(complaint: Complaint, attempt: Attempt) -> pb.ReplacementRequested | pb.RepairRequested:
    """What is asked of the shop. A replacement is not picked from the lot that is complained about."""
    remedy = complaint.remedy(attempt.body["remedy_id"])
    values: dict[str, Any] = {
        "shop_id": complaint.shop_id,
        "request_id": remedy.id,
        "order_id": complaint.order_id,
        "requester": REQUESTER,
        "case_id": str(complaint.id),
        "customer_id": complaint.customer_id,
        "units": [
            pb.RequestedUnits(line_id=complaint.line_id, sku=complaint.sku, quantity=complaint.quantity),
        ],
        "address": address_from_text(remedy.address.text),
        **_times(attempt),
    }
    if remedy.remedy == REPLACEMENT:
        return pb.ReplacementRequested(excluded_lots=[complaint.lot_id] if complaint.lot_id else [], **values)
    return pb.RepairRequested(**values)


def _times(attempt: Attempt) -> dict[str, Any]:
    return {
        "occurred_at": timestamp_to_proto(datetime.fromisoformat(attempt.body["asked_at"])),
        "answer_by": timestamp_to_proto(datetime.fromisoformat(attempt.body["answer_by"])),
    }
