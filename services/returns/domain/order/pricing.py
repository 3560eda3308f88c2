"""What was paid for each sold unit and each order component.

Guarantee: the prices of all units and components add up to what was paid for the order, to the minor
unit, in any currency. What the shop allocated is used as it stands; only what it left unallocated is
split, by the largest remainder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.domain import Invalid, Money, split_by_weight
from services.returns.domain.identity import unit_id_of
from services.returns.domain.order.facts import Component, Discount, OrderLine, OrderSnapshot, TaxLine

NOTHING_CHARGED: Mapping[str, int] = {}

MOST_UNITS = 10_000
"""Each unit is accounted for by itself; an order with more is set aside instead of stopping everybody else."""


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
    """A line with all its units together, cancelled ones included, or a component."""

    subject: str
    line_id: str
    units: int
    cancelled: int
    listed: int
    allocated: int
    tax: int


def price_order(order: OrderSnapshot) -> tuple[Price, ...]:
    """Prices of all units, cancelled ones marked, then of all components.

    What the shop left unallocated goes to lines and components, then what was paid for a line to its units: among
    equal units the first carries the larger share of the cents.
    """
    units = sum(line.quantity for line in order.lines)
    if units > MOST_UNITS:
        raise Invalid("lines", f"{units} units are more than an order may have here ({MOST_UNITS})")
    shares = [_line(line, order.currency) for line in order.lines]
    shares += [_component(component, order.currency) for component in order.components]
    unallocated = _sum(order.unallocated_discounts, order.currency)
    splits = split_by_weight(unallocated, [max(s.listed - s.allocated, 0) for s in shares]) if shares else ()
    return tuple(p for share, extra in zip(shares, splits, strict=True) for p in _prices(share, extra, order))


def paid_here(
    order: OrderSnapshot, prices: Sequence[Price], charged: Mapping[str, int] = NOTHING_CHARGED
) -> list[tuple[Price, Money]]:
    """What was paid with this order itself for everything that was not cancelled.

    The value that an exchange carries over was paid with the order before it, and stays entitled there: the new unit
    carries that entitlement, here is only what was paid on top, and what was `charged` for it later, by subject. A
    version of the order that says the same counts once.
    """
    kept = [price for price in prices if not price.cancelled]
    value = order.exchange_value.minor if order.exchange_of and order.exchange_value is not None else 0
    carried = split_by_weight(min(value, sum(p.paid.minor for p in kept)), [p.paid.minor for p in kept]) if kept else ()
    here = [max(part - charged.get(price.subject, 0), 0) for price, part in zip(kept, carried, strict=True)]
    return [(price, price.paid - Money(part, order.currency)) for price, part in zip(kept, here, strict=True)]


def shares_of_discount(order: OrderSnapshot, discount_id: str) -> dict[str, int]:
    """How much of one discount each unit and component has, in minor units, cancelled units included."""
    found: dict[str, int] = {}
    shares = [_line(line, order.currency) for line in order.lines]
    shares += [_component(component, order.currency) for component in order.components]
    own = [_of(line.discounts, discount_id, order.currency) for line in order.lines]
    own += [_of(component.discounts, discount_id, order.currency) for component in order.components]
    unallocated = _of(order.unallocated_discounts, discount_id, order.currency)
    extra = split_by_weight(unallocated, [max(s.listed - s.allocated, 0) for s in shares]) if shares else ()
    for share, minor, more in zip(shares, own, extra, strict=True):
        subjects = [share.subject] if share.subject else [unit_id_of(share.line_id, n + 1) for n in range(share.units)]
        parts = split_by_weight(minor + more, [1] * len(subjects))
        found |= dict(zip(subjects, parts, strict=True))
    return found


def _of(discounts: Sequence[Discount], discount_id: str, currency: str) -> int:
    return _sum([d for d in discounts if d.discount_id == discount_id], currency)


def _line(line: OrderLine, currency: str) -> _Share:
    return _Share(
        subject="",
        line_id=line.line_id,
        units=line.quantity,
        cancelled=line.cancelled_quantity,
        listed=_minor(line.unit_price, currency) * line.quantity,
        allocated=_sum(line.discounts, currency),
        tax=_sum(line.taxes, currency),
    )


def _component(component: Component, currency: str) -> _Share:
    return _Share(
        subject=component.component_id,
        line_id=component.line_id,
        units=0,
        cancelled=0,
        listed=_minor(component.amount, currency),
        allocated=_sum(component.discounts, currency),
        tax=_sum(component.taxes, currency),
    )


def _prices(share: _Share, unallocated: int, order: OrderSnapshot) -> list[Price]:
    added = 0 if order.prices_include_tax else share.tax
    paid = max(share.listed - share.allocated - unallocated + added, 0)
    even = [1] * max(share.units, 1)
    parts = zip(
        split_by_weight(share.listed, even),
        split_by_weight(share.tax, even),
        split_by_weight(paid, even),
        strict=True,
    )
    kept = share.units - share.cancelled  # the cancelled ones are the last
    return [
        Price(
            subject=share.subject or unit_id_of(share.line_id, n),
            line_id=share.line_id,
            number=0 if share.subject else n,
            listed=Money(listed, order.currency),
            discount=Money(listed + (0 if order.prices_include_tax else tax) - unit_paid, order.currency),
            tax=Money(tax, order.currency),
            paid=Money(unit_paid, order.currency),
            cancelled=not share.subject and n > kept,
        )
        for n, (listed, tax, unit_paid) in enumerate(parts, start=1)
    ]


def _sum(parts: Sequence[Discount] | Sequence[TaxLine], currency: str) -> int:
    return sum(_minor(part.amount, currency) for part in parts)


def _minor(amount: Money, currency: str) -> int:
    if amount.currency != currency:
        raise Invalid("currency", f"an order in {currency} has an amount in {amount.currency}")
    return amount.minor
