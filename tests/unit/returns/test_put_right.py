"""What a correction or a void leaves: nothing of what was written down wrong, and everything else as it was."""

from services.returns.application.deciding import Item
from services.returns.domain.case import ArrivedLine, Goods, ReturnCase
from services.returns.domain.ledger import Ask, Book, UnitsAsked
from services.returns.domain.order import ShipmentFact
from tests.unit.returns.build import eur
from tests.unit.returns.world import ANN, World


async def one_of_three() -> tuple[World, ReturnCase]:
    """One of three units is to come back."""
    world = World()
    await world.order_told()
    await world.delivered()
    return world, await world.asked()


async def voided(world: World, number: str = "r1") -> None:
    await world.run(lambda work: world.app.receipt_voided(work, "s1", number, "typed twice"))


async def test_a_correction_still_finds_what_nobody_announced() -> None:
    """Two came, one was announced; the correction says the same, and the other one is extra as before."""
    world, case = await one_of_three()
    await world.received(case, ArrivedLine("1", "sku-l1", 2))
    await world.received(case, ArrivedLine("1", "sku-l1", 2), correction=1)
    receipt = world.case(case.id).receipts["r1"]
    assert (receipt.short, receipt.extra, receipt.units) == (0, 1, ("l1#1", "l1#2"))


async def test_a_unit_that_was_only_written_down_is_free_again() -> None:
    """Nobody asked to return it: it can be asked for again, and come again."""
    world, case = await one_of_three()
    await world.received(case, ArrivedLine("1", "sku-l1", 2))
    await world.received(case, ArrivedLine("1", "sku-l1", 1), correction=1)
    assert (world.case(case.id).unit("l1#2").unasked, world.case(case.id).receipts["r1"].short) == (True, 0)
    again = await world.asked(Item("l1", 1, "faulty", (2,)))
    assert world.order().units_in_returns == {"l1#1": str(case.id), "l1#2": str(again.id)}


async def test_what_was_found_of_goods_that_never_came_is_forgotten() -> None:
    """A receipt typed twice was inspected too: the unit waits for its own inspection when it comes."""
    world, case = await one_of_three()
    await world.received(case)
    await world.inspected(case)
    await voided(world)
    unit = world.case(case.id).unit("l1#1")
    assert (unit.goods, unit.inspected, unit.disposition) == (Goods.WITH_CUSTOMER, False, None)


async def test_goods_on_their_way_are_on_their_way_again_and_do_not_expire() -> None:
    """The carrier has them: that a receipt was typed wrong changes nothing of it."""
    world, case = await one_of_three()
    back = ShipmentFact("back", world.now, False, (), str(case.id))
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", back))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "back", world.now))
    await world.received(case)
    await voided(world)
    assert world.case(case.id).unit("l1#1").goods is Goods.IN_TRANSIT
    assert world.case(case.id).awaited_until() is None


async def test_goods_of_a_cancelled_return_that_come_all_the_same_are_held_by_it() -> None:
    """Nobody else can ask for a unit that lies in the warehouse; voided, it is free again."""
    world, case = await one_of_three()
    await world.run(lambda work: world.app.cancel(work, case.id, (), "changed their mind"), ANN)
    assert world.order().units_in_returns == {}
    await world.received(case)
    assert world.order().units_in_returns == {"l1#1": str(case.id)}
    await voided(world)
    assert world.order().units_in_returns == {}


async def test_a_unit_that_another_return_holds_by_now_is_not_booked_twice() -> None:
    """Cancelled, asked for anew, and the first box comes: it is a piece too many there, and a person looks."""
    world, case = await one_of_three()
    await world.run(lambda work: world.app.cancel(work, case.id, (), "changed their mind"), ANN)
    again = await world.asked(Item("l1", 1, "faulty", (1,)))
    await world.received(case)
    receipt = world.case(case.id).receipts["r1"]
    assert (receipt.units, receipt.extra) == (("l1#2",), 1)
    assert world.order().units_in_returns == {"l1#1": str(again.id), "l1#2": str(case.id)}


async def replaced_before_it_came() -> tuple[World, ReturnCase]:
    """The parcel was given up for lost and one unit of it sent again; that one is to come back."""
    world = World()
    await world.order_told()
    case = await world.asked()
    ask = Ask("shipping_issues", "k1", "c9", Book.IN_KIND, "lost", "ann", units=(UnitsAsked("l1", 1, (1,)),))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", ask))
    told = ("shipping_issues", "k1", "o2", ())
    await world.run(lambda work: world.app.compensation_settled(work, "s1", "o1", *told))
    assert world.ledger().books.left_of("l1#1") == eur(0)
    return world, case


async def test_a_voided_receipt_of_a_replacement_leaves_it_standing_for_the_unit() -> None:
    """Typed on the wrong order, or put right to another article: nothing is left to refund beside the replacement."""
    world, case = await replaced_before_it_came()
    await world.received(case)
    assert world.ledger().books.left_of("l1#1") == eur(1000)
    await voided(world)
    assert (world.ledger().books.left_of("l1#1"), world.ledger().carriers) == (eur(0), {"l1#1": "l1#1~1"})
    await world.received(case, number="r2")
    await world.received(case, ArrivedLine("1", "brick", 1), number="r2", correction=1)
    assert world.ledger().books.left_of("l1#1") == eur(0)


async def test_a_replacement_that_is_lost_on_its_way_back_counts_as_back_and_once() -> None:
    """Posted with proof and lost: the unit is refundable; turned up after all, nothing is given back a second time."""
    world, case = await replaced_before_it_came()
    await world.run(lambda work: world.app.record_posting(work, case.id, (), "JR7"), ANN)
    await world.run(lambda work: world.app.report_lost(work, case.id, (), "carrier"), ANN)
    assert world.ledger().books.left_of("l1#1") == eur(1000)
    await world.received(case)
    assert (world.ledger().carriers, world.ledger().owed_back) == ({}, {})
    await voided(world)
    assert world.case(case.id).unit("l1#1").goods is Goods.MISSING
    assert world.ledger().books.left_of("l1#1") == eur(1000)
