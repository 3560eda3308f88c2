"""Goods that come to the warehouse while a change before dispatch holds their units: the fact is taken, the units stay
in the change until the shop has said what it did."""

from services.returns.domain.case import ArrivedLine
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.changing import asked, sold
from tests.unit.returns.world import World


async def arrived(world: World, pieces: int, *, rma: str = "") -> None:
    """The warehouse tells of so many pieces, by their return or by the order alone."""
    fact = ReceiptFact(0, rma, "" if rma else "o1", (ArrivedLine("1", "sku-l1", pieces),), world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r1", fact, by="warehouse"))


async def test_more_than_was_announced_is_extra_and_takes_no_unit_out_of_a_change() -> None:
    """One of three is in a return, the others in a change; all three come. A refusal here would park the record."""
    world = await sold()
    case = await world.asked()
    change = await asked(world, ("l1", 2))
    held = dict(world.order().units_in_changes)
    await arrived(world, 3, rma=str(case.id))
    receipt = world.case(case.id).receipts["r1"]
    assert (set(receipt.units) & held.keys(), receipt.extra) == (set(), 3 - len(receipt.units))
    assert world.order().units_in_changes == held == dict.fromkeys(("l1#2", "l1#3"), str(change.id))


async def test_a_parcel_at_the_door_of_an_order_that_is_being_changed_is_taken_and_belongs_to_nobody_yet() -> None:
    """Every unit is in the change: no return is opened, and the parcel waits among those nobody can place."""
    world = await sold()
    change = await asked(world, ("l1", 3))
    await arrived(world, 1)
    assert (world.receipt("r1").case_id, world.order().units_in_returns) == ("", {})
    assert set(world.order().units_in_changes.values()) == {str(change.id)}
