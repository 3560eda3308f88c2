"""Orders drawn at random: lines with own allocations and tax lines, components, coupons of the whole order."""

import random

from chassis.domain import Money
from services.returns.domain.order import Component, Discount, OrderLine, OrderSnapshot, TaxLine, Tender
from tests.unit.returns.build import snapshot


def order_of(rng: random.Random) -> OrderSnapshot:
    """An order in a currency of 0, 2 or 3 decimals, to be paid by a gift card, a card, or both."""
    currency = rng.choice(["JPY", "EUR", "KWD"])
    cap = {"JPY": 30_000, "EUR": 20_000, "KWD": 90_000}[currency]

    def money(minor: int) -> Money:
        return Money(minor, currency)

    def off(total: int) -> tuple[Discount, ...]:
        return (Discount("d-own", "OWN", money(rng.randint(0, total // 3))),) if rng.random() < 0.4 else ()

    def taxes(total: int) -> tuple[TaxLine, ...]:
        rates = rng.sample(["0.19", "0.07", "0.21"], rng.randint(0, 2))
        return tuple(TaxLine("VAT", rate, "X", money(rng.randint(0, total // 5))) for rate in rates)

    lines = []
    for n in range(rng.randint(1, 4)):
        quantity, price = rng.randint(1, 5), rng.randint(1, cap)
        total = quantity * price
        own, tax = off(total), taxes(total)
        lines.append(OrderLine(f"l{n}", f"s{n}", quantity, money(price), discounts=own, taxes=tax))
    parts = []
    for n in range(rng.randint(0, 2)):
        price = rng.randint(1, cap // 10)
        parts.append(Component(f"c{n}", "shipping", money(price), discounts=off(price), taxes=taxes(price)))
    goods = sum(line.unit_price.minor * line.quantity for line in lines)
    coupon = (Discount("d-spring", "SPRING", money(rng.randint(1, goods // 4 + 1))),) if rng.random() < 0.5 else ()
    return snapshot(
        *lines,
        currency=currency,
        components=tuple(parts),
        unallocated_discounts=coupon,
        prices_include_tax=rng.random() < 0.5,
        tenders=(Tender("t-gift", "gift_card"), Tender("t-card", "card", "stripe")),
    )
