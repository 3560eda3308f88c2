"""A file of conformity among the units that come back: one row, found and queued as returns and withdrawals are."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.returns.domain.case import ReturnCase
from services.returns.domain.order import Order
from services.returns.presenting.expected import expected
from services.returns.read_model import rows
from services.returns.unit_rows import TABLE
from tests.unit.returns.build import DAY
from tests.unit.returns.conforming import acknowledged, asked, ended, file, reported, sold, started, unit_back
from tests.unit.returns.test_conformity_money import both_refused
from tests.unit.returns.test_unit_rows import Table, keep
from tests.unit.returns.world import CUSTOMER, World


def row(world: World) -> dict[str, Any]:
    (found,) = [one.values for one in rows(file(world)) if one.table == TABLE]
    return dict(found)


def axes(world: World) -> tuple[str, str, str, str, str]:
    found = row(world)
    return found["authorisation"], found["remedy"], found["goods"], found["money"], found["waiting_on"]


def awaited(world: World) -> bool:
    order: Order = world.order()
    (unit,) = expected(file(world), order, {}).units
    return unit.awaited


async def test_a_reported_lack_is_found_with_its_duty_from_the_first_day() -> None:
    """As a row of its own kind and reason, under the law that ruled; the place in a page never changes."""
    world = await sold()
    reported_at = world.now
    await reported(world, sought="repair")
    found = row(world)
    assert {name: found[name] for name in ("kind", "reason", "unit_id", "sku", "queue")} == {
        "kind": "conformity",
        "reason": "conformity",
        "unit_id": "l1#1",
        "sku": "sku-l1",
        "queue": "conformity",
    }
    assert (found["case_id"], found["policy_version"]) == (file(world).id, file(world).law_version)
    assert found["due_at"] == file(world).next_due() is not None
    assert axes(world) == ("requested", "repair", "with_customer", "", "agent")
    world.now += DAY
    await acknowledged(world)
    assert (row(world)["id"], row(world)["asked_at"]) == (found["id"], reported_at)


async def test_each_step_of_a_repair_is_on_the_axes_and_at_the_door() -> None:
    """Asked to be sent, on its way under its number, here, put right; a scan says what is to come and what is not."""
    world = await sold()
    await started(world, goods_needed=True)
    assert (axes(world), awaited(world)) == (("authorised", "repair", "with_customer", "", "customer"), True)
    await asked(world, "prove_conformity_sending", "dhl", "T1", None, actor=CUSTOMER)
    assert (axes(world), awaited(world)) == (("authorised", "repair", "handed_over", "", "shop"), True)
    assert row(world)["tracking_numbers"] == ["T1"]
    await unit_back(world)
    assert (axes(world), awaited(world)) == (("authorised", "repair", "received", "", "shop"), False)
    assert row(world)["received_at"] == world.now
    await ended(world)
    assert (row(world)["goods"], row(world)["due_at"], awaited(world)) == ("with_customer", None, False)


async def test_the_end_of_the_contract_and_its_money_are_on_the_axes() -> None:
    """A refund, whose money is planned with the goods."""
    world = await sold()
    await both_refused(world)
    await asked(world, "terminate", actor=CUSTOMER)
    assert (axes(world)[:4], awaited(world)) == (("authorised", "refund", "with_customer", ""), True)
    await unit_back(world)
    assert axes(world)[:4] == ("authorised", "refund", "received", "planned")


async def test_what_became_of_a_lack_that_is_not_put_right() -> None:
    """Let be by the customer; or out of the law's time, and then a return of goodwill is another row."""
    world = await sold()
    await reported(world)
    await asked(world, "drop_lack", "it works after all", actor=CUSTOMER)
    assert axes(world)[0] == "cancelled"
    late = await sold(days_ago=800)
    await reported(late)
    assert axes(late)[0] == "out_of_time"
    (goodwill,) = [known for known in late.memory.held.values() if isinstance(known, ReturnCase)]
    (other,) = [one.values for one in rows(goodwill) if one.table == TABLE]
    assert (other["kind"], other["unit_id"]) == ("return", "l1#1")
    assert other["id"] != row(late)["id"]


Tell = Callable[[World], Awaitable[Any]]
FACTS: list[Tell] = [
    unit_back,
    lambda world: unit_back(world, correction=1),
    lambda world: unit_back(world, "r2"),
    lambda world: world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice")),
]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(FACTS), max_size=8))
def test_the_row_is_a_fold_of_the_events_whatever_was_told_and_how_often(facts: list[Tell]) -> None:
    """Kept while receipts come, twice and in any order; folded anew from the events: the same row."""

    async def run() -> tuple[Table, World]:
        world, kept = await sold(), Table()
        await started(world, goods_needed=True)
        for fact in facts:
            await fact(world)
            keep(kept, file(world))
        keep(kept, file(world))
        return kept, world

    kept, world = asyncio.run(run())
    folded: dict[Any, Any] = {}
    for event in world.events:
        folded[event.originator_id] = event.mutate(folded.get(event.originator_id))
    anew: Table = {}
    keep(anew, folded[file(world).id])
    assert kept == anew
