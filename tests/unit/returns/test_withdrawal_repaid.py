"""Goods and money after the notice: what is held back, owed, and kept by name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.domain import Money
from services.returns.application.deciding import Finding, Item
from services.returns.application.noticing import Withdrawn
from services.returns.domain.case import Goods, MoneyState
from services.returns.domain.errors import NotInformed, UnitNotReturnable, Withheld, WrongStage
from services.returns.domain.law import Whereabouts
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import Component, ShipmentFact
from tests.unit.returns.build import DAY, discount, eur, line, shipping
from tests.unit.returns.withdrawing import came_back, lost, noticed, repaid, rules, shop
from tests.unit.returns.world import CUSTOMER, SUE, World


async def test_money_is_held_back_while_the_customer_has_the_goods() -> None:
    """Refused with the reason, and nothing is written; a proof of sending frees it, in part where it names units."""
    world = await shop()
    known = await noticed(world)
    before = known.version
    with pytest.raises(Withheld):
        await repaid(world, known)
    with pytest.raises(Withheld):
        await repaid(world, known, "l1#1")
    assert (world.withdrawal(known.id).version, world.effects()) == (before, [])
    world.now += DAY
    await world.run(
        lambda work: world.app.prove_sending(work, known.id, ("l1#2",), "dhl", "T1", world.now - timedelta(hours=3)),
        CUSTOMER,
    )
    known = world.withdrawal(known.id)
    assert (known.payable, known.withheld, known.money_of("l1#2")) == ((), ("l1#1", "l1#3"), MoneyState.PLANNED)
    assert [effect.body["minor"] for effect in world.effects()] == [1000]


async def test_a_role_that_refunds_without_goods_may_pay_what_is_held_back_by_naming_it() -> None:
    """To hold back is the shop's right, not its duty."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    receipt = await repaid(world, known, "l1#1", actor=SUE)
    assert receipt.facts["amount"] == "1000 EUR"
    known = world.withdrawal(known.id)
    assert (known.to_send, known.is_open) == (("l1#1",), True)


async def test_a_carriers_scan_of_the_parcel_back_is_the_proof() -> None:
    """The parcel names the withdrawal as a return's parcel names the return."""
    world = await shop()
    known = await noticed(world)
    sent_at = world.now
    world.now += DAY
    back = ShipmentFact("back-1", world.now, False, rma_id=str(known.id))
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", back))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "back-1", sent_at))
    known = world.withdrawal(known.id)
    assert (known.state, {unit.free_since for unit in known.units.values()}) == ("repaying", {sent_at})


@pytest.mark.parametrize("by_order", [False, True], ids=["by its number", "by the order"])
async def test_goods_at_the_warehouse_free_the_money_and_it_ends_when_all_is_settled(by_order: bool) -> None:
    """Received, paid back whole with the shipping, settled by the provider's own fact, closed."""
    world = await shop(components=(shipping(490),))
    known = await noticed(world)
    await came_back(world, known, by_order=by_order)
    assert world.withdrawal(known.id).state == "to_repay"
    assert (await repaid(world, known)).facts["amount"] == "3490 EUR"
    assert world.withdrawal(known.id).state == "repaying"
    (effect,) = world.effects()
    await world.paid(effect.key, eur(3490))
    known = world.withdrawal(known.id)
    assert (known.state, known.is_open, known.outcome) == ("repaid", False, "repaid")
    assert {known.money_of(unit) for unit in known.units} == {MoneyState.SETTLED}
    assert world.tell("WithdrawalClosed")[0].repaid.minor_units == 3490
    assert world.tell("RefundPromised")[0].case_id == str(known.id)


async def test_a_receipt_that_never_happened_holds_the_money_back_again() -> None:
    world = await shop()
    known = await noticed(world)
    await came_back(world, known)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another parcel"))
    known = world.withdrawal(known.id)
    assert (known.state, known.payable) == ("awaiting_goods", ())


async def test_a_receipt_voided_after_a_proof_leaves_the_proof() -> None:
    world = await shop()
    known = await noticed(world)
    await world.run(lambda work: world.app.prove_sending(work, known.id, (), "dhl", "T1", None), CUSTOMER)
    await came_back(world, known)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another parcel"))
    known = world.withdrawal(known.id)
    assert {unit.where for unit in known.units.values()} == {Whereabouts.SENT}


@pytest.mark.parametrize(("standard", "amount"), [((), 3990), ((eur(490),), 3490)], ids=["not known", "known"])
async def test_a_full_withdrawal_brings_the_standard_shipping_and_not_the_express_surcharge(
    standard: tuple[Money, ...], amount: int
) -> None:
    """Of 9.90 for express, 4.90 would have been standard: the rest is kept by name."""
    world = World()
    world.app.money_terms = replace(world.terms, standard_shipping=standard)
    express = Component("ship", "shipping", eur(990), service_level="express")
    await world.order_told(components=(express,))
    await world.delivered()
    known = await noticed(world)
    await came_back(world, known)
    assert (await repaid(world, known)).facts["amount"] == f"{amount} EUR"
    kept = [(fee.kind, fee.amount.minor) for fee in world.ledger().fees.values()]
    assert kept == ([("express_surcharge", 500)] if standard else [])


