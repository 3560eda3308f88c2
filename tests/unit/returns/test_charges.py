"""What is kept of a refund by name, through the use cases: fees, lost promotions, the express surcharge."""

from dataclasses import replace

import pytest

from chassis.domain import Invalid, Money
from services.returns.application.charging import FeeAsked
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.ledger import TransferState
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import Component, Discount, PaymentFact, PaymentKind, Tender
from services.returns.domain.order.facts import Authorised, Capture
from services.returns.domain.policy import Fee, Offer
from services.returns.money_terms import load_money_terms, money_terms
from tests.unit.returns.build import T0, ask, eur, line, units
from tests.unit.returns.world import ANN, SUE, World


async def came_back(world: World, *units: str, number: str = "r1") -> ReturnCase:
    """These units of line l1 were asked back, received and inspected."""
    await world.delivered()
    case = await world.asked(Item("l1", len(units), "too_small", tuple(int(u.rpartition("#")[2]) for u in units)))
    await world.received(case, ArrivedLine("1", "sku-l1", len(units)), number=number)
    await world.inspected(case, *(Finding(u, "sealed", "customer", "restock") for u in units))
    return world.case(case.id)


async def paid_out(world: World) -> int:
    """The provider pays whatever is planned; all that went back so far."""
    for key, transfer in list(world.ledger().transfers.items()):
        if transfer.state is TransferState.PLANNED:
            await world.paid(key, transfer.amount, f"re-{key[-6:]}")
    return statement_of(world.ledger().books).refunded


async def test_a_fee_is_kept_by_name_and_the_rest_is_paid_back() -> None:
    """1000 less 150 restocking and a label of 299: 551 go back, and 449 stand in the statement by name and person."""
    world = World()
    await world.order_told()
    case = await came_back(world, "l1#1")
    fees = [FeeAsked("restocking", eur(150), "opened"), FeeAsked("return_label", eur(299), "", "l1#1")]
    receipt = await world.refunded(case, fees=fees)
    assert (receipt.facts["amount"], receipt.facts["withheld"]) == ("551 EUR", "449 EUR")
    assert await paid_out(world) == 551
    statement = statement_of(world.ledger().books)
    first = next(one for one in statement.lines if one.subject == "l1#1")
    assert (first.refunded, first.withheld, first.kept, statement.closes) == (551, 449, 449, True)


async def test_what_the_policy_said_the_customer_bears_is_kept_by_its_clause() -> None:
    """Restocking of 1.00 for each of two units, a label of 2.99 once for the return: 4.99 of 20.00 are kept."""
    fees = (Fee("restocking", "c-restock", eur(100), "unit"), Fee("return_label", "c-label", eur(299), "return"))
    world = World()
    await world.order_told()
    case = await came_back(world, "l1#1", "l1#2")
    for unit_id in ("l1#1", "l1#2"):
        case.units[unit_id] = replace(case.units[unit_id], offer=Offer(fees=fees))
    await world.refunded(case, units=("l1#1",))
    await world.refunded(world.case(case.id), units=("l1#2",))
    assert await paid_out(world) == 1501
    kept = [(fee.kind, fee.subject, fee.amount.minor, fee.reason) for fee in world.ledger().fees.values()]
    assert kept == [
        ("restocking", "l1#1", 100, "c-restock"),
        ("return_label", "l1#1", 299, "c-label"),
        ("restocking", "l1#2", 100, "c-restock"),
    ]


