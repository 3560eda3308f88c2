"""A wrong unit, grade or receipt is put right: silently before money moves, visibly after; no money is taken back."""

from typing import Any

import pytest

from chassis.domain import Invalid
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine, Goods, ReturnCase
from services.returns.domain.case.correction_state import CorrectedAfterMoney
from services.returns.domain.errors import UnknownCorrection, WrongStage
from services.returns.domain.ledger import TransferState
from services.returns.presenting.corrections import correction as presented
from services.returns.presenting.notices import CORRECTED, notice
from tests.unit.returns.build import eur, line
from tests.unit.returns.world import ANN, SUE, WALT, World


async def paid(settled: bool = True) -> tuple[World, ReturnCase]:
    """One unit came back, was looked at, and its money went out; settled, the return is over."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    if settled:
        (effect,) = world.effects()
        await world.paid(effect.key, eur(1000))
    return world, world.case(case.id)


async def voided(world: World) -> None:
    await world.run(lambda work: world.app.void_receipt(work, "s1", "r1", "typed twice"), WALT)


def visible(world: World) -> list[CorrectedAfterMoney]:
    return [event for event in world.events if isinstance(event, CorrectedAfterMoney)]


async def test_before_money_moves_a_correction_is_silent() -> None:
    """A void, a re-inspection and a corrected receipt: put right, and nothing to see."""
    world = World()
    case = await world.ready_to_refund()
    await world.inspected(case, Finding("l1#1", condition="opened", disposition="refurbish"))
    await world.received(case, ArrivedLine("1", "sku-l1", 2), correction=1)
    await voided(world)
    assert (visible(world), world.tell("ReturnCorrected")) == ([], [])


async def test_a_receipt_voided_after_the_money_is_visible_and_takes_nothing_back() -> None:
    """Who, why, as it was and as it is, and what would not have been paid; the return is open again for a person."""
    world, case = await paid()
    assert not case.is_open
    await voided(world)
    case = world.case(case.id)
    (known,) = case.corrections.values()
    (unit,) = known.units
    assert (known.what, known.reason, known.by, known.difference) == ("receipt r1", "typed twice", "walt", eur(1000))
    assert (unit.before, unit.after) == ("received, sealed, customer, restock", "with_customer")
    assert (case.is_open, case.waiting_on) == (True, "agent")
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.SETTLED]
    (told,) = world.tell("ReturnCorrected")
    assert (told.difference.minor_units, told.corrected_by, [list(u.units) for u in told.units]) == (
        1000,
        "walt",
        [[1]],
    )


async def test_the_customer_reads_a_fair_sentence_and_finance_the_figures() -> None:
    """The customer is asked for nothing; who keeps the books reads unit, sum, author and reason."""
    world, case = await paid()
    await voided(world)
    assert notice(world.case(case.id)) == CORRECTED["en"]
    told = presented(next(iter(world.case(case.id).corrections.values())))
    assert told.finance_text == (
        "receipt r1 was put right by walt (typed twice): 10.00 EUR for l1#1 (received, sealed, customer, restock; now"
        " with_customer), of which 10.00 EUR would not have been paid. Nothing was taken back. A person has to say what"
        " becomes of it."
    )


async def test_money_that_is_only_planned_has_moved_too() -> None:
    """It is on its way: nobody stops it by a correction, and the difference is named."""
    world, case = await paid(settled=False)
    await voided(world)
    (known,) = world.case(case.id).corrections.values()
    assert (known.difference, world.case(case.id).refunds[next(iter(case.refunds))].amount) == (eur(1000), eur(1000))


async def test_a_grade_put_right_after_the_money_names_a_difference_only_where_it_contradicts_the_promise() -> None:
    """Found opened instead of sealed: visible, nothing to decide. Found used, not accepted: a person decides."""
    world = World()
    await world.order_told(country="US")
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case)
    put_right = world.app.inspect
    await world.run(lambda work: put_right(work, case.id, [Finding("l1#1", condition="opened")], "misread"), WALT)
    (first,) = world.case(case.id).corrections.values()
    assert (first.reason, first.difference, first.is_open) == ("misread", eur(0), False)
    await world.run(lambda work: put_right(work, case.id, [Finding("l1#1", condition="used")], "worn"), WALT)
    second = world.case(case.id).corrections["c2"]
    assert (second.units[0].before, second.units[0].after) == (
        "received, opened, customer, restock",
        "received, used, customer, restock",
    )
    assert (second.difference, world.case(case.id).waiting_on) == (eur(1000), "agent")


async def test_what_was_not_known_before_is_no_correction() -> None:
    """Refunded by a supervisor without goods, then received and looked at: nothing was wrong."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await world.refunded(case, SUE, units=("l1#1",))
    await world.received(case)
    await world.inspected(case)
    await world.inspected(case, Finding("l1#1", responsibility="customer"))
    assert visible(world) == []


