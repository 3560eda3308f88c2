"""What quality hears of units that come back: each fact once, with the reason and what was found."""

from chassis.work import Work
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import T0
from tests.unit.returns.world import World


async def test_each_fact_about_a_unit_is_told_once() -> None:
    """Asked for, received with its lot, inspected: three messages with rising versions; told again: none."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked(Item("l1", 1, "faulty"))
    for _ in range(2):
        await world.received(case, ArrivedLine("1", "sku-l1", 1, "", "", ("SN-1",), "LOT-9"))
        await world.inspected(case, Finding("l1#1", "damaged", "maker", "scrap"))
    told = world.tell("ReturnedUnitRecorded")
    assert [(m.reason, m.ground, m.received, m.lot_id, m.serial, m.condition, m.disposition) for m in told] == [
        ("faulty", "defect", False, "", "", "", ""),
        ("faulty", "defect", True, "LOT-9", "SN-1", "", ""),
        ("faulty", "defect", True, "LOT-9", "SN-1", "damaged", "scrap"),
    ]
    versions = [m.version for m in told]
    assert versions == sorted(set(versions))


async def test_a_unit_that_a_correction_lets_go_is_told_of() -> None:
    """The other unit came: the first is told as not received, with nothing found of it."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked(Item("l1", 2, "faulty"))
    await world.received(case, ArrivedLine("1", "sku-l1", 2))
    await world.received(case, ArrivedLine("1", "sku-l1", 1), correction=1)
    last = {m.unit: m for m in world.tell("ReturnedUnitRecorded")}
    assert {unit: m.received for unit, m in last.items()} == {1: True, 2: False}


async def test_history_is_told_to_nobody() -> None:
    """A past receipt builds state alone."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked(Item("l1", 1, "faulty"))
    before = len(world.told)
    fact = ReceiptFact(0, str(case.id), "", (ArrivedLine("1", "sku-l1", 1),), T0)

    async def loaded(work: Work) -> None:
        work.history = True
        await world.app.receipt_told(work, "s1", "r1", fact, by="warehouse")

    await world.run(loaded)
    assert len(world.told) == before
