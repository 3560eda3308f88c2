"""Which units are meant by who counts them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.returns.application.deciding import Item
from services.returns.domain.identity import parse_unit_id, unit_id_of
from services.returns.domain.order import Order


def numbered_units(order: Order, items: Sequence[Item], given: Callable[[str], bool] | None) -> list[Item]:
    """The same with every unit named: who counts units means those that something is left of, where there are."""
    found: list[Item] = []
    taken: set[str] = set()
    for item in items:
        free = [u for u in order.free_units_of(item.line_id) if u not in taken]
        if not item.numbers and given is not None and len(free) >= item.quantity:
            units = sorted(free, key=given)[: item.quantity]
            item = replace(item, numbers=tuple(sorted(parse_unit_id(unit_id)[1] for unit_id in units)))
        taken |= {unit_id_of(item.line_id, number) for number in item.numbers}
        found.append(item)
    return found
