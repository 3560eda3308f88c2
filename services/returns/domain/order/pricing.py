"""What was paid for each sold unit and each order component.

Guarantee: the prices of all units and components add up to what was paid for the order, to the minor
unit, in any currency. What the shop allocated is used as it stands; only what it left unallocated is
split, by the largest remainder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.domain import Money, split_by_weight
from services.returns.domain.identity import unit_id_of
from services.returns.domain.order.facts import Component, Discount, OrderLine, OrderSnapshot, TaxLine


@dataclass(frozen=True, slots=True)
class Price:
    """What was paid for one unit (`number` of its line) or one component (number 0). `paid` contains `tax`."""

    subject: str
    line_id: str
    number: int
    listed: Money
    discount: Money
    tax: Money
    paid: Money
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Share:
    subject: str
    line_id: str
    number: int
    listed: int
    allocated: int
    tax: int
    cancelled: bool


def price_order(order: OrderSnapshot) -> tuple[Price, ...]:
    """Prices of all units, cancelled ones marked, then of all components."""
    shares = [share for line in order.lines for share in _units(line, order.currency)]
    shares += [_component(component, order.currency) for component in order.components]
    unallocated = _sum(order.unallocated_discounts, order.currency)
    splits = split_by_weight(unallocated, [max(s.listed - s.allocated, 0) for s in shares]) if shares else ()
    return tuple(_price(share, extra, order) for share, extra in zip(shares, splits, strict=True))


def _units(line: OrderLine, currency: str) -> list[_Share]:
    # The shop's sums are those of all units ordered; the cancelled ones are the last.
    even = [1] * line.quantity
    discounts = split_by_weight(_sum(line.discounts, currency), even)
    taxes = split_by_weight(_sum(line.taxes, currency), even)
    kept = line.quantity - line.cancelled_quantity
    listed = _minor(line.unit_price, currency)
    return [
        _Share(unit_id_of(line.line_id, n), line.line_id, n, listed, discount, tax, n > kept)
        for n, (discount, tax) in enumerate(zip(discounts, taxes, strict=True), start=1)
    ]


def _component(component: Component, currency: str) -> _Share:
    return _Share(
        component.component_id,
        component.line_id,
        0,
        _minor(component.amount, currency),
        _sum(component.discounts, currency),
        _sum(component.taxes, currency),
        cancelled=False,
    )


def _price(share: _Share, unallocated: int, order: OrderSnapshot) -> Price:
    discount = share.allocated + unallocated
    paid = share.listed - discount + (0 if order.prices_include_tax else share.tax)
    return Price(
        subject=share.subject,
        line_id=share.line_id,
        number=share.number,
        listed=Money(share.listed, order.currency),
        discount=Money(discount, order.currency),
        tax=Money(share.tax, order.currency),
        paid=Money(max(paid, 0), order.currency),
        cancelled=share.cancelled,
    )


def _sum(parts: Sequence[Discount] | Sequence[TaxLine], currency: str) -> int:
    return sum(_minor(part.amount, currency) for part in parts)


def _minor(amount: Money, currency: str) -> int:
    if amount.currency != currency:
        raise ValueError(f"an order in {currency} has an amount in {amount.currency}")
    return amount.minor
