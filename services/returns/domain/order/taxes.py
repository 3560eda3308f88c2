"""Which taxes lie in what was paid for each unit and component, as the shop named them.

Guarantee: the taxes of one unit add up to the tax in its price, those of all units of a line to the shop's own tax
lines, to the minor unit, and none is negative.
"""

from collections.abc import Iterable, Mapping, Sequence

from chassis.domain import Money, split_by_weight
from services.returns.domain.order.facts import OrderSnapshot, TaxLine
from services.returns.domain.order.pricing import Price


def taxes_of(order: OrderSnapshot, prices: Iterable[Price]) -> Mapping[str, tuple[TaxLine, ...]]:
    """By unit and component; the units of a line take their shares one after the other out of what is left."""
    told: dict[tuple[str, str], list[TaxLine]] = {("", c.component_id): list(c.taxes) for c in order.components}
    told |= {(line.line_id, ""): list(line.taxes) for line in order.lines}
    left = {place: [tax.amount.minor for tax in taxes] for place, taxes in told.items()}
    found: dict[str, tuple[TaxLine, ...]] = {}
    for price in prices:
        place = (price.line_id, "") if price.number else ("", price.subject)
        parts = _taken(left[place], price.tax.minor)
        found[price.subject] = tuple(
            TaxLine(tax.name, tax.rate, tax.jurisdiction, Money(part, order.currency))
            for tax, part in zip(told[place], parts, strict=True)
        )
    return found


def _taken(left: list[int], tax: int) -> Sequence[int]:
    """Out of what is left of each tax; `left` is less by it."""
    parts: Sequence[int] = split_by_weight(tax, left) if sum(left) else [0] * len(left)
    left[:] = [rest - part for rest, part in zip(left, parts, strict=True)]
    return parts