async def test_a_lost_promotion_is_kept_until_everything_has_come_back() -> None:
    """30 off three units of 1000 for buying 25.00: after the first return 20.00 stay, the discount of 20 on them is
    kept; after the last nothing is, and the customer has all that was paid."""
    terms = MoneyTerms(promotions={"SPRING": (eur(2500),)})
    world = World(terms=terms)
    await world.order_told(line("l1", 3), unallocated_discounts=(Discount("d1", "SPRING", eur(30)),))
    case = await came_back(world, "l1#1")
    await world.refunded(case)
    assert await paid_out(world) == 970
    assert [(fee.kind, fee.amount) for fee in world.ledger().fees.values()] == [("promotion_lost", eur(20))]
    second = await came_back(world, "l1#2", "l1#3", number="r2")
    await world.refunded(second)
    assert world.ledger().fees == {}
    assert await paid_out(world) == 2970
    assert statement_of(world.ledger().books).kept == 0


async def test_of_an_express_shipment_the_surcharge_is_kept_on_a_full_withdrawal() -> None:
    """12.90 were paid for express, standard is 4.90: 4.90 go back, 8.00 are kept by name; for a fault all goes back."""
    back = {}
    for rule in ("standard", "actual", ""):
        world = World(terms=MoneyTerms(standard_shipping=(eur(490),)))
        await world.order_told(line("l1", 1), components=(Component("ship", "shipping", eur(1290)),))
        case = await came_back(world, "l1#1")
        await world.refunded(case, shipping=rule)
        back[rule] = (await paid_out(world), [fee.amount.minor for fee in world.ledger().fees.values()])
    assert back == {"standard": (1490, [800]), "actual": (2290, []), "": (1000, [])}


async def test_fees_that_make_no_sense_are_refused_and_nothing_is_written() -> None:
    """Another currency, a subject nobody bought, more than was paid, and a shipping rule beside a named amount."""
    world = World()
    await world.order_told()
    case = await came_back(world, "l1#1")
    before = len(world.events)
    for values in (
        {"fees": [FeeAsked("restocking", Money(100, "USD"), "")]},
        {"fees": [FeeAsked("restocking", eur(100), "", "l9#1")]},
        {"fees": [FeeAsked("restocking", eur(5000), "")]},
        {"shipping": "actual", "amount": eur(100)},
        {"shipping": "free"},
    ):
        with pytest.raises(Invalid):
            await world.refunded(case, **values)
    assert (len(world.events), world.ledger().fees) == (before, {})


async def test_the_refund_order_is_the_shops_and_captures_are_named() -> None:
    """A card with two captures before a gift card: 1200 come out of the card's captures, 300 of the gift card."""
    terms = MoneyTerms(("card", "gift_card"), direct={"stripe": frozenset({"s1"})})
    world = World(terms=terms)
    tenders = (
        Tender("t1", "gift_card", captures=(Capture("g1", "t1", eur(1800)),)),
        Tender("t2", "card", "stripe", (Capture("c1", "t2", eur(500)), Capture("c2", "t2", eur(700)))),
    )
    await world.order_told(line("l1", 3), captured=0, tenders=tenders)
    case = await came_back(world, "l1#1", "l1#2")
    await world.refunded(case, SUE, amount=eur(1500))
    moved = [(t.tender_id, t.capture_id, t.amount.minor, t.provider) for t in world.ledger().transfers.values()]
    assert moved == [("t2", "c1", 500, "stripe"), ("t2", "c2", 700, "stripe"), ("t1", "g1", 300, "")]
    assert [effect.body["capture_id"] for effect in world.effects("stripe_refund")] == ["c1", "c2"]
    assert [effect.body["capture_id"] for effect in world.effects()] == ["g1"]


async def test_before_capture_less_is_taken_and_nothing_is_refunded() -> None:
    """Only authorised: a refund of one unit of two becomes a release of its amount, settled by its answer."""
    world = World()
    tenders = (Tender("t1", "card", authorisations=(Authorised("a1", "t1", eur(2000)),)),)
    await world.order_told(line("l1", 2), captured=0, tenders=tenders)
    case = await came_back(world, "l1#1")
    await world.refunded(case)
    released = world.effects("authorisation_release")
    assert [(one.body["minor"], one.body["tender_id"]) for one in released] == [(1000, "t1")]
    assert world.effects() == []
    await world.effect_moved(released[0], "succeeded")
    (transfer,) = world.ledger().transfers.values()
    assert transfer.state is TransferState.SETTLED
    assert statement_of(world.ledger().books).closes
    fact = PaymentFact(PaymentKind.CAPTURED, "c1", "t1", eur(1000), T0)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))
    assert (transfer.counts, world.ledger().books.left_of("l1#1"), world.ledger().frozen) == (True, eur(0), False)


