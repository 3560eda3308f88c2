"""Changes before dispatch: given what is known of the order, when somebody asks, then what is asked of the shop or why
not. A refusal writes nothing."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.domain.change import ChangeKind, UnitStage
from services.returns.domain.errors import NotChangeable, UnitNotReturnable, WrongStage
from tests.unit.returns.build import DAY, eur, line
from tests.unit.returns.changing import asked, asks, done, left, packed, refused, shows, sold, swapped
from tests.unit.returns.withdrawing import noticed
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, SUE, World


async def writes_nothing(world: World, error: type[Exception], attempt: Awaitable[Any], words: str = "") -> None:
    events, told, effects = len(world.events), len(world.told), len(world.memory.held)
    with pytest.raises(error, match=words or None):
        await attempt
    assert (len(world.events), len(world.told), len(world.memory.held)) == (events, told, effects)


async def test_a_cancellation_is_asked_of_the_shop_and_nothing_is_certain_yet() -> None:
    """The last units of the line are meant; nobody else may have them; no money moves."""
    world = await sold()
    change = await asked(world, ("l1", 2))
    assert (list(change.stages), change.state, change.waiting_on) == (["l1#2", "l1#3"], "asked", "shop")
    assert change.under.answer_by == world.now + timedelta(hours=4)
    (effect,) = world.effects("order_cancellation")
    assert (effect.key, effect.body["units"]) == (str(change.id), [["l1", "sku-l1", 2]])
    assert world.order().units_in_changes == dict.fromkeys(("l1#2", "l1#3"), str(change.id))
    assert world.ledger().transfers == {}
    (told,) = world.tell("OrderChangeRequested")
    assert (told.kind, [(u.line_id, list(u.units)) for u in told.units]) == ("cancel", [("l1", [2, 3])])


async def test_what_would_go_back_is_told_before_anything_is_asked() -> None:
    """What was taken is refunded, what was only authorised is not taken; the shipping goes with the whole order."""
    receipt = await asks(await sold(captured=1000, authorised=3490), ("l1", 2))
    assert {n: receipt.facts[n] for n in ("back", "refund", "release")} == {
        "back": "2000 EUR",
        "refund": "0 EUR",
        "release": "2000 EUR",
    }
    whole = await asks(await sold())
    assert (whole.facts["back"], whole.facts["refund"]) == ("3490 EUR", "3490 EUR")


async def test_a_unit_is_in_one_change_return_or_withdrawal() -> None:
    """The second of two agents reads which change has it; a return of it is refused, and so is a change of a return."""
    world = await sold()
    change = await asked(world, ("l1", 3), actor=ANN)
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 1), actor=SUE), "0 are in no return")
    await writes_nothing(world, UnitNotReturnable, world.asked())
    with pytest.raises(UnitNotReturnable, match=str(change.id)):
        world.order().take_units("another", ("l1#1",), at=world.now)
    other = await sold()
    await other.asked()
    assert list((await asked(other, ("l1", 2))).stages) == ["l1#2", "l1#3"]
    await writes_nothing(other, NotChangeable, asks(other, ("l1", 1)))


async def test_what_has_left_cannot_be_changed_and_what_is_packed_only_where_the_policy_says_so() -> None:
    world = await sold()
    await packed(world, ("l1", 1))
    await asked(world, ("l1", 3))
    gone = await sold()
    await left(gone, ("l1", 2))
    await writes_nothing(gone, NotChangeable, asks(gone, ("l1", 2)), "l1#2 has left")
    assert list((await asked(gone, ("l1", 1))).stages) == ["l1#3"]
    early = await sold(until="open")
    await packed(early, ("l1", 1))
    await writes_nothing(early, NotChangeable, asks(early), "Clause cancel: until it is packed; unit l1#1 is packed")
    assert list((await asked(early, ("l1", 2))).stages) == ["l1#2", "l1#3"]


async def test_a_parcel_that_says_nothing_of_its_content_has_everything() -> None:
    world = await sold()
    await left(world)
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 1)), "has left")


async def test_the_policy_says_who_why_and_how_often() -> None:
    world = await sold(asked_by="staff", reasons="[ordered_by_mistake]", per_order="1")
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 1)), "only the shop's staff")
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 1), actor=ANN), "Speaks of ordered_by_mistake only")
    await writes_nothing(world, Invalid, asks(world, ("l1", 1), actor=ANN, reason="boredom"), "knows no reason")
    change = await asked(world, ("l1", 1), actor=ANN, reason="ordered_by_mistake")
    again = asks(world, ("l1", 1), actor=ANN, reason="ordered_by_mistake")
    await writes_nothing(world, NotChangeable, again, "1 times; it was 1 times")
    await refused(world, change)
    await asked(world, ("l1", 1), actor=ANN, reason="ordered_by_mistake")


async def test_a_policy_that_says_nothing_of_it_lets_nothing_be_changed() -> None:
    world = await sold(action="swap")
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 1)), "lets no order be changed so")


async def test_more_than_is_there_cannot_be_named_nor_a_line_twice() -> None:
    world = await sold()
    await writes_nothing(world, NotChangeable, asks(world, ("l1", 4)))
    await writes_nothing(world, UnitNotReturnable, asks(world, ("l9", 1)))
    await writes_nothing(world, Invalid, asks(world, ("l1", 1), ("l1", 1)), "named twice")


async def test_somebody_elses_order_and_change_do_not_exist() -> None:
    world = await sold()
    await writes_nothing(world, NotFound, asks(world, ("l1", 1), actor=STRANGER))
    change = await asked(world, ("l1", 1))
    await writes_nothing(world, NotFound, world.run(lambda w: world.app.change_of(w, change.id), STRANGER))


async def test_a_refusal_leaves_the_order_as_it_was() -> None:
    """The units are free again, nothing stays owed, the customer is told why, and it does not count as a change."""
    world = await sold()
    change = await refused(world, await asked(world, ("l1", 1)))
    assert (change.state, change.is_open, change.outcome) == ("refused", False, "refused")
    assert (world.order().units_in_changes, world.order().changes, world.ledger().kept) == ({}, {}, {})
    (told,) = world.tell("OrderChangeRefused")
    assert told.reason == "already_packed"
    assert (await world.asked()).state


async def test_silence_becomes_a_persons_task_and_the_shops_own_word_is_taken_after_it() -> None:
    """The timer fires twice and says it once; what a person was told by phone and the late answer are one answer."""
    world = await sold()
    change = await asked(world, ("l1", 1))
    await world.fire("change_due", change.id, "change")
    assert "change" not in world.change(change.id).missed, "it was not due yet"
    world.now += timedelta(hours=4)
    for _ in range(2):
        await world.fire("change_due", change.id, "change")
    known = world.change(change.id)
    assert (known.state, known.queue, known.waiting_on) == ("unanswered", "escalations", "agent")
    assert len(world.tell("OrderChangeUnanswered")) == 1
    await world.run(lambda w: world.app.answer_change(w, change.id, "said by phone", done=True), ANN)
    written = len(world.events)
    await done(world, change)
    assert len(world.events) == written
    await writes_nothing(
        world, WrongStage, world.run(lambda w: world.app.answer_change(w, change.id, "again", done=True), ANN)
    )


async def test_what_the_shop_did_is_so_although_a_person_wrote_down_a_refusal() -> None:
    """Told that it will not, and done all the same: the money goes back, and the customer reads that it was done."""
    world = await sold()
    change = await asked(world, ("l1", 1))
    await world.run(lambda w: world.app.answer_change(w, change.id, "said by phone", done=False), ANN)
    assert world.change(change.id).outcome == "refused"
    await shows(world, line("l1", 3, cancelled_quantity=1))
    known = await done(world, change)
    assert (known.state, known.stages["l1#3"]) == ("paying", UnitStage.CONFIRMED)
    assert [t.amount for t in world.ledger().transfers.values()] == [eur(1000)]


async def test_the_law_goes_before_a_change() -> None:
    """A notice of withdrawal takes the units out of the change; the shop's answer after it pays nothing twice."""
    world = await sold()
    change = await asked(world, ("l1", 2))
    await noticed(world)
    known = world.change(change.id)
    assert (known.state, known.outcome) == ("withdrawn", "withdrawn")
    await shows(world, line("l1", 3, cancelled_quantity=2))
    await done(world, change)
    (transfer,) = world.ledger().transfers.values()
    assert (transfer.amount, world.change(change.id).refunds) == (eur(3000 + 490), {})


