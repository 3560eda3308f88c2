"""A kit that comes back short: shown at its receipt, and what is here of it waits for a person until the rest comes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.receipt import ReceiptFact
from services.returns.presenting.notices import WORDS, notice
from services.returns.presenting.returns import whole
from services.returns.unit_rows import return_rows
from tests.unit.returns.build import DAY
from tests.unit.returns.bundling import BODY, KIT, KITS, LENS, STRAP, came, given, looked_at
from tests.unit.returns.world import ANN, SUE, World

SHORT = "Camera kit lacks strap#1 Strap"
HELD = "Camera kit was to come back whole; not here: strap#1 Strap."


def seen(case: ReturnCase) -> dict[str, list[tuple[str, tuple[str, ...], str]]]:
    return {number: [(s.name, s.units, s.detail) for s in found] for number, found in case.signals.items() if found}


async def all_asked(*clauses: str, **values: Any) -> tuple[World, ReturnCase]:
    world = await given(*clauses, **values)
    return world, await world.asked(BODY, LENS, STRAP)


async def test_what_is_missing_of_which_kit_is_shown_at_the_receipt() -> None:
    """With the units that came, to agents and in the search; the customer is accused of nothing."""
    world, case = await all_asked()
    case = await came(world, case, "body", "lens")
    assert seen(case) == {"r1": [("bundle_short", ("body#1", "lens#1"), SHORT)]}
    assert case.receipts["r1"].short == 1
    assert notice(case) == WORDS["en"]
    assert [(s.name, s.detail) for s in whole(case, world.ledger(), []).signals] == [("bundle_short", SHORT)]
    assert [row.values["signals"] for row in return_rows(case)] == [["bundle_short"], ["bundle_short"], []]


async def test_what_came_waits_for_a_person_who_pays_it_or_less_or_nothing() -> None:
    """As with every contradiction to the promise; the decision names the clause and what is missing."""
    world, case = await all_asked()
    case = await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    assert (case.units["body#1"].contradicts, case.units["lens#1"].contradicts) == (HELD, HELD)
    assert (case.waiting_on, case.is_back("body#1")) == ("agent", False)
    decision = list(case.decisions.values())[-1]
    assert (decision.question, decision.outcome) == ("inspection_outcome", "person 2")
    assert decision.facts["body#1.bundle_missing"] == "strap#1 Strap"
    await world.refunded(case, SUE, units=("body#1",))
    await world.run(lambda work: world.app.decline(work, case.id, ("lens#1",), "short"), ANN)
    assert world.case(case.id).money_of("body#1") is not None
    assert world.case(case.id).units["lens#1"].authorisation.value == "declined"


async def test_the_rest_in_a_second_parcel_ends_it_in_the_same_unit() -> None:
    """Nothing is short any more, and what was looked at before is as promised again without anybody's hand."""
    world, case = await all_asked()
    await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    case = await came(world, world.case(case.id), "strap", number="r2")
    assert seen(case) == {}
    assert [unit.contradicts for unit in case.units.values()] == ["", "", ""]
    case = await looked_at(world, case, "strap")
    assert [case.is_back(u) for u in case.units] == [True, True, True]


async def test_a_receipt_that_is_void_makes_it_short_again_and_a_correction_too() -> None:
    """Whichever receipt it was; what money was paid for is not judged again."""
    world, case = await all_asked()
    await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    await came(world, world.case(case.id), "strap", number="r2")
    await world.refunded(world.case(case.id), SUE, units=("lens#1",))
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r2", "typed twice"))
    case = world.case(case.id)
    assert seen(case) == {"r1": [("bundle_short", ("body#1", "lens#1"), SHORT)]}
    assert (case.units["body#1"].contradicts, case.units["lens#1"].contradicts) == (HELD, "")
    case = await came(world, case, "body", "lens", "strap", correction=1)
    assert (seen(case), case.units["body#1"].contradicts) == ({}, "")


async def lost(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.record_posting(work, case.id, ("strap#1",), "TRACK"), ANN)
    assert world.case(case.id).units["body#1"].contradicts == HELD
    await world.run(lambda work: world.app.report_lost(work, case.id, ("strap#1",), "carrier"), ANN)


async def cancelled(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.cancel(work, case.id, ("strap#1",), "kept"), ANN)


async def declined(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.decline(work, case.id, ("strap#1",), "worn"), ANN)


@pytest.mark.parametrize("ended", [lost, cancelled, declined])
async def test_a_part_that_nobody_awaits_any_more_is_not_missing(
    ended: Callable[[World, ReturnCase], Awaitable[None]],
) -> None:
    """The carrier lost it, with a proof; or staff let it be, or do not let it come."""
    world, case = await all_asked(
        KITS, "all: review, tags: [strap]", lines=(*KIT[:2], replace(KIT[2], tags=("strap",)))
    )
    if ended is not declined:
        await world.run(lambda work: world.app.approve(work, case.id, (), "fine"), ANN)
    case = await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    assert case.units["body#1"].contradicts == HELD
    await ended(world, case)
    assert seen(world.case(case.id)) == {}
    assert world.case(case.id).units["body#1"].contradicts == ""


async def test_what_never_expired_nor_came_is_missing_still() -> None:
    """Not sent in time, it is no part of what was promised any more, but the kit is as short as before."""
    world, case = await all_asked()
    await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    world.now += 30 * DAY
    await world.fire("return_due", case.id)
    case = world.case(case.id)
    assert case.units["strap#1"].authorisation.value == "expired"
    assert (seen(case), case.units["body#1"].contradicts) == (
        {"r1": [("bundle_short", ("body#1", "lens#1"), SHORT)]},
        HELD,
    )


async def test_what_the_law_gives_back_part_by_part_is_not_short() -> None:
    """All of it was asked for within the time to withdraw, and a part was kept: the others are as promised."""
    law = "law: withdrawal, days: 14, countries: [DE], source: Directive 2011/83/EU"
    world, case = await all_asked(KITS, law, country="DE")
    case = await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    assert (seen(case), case.is_back("body#1")) == ({}, True)


async def test_without_the_clause_parts_are_short_as_any_goods_are() -> None:
    """Counted at the receipt, and nothing waits."""
    world, case = await all_asked("kits: bundle, returns: parts")
    case = await looked_at(world, await came(world, case, "body", "lens"), "body", "lens")
    assert (seen(case), case.receipts["r1"].short, case.is_back("body#1")) == ({}, 1, True)


async def test_parts_that_nobody_announced_wait_for_a_person_at_the_door() -> None:
    """They are here: the clause does not send them back by itself."""
    world = await given()
    fact = ReceiptFact(0, "", "o1", (ArrivedLine("1", "sku-body", 1),), world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r1", fact, by="warehouse"))
    (case_id,) = set(world.order().units_in_returns.values())
    unit = world.case(case_id).units["body#1"]
    assert unit.authorisation.value == "requested"
    assert unit.explanation.endswith("not with it: lens#1 Lens, strap#1 Strap. It is here already.")
