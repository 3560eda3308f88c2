"""The shop's messages as domain values, field by field.

Guarantee: nothing is decided here but the meaning of a carrier's code, which the table says. A carrier's free
text is dropped: it may name people.
"""

from datetime import datetime
from typing import Protocol

from aftercare.compensation.v1 import ledger_pb2
from aftercare.orders.v1 import address_pb2, orders_pb2, shipments_pb2
from google.protobuf.json_format import MessageToJson, Parse
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Money, Personal, split_by_weight, subject_of
from chassis.grpc.convert import timestamp_from_proto
from services.shipping_issues.application import ParcelRef
from services.shipping_issues.domain.guidelines import Carriers
from services.shipping_issues.domain.order import OrderSnapshot
from services.shipping_issues.domain.values import (
    EXCEPTION,
    EXCEPTIONS,
    OUTBOUND,
    RETURN,
    STATUSES,
    CheckoutPromise,
    Content,
    Delivery,
    Estimate,
    Given,
    NeutralStatus,
    OrderLine,
    ParcelFacts,
    Scan,
    ToldException,
)


class ParcelFact(Protocol):
    """What every message about a parcel has."""

    shop_id: str
    shipment_id: str
    order_id: str

    @property
    def occurred_at(self) -> Timestamp: ...


def parcel_ref(message: ParcelFact) -> ParcelRef:
    """Which parcel a fact is about."""
    return ParcelRef(message.shop_id, message.shipment_id, message.order_id)


def occurred_at(message: ParcelFact) -> datetime:
    """When a fact was so."""
    return timestamp_from_proto(message.occurred_at, "occurred_at")


def parcel_facts(message: shipments_pb2.ShipmentCreated) -> ParcelFacts:
    """A label."""
    return ParcelFacts(
        occurred_at=occurred_at(message),
        customer_id=message.customer_id,
        direction=RETURN if message.direction == shipments_pb2.DIRECTION_RETURN else OUTBOUND,
        carrier=message.carrier,
        service_level=message.service_level,
        tracking_number=message.tracking_number,
        contents=tuple(Content(content.line_id, content.sku, content.quantity) for content in message.contents),
        country=message.destination_country,
        time_zone=message.destination_time_zone,
        ship_by=_instant(message, "ship_by"),
        promised_by=_instant(message, "promised_by"),
        estimated_delivery=_instant(message, "estimated_delivery"),
        fulfilment_request_id=message.fulfilment_request_id,
        rma_id=message.rma_id,
    )


def scan(message: shipments_pb2.Scanned, carriers: Carriers) -> Scan:
    """A scan with what its code means: the shop's own translation where it gave one, else our table's."""
    meaning = _neutral(message.neutral_status) or carriers.of(message.carrier).meaning(message.carrier_status)
    return Scan(
        key=message.scan_key,
        at=occurred_at(message),
        meaning=meaning,
        carrier=message.carrier,
        carrier_status=message.carrier_status,
        place=message.place.name,
        country=message.place.country,
    )


def estimate(message: shipments_pb2.EstimateChanged) -> Estimate:
    """Somebody expects it at another time."""
    by = timestamp_from_proto(message.estimated_delivery, "estimated_delivery")
    return Estimate(occurred_at(message), message.source, by)


def delivery(message: shipments_pb2.Delivered) -> Delivery:
    """Somebody was handed it."""
    return Delivery(message.delivery_key, occurred_at(message), message.handed_to)


def told_exception(message: shipments_pb2.DeliveryException, carriers: Carriers) -> ToldException:
    """A named trouble; the table says what the carrier's code means where the shop does not."""
    meaning = carriers.of(message.carrier).meaning(message.carrier_status)
    sub_status = message.exception if message.exception in EXCEPTIONS else meaning.sub_status
    return ToldException(
        key=message.exception_key,
        at=occurred_at(message),
        sub_status=sub_status,
        responsibility=message.responsibility or meaning.responsibility,
        carrier_status=message.carrier_status,
    )


def order_snapshot(message: orders_pb2.OrderRecorded) -> OrderSnapshot:
    """One version of an order."""
    text = address_to_text(message.shipping_address) if message.HasField("shipping_address") else None
    return OrderSnapshot(
        order_version=message.version,
        customer_id=message.customer_id,
        country=message.country,
        currency=message.currency,
        language=message.language,
        placed_at=timestamp_from_proto(message.placed_at, "placed_at"),
        lines=_lines(message),
        promises=tuple(
            CheckoutPromise(tuple(p.line_ids), _instant(p, "ship_by"), _instant(p, "deliver_by"))
            for p in message.promises
        ),
        cancelled_at=_instant(message, "cancelled_at"),
        exchange_of=message.exchange_of,
        fulfilment_request_id=message.fulfilment_request_id,
        address=Personal(subject_of(message.shop_id, message.customer_id), text),
    )


def given(grant: ledger_pb2.Grant) -> Given:
    """Who gave what of an entitlement."""
    if grant.HasField("amount"):
        what = f"{grant.amount.minor_units} {grant.amount.currency}"
    else:
        what = ", ".join(f"{units.quantity} of line {units.line_id}" for units in grant.units)
    return Given(grant.requester, grant.case_id, grant.given_by.id, _instant(grant, "at"), what)


def address_to_text(address: address_pb2.Address) -> str:
    """An address as one text, so that it is encrypted and forgotten as one."""
    return MessageToJson(address, preserving_proto_field_name=True, indent=None, sort_keys=True)


def address_from_text(text: str | None) -> address_pb2.Address | None:
    """The address, or None where there is none or it was forgotten."""
    return Parse(text, address_pb2.Address()) if text else None


def _lines(message: orders_pb2.OrderRecorded) -> tuple[OrderLine, ...]:
    """Each line with what its units cost. What the shop allocated is used verbatim; only the rest is split."""
    totals = [_paid_for(line, message.prices_include_tax) for line in message.lines]
    parts = totals + [component.amount.minor_units for component in message.components]
    shared = sum(discount.amount.minor_units for discount in message.unallocated_discounts)
    if shared and parts:
        totals = [max(total - share, 0) for total, share in zip(totals, split_by_weight(shared, parts), strict=False)]
    return tuple(
        OrderLine(
            line_id=line.line_id,
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            cancelled=line.cancelled_quantity,
            paid_each=Money(total, message.currency).split([1] * line.quantity),
        )
        for line, total in zip(message.lines, totals, strict=True)
    )


def _paid_for(line: orders_pb2.Line, includes_tax: bool) -> int:
    total = line.unit_price.minor_units * line.quantity - sum(d.amount.minor_units for d in line.discounts)
    return max(total if includes_tax else total + sum(tax.amount.minor_units for tax in line.taxes), 0)


def _neutral(word: str) -> NeutralStatus | None:
    if word in EXCEPTIONS:
        return NeutralStatus(EXCEPTION, word)
    return NeutralStatus(word) if word in STATUSES else None


def _instant(message: object, field: str) -> datetime | None:
    if not message.HasField(field):  # type: ignore[attr-defined]  # every message with an optional instant
        return None
    return timestamp_from_proto(getattr(message, field), field)