async def test_a_swap_names_what_it_costs_and_another_product_is_no_swap_of_the_same() -> None:
    """Ten was paid: at twelve two are paid on top, at seven three go back; the shop may never charge more."""
    dearer = await asks(
        await sold(), ("l1", 1), kind=ChangeKind.SWAP, reason="too_small", sku="x", shown_price=eur(1200)
    )
    assert (dearer.facts["on_top"], dearer.facts["back"]) == ("200 EUR", "0 EUR")
    world = await sold()
    change = await swapped(world, 700, quantity=2)
    assert change.wish.most_on_top == eur(0)
    (effect,) = world.effects("variant_swap")
    assert (effect.body["sku"], effect.body["units"]) == ("sku-l1-42", [["l1", "sku-l1", 2]])
    same = asks(world, ("l1", 1), kind=ChangeKind.SWAP, reason="too_small", sku="sku-l1", shown_price=eur(1))
    await writes_nothing(world, Invalid, same)


async def test_a_second_swap_of_one_order_is_as_far_as_the_policy_goes() -> None:
    world = await sold()
    for _ in range(2):
        await swapped(world, 1000)
    await writes_nothing(world, NotChangeable, swapped(world, 1000), "2 times; it was 2 times")


async def test_a_closed_change_takes_no_more_words_of_a_person() -> None:
    world = await sold()
    change = await asked(world, ("l1", 1))
    attempt = world.run(lambda w: world.app.close_change(w, change.id, "enough"), SUE)
    await writes_nothing(world, WrongStage, attempt)
    nothing = world.run(lambda w: world.app.repay_change(w, change.id), ANN)
    await writes_nothing(world, Exception, nothing)
    world.now += DAY
    await world.fire("change_due", change.id, "change")
    assert world.change(change.id).state == "unanswered"
    assert CUSTOMER.customer_id == world.change(change.id).customer_id
