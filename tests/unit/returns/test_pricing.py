"""What was paid for each unit and component, to the minor unit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Invalid, Money
from services.returns.domain.order import Component, Discount, OrderLine, OrderSnapshot, TaxLine, price_order
from tests.unit.returns.build import discount, eur, line, shipping, snapshot, tax


def paid(order: OrderSnapshot) -> dict[str, int]:
    return {price.subject: price.paid.minor for price in price_order(order)}


def test_the_shops_own_allocation_is_used_as_it_stands() -> None:
    """A line's discount of 100 over three units: 2900 are split, the first units carry the cents; no other line is
    touched."""
    order = snapshot(line("l1", 3, 1000, discounts=(discount(100),)), line("l2", 1, 500))
    assert paid(order) == {"l1#1": 967, "l1#2": 967, "l1#3": 966, "l2#1": 500}


def test_an_unallocated_coupon_is_split_over_units_and_components_by_largest_remainder() -> None:
    """10 % off 3490 is 349: 100 from each unit of 1000 and 49 from the shipping."""
    order = snapshot(line("l1", 3, 1000), components=(shipping(490),), unallocated_discounts=(discount(349),))
    assert paid(order) == {"l1#1": 900, "l1#2": 900, "l1#3": 900, "ship": 441}


def test_tax_is_added_only_where_prices_do_not_contain_it() -> None:
    """191 of tax on two units of 500: 596 and 595 without, 500 each with prices that contain it."""
    taxed = line("l1", 2, 500, taxes=(tax(191),))
    assert paid(snapshot(taxed, prices_include_tax=False)) == {"l1#1": 596, "l1#2": 595}
    assert paid(snapshot(taxed)) == {"l1#1": 500, "l1#2": 500}


def test_cancelled_units_are_the_last_of_their_line() -> None:
    """Of three units with one cancelled, the third is marked and the first two keep their price."""
    prices = price_order(snapshot(line("l1", 3, 1000, cancelled_quantity=1)))
    assert [(p.subject, p.paid, p.cancelled) for p in prices] == [
        ("l1#1", eur(1000), False),
        ("l1#2", eur(1000), False),
        ("l1#3", eur(1000), True),
    ]


def test_an_order_in_two_currencies_is_an_error() -> None:
    """An amount of another currency than the order's raises instead of being added up."""
    order = snapshot(line("l1", 1, 1000), components=(Component("ship", "shipping", Money(500, "USD")),))
    with pytest.raises(Invalid) as refused:
        price_order(order)
    assert refused.value.message == "an order in EUR has an amount in USD"


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    currency = draw(st.sampled_from(["JPY", "EUR", "KWD"]))
    amounts = st.integers(0, 10**7)

    def money(minor: int) -> Money:
        return Money(minor, currency)

    def priced(total: int) -> dict[str, Any]:
        off = draw(st.integers(0, total))
        taxes = draw(st.lists(st.integers(0, 10**5), max_size=2))
        return {
            "discounts": (Discount("d", "", money(off)),),
            "taxes": tuple(TaxLine("t", "0.1", "X", money(t)) for t in taxes),
        }

    lines = []
    for n in range(draw(st.integers(1, 4))):
        quantity, price = draw(st.integers(1, 7)), draw(amounts)
        lines.append(OrderLine(f"l{n}", f"s{n}", quantity, money(price), **priced(quantity * price)))
    components = []
    for n in range(draw(st.integers(0, 3))):
        price = draw(amounts)
        components.append(Component(f"c{n}", "shipping", money(price), **priced(price)))
    remaining = sum(ln.unit_price.minor * ln.quantity - ln.discounts[0].amount.minor for ln in lines)
    remaining += sum(c.amount.minor - c.discounts[0].amount.minor for c in components)
    unallocated = draw(st.integers(0, remaining))
    return snapshot(
        *lines,
        currency=currency,
        components=tuple(components),
        unallocated_discounts=(Discount("u", "", money(unallocated)),),
        prices_include_tax=draw(st.booleans()),
    )


def total(order: OrderSnapshot) -> int:
    """The order's total by plain addition."""
    amount = sum(ln.unit_price.minor * ln.quantity for ln in order.lines) + sum(
        c.amount.minor for c in order.components
    )
    parts: list[OrderLine | Component] = [*order.lines, *order.components]
    amount -= sum(d.amount.minor for part in parts for d in part.discounts)
    amount -= sum(d.amount.minor for d in order.unallocated_discounts)
    if not order.prices_include_tax:
        amount += sum(t.amount.minor for part in parts for t in part.taxes)
    return amount


@given(orders())
def test_units_and_components_add_up_to_what_was_paid(order: OrderSnapshot) -> None:
    """In currencies of 0, 2 and 3 decimals: nothing is lost, nothing made, and each line keeps its own discount
    and tax."""
    prices = price_order(order)
    assert sum(price.paid.minor for price in prices) == total(order)
    assert all(price.paid.minor >= 0 for price in prices)
    for ln in order.lines:
        taxes = sum(price.tax.minor for price in prices if price.number and price.line_id == ln.line_id)
        assert taxes == sum(t.amount.minor for t in ln.taxes)
