"""What a shop may keep of what was paid when goods come back: a fee, a lost promotion, the express surcharge.

Guarantee: pure arithmetic in minor units, rounded in the customer's favour; a charge never exceeds what it is taken
from. What a law or a policy allows is decided elsewhere.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chassis.domain import Money, split_by_weight
from services.returns.domain.order.facts import Component, Discount, OrderLine, OrderSnapshot
from services.returns.domain.order.pricing import Price, shares_of_discount

PROMOTION = "promotion_lost"
EXPRESS = "express_surcharge"


@dataclass(frozen=True, slots=True)
class Charge:
    """So much of what was paid for one unit or component is kept, by this name; `amount` contains `tax`."""

    kind: str
    name: str
    subject: str
    amount: Money
    tax: Money


def part_of(price: Price, kind: str, name: str, amount: Money) -> Charge:
    """A charge on one price, with its share of the price's own tax."""
    kept = min(amount, price.paid, key=lambda money: money.minor)
    tax, _ = split_by_weight(kept.minor, [price.tax.minor, max(price.paid.minor - price.tax.minor, 0)])
    return Charge(kind, name, price.subject, kept, Money(tax, kept.currency))


def spread(prices: Sequence[Price], kind: str, name: str, amount: Money) -> tuple[Charge, ...]:
    """One charge over several prices, in proportion to what was paid for each, at most all of it."""
    whole = sum(price.paid.minor for price in prices)
    parts = split_by_weight(min(amount.minor, whole), [price.paid.minor for price in prices]) if whole else ()
    charges = (
        part_of(price, kind, name, Money(part, amount.currency)) for price, part in zip(prices, parts, strict=False)
    )
    return tuple(charge for charge in charges if charge.amount.minor)


def lost_promotions(
    order: OrderSnapshot, prices: Sequence[Price], returned: Collection[str], thresholds: Mapping[str, Sequence[Money]]
) -> Mapping[str, Money]:
    """By discount: what the customer has of it on goods that stay, where they stay below its threshold.

    Nothing is lost where everything comes back: then nobody has anything of the discount.
    """
    kept = [p for p in prices if p.number and not p.cancelled and p.subject not in returned]
    value = sum(price.listed.minor for price in kept)
    found = {}
    for discount in _discounts(order):
        least = next((m for m in thresholds.get(discount.code, ()) if m.currency == order.currency), None)
        shares = shares_of_discount(order, discount.discount_id)
        had = sum(shares.get(price.subject, 0) for price in kept)
        if least is not None and kept:
            found[discount.discount_id] = Money(had if value < least.minor else 0, order.currency)
        elif least is not None:
            found[discount.discount_id] = Money(0, order.currency)
    return found


def express_surcharge(price: Price, standard: Money) -> Charge | None:
    """What a faster service cost beyond the cheapest standard one; None where it cost no more."""
    beyond = price.paid - standard
    return part_of(price, EXPRESS, "", beyond) if beyond.minor > 0 else None


def _discounts(order: OrderSnapshot) -> list[Discount]:
    parts: list[OrderLine | Component] = [*order.lines, *order.components]
    every = [*(d for part in parts for d in part.discounts), *order.unallocated_discounts]
    return list({discount.discount_id: discount for discount in every}.values())
