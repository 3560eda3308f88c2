"""A return by who was given the goods: the recipient hears nothing of the buyer, the buyer nothing of the return."""
# long: one return of a gift, from its recipient's side and from its buyer's

from dataclasses import replace
from typing import Any

import pytest
from aftercare.orders.v1 import orders_pb2

from chassis.domain import NotFound
from chassis.work import Actor
from services.returns.application.common import CREDIT_EFFECT
from services.returns.application.deciding import Item
from services.returns.application.gifts import gift_known, rule_of_gift
from services.returns.application.noting import NOTE_EFFECT
from services.returns.domain.case import ReturnCase
from services.returns.domain.errors import (
    BuyersMoney,
    GiftNotOffered,
    NothingLeft,
    RemedyNotOffered,
    UnitNotReturnable,
)
from services.returns.domain.ledger import WALLET
from services.returns.domain.order.facts import proof_of_gift
from services.returns.domain.policy.gifts import gift_rule
from services.returns.policies import default_policy
from services.returns.presenting.gifts import ASK_US, concealed, shown
from services.returns.presenting.orders import view
from services.returns.presenting.returns import mine
from services.returns.translation import snapshot_of
from tests.unit.returns.build import eur, line
from tests.unit.returns.conforming import reported
from tests.unit.returns.policies import facts, policy
from tests.unit.returns.world import ANN, CUSTOMER, World

RITA = Actor("c-9", frozenset({"customer"}), customer_id="c9", shops=frozenset({"s1"}))
ELSEWHERE = Actor("c-9", frozenset({"customer"}), customer_id="c9", shops=frozenset({"s2"}))
CODE = "a-gift-code-of-l1"
OPEN = "open: window, clock: delivery, end: request, days: 30"
FEE = "stock: fee, name: restocking, percent: 10"
GIFTS = "gifts: gift_return, gift: true, remedies: [store_credit, exchange]"
ITEM = Item("l1", 1, "too_small")


async def given(*clauses: str) -> World:
    """Two of a gift reached somebody who has the gift receipt."""
    world = World(policy=replace(policy(OPEN, *(clauses or (GIFTS,))), limits=default_policy().limits))
    await world.order_told(line("l1", 2, gift=True, gift_proof=proof_of_gift("l1", CODE)), country="US")
    await world.delivered()
    return world


async def asked(world: World, remedy: str = "store_credit", actor: Actor = RITA, code: str = CODE) -> ReturnCase:
    receipt, _ = await world.run(
        lambda work: world.app.request_gift(work, "s1", "o1", code, ITEM, remedy=remedy), actor
    )
    return world.case(receipt.id)


async def back(world: World, case: ReturnCase) -> ReturnCase:
    await world.received(case)
    await world.inspected(case)
    return world.case(case.id)


async def test_the_return_is_the_recipients_and_nobody_tells_the_buyer() -> None:
    """Every public message about it names the recipient, none the buyer."""
    world = await given()
    case = await asked(world)
    await world.refunded(await back(world, case))
    told = [m for m in world.told if getattr(m, "case_id", "") == str(case.id) and hasattr(m, "customer_id")]
    assert {type(m).__name__ for m in told} >= {"ReturnAuthorised", "ReturnReceived", "RefundPromised"}
    assert {m.customer_id for m in told} == {"c9"}
    assert '"c1"' not in "".join(str(m) for m in told)  # an id of the message may hold these letters


async def test_what_is_no_gift_of_theirs_looks_like_no_gift_at_all() -> None:
    """A wrong code, another line, no such order, another shop's token: one answer, nothing written."""
    world = await given()
    before = len(world.events)
    for order_id, item, code, actor in (
        ("o1", ITEM, "a-gift-code-of-l2", RITA),
        ("o1", ITEM, "", RITA),
        ("o1", Item("l9", 1, "too_small"), CODE, RITA),
        ("o9", ITEM, CODE, RITA),
        ("o1", ITEM, CODE, ELSEWHERE),
    ):
        with pytest.raises(NotFound) as refused:
            await world.run(
                lambda work, o=order_id, i=item, c=code: world.app.request_gift(work, "s1", o, c, i, remedy="exchange"),  # type: ignore[misc]
                actor,
            )
        assert refused.value.message == f"gift {order_id}/{item.line_id} does not exist"
    assert len(world.events) == before


