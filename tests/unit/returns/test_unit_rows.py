"""What search and statistics rest on: one row for each unit that comes back, and what was sold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.domain import Aggregate
from services.returns.application.deciding import Finding, Item
from services.returns.bootstrap import MODEL
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.order import ShipmentFact
from services.returns.domain.receipt import ReceiptFact
from services.returns.policies import default_policy
from services.returns.sales import sold
from services.returns.unit_rows import TABLE
from tests.unit.returns.build import DAY, T0, eur, line, snapshot
from tests.unit.returns.world import WALT, World

Tell = Callable[[World, ReturnCase], Awaitable[Any]]
Table = dict[Any, dict[str, Any]]


def keep(table: Table, aggregate: Aggregate) -> None:
    """As the append does: a row is taken where it is newer."""
    for row in MODEL.rows(aggregate):
        known = table.get(row.values["id"])
        if row.table == TABLE and (known is None or row.values["version"] > known["version"]):
            table[row.values["id"]] = dict(row.values)


def receipt(number: str, correction: int, *lines: ArrivedLine) -> Tell:
    async def tell(world: World, case: ReturnCase) -> None:
        fact = ReceiptFact(correction, str(case.id), "", lines, T0, tracking_number=f"T-{number}")
        await world.run(lambda work: world.app.receipt_told(work, "s1", number, fact, by="warehouse"))

    return tell


def voided(number: str) -> Tell:
    return lambda world, case: world.run(lambda work: world.app.receipt_voided(work, "s1", number, "typed twice"))


async def sent(world: World, case: ReturnCase) -> None:
    back = ShipmentFact("back", T0, False, (), str(case.id), "dhl", "JR1")
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", back))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "back", T0))


async def inspected(world: World, case: ReturnCase) -> None:
    here = [u for u, unit in world.case(case.id).units.items() if unit.receipt_number]
    found = [Finding(unit, "used", "customer", "refurbish") for unit in here]
    await world.run(lambda work: world.app.inspect(work, case.id, found), WALT)


FACTS: list[Tell] = [
    receipt("r1", 0, ArrivedLine("1", "sku-l1", 2, "", "", ("A", "B"), "LOT")),
    receipt("r1", 1, ArrivedLine("1", "sku-l1", 1, "", "", ("A",), "LOT")),
    receipt("r2", 0, ArrivedLine("1", "sku-l2", 1), ArrivedLine("2", "foreign", 1)),
    voided("r2"),
    sent,
    inspected,
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(FACTS), max_size=12))
def test_the_rows_are_a_fold_of_the_events_whatever_was_told_and_how_often(facts: list[Tell]) -> None:
    """Kept row by row while facts come, twice and in any order; folded anew from the events: the same table."""

    async def run() -> tuple[Table, World]:
        world, kept = World(), Table()
        await world.order_told(line("l1", 3), line("l2", 1))
        await world.delivered()
        case = await world.asked(Item("l1", 2, "too_small"))
        for fact in facts:
            await fact(world, case)
            keep(kept, world.case(case.id))
        keep(kept, world.case(case.id))
        return kept, world

    kept, world = asyncio.run(run())
    folded: dict[Any, Any] = {}
    for event in world.events:
        folded[event.originator_id] = event.mutate(folded.get(event.originator_id))
    anew: Table = {}
    for aggregate in folded.values():
        keep(anew, aggregate)
    assert kept == anew


async def test_a_row_says_where_a_unit_is_on_every_axis() -> None:
    """Sent under a number, received under another with its serial and lot, inspected, without money yet."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await sent(world, case)
    await receipt("r1", 0, ArrivedLine("1", "sku-l1", 1, "", "", ("SN-7",), "LOT-3"))(world, case)
    world.now += timedelta(hours=1)
    await inspected(world, case)
    (row,) = [row.values for row in MODEL.rows(world.case(case.id)) if row.table == TABLE]
    told = {name: row[name] for name in ("unit_id", "sku", "reason", "authorisation", "goods", "condition", "money")}
    assert told == {
        "unit_id": "l1#1",
        "sku": "sku-l1",
        "reason": "too_small",
        "authorisation": "authorised",
        "goods": "received",
        "condition": "used",
        "money": "",
    }
    assert (row["serials"], row["lot_id"], row["tracking_numbers"]) == (["SN-7"], "LOT-3", ["JR1", "T-r1"])
    assert (row["asked_at"], row["received_at"], row["found_at"]) == (T0, T0, T0 + timedelta(hours=1))
    assert (row["disposition"], row["kind"]) == ("refurbish", "return")
    assert row["policy_version"] == default_policy().version


async def test_a_voided_receipt_leaves_a_sent_unit_on_its_way_and_nothing_found_of_it() -> None:
    """It had a proof of sending: it does not expire as never sent; what was found of another unit is forgotten."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await sent(world, case)
    await receipt("r1", 0, ArrivedLine("1", "sku-l1", 1))(world, case)
    await inspected(world, case)
    await voided("r1")(world, case)
    unit = world.case(case.id).units["l1#1"]
    assert (unit.goods.value, unit.condition, unit.serial) == ("in_transit", None, "")
    world.now += 60 * DAY
    await world.fire("return_due", case.id)
    assert world.case(case.id).units["l1#1"].authorisation.value == "authorised"


async def test_a_unit_booked_by_mistake_is_free_again_and_may_come_after_all() -> None:
    """Two typed for one: the correction lets the second go, and it can be asked for; typed right again, it is held."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await receipt("r1", 0, ArrivedLine("1", "sku-l1", 2))(world, case)
    assert world.order().units_in_returns == dict.fromkeys(("l1#1", "l1#2"), str(case.id))
    await receipt("r1", 1, ArrivedLine("1", "sku-l1", 1))(world, case)
    assert world.order().units_in_returns == {"l1#1": str(case.id)}
    assert world.case(case.id).waiting_on == "warehouse"
    await receipt("r1", 2, ArrivedLine("1", "sku-l1", 2))(world, case)
    assert world.case(case.id).units["l1#2"].authorisation.value == "requested"
    assert world.order().units_in_returns == dict.fromkeys(("l1#1", "l1#2"), str(case.id))


def test_what_is_sold_is_what_was_not_cancelled_and_is_not_a_replacement() -> None:
    """An exchange carries a value and is a sale; goods sent in place of others are not; a cancelled order is none."""
    three = line("l1", 3, cancelled_quantity=1)
    assert sold(snapshot(three)) == [("l1", "sku-l1", 2)]
    assert sold(snapshot(three, cancelled_at=T0)) == [("l1", "sku-l1", 0)]
    assert sold(snapshot(three, exchange_of="o0", exchange_value=eur(500))) == [("l1", "sku-l1", 2)]
    assert sold(snapshot(three, exchange_of="o0")) == [("l1", "sku-l1", 0)]
