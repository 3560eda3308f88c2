"""Which units of an order belong to one bundle, and what of it would come back alone.

Guarantee: a pure reading of the order. What is withdrawn from, changed before it left, or paid back already is not a
part of any bundle any more; what another return holds comes back.
"""

from collections.abc import Collection, Mapping, Sequence

from services.returns.domain.bundle import Part, PartOf, broken
from services.returns.domain.order.facts import OrderLine, OrderSnapshot
from services.returns.domain.order.order import Order, SoldUnit

Missing = Mapping[str, tuple[SoldUnit, ...]]
"""By a unit that would come back alone: what has to come with it."""


def missing_with(
    order: Order, asked: Sequence[str], gone: Collection[str] = (), staying: Collection[str] = ()
) -> Missing:
    """Of each unit that is asked for and would come back without the rest of its bundle: the rest. `gone`: units that
    nobody expects to come back any more; `staying`: units in a return that the customer keeps after all."""
    found: dict[str, tuple[SoldUnit, ...]] = {}
    by_id = {unit.unit_id: unit for unit in order.units()}
    for lines in _bundles(order.snapshot).values():
        parts = [_part(order, line, part, asked, gone, staying) for line, part in lines]
        torn = broken(parts)
        rest = tuple(by_id[unit_id] for unit_id in torn.missing)
        found |= {unit_id: rest for unit_id in torn.alone if unit_id in asked and rest}
    return found


def written_out(missing: Missing) -> dict[str, tuple[str, ...]]:
    """The same as a decision keeps it: by id and title."""
    return {u: tuple(f"{one.unit_id} {one.line.title}".rstrip() for one in rest) for u, rest in missing.items()}


def _bundles(order: OrderSnapshot | None) -> dict[str, list[tuple[OrderLine, PartOf]]]:
    found: dict[str, list[tuple[OrderLine, PartOf]]] = {}
    for line in order.lines if order else ():
        if line.part_of is not None:
            found.setdefault(line.part_of.bundle_id, []).append((line, line.part_of))
    return found


def _part(
    order: Order,
    line: OrderLine,
    part: PartOf,
    asked: Sequence[str],
    gone: Collection[str],
    staying: Collection[str],
) -> Part:
    there = [
        unit.unit_id
        for unit in order.units()
        if unit.line.line_id == line.line_id
        and unit.unit_id not in gone
        and unit.unit_id not in order.withdrawn
        and unit.unit_id not in order.units_in_changes
        and unit.unit_id not in order.units_out
    ]
    coming = order.units_in_returns.keys() - {*asked, *staying}
    held = [unit_id for unit_id in there if unit_id in coming]
    back = [*held, *(unit_id for unit_id in asked if unit_id in there)]
    return Part(part.per, back, [unit_id for unit_id in there if unit_id not in back])
