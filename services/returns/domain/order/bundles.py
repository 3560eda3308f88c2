"""Which units of an order belong to one bundle, and what of it would come back alone.

Guarantee: a pure reading of the order. What is withdrawn from, changed before it left, or paid back already is not a
part of any bundle any more; what another return holds comes back.
"""

from collections.abc import Collection, Mapping, Sequence

from services.returns.domain.bundle import Part, broken
from services.returns.domain.order.order import Order, SoldUnit

Missing = Mapping[str, tuple[SoldUnit, ...]]
"""By a unit that would come back alone: what has to come with it."""


class Bundles:
    """The bundles of one order, read once for as many questions as somebody has. `gone`: units that nobody expects to
    come back any more."""

    def __init__(self, order: Order, gone: Collection[str] = ()) -> None:
        self._held = order.units_in_returns
        self._lines: dict[str, dict[str, list[SoldUnit]]] = {}
        self._bundle_of: dict[str, str] = {}
        parts = [line for line in order.snapshot.lines if line.part_of] if order.snapshot else []
        for line in parts:
            if line.part_of is not None:
                self._bundle_of[line.line_id] = line.part_of.bundle_id
                self._lines.setdefault(line.part_of.bundle_id, {})[line.line_id] = []
        off = {*gone, *order.withdrawn, *order.units_in_changes, *order.units_out}
        for unit in order.units() if parts else ():
            if (bundle := self._bundle_of.get(unit.line.line_id)) is not None and unit.unit_id not in off:
                self._lines[bundle][unit.line.line_id].append(unit)

    def missing_with(self, asked: Sequence[str], staying: Collection[str] = ()) -> Missing:
        """Of each unit that is asked for and would come back without the rest of its bundle: the rest. `staying`: units
        in a return that the customer keeps after all."""
        found: dict[str, tuple[SoldUnit, ...]] = {}
        wanted, kept = dict.fromkeys(asked), frozenset(staying)
        for bundle in dict.fromkeys(self._bundle_of.get(unit_id.rpartition("#")[0], "") for unit_id in wanted):
            lines = self._lines.get(bundle, {})
            if not all(lines.values()):
                continue  # of some line nothing is left: there is no whole one to be broken
            held = [unit_id for unit_id in self._held if unit_id not in kept]
            torn = broken([_part(units, wanted, frozenset(held)) for units in lines.values()])
            by_id = {unit.unit_id: unit for units in lines.values() for unit in units}
            rest = tuple(by_id[unit_id] for unit_id in torn.missing)
            found |= {unit_id: rest for unit_id in torn.alone if unit_id in wanted and rest}
        return found


def missing_with(
    order: Order, asked: Sequence[str], gone: Collection[str] = (), staying: Collection[str] = ()
) -> Missing:
    """The same for one question."""
    return Bundles(order, gone).missing_with(asked, staying)


def written_out(missing: Missing) -> dict[str, tuple[str, ...]]:
    """The same as a decision keeps it: by id and title."""
    return {u: tuple(f"{one.unit_id} {one.line.title}".rstrip() for one in rest) for u, rest in missing.items()}


def _part(units: Sequence[SoldUnit], wanted: Mapping[str, None], held: Collection[str]) -> Part:
    there = {unit.unit_id: unit for unit in units}
    part = units[0].line.part_of
    elsewhere = [unit_id for unit_id in there if unit_id in held and unit_id not in wanted]
    back = [*elsewhere, *(unit_id for unit_id in wanted if unit_id in there)]
    coming = frozenset(back)
    return Part(part.per if part else 1, back, [unit_id for unit_id in there if unit_id not in coming])