async def test_what_was_taken_in_spite_of_a_release_can_be_refunded() -> None:
    """The capture of everything crossed the release: the release failed, its claim is free, and a refund goes out."""
    world = World()
    tenders = (Tender("t1", "card", authorisations=(Authorised("a1", "t1", eur(2000)),)),)
    await world.order_told(line("l1", 2), captured=0, tenders=tenders)
    case = await came_back(world, "l1#1")
    await world.refunded(case)
    fact = PaymentFact(PaymentKind.CAPTURED, "c1", "t1", eur(2000), T0)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.RELEASED]
    assert world.effects("authorisation_release")[0].state == "failed"
    await world.refunded(world.case(case.id), units=("l1#1",))
    assert [(t.way.value, t.amount) for t in world.ledger().transfers.values() if t.counts] == [("refund", eur(1000))]


def test_terms_of_money_are_whole_or_refused() -> None:
    """The default loads; an unknown word, a provider nobody asks and an amount of no currency are refused by name."""
    assert money_terms().refund_order[0] == "card"
    assert load_money_terms("direct: {stripe: [s1]}").direct == {"stripe": frozenset({"s1"})}
    for text, named in (
        ("restock: {}", "restock is unknown"),
        ("direct: {strife: [s1]}", "strife is no provider"),
        ("promotions: {SPRING: [10.001 EUR]}", "10.001 EUR"),
        ("- 1", "is no mapping"),
    ):
        with pytest.raises(Invalid) as refused:
            load_money_terms(text)
        assert named in refused.value.message


async def test_a_limit_holds_what_is_paid_back_and_not_what_is_kept() -> None:
    """An agent may give 200.00: of 210.00 with 20.00 kept, 190.00 are given."""
    world = World()
    await world.order_told(line("l1", 1, 21_000))
    case = await came_back(world, "l1#1")
    receipt = await world.refunded(case, ANN, fees=[FeeAsked("restocking", eur(2000), "worn")])
    assert receipt.facts["amount"] == "19000 EUR"


async def test_what_another_service_wanted_released_and_was_taken_is_not_asked_of_anybody_any_more() -> None:
    """Its claim has failed and waits for its requester; its effect ends, for there is nothing left to release."""
    world = World()
    tenders = (Tender("t1", "card", authorisations=(Authorised("a1", "t1", eur(2000)),)),)
    await world.order_told(line("l1", 2), captured=0, tenders=tenders)
    wanted = ask("k1", units=units("l1"))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", wanted))
    (planned,) = world.effects("authorisation_release")
    fact = PaymentFact(PaymentKind.CAPTURED, "c1", "t1", eur(2000), T0)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.FAILED]
    assert [(e.key, e.state) for e in world.effects("authorisation_release")] == [(planned.key, "failed")]


async def test_a_unit_that_was_cancelled_since_can_be_inspected_and_nothing_is_judged_of_it() -> None:
    """It is here, so what is found of it is written down."""
    world = World()
    await world.order_told(line("l1", 2))
    await world.delivered()
    case = await world.asked(Item("l1", 2, "too_small", (1, 2)))
    await world.received(case, ArrivedLine("1", "sku-l1", 2), number="r1")
    await world.order_told(line("l1", 1), version=2)
    await world.inspected(case, Finding("l1#2", "sealed", "customer", "restock"))
    found = world.case(case.id).units["l1#2"].condition
    assert found is not None and found.value == "sealed"
