"""What is asked of the shop about goods, each as its contract has it."""

from datetime import datetime, timedelta

from aftercare.orders.v1 import change_requests_pb2, stop_requests_pb2
from aftercare.orders.v1 import exchanges_pb2 as exchanges
from aftercare.orders.v1 import fulfilment_requests_pb2 as pb
from google.protobuf.message import Message

from chassis.service import Attempt
from services.returns.providers.asking import Head, amount_of, units_of


def repair(attempt: Attempt, head: Head) -> Message:
    """Put it right."""
    body = attempt.body
    return pb.RepairRequested(customer_id=body["customer_id"], units=units_of(body), **head)


def replacement(attempt: Attempt, head: Head) -> Message:
    """Send another one."""
    body = attempt.body
    return pb.ReplacementRequested(customer_id=body["customer_id"], units=units_of(body), **head)


def put_right_by(attempt: Attempt) -> datetime:
    """The seller's own date; where it has passed, a day is left."""
    return max(datetime.fromisoformat(attempt.body["answer_by"]), attempt.now + timedelta(days=1))


def reservation(attempt: Attempt, head: Head) -> Message:
    """Keep what a customer wants in exchange."""
    own = {name: attempt.body[name] for name in ("customer_id", "line_id", "returned_sku", "sku", "currency")}
    return exchanges.ExchangeReservationRequested(**head, **own)


def reservation_release(attempt: Attempt, head: Head) -> Message:
    """Do not keep it any longer."""
    own = {name: attempt.body[name] for name in ("reservation_request_id", "reservation_id")}
    return exchanges.ExchangeReservationReleased(**head, **own)


def exchange_order(attempt: Attempt, head: Head) -> Message:
    """Make an order of it."""
    body = attempt.body
    own = {name: body[name] for name in ("customer_id", "reservation_id", "sku", "instant")}
    carried, on_top = amount_of(body, "carried"), amount_of(body, "on_top")
    return exchanges.ExchangeOrderRequested(carried=carried, on_top=on_top, **head, **own)


def exchange_cancellation(attempt: Attempt, head: Head) -> Message:
    """Do not send the order that was made of an exchange."""
    return pb.OrderCancellationRequested(**head)


def change_by(attempt: Attempt) -> datetime:
    """So long after each sending as the policy of the change says."""
    return attempt.now + timedelta(hours=attempt.body["answer_hours"])


def cancellation(attempt: Attempt, head: Head) -> Message:
    """Take these out of the order."""
    return pb.OrderCancellationRequested(units=units_of(attempt.body), **head)


def swap(attempt: Attempt, head: Head) -> Message:
    """Send another variant."""
    body = attempt.body
    ((line_id, sku, quantity),) = body["units"]
    return change_requests_pb2.VariantSwapRequested(
        line_id=line_id,
        quantity=quantity,
        from_sku=sku,
        to_sku=body["sku"],
        to_variant_id=body["variant_id"],
        most_on_top=amount_of(body),
        **head,
    )


def other_tender(attempt: Attempt, head: Head) -> Message:
    """Take another way of paying."""
    own = {name: attempt.body[name] for name in ("tender_id", "to_kind", "to_reference")}
    return change_requests_pb2.TenderChangeRequested(**own, **head)


def interception(attempt: Attempt, head: Head) -> Message:
    """Have the carrier bring a parcel back."""
    return pb.InterceptionRequested(shipment_id=attempt.body["shipment_id"], **head)


def stop(attempt: Attempt, head: Head) -> Message:
    """Have goods that were withdrawn from not arrive: their parcel, or what is in none yet."""
    if attempt.body["shipment_id"]:
        return interception(attempt, head)
    return stop_requests_pb2.DispatchStopRequested(units=units_of(attempt.body), **head)
