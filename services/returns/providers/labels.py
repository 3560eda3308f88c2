"""What is asked of the shop about labels and pickups, each as its contract has it.

Guarantee: an address is in no intent, and in a request only where another than the order's own was given for it; it is
read where it is kept, while its customer is not forgotten.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from aftercare.orders.v1 import address_pb2, label_requests_pb2
from aftercare.orders.v1 import fulfilment_requests_pb2 as pb
from google.protobuf.message import Message

from chassis.effects.over_kafka import RequestSender
from chassis.grpc.convert import timestamp_to_proto
from chassis.service import Attempt, Failed, ProviderAnswer
from services.returns.domain.labels import Labelling, PostalAddress
from services.returns.providers.asking import FULFILMENT, AnswerBy, Head, Load, Requests, Say, units_of


class FromAddress(Requests):
    """Requests about a parcel that may start at another address than the order's own."""

    def __init__(self, sender: RequestSender, load: Load, say: Say, answer_by: AnswerBy) -> None:
        super().__init__(sender, FULFILMENT, say, answer_by)
        self._load = load

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask, with the address while it is known."""
        if not attempt.body.get("sender"):
            return await super().perform(attempt)
        case = await self._load(UUID(attempt.body["case_id"]))
        start = case.starts_at() if isinstance(case, Labelling) else None
        if start is None:
            return Failed("address_forgotten")

        def with_sender(asked: Attempt, head: Head) -> Message:
            message: Any = self._say(asked, head)
            message.sender.CopyFrom(_address(start))
            return message  # type: ignore[no-any-return]  # whatever was asked, with its sender

        return await self.publish(attempt, with_sender)


def label(attempt: Attempt, head: Head) -> Message:
    """A label for one return."""
    body = attempt.body
    paperless = body.get("paperless", False)
    return pb.ReturnLabelRequested(customer_id=body["customer_id"], units=units_of(body), paperless=paperless, **head)


def void(attempt: Attempt, head: Head) -> Message:
    """Take a label back."""
    own = {name: attempt.body[name] for name in ("carrier", "tracking_number", "reason")}
    return label_requests_pb2.ReturnLabelVoidRequested(label_request_id=attempt.body["label_id"], **own, **head)


def pickup(attempt: Attempt, head: Head) -> Message:
    """Have the carrier come."""
    body = attempt.body
    return label_requests_pb2.CarrierPickupRequested(
        label_request_id=body["label_id"],
        carrier=body["label_carrier"],
        tracking_number=body["tracking_number"],
        ready_from=timestamp_to_proto(datetime.fromisoformat(body["ready_from"])),
        ready_until=timestamp_to_proto(datetime.fromisoformat(body["ready_until"])),
        **head,
    )


def pickup_cancellation(attempt: Attempt, head: Head) -> Message:
    """Have the carrier not come."""
    own = {name: attempt.body[name] for name in ("confirmation", "reason")}
    return label_requests_pb2.CarrierPickupCancelRequested(pickup_request_id=attempt.body["pickup_id"], **own, **head)


def _address(known: PostalAddress) -> address_pb2.Address:
    return address_pb2.Address(
        recipient=known.recipient,
        lines=known.lines,
        city=known.city,
        postal_code=known.postal_code,
        region=known.region,
        country=known.country,
    )