async def test_a_unit_of_a_corrected_receipt_that_is_another_one_is_named_alone() -> None:
    """Two came and were paid; the correction says one came: the other is named with its own money."""
    world = World()
    await world.order_told(line("l1", 1), line("l2", 1))
    await world.delivered()
    case = await world.asked(Item("l1", 1, "too_small"), Item("l2", 1, "too_small"))
    await world.received(case, ArrivedLine("1", "sku-l1", 1), ArrivedLine("2", "sku-l2", 1))
    await world.inspected(case, Finding("l1#1", "sealed"), Finding("l2#1", "sealed"))
    await world.refunded(case)
    right = [ArrivedLine("1", "sku-l1", 1)]
    await world.run(lambda work: world.app.correct_receipt(work, "s1", "r1", right, "counted twice"), WALT)
    (known,) = world.case(case.id).corrections.values()
    assert [(unit.unit_id, unit.difference) for unit in known.units] == [("l2#1", eur(1000))]
    assert world.case(case.id).units["l1#1"].goods is Goods.RECEIVED


async def test_the_same_correction_told_again_is_one() -> None:
    """The receipt is voided twice, the same receipt corrected to the same: one correction."""
    world, case = await paid()
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    before = len(world.events)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    assert (len(world.events), len(world.case(case.id).corrections)) == (before, 1)


async def test_a_person_says_what_becomes_of_the_difference_once() -> None:
    """Borne by the shop: the return is over again; a second word, a wrong one and an unknown id write nothing."""
    world, case = await paid()
    await voided(world)
    settle: Any = world.app.settle_correction
    before = len(world.events)
    for id, decision, error in (("c1", "taken", Invalid), ("c9", "borne", UnknownCorrection)):
        with pytest.raises(error):
            await world.run(lambda work, id=id, d=decision: settle(work, case.id, id, d, "small"), ANN)  # type: ignore[misc]
    assert len(world.events) == before
    offered = await world.look(lambda work: world.app.offered(work, case.id), SUE)
    assert [a.arguments[-1] for a in offered if a.rpc == "SettleCorrection" and a.allowed] == [("correction_id", "c1")]
    await world.run(lambda work: settle(work, case.id, "c1", "borne", "small"), SUE)
    known = world.case(case.id)
    assert (known.is_open, known.corrections["c1"].decided_by) == (False, "sue")
    with pytest.raises(WrongStage):
        await world.run(lambda work: settle(work, case.id, "c1", "borne", "again"), SUE)


async def test_the_past_is_put_right_without_a_persons_task() -> None:
    """A record loaded as history builds state alone."""
    world, case = await paid()

    async def past(work: Any) -> None:
        work.history = True
        await world.app.receipt_voided(work, "s1", "r1", "typed twice")

    await world.run(past)
    assert (world.case(case.id).corrections, world.case(case.id).units["l1#1"].goods) == ({}, Goods.WITH_CUSTOMER)


async def test_a_unit_that_moves_to_its_own_return_after_the_money_is_visible_where_it_was_paid() -> None:
    """The parcel was matched to the wrong return and paid there."""
    world = World()
    await world.order_told()
    await world.delivered()
    first, second = await world.asked(), await world.asked(Item("l1", 1, "too_small"))
    await world.received(first)
    await world.inspected(first)
    await world.refunded(first)
    await world.received(second, number="r1", correction=1)
    (known,) = world.case(first.id).corrections.values()
    assert (known.reason, known.difference) == ("booked on another return", eur(1000))
    assert world.case(second.id).units["l1#2"].goods is Goods.RECEIVED
