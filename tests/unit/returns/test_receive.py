"""Goods at the warehouse: what was announced, what was not, and what was written down wrong."""

import pytest

from chassis.work import Work
from services.returns.application.deciding import Item
from services.returns.domain.case import ArrivedLine, Authorisation, Goods, ReturnCase
from services.returns.domain.errors import WrongStage
from services.returns.domain.ledger import Book
from services.returns.domain.order import ShipmentFact
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import T0, ask, eur, line, units
from tests.unit.returns.world import WALT, World


async def announced(*items: Item) -> World:
    world = World()
    await world.order_told(line("l1", 3), line("l2", 1))
    await world.delivered()
    await world.asked(*items)
    return world


def case_of(world: World) -> ReturnCase:
    return world.case(next(str(e.originator_id) for e in world.events if type(e).__name__ == "ReturnRequested"))


async def test_one_of_three_comes_back_with_one_unannounced() -> None:
    """The announced unit is received; the other is an extra, waits for a person, and is held by this return."""
    world = await announced()
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 2, "sealed", "l1"))
    case = case_of(world)
    receipt = case.receipts["r1"]
    assert [(ln.units, ln.findings) for ln in receipt.lines] == [(("l1#1", "l1#2"), ("extra",))]
    assert (receipt.short, receipt.extra, receipt.wrong, receipt.unknown) == (0, 1, 0, 0)
    extra = case.units["l1#2"]
    assert (extra.announced, extra.authorisation, extra.goods) == (False, Authorisation.REQUESTED, Goods.RECEIVED)
    assert case.waiting_on == "agent"
    assert world.order().units_in_returns == dict.fromkeys(("l1#1", "l1#2"), str(case.id))
    told = [m.DESCRIPTOR.name for m in world.told]
    told = [name for name in told if name not in ("ReturnedUnitRecorded", "ReturnExpected")]
    assert told[-2:] == ["ReturnReceived", "ReturnNeedsDecision"]


async def test_short_wrong_and_unknown_are_findings_of_the_receipt() -> None:
    """Two announced; one came, with a stranger's article in the other's place and a second one beside it."""
    world = await announced(Item("l1", 2, "too_small"))
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 1), ArrivedLine("2", "foreign", 2))
    receipt = case_of(world).receipts["r1"]
    assert (receipt.short, receipt.extra, receipt.wrong, receipt.unknown) == (1, 0, 1, 1)
    assert [ln.findings for ln in receipt.lines] == [("short",), ("wrong", "unknown")]
    assert case_of(world).units["l1#2"].goods is Goods.WITH_CUSTOMER


async def test_more_than_was_ever_sold_is_extra_without_a_unit() -> None:
    """Five pieces of an article of which three were sold: three units, two nobody can place."""
    world = await announced()
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 5))
    receipt = case_of(world).receipts["r1"]
    assert (receipt.lines[0].units, receipt.extra) == (("l1#1", "l1#2", "l1#3"), 4)


async def test_the_same_receipt_with_a_new_id_changes_nothing() -> None:
    """The number is the receipt."""
    world = await announced()
    await world.received(case_of(world))
    before = len(world.events)
    await world.received(case_of(world))
    assert len(world.events) == before


async def test_a_correction_replaces_what_it_corrects_whichever_came_first() -> None:
    """The higher correction holds: the unit is with the customer again, and an older telling changes nothing."""
    world = await announced(Item("l1", 2, "too_small"))
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 2))
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 1), correction=2)
    goods = [unit.goods for unit in case_of(world).units.values()]
    assert goods == [Goods.RECEIVED, Goods.WITH_CUSTOMER]
    before = len(world.events)
    await world.received(case_of(world), ArrivedLine("1", "sku-l1", 2), correction=1)
    assert len(world.events) == before
    assert world.tell("ReturnReceived")[-1].corrected is True


async def test_a_voided_receipt_never_happened_also_when_the_void_comes_first() -> None:
    """Voided: the unit is with the customer; a void told first leaves the receipt without any effect."""
    world = await announced()
    await world.received(case_of(world))
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    assert (case_of(world).units["l1#1"].goods, case_of(world).receipts["r1"].units) == (Goods.WITH_CUSTOMER, ())
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r2", "typed twice"))
    await world.received(case_of(world), number="r2")
    assert case_of(world).units["l1#1"].goods is Goods.WITH_CUSTOMER


