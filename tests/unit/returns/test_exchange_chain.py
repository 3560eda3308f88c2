"""Exchanges of exchanges and replacements: what was really paid is entitled through all orders, and never more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.domain import Money
from services.returns.domain.case import exchange_money
from services.returns.domain.ledger import Book
from services.returns.domain.order import OrderLine, ShipmentFact
from tests.unit.returns.build import ask, eur
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import World


async def step(known: Shop, order_id: str, price: int) -> str:
    """The unit of an order is exchanged for one that costs `price`; the new order's id."""
    new = f"o{int(order_id[1:]) + 1}"
    case = await known.returned(order_id)
    asked = await known.exchange(case, price, sku=f"sku-{new}")
    await known.keeps(asked, price)
    await known.came_back(case)
    await known.makes_order(known.latest(case), new)
    for number in range(1, int(new[1:])):
        await known.money_moves(f"o{number}")
    assert known.world.case(case.id).state == "exchanged"
    return new


async def given_back(known: Shop, order_id: str) -> int:
    """All that is left for the unit an order ends with; what was paid in minor units."""
    case = await known.returned(order_id, remedy="refund")
    await known.came_back(case)
    receipt = await refund(known.world, case)
    for number in range(1, int(order_id[1:]) + 1):
        await known.money_moves(f"o{number}")
    assert known.world.case(case.id).state == "refunded"
    return int(receipt.facts["amount"].partition(" ")[0])


async def test_an_exchange_of_an_exchange_and_then_money_back() -> None:
    """10.00, 14.00, 9.00, money: 4.00 on top, 5.00 back (the 4.00 first), 9.00 at the end; all statements close."""
    known = shop()
    await known.sold(1000)
    second = await step(known, "o1", 1400)
    assert (known.statement("o1"), known.statement("o2")) == ((0, 0, 1000), (0, 0, 400))
    third = await step(known, second, 900)
    assert (known.statement("o1"), known.statement("o2")) == ((100, 0, 900), (400, 0, 0))
    assert known.statement("o3") == (0, 0, 0)
    assert await given_back(known, third) == 900
    assert [known.statement(o) for o in ("o1", "o2", "o3")] == [(1000, 0, 0), (400, 0, 0), (0, 0, 0)]


async def test_a_part_of_the_money_is_taken_from_what_was_paid_last() -> None:
    """Of 14.00 paid as 10.00 and 4.00, 5.00 back: 4.00 of the second order, 1.00 of the first; then the rest, once."""
    known = shop()
    await known.sold(1000)
    await step(known, "o1", 1400)
    case = await known.returned("o2", remedy="refund")
    await known.came_back(case)
    await refund(known.world, case, units=("l1#1",), amount=eur(500))
    assert (known.statement("o1"), known.statement("o2")) == ((0, 100, 900), (0, 400, 0))
    await refund(known.world, case, units=("l1#1",))
    assert (known.statement("o1"), known.statement("o2")) == ((0, 1000, 0), (0, 400, 0))


async def test_paid_lost_replaced_and_the_defective_replacement_refunded_by_its_own_order() -> None:
    """The replacement comes as an order that costs nothing; its return pays back what the first order took, once."""
    await _lost_replaced_paid_back("o2")


async def test_a_replacement_is_known_by_its_parcel_too() -> None:
    """Whoever sent it heard first of the parcel and named that: the money goes back all the same, once."""
    await _lost_replaced_paid_back("p-o2")


async def _lost_replaced_paid_back(reference: str) -> None:
    known = shop()
    await known.sold(1000)
    goods = ask("k1", Book.IN_KIND, subjects=("l1#1",))
    app, world = known.world.app, known.world
    await world.run(lambda work: app.compensation_requested(work, "s1", "o1", goods))
    await world.run(lambda work: app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", reference, ()))
    await replacement(known)
    parcel = ShipmentFact("p-o2", world.now, True)
    await world.run(lambda work: app.shipment_told(work, "s1", "o2", parcel))
    assert known.statement("o1") == (0, 0, 1000)
    assert await given_back(known, "o2") == 1000
    assert (known.statement("o1"), known.statement("o2")) == ((1000, 0, 0), (0, 0, 0))


async def test_a_replacement_is_exchanged_for_something_else() -> None:
    """Paid 10.00, replaced, exchanged for 12.50: 2.50 on top, and 12.50 when that comes back."""
    known = shop()
    await known.sold(1000)
    goods = ask("k1", Book.IN_KIND, subjects=("l1#1",))
    app, world = known.world.app, known.world
    await world.run(lambda work: app.compensation_requested(work, "s1", "o1", goods))
    await world.run(lambda work: app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", "o2", ("l1#1",)))
    await replacement(known)
    third = await step(known, "o2", 1250)
    assert known.ledger("o1").carriers == {"l1#1": "o3/l1#1"}
    assert await given_back(known, third) == 1250
    assert [known.statement(o) for o in ("o1", "o2", "o3")] == [(1000, 0, 0), (0, 0, 0), (250, 0, 0)]


async def replacement(known: Shop) -> None:
    line = OrderLine("l1", "sku-l1", 1, known.money(0))
    await known.stated("o2", line, 0, exchange_of="o1")


PRICES = st.integers(min_value=1, max_value=100_000)
CURRENCIES = st.sampled_from(("JPY", "EUR", "KWD"))


@given(worth=st.integers(0, 10**9), price=st.integers(0, 10**9), currency=CURRENCIES)
def test_carried_and_on_top_is_the_price_and_carried_and_back_is_what_was_paid(
    worth: int, price: int, currency: str
) -> None:
    """To the minor unit, and never both on top and back."""
    money = exchange_money(Money(worth, currency), Money(price, currency))
    assert money.carried + money.on_top == money.price
    assert money.carried + money.back == money.worth
    assert 0 in (money.on_top.minor, money.back.minor)


@settings(max_examples=25, deadline=None)
@given(prices=st.lists(PRICES, min_size=2, max_size=6), currency=CURRENCIES)
async def test_through_any_chain_what_was_given_back_is_what_was_paid(prices: list[int], currency: str) -> None:
    """Random prices, up and down, in currencies of 0, 2 and 3 decimals: granted and carried never exceed what was paid
    at any order, and in the end every cent is back."""
    known = Shop(World(), currency)
    first, *others = prices
    await known.sold(first)
    order_id, paid, worth = "o1", first, first
    for price in others:
        order_id = await step(known, order_id, price)
        paid += max(price - worth, 0)
        worth = price
        within(known, order_id)
    assert await given_back(known, order_id) == worth
    within(known, order_id)
    orders = [f"o{n}" for n in range(1, int(order_id[1:]) + 1)]
    assert sum(known.statement(o)[0] for o in orders) == paid


def within(known: Shop, order_id: str) -> None:
    for number in range(1, int(order_id[1:]) + 1):
        ledger = known.ledger(f"o{number}")
        entitled = sum(e.amount.minor for e in ledger.entitlements.values())
        refunded, pending, left = known.statement(f"o{number}")
        assert refunded + pending + left <= entitled
        assert entitled == ledger.books.tills.captured().minor
        assert left == entitled - refunded - pending
