"""Withdrawal from an order that came in exchange: all that was paid for the goods goes back, where it was paid."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.domain import Money
from chassis.service import Receipt
from services.returns.application.noticing import Withdrawn
from services.returns.domain.case import ArrivedLine, MoneyState
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.order import Delivery, PaymentFact, PaymentKind, ShipmentFact
from services.returns.domain.receipt import ReceiptFact
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal.law import EFFECTIVE
from tests.unit.returns.build import DAY
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import ANN, SUE


async def noticed(known: Shop, order_id: str, *items: Withdrawn) -> Withdrawal:
    app = known.world.app
    receipt: Receipt = await known.world.run(lambda work: app.give_notice(work, "s1", order_id, items), ANN)
    return known.world.withdrawal(receipt.id)


async def exchanged_again(known: Shop, order_id: str, price: int, new_order: str) -> None:
    """The unit of an order becomes that of another one."""
    case = await known.returned(order_id)
    exchange = await known.exchange(case, price)
    await known.keeps(exchange, price)
    await known.came_back(case)
    await known.makes_order(known.latest(case), new_order)


def outcome(known: Shop, *orders: str) -> list[tuple[int, int, int]]:
    return [known.statement(order_id) for order_id in orders]


async def test_what_was_carried_over_goes_back_out_of_the_order_it_was_paid_with() -> None:
    """10.00 and 4.00 on top: the notice plans 4.00 by the new order and 10.00 by the first, in its own unit."""
    known = shop()
    await known.exchanged(1000, 1400)
    written = await noticed(known, "o2")
    assert [unit.ruling.rule for unit in written.units.values() if unit.ruling] == [EFFECTIVE]
    assert sorted(r.amount.minor for r in written.repayments.values()) == [400, 1000]
    assert outcome(known, "o1", "o2") == [(0, 1000, 0), (0, 400, 0)]
    before = len(known.world.events)
    await noticed_again(known, written)
    assert len(known.world.events) == before
    await known.money_moves("o1")
    await known.money_moves("o2")
    written = known.world.withdrawal(written.id)
    assert (written.state, written.repaid("EUR")) == ("repaid", Money(1400, "EUR"))
    assert outcome(known, "o1", "o2") == [(1000, 0, 0), (400, 0, 0)]


async def noticed_again(known: Shop, written: Withdrawal) -> None:
    await known.world.run(lambda work: known.world.app.confirm_withdrawal(work, written.id), ANN)


async def test_an_exchange_with_nothing_on_top_is_withdrawn_from_all_the_same() -> None:
    """Nothing was paid with the new order: the right is not lost by it, and 10.00 goes back by the first."""
    known = shop()
    await known.exchanged(1000, 1000)
    written = await noticed(known, "o2")
    assert written.effective == ("l1#1",)
    await known.money_moves("o1")
    written = known.world.withdrawal(written.id)
    assert (written.state, outcome(known, "o1", "o2")) == ("repaid", [(1000, 0, 0), (0, 0, 0)])


async def test_a_part_that_bounced_is_owed_by_itself_and_paid_again_once() -> None:
    """The old card is gone: the 4.00 stay paid, the 10.00 are owed, and another claim pays them alone."""
    known = shop()
    await known.exchanged(1000, 1400)
    written = await noticed(known, "o2")
    await known.money_moves("o2")
    (transfer,) = known.ledger("o1").transfers.values()
    failed = PaymentFact(
        PaymentKind.REFUND_FAILED, "re-x", "card", transfer.amount, known.world.now, request_id=transfer.key,
        provider_refund_id="re-x", reason="account_closed",
    )  # fmt: skip
    await known.world.run(lambda work: known.world.app.payment_told(work, "s1", "o1", failed))
    written = known.world.withdrawal(written.id)
    assert (written.money_of("l1#1"), written.state) == (MoneyState.FAILED, "to_repay")
    receipt = await known.world.run(lambda work: known.world.app.repay_withdrawal(work, written.id), SUE)
    assert receipt.facts["amount"] == "1000 EUR"
    await known.money_moves("o1")
    assert known.world.withdrawal(written.id).state == "repaid"
    assert outcome(known, "o1", "o2") == [(1000, 0, 0), (400, 0, 0)]


async def test_what_a_return_gave_back_of_it_is_not_given_again() -> None:
    """4.00 of 14.00 were given back before: the withdrawal pays the rest, and not more."""
    known = shop()
    await known.exchanged(1000, 1400)
    case = await known.returned("o2", remedy="refund")
    await known.came_back(case)
    await refund(known.world, case, amount=Money(400, "EUR"))
    await known.money_moves("o2")
    written = await noticed(known, "o2")
    paid = sum(r.amount.minor for r in written.repayments.values())
    await known.money_moves("o1")
    assert paid in (0, 1000)  # at once, or after somebody has looked at the goods that are here
    if not paid:
        receipt = await known.world.run(lambda work: known.world.app.repay_withdrawal(work, written.id), SUE)
        assert receipt.facts["amount"] == "1000 EUR"
        await known.money_moves("o1")
    assert outcome(known, "o1", "o2") == [(1000, 0, 0), (400, 0, 0)]


async def test_value_lost_by_handling_is_kept_where_it_was_paid() -> None:
    """6.00 less of 14.00, of which 4.00 lie in the new order: 4.00 are kept there and 2.00 by the first."""
    known = shop()
    await known.exchanged(1000, 1400)
    world = known.world
    parcel, there = ShipmentFact("p2", world.now - 2 * DAY, True), Delivery("p2", "d2", world.now - DAY)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o2", parcel))
    await world.run(lambda work: world.app.delivery_told(work, "s1", "o2", there))
    written = await noticed(known, "o2")
    fact = ReceiptFact(0, str(written.id), "", (ArrivedLine("1", "sku-new", 1),), world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r-w", fact, by="warehouse"))
    for _ in range(2):  # the second word replaces the first
        await world.run(
            lambda work: world.app.diminish_value(work, written.id, "l1#1", Money(600, "EUR"), "worn", "order page"),
            SUE,
        )
    receipt = await world.run(lambda work: world.app.repay_withdrawal(work, written.id), SUE)
    assert receipt.facts["amount"] == "800 EUR"
    kept = [sum(f.amount.minor for f in known.ledger(o).fees.values()) for o in ("o1", "o2")]
    assert kept == [200, 400]
    assert outcome(known, "o1", "o2")[0][1] == 800


@pytest.mark.parametrize("frozen", ["o1", "o2"])
async def test_nothing_is_planned_while_one_of_the_orders_is_frozen(frozen: str) -> None:
    """A dispute at either order: the duty stays, no half of it is paid by itself, and it goes once it is won."""
    known = shop()
    await known.exchanged(1000, 1400)
    opened = PaymentFact(
        PaymentKind.DISPUTE_OPENED, "dp", "card", known.money(100), known.world.now, outside=True, reason="fraud"
    )
    await known.world.run(lambda work: known.world.app.payment_told(work, "s1", frozen, opened))
    written = await noticed(known, "o2")
    assert written.repayments == {}
    won = replace(opened, kind=PaymentKind.DISPUTE_WON)
    await known.world.run(lambda work: known.world.app.payment_told(work, "s1", frozen, won))
    if frozen == "o2":  # a fact of its own order asks again
        assert len(known.world.withdrawal(written.id).repayments) == 2
    else:  # its timer does
        await known.world.fire("duty_due", written.id, "warn:repay")
        assert len(known.world.withdrawal(written.id).repayments) == 2


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(1, 3000),
    prices=st.lists(st.integers(1, 3000), min_size=1, max_size=3),
    before=st.integers(0, 3000),
)
async def test_through_any_chain_the_withdrawal_gives_back_what_was_paid_and_never_more(
    first: int, prices: list[int], before: int
) -> None:
    """Dearer and cheaper, over up to four orders, perhaps with a partial refund before: what was taken went back
    at the end, order by order and together, and every statement closes."""
    known = shop()
    await known.sold(first)
    orders = ["o1"]
    for number, price in enumerate(prices, start=2):
        await exchanged_again(known, orders[-1], price, f"o{number}")
        orders.append(f"o{number}")
        for order_id in orders:
            await known.money_moves(order_id)
    if 0 < before <= prices[-1]:
        amount = known.money(before)
        app = known.world.app
        if before <= known.ledger(orders[-1]).books.left_of("l1#1").minor:
            await known.world.run(lambda work: app.keep_it(work, "s1", orders[-1], ("l1#1",), amount, "late"), SUE)
        for order_id in orders:
            await known.money_moves(order_id)
    await noticed(known, orders[-1])
    for order_id in orders:
        await known.money_moves(order_id)
    for order_id in orders:
        books = known.ledger(order_id).books
        statement = statement_of(books)
        assert statement.closes
        assert (statement.refunded, statement.pending) == (books.tills.captured().minor, 0), order_id