async def test_a_receipt_on_the_order_alone_finds_the_return_that_waits_for_it() -> None:
    """The clerk knew the order, not the return."""
    world = await announced(Item("l2", 1, "too_small"))
    fact = ReceiptFact(0, "", "o1", (ArrivedLine("1", "sku-l2", 1),), T0)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r7", fact, by="warehouse"))
    assert case_of(world).units["l2#1"].goods is Goods.RECEIVED
    assert world.receipt("r7").case_id == str(case_of(world).id)


async def test_an_unidentified_parcel_keeps_its_own_receipt() -> None:
    """No return, no order: it is stated, booked on none, and told to nobody."""
    world = await announced()
    told = len(world.told)
    fact = ReceiptFact(0, "not-ours", "", (ArrivedLine("1", "sku-l1", 1),), T0)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r8", fact, by="warehouse"))
    assert (world.receipt("r8").case_id, len(world.told)) == ("", told)


async def test_a_receipt_moves_to_another_return_by_its_correction() -> None:
    """The first return lets the unit go, the second has it."""
    world = await announced()
    first = case_of(world)
    second = await world.asked(Item("l1", 1, "too_small"))
    await world.received(first)
    await world.received(second, correction=1)
    assert world.case(first.id).units["l1#1"].goods is Goods.WITH_CUSTOMER
    assert world.case(second.id).units["l1#2"].goods is Goods.RECEIVED


async def test_a_clerk_without_a_system_receives_by_command() -> None:
    """The counts are answered; another number booked elsewhere is refused and writes nothing."""
    world = await announced()
    case = case_of(world)
    fact = ReceiptFact(0, str(case.id), "", (ArrivedLine("1", "sku-l1", 2),), T0)
    answer = await world.run(lambda work: world.app.receive(work, case.id, "r1", fact), WALT)
    assert {k: v for k, v in answer.facts.items() if k != "state"} == {
        "received": "2",
        "short": "0",
        "extra": "1",
        "wrong": "0",
        "unknown": "0",
    }
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r9", "never"))
    before = len(world.events)
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.receive(work, case.id, "r9", fact), WALT)
    assert len(world.events) == before


async def test_history_builds_state_and_tells_nobody() -> None:
    """The unit is received, no public event goes out."""
    world = await announced()
    case, told = case_of(world), len(world.told)

    async def loaded(work: Work) -> None:
        work.history = True
        fact = ReceiptFact(0, str(case.id), "", (ArrivedLine("1", "sku-l1", 1),), T0)
        await world.app.receipt_told(work, "s1", "r1", fact, by="warehouse")

    await world.run(loaded)
    assert (case_of(world).units["l1#1"].goods, len(world.told)) == (Goods.RECEIVED, told)


async def test_a_handed_over_return_parcel_is_on_its_way_whichever_fact_came_first() -> None:
    """The hand-over is told before the parcel: together they move the units."""
    world = await announced()
    case = case_of(world)
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "back", T0))
    assert case_of(world).units["l1#1"].goods is Goods.WITH_CUSTOMER
    parcel = ShipmentFact("back", T0, False, (("l1", 1),), rma_id=str(case.id))
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", parcel))
    assert (case_of(world).units["l1#1"].goods, case_of(world).waiting_on) == (Goods.IN_TRANSIT, "carrier")


async def test_a_received_replacement_gives_its_entitlement_back() -> None:
    """Lost, replaced, the defective replacement received: the unit may be refunded."""
    world = World()
    await world.order_told(line("l1", 1))
    in_kind = ask("k1", units=units("l1", 1), book=Book.IN_KIND)
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", in_kind))
    await world.run(lambda work: world.app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", "o2", ()))
    assert world.ledger().books.left_of("l1#1").minor == 0
    case = await world.asked(Item("l1", 1, "faulty"))
    await world.received(case)
    assert world.ledger().books.left_of("l1#1").minor == 1000


async def test_a_unit_found_after_the_case_was_closed_opens_it_again() -> None:
    """Refunded and closed; another unit arrives: a person has to look."""
    world = await announced()
    case = case_of(world)
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case)
    (effect,) = world.effects()
    await world.paid(effect.key, eur(1000))
    assert case_of(world).is_open is False
    await world.received(case, number="r2")
    assert (case_of(world).is_open, case_of(world).waiting_on) == (True, "agent")
    assert case_of(world).units["l1#2"].announced is False
