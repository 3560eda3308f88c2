"""How far each unit of an order is on its way out of the house.

Guarantee: a pure reading of the order's facts, whatever order they came in. A shop counts the units of a line and does
not number them: those that leave first are taken to be the lowest, so that a change is about the highest.
"""

from services.returns.domain.identity import unit_id_of
from services.returns.domain.order.order import Order

OPEN, PACKED, LEFT = "open", "packed", "left"


def parcel_left(order: Order, shipment_id: str) -> bool:
    """Whether a parcel is out of the house: a carrier has it, or it was delivered already."""
    return shipment_id in order.handed_over or order.delivered_at(shipment_id) is not None


def whereabouts(order: Order) -> dict[str, str]:
    """Open, packed or left for every unit, cancelled ones included: those can have left all the same.

    A parcel that does not say what is in it holds everything that was to be sent.
    """
    found: dict[str, str] = {}
    outbound = [s for s in order.shipments.values() if s.outbound]
    for line in order.snapshot.lines if order.snapshot else ():
        units = [unit_id_of(line.line_id, n) for n in range(1, line.quantity + 1)]
        kept = line.quantity - line.cancelled_quantity
        to_send = sum(1 for n, unit in enumerate(units, 1) if n <= kept and unit not in order.units_out)
        left = packed = 0
        for parcel in outbound:
            inside = dict(parcel.contents).get(line.line_id, 0) if parcel.contents else to_send
            if parcel_left(order, parcel.shipment_id):
                left += inside
            else:
                packed += inside
        for n, unit in enumerate(units, 1):
            found[unit] = LEFT if n <= left else PACKED if n <= left + packed else OPEN
    return found


def parcels(order: Order) -> dict[str, tuple[str, ...]]:
    """The units in each parcel to the customer: the lowest in those that left first, then in those that are packed."""
    outbound = [s for s in order.shipments.values() if s.outbound]
    outbound.sort(key=lambda parcel: not parcel_left(order, parcel.shipment_id))
    loose: dict[str, list[str]] = {}
    for line in order.snapshot.lines if order.snapshot else ():
        kept = line.quantity - line.cancelled_quantity
        units = [unit_id_of(line.line_id, n) for n in range(1, kept + 1)]
        loose[line.line_id] = [unit for unit in units if unit not in order.units_out]
    found: dict[str, tuple[str, ...]] = {}
    for parcel in outbound:
        contents = dict(parcel.contents) or {line_id: len(units) for line_id, units in loose.items()}
        inside: list[str] = []
        for line_id, count in contents.items():
            units = loose.get(line_id, [])
            inside += units[:count]
            loose[line_id] = units[count:]
        found[parcel.shipment_id] = tuple(inside)
    return found


def parcel_of(order: Order, unit_id: str) -> str:
    """The parcel that a unit left with: of those with goods of its line the first that left; empty where none did."""
    line_id = unit_id.rpartition("#")[0]
    left = [
        parcel.shipment_id
        for parcel in order.shipments.values()
        if parcel.outbound
        and parcel_left(order, parcel.shipment_id)
        and (not parcel.contents or line_id in dict(parcel.contents))
    ]
    number, found = int(unit_id.rpartition("#")[2]), ""
    for shipment_id in left:
        contents = dict(order.shipments[shipment_id].contents)
        found = shipment_id
        number -= contents.get(line_id, number)
        if number <= 0:
            break
    return found