async def test_store_credit_goes_to_the_recipients_wallet() -> None:
    """Not to the card it was paid with, and not to the buyer's wallet."""
    world = await given()
    await world.refunded(await back(world, await asked(world)))
    (effect,) = world.effects(CREDIT_EFFECT)
    assert (effect.body["customer_id"], effect.body["tender_id"], effect.body["minor"]) == ("c9", WALLET, 1000)


async def test_what_was_paid_for_a_gift_never_goes_back_to_who_paid() -> None:
    """By refund, discount, gesture, or with the shipping they paid: refused by name, nothing written."""
    world = await given()
    case = await back(world, await asked(world))
    before = len(world.events)
    for decide in (
        lambda work: world.app.refund(work, case.id, tender_id="card"),
        lambda work: world.app.refund(work, case.id, shipping="standard"),
        lambda work: world.app.keep_it(work, "s1", "o1", ("l1#1",), eur(100), "scratch"),
        lambda work: world.app.goodwill(work, case.id, eur(100), "sorry"),
    ):
        with pytest.raises(BuyersMoney):
            await world.run(decide, ANN)
    assert (len(world.events), world.effects()) == (before, [])


async def test_the_buyers_own_refund_of_that_unit_is_refused_by_name() -> None:
    """One ledger: what the recipient was credited is not paid back to the card as well."""
    world = await given()
    await world.refunded(await back(world, await asked(world)))
    theirs = await world.asked()
    assert list(theirs.units) == ["l1#2"]
    before = len(world.events)
    with pytest.raises(NothingLeft) as refused:
        await world.run(lambda work: world.app.quoted(work, "s1", "o1", [Item("l1", 1, "too_small", (1,))], ""), ANN)
    assert (refused.value.facts["bound"], len(world.events)) == ("entitlement", before)


async def test_the_document_of_it_is_asked_for_with_the_word_that_it_is_of_a_gift() -> None:
    """The invoice is the buyer's: the shop is told to keep the credit note and send it to nobody."""
    world = await given()
    world.terms = replace(world.terms, credit_notes=frozenset({"s1"}))
    world.app.money_terms = world.terms
    await world.refunded(await back(world, await asked(world)))
    (effect,) = world.effects(CREDIT_EFFECT)
    await world.effect_moved(effect, "succeeded")
    (note,) = world.effects(NOTE_EFFECT)
    assert (note.body["of_gift"], note.body["customer_id"]) == (True, "c1")


async def test_without_a_clause_and_for_other_remedies_staff_is_asked() -> None:
    """Nothing is written; an agent may still ask for the recipient."""
    world = await given(FEE)
    before = len(world.events)
    with pytest.raises(GiftNotOffered):
        await asked(world)
    assert len(world.events) == before
    world = await given("gifts: gift_return, remedies: [store_credit]")
    with pytest.raises(RemedyNotOffered):
        await asked(world, "exchange")
    receipt, _ = await world.run(
        lambda work: world.app.request_gift_for(work, "s1", "o1", [ITEM], "c9", remedy="exchange", channel="phone"), ANN
    )
    assert (world.case(receipt.id).customer_id, world.case(receipt.id).recipient) == ("c9", "c9")
    with pytest.raises(RemedyNotOffered):
        await world.run(
            lambda work: world.app.request_gift_for(work, "s1", "o1", [ITEM], "c9", remedy="refund", channel=""), ANN
        )


async def test_the_recipient_reads_no_price_unless_the_policy_tells_it() -> None:
    """Neither by itself, nor by a fee that is a share of it, nor by an exchange of their own."""
    world = await given(FEE, GIFTS)
    case = await asked(world, "exchange")
    told = mine(case, world.now)
    (unit,) = told.units
    assert (unit.explanation, [fee.HasField("amount") for fee in unit.offer.fees]) == ("You can send it back.", [False])
    with pytest.raises(BuyersMoney):
        await world.run(lambda work: world.app.exchange_unit(work, case.id, "l1#1", "sku-x", eur(1000)), RITA)
    seen = look(world)
    assert [(u.returnable, u.HasField("value"), "1.00" in u.explanation) for u in seen.units] == [
        (False, False, False),
        (True, False, False),
    ]
    telling = await given(FEE, GIFTS + ", tells_value: true")
    assert [u.value.minor_units for u in look(telling).units] == [1000, 1000]
    assert mine(await asked(telling), telling.now).units[0].offer.fees[0].amount.minor_units == 100