async def test_a_partial_withdrawal_brings_no_shipping_until_the_last_part() -> None:
    world = await shop(components=(shipping(490),))
    known = await noticed(world, Withdrawn("l1", 2))
    await came_back(world, known, 2)
    assert (await repaid(world, known)).facts["amount"] == "2000 EUR"
    rest = await noticed(world)
    await came_back(world, rest, 1, number="r2")
    assert (await repaid(world, rest)).facts["amount"] == "1490 EUR"


async def test_value_lost_by_handling_is_kept_by_name_and_can_be_put_right() -> None:
    """A second word on the same unit replaces the first; the rest is paid back."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    for minor in (400, 250):
        await lost(world, known, minor)
    assert (await repaid(world, known)).facts["amount"] == "750 EUR"
    assert [(fee.kind, fee.amount.minor) for fee in world.ledger().fees.values()] == [("diminished_value", 250)]
    with pytest.raises(WrongStage):
        await lost(world, known, 100)


async def test_what_is_worth_nothing_any_more_ends_without_money() -> None:
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    await lost(world, known, 1000)
    known = world.withdrawal(known.id)
    assert (known.state, known.is_open, known.repay_due()) == ("repaid", False, None)


@pytest.mark.parametrize("informed", [True, False], ids=["nobody says how", "the shop does not inform"])
async def test_who_was_not_informed_answers_for_no_lost_value(informed: bool) -> None:
    world = await shop()
    world.app.law = replace(world.law, informed=informed)
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    version = world.withdrawal(known.id).version
    with pytest.raises(NotInformed):
        await lost(world, known, 100, "" if informed else "order confirmation")
    assert (world.withdrawal(known.id).version, world.ledger().fees) == (version, {})


async def test_goods_nobody_has_seen_have_lost_no_value() -> None:
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    with pytest.raises(WrongStage):
        await lost(world, known, 100)


async def test_an_open_return_gives_way_to_the_withdrawal() -> None:
    """Nothing was sent: the return lets go of the unit, and ends where nothing is left of it."""
    world = await shop()
    case = await world.asked()
    known = await noticed(world)
    assert (world.case(case.id).state, world.case(case.id).is_open) == ("cancelled", False)
    assert known.effective == ("l1#1", "l1#2", "l1#3")
    assert set(world.order().units_in_returns.values()) == {str(known.id)}


async def test_goods_that_a_return_has_on_their_way_free_the_money_all_the_same() -> None:
    """The return keeps its parcel; what it receives is told to the withdrawal."""
    world = await shop()
    case = await world.asked()
    back = ShipmentFact("back-1", world.now, False, rma_id=str(case.id))
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", back))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "back-1", world.now))
    known = await noticed(world, Withdrawn("l1", 1, (1,)))
    assert (known.units["l1#1"].where, known.state) == (Whereabouts.SENT, "repaying")
    await world.received(world.case(case.id))
    assert world.case(case.id).units["l1#1"].goods is Goods.RECEIVED
    assert world.withdrawal(known.id).units["l1#1"].where is Whereabouts.RECEIVED
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another parcel"))
    assert world.withdrawal(known.id).units["l1#1"].where is not Whereabouts.RECEIVED


async def test_what_was_paid_back_before_is_named_and_not_owed_again() -> None:
    world = await shop(line("l1", 1))
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(world.case(case.id))
    known = await noticed(world)
    assert (rules(known), known.state) == ({"l1#1": "nothing_owed"}, "goodwill")
    assert known.return_id == ""


async def test_a_return_cannot_be_asked_for_what_was_withdrawn_from() -> None:
    world = await shop(line("l1", 1))
    await noticed(world)
    with pytest.raises(UnitNotReturnable, match="1 of line l1 were asked for, 0 can be"):
        await world.asked(Item("l1", 1, "too_small"))


async def test_a_repayment_that_bounces_is_owed_again_and_opens_the_withdrawal() -> None:
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    await repaid(world, known)
    (effect,) = world.effects()
    await world.paid(effect.key, eur(1000))
    await world.bounced(effect.key, eur(1000))
    known = world.withdrawal(known.id)
    assert (known.is_open, known.payable, known.waiting_on) == (True, ("l1#1",), "agent")
    assert (await repaid(world, known)).facts["amount"] == "1000 EUR"


async def test_what_was_withdrawn_from_has_come_back_and_loses_nobody_a_promotion() -> None:
    """20 off two units for buying 15.00: one is withdrawn from, the other returned. Nobody has anything of it left."""
    world = World(terms=MoneyTerms(promotions={"SPRING": (eur(1500),)}))
    await world.order_told(line("l1", 2, discounts=(discount(20),)))
    await world.delivered()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    assert (await repaid(world, known)).facts["amount"] == "990 EUR"
    case = await world.asked(Item("l1", 1, "too_small"))
    await world.received(case, number="r2")
    await world.inspected(case, Finding("l1#2", "sealed", "customer", "restock"))
    assert (await world.refunded(world.case(case.id))).facts["amount"] == "990 EUR"
    assert world.ledger().fees == {}
