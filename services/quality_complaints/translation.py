"""The shop's messages as domain values, field by field. Nothing is decided here."""

from aftercare.compensation.v1 import ledger_pb2
from aftercare.orders.v1 import address_pb2, orders_pb2, shipments_pb2
from aftercare.returns.v1 import events_pb2 as returns_pb2
from google.protobuf.json_format import MessageToJson, Parse

from chassis.domain import Money, split_by_weight
from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from services.quality_complaints.domain.values import Given, OrderLine, PickedLot, ToldUnit


def order_lines(message: orders_pb2.OrderRecorded) -> tuple[OrderLine, ...]:
    """Each line with what its units cost: what the shop allocated is used verbatim, only the rest is split."""
    totals = [_paid_for(line, message.prices_include_tax) for line in message.lines]
    parts = totals + [component.amount.minor_units for component in message.components]
    shared = sum(discount.amount.minor_units for discount in message.unallocated_discounts)
    if shared and parts:
        shares = split_by_weight(shared, parts)
        totals = [max(total - share, 0) for total, share in zip(totals, shares, strict=False)]
    return tuple(
        OrderLine(line.line_id, line.sku, line.quantity, Money(total, message.currency).split([1] * line.quantity))
        for line, total in zip(message.lines, totals, strict=True)
    )


def picked_lots(message: shipments_pb2.ShipmentCreated) -> tuple[PickedLot, ...]:
    """What a parcel was picked from; units whose lot was not recorded are of no known lot."""
    found = []
    for content in message.contents:
        found += [PickedLot(content.line_id, content.sku, lot.lot_id, lot.quantity) for lot in content.lots]
        rest = content.quantity - sum(lot.quantity for lot in content.lots)
        if rest > 0:
            found.append(PickedLot(content.line_id, content.sku, "", rest))
    return tuple(found)


def given(grant: ledger_pb2.Grant) -> Given:
    """Who gave what of an entitlement."""
    return Given(
        requester=grant.requester,
        case_id=grant.case_id,
        by=grant.given_by.id,
        amount=money_from_proto(grant.amount) if grant.HasField("amount") else None,
        state=grant.state,
        at=timestamp_from_proto(grant.at, "at") if grant.HasField("at") else None,
    )


def address_to_text(address: address_pb2.Address) -> str:
    """An address as one text, so that it is encrypted and forgotten as one."""
    return MessageToJson(address, preserving_proto_field_name=True, indent=None, sort_keys=True)


def address_from_text(text: str | None) -> address_pb2.Address | None:
    """The address, or None where there is none or it was forgotten."""
    return Parse(text, address_pb2.Address()) if text else None


def _paid_for(line: orders_pb2.Line, includes_tax: bool) -> int:
    total = line.unit_price.minor_units * line.quantity - sum(d.amount.minor_units for d in line.discounts)
    return max(total if includes_tax else total + sum(tax.amount.minor_units for tax in line.taxes), 0)


def told_unit(message: returns_pb2.ReturnedUnitRecorded) -> ToldUnit:
    """What is known of a unit that comes back."""
    return ToldUnit(
        return_id=message.case_id,
        version=message.version,
        at=timestamp_from_proto(message.occurred_at, "occurred_at"),
        received=message.received,
        reason=message.reason,
        ground=message.ground,
        lot_id=message.lot_id,
        serial=message.serial,
        condition=message.condition,
        responsibility=message.responsibility,
        disposition=message.disposition,
    )