def look(world: World) -> Any:
    order, snapshot = gift_known(world.order(), "o1", "l1", CODE)
    rules, days, now = world.policy, world.app.legal_days, world.now
    return shown(order, snapshot, "l1", rules, rule_of_gift(rules, order, snapshot, ITEM, days, now), days, now)


async def test_the_buyer_sees_the_order_as_if_nothing_were_returned() -> None:
    """Also when credit has gone out for it: nothing refunded, all left, and a unit that has to be asked about."""
    world = await given()
    case = await asked(world)
    await world.refunded(await back(world, case))
    order, snapshot = world.order(), world.order().snapshot
    assert snapshot is not None
    told = view(order, snapshot, world.ledger(), world.policy, (), world.app.legal_days, world.now)
    assert str(case.id) in told.lines[0].units[0].explanation
    seen = concealed(told, {"l1#1"})
    first, second = seen.lines[0].units
    assert (first.refunded.minor_units, first.left.minor_units, first.returnable, first.explanation) == (
        0,
        1000,
        False,
        ASK_US,
    )
    sums = (seen.refunded.minor_units, seen.pending.minor_units, seen.left.minor_units)
    assert (sums, second.returnable, str(case.id) in str(seen)) == ((0, 0, 2000), True, False)


async def test_the_buyer_who_asks_for_the_same_unit_learns_nothing() -> None:
    """Refused as for any unit that cannot be asked for; the return is not named."""
    world = await given()
    case = await asked(world)
    with pytest.raises(UnitNotReturnable) as refused:
        await world.asked(Item("l1", 2, "too_small"), actor=CUSTOMER)
    assert str(case.id) not in str((refused.value.message, refused.value.facts))
    assert "return" not in refused.value.message


async def test_the_buyer_who_reports_a_lack_of_it_ends_no_return_and_learns_nothing() -> None:
    """The return stays the recipient's; somebody at the shop may still make way for the law."""
    world = await given()
    case, before = await asked(world), len(world.events)
    with pytest.raises(UnitNotReturnable) as refused:
        await reported(world)
    assert str(case.id) not in str((refused.value.message, refused.value.facts))
    assert (len(world.events), world.case(case.id).is_open) == (before, True)
    await reported(world, actor=ANN)
    assert world.case(case.id).is_open is False


async def test_an_exchange_that_costs_less_credits_the_recipient() -> None:
    """What the gift cost more does not go back to the card."""
    world = await given()
    case = await back(world, await asked(world, "exchange"))
    await world.run(lambda work: world.app.exchange_unit(work, case.id, "l1#1", "sku-x", eur(700)), ANN)
    known = next(iter(world.case(case.id).exchanges.values()))
    assert (known.money.back, world.case(case.id).recipient) == (eur(300), "c9")


def test_the_code_is_kept_as_a_hash_of_its_line() -> None:
    """The shop's event is read so; the same code on another line is another, and no code is none."""
    record = orders_pb2.OrderRecorded(order_id="o1", currency="EUR", time_zone="UTC")
    record.occurred_at.GetCurrentTime()
    record.placed_at.GetCurrentTime()
    record.lines.add(line_id="l1", sku="s", quantity=1, gift_code=CODE).unit_price.currency = "EUR"
    record.lines.add(line_id="l2", sku="s", quantity=1).unit_price.currency = "EUR"
    first, second = snapshot_of(record).lines
    assert (first.gift_proof == proof_of_gift("l1", CODE), CODE in first.gift_proof, second.gift_proof) == (
        True,
        False,
        "",
    )
    assert (first.is_gift_of(CODE), second.is_gift_of(CODE), second.is_gift_of("")) == (True, False, False)
    assert proof_of_gift("l2", CODE) != first.gift_proof


def test_of_several_clauses_the_nearest_says_what_a_recipient_gets() -> None:
    """Written as any clause; none for goods it is not bound to."""
    rules = policy(
        GIFTS, "boots: gift_return, gift: true, categories: [shoes], remedies: [exchange], tells_value: true"
    )
    found = gift_rule(rules, facts(gift=True)), gift_rule(rules, facts(gift=True, category="hats"))
    assert [(one.clause, one.tells_value) for one in found if one] == [("boots", True), ("gifts", False)]
    assert gift_rule(rules, facts(gift=False)) is None
