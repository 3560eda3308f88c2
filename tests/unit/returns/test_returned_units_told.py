"""What quality hears of units that come back: each fact once, with the reason and what was found."""

from chassis.work import Work
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import T0
from tests.unit.returns.conforming import acknowledged, asked, ended, evidence, file, reported, sold, started, unit_back
from tests.unit.returns.world import SUE, World


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


def of_lack(world: World) -> list[tuple[str, str, bool]]:
    """Reason, ground and whether it is here, of each message in order."""
    return [(m.reason, m.ground, m.received) for m in world.tell("ReturnedUnitRecorded")]


async def test_a_unit_sent_in_for_a_lack_is_told_as_a_defect_also_once_it_is_repaired() -> None:
    """Acknowledged, here, repaired and with the customer again: what lacked has lacked. The second lack that is dropped
    takes nothing of the first."""
    world = await sold()
    await started(world, goods_needed=True)
    await unit_back(world)
    await ended(world)
    await reported(world)
    await asked(world, "drop_lack", "it works after all")
    lacked = ("lack_of_conformity", "defect")
    assert of_lack(world) == [(*lacked, False), (*lacked, True), (*lacked, True)]
    told = world.tell("ReturnedUnitRecorded")
    assert {(m.case_id, m.line_id, m.unit, m.sku) for m in told} == {
        (str(file(world).id), "l1", 1, "sku-l1"),
    }
    versions = [m.version for m in told]
    assert versions == sorted(set(versions))


async def test_a_lack_that_is_none_is_told_as_no_defect() -> None:
    """Dropped by the customer; rejected on evidence; never here after all."""
    world = await sold()
    await reported(world)
    await unit_back(world)
    await asked(world, "drop_lack", "it works after all")
    assert of_lack(world) == [("lack_of_conformity", "defect", True), ("lack_of_conformity", "", True)]

    world = await sold()
    await reported(world)
    await unit_back(world)
    await evidence(world, "no_lack")
    await asked(world, "reject_lack", (1,), "it was dropped", actor=SUE)
    assert of_lack(world)[-1] == ("lack_of_conformity", "", True)

    world = await sold()
    await reported(world)
    await acknowledged(world)
    await unit_back(world)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another parcel"))
    assert of_lack(world)[-1] == ("lack_of_conformity", "defect", False)
