"""When the goods of an order set out, when all of them had arrived, and what was read off them before.

Guarantee: pure readings of the order's facts, whatever order they came in.
"""

from datetime import datetime

from services.returns.domain.case.signals import Sold
from services.returns.domain.order.order import Order


def whole_possession(order: Order) -> datetime | None:
    """When the last of all goods reached the customer; None while any line has not."""
    found = [order.possession_of(line_id) for line_id in {unit.line.line_id for unit in order.units()}]
    return max((at for at in found if at is not None), default=None) if None not in found else None


def dispatch_of(order: Order, line_id: str) -> datetime | None:
    """When a carrier had the last parcel with goods of this line; None before any."""
    found = [
        at
        for shipment in order.shipments.values()
        if shipment.outbound and (not shipment.contents or any(line == line_id for line, _ in shipment.contents))
        if (at := order.handed_over.get(shipment.shipment_id)) is not None
    ]
    return max(found, default=None)


def sold_serials(order: Order, line_id: str) -> tuple[str, ...]:
    """The serials that were recorded as sent to the customer under a line."""
    outbound = (shipment for shipment in order.shipments.values() if shipment.outbound)
    found = (serial for shipment in outbound for line, serial in shipment.serials if line == line_id)
    return tuple(dict.fromkeys(found))


def sold_lots(order: Order, line_id: str) -> tuple[str, ...]:
    """The lots that the units of a line were picked from; none where not every unit's is known."""
    found: dict[str, None] = {}
    for shipment in [shipment for shipment in order.shipments.values() if shipment.outbound]:
        sent = sum(units for line, units in shipment.contents if line == line_id)
        picked = [(lot, units) for line, lot, units in shipment.lots if line == line_id]
        if not shipment.contents or sum(units for _, units in picked) < sent:
            return ()
        found |= dict.fromkeys(lot for lot, _ in picked)
    return tuple(found)


def sold_before(order: Order, rma_id: str) -> Sold:
    """What a receipt is held against: serials, lots, weights as sent, and what the carrier weighed on the way back."""
    outbound = [shipment for shipment in order.shipments.values() if shipment.outbound]
    lines = {line for shipment in outbound for line, _ in shipment.serials}
    back = [s.weight_grams for s in order.shipments.values() if not s.outbound and s.rma_id == rma_id]
    return Sold(
        {line: sold_serials(order, line) for line in lines},
        {line: grams for shipment in outbound for line, grams in shipment.unit_weights},
        sum(back) if all(back) else 0,
        {line: sold_lots(order, line) for line in {line for shipment in outbound for line, _, _ in shipment.lots}},
    )
