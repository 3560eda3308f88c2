"""A race with the parcel: given a change that is asked, when the parcel leaves, then a return, an interception, or a
person; whichever of the two is heard first, and however often."""

import pytest

from chassis.service import Failed, Succeeded
from services.returns.domain.case import Authorisation, Goods
from services.returns.domain.change import UnitStage
from services.returns.domain.order import Delivery
from tests.unit.returns.build import line
from tests.unit.returns.changing import asked, done, interceptions, left, moved, packed, refused, shows, sold
from tests.unit.returns.world import SUE, World


async def carrier_says(world: World, key: str, answer: Succeeded | Failed) -> None:
    await world.run(lambda work: work.effect_fact("interception", key, answer))


async def test_a_parcel_that_leaves_before_the_answer_makes_it_a_return() -> None:
    """The customer is told honestly, the units are in a return, and no money moved."""
    world = await sold()
    change = await asked(world, ("l1", 2))
    for _ in range(2):
        await left(world, ("l1", 3))
    known = world.change(change.id)
    assert (known.state, known.outcome, set(known.stages.values())) == ("overtaken", "overtaken", {UnitStage.OVERTAKEN})
    case = world.case(known.return_id)
    assert {u: unit.authorisation for u, unit in case.units.items()} == dict.fromkeys(
        ("l1#2", "l1#3"), Authorisation.AUTHORISED
    )
    assert world.order().units_in_returns == dict.fromkeys(("l1#2", "l1#3"), str(case.id))
    (told,) = world.tell("OrderChangeOvertaken")
    assert (told.becomes, told.shipment_id) == ("return", "p1")
    assert (moved(world), len(world.tell("ReturnRequested"))) == ({}, 1)


async def test_what_did_not_leave_with_it_still_waits_for_the_shop() -> None:
    """Two of three are asked, two of three left: one is overtaken, one is confirmed and paid, and a person looks at the
    shop's word about the other."""
    world = await sold()
    change = await asked(world, ("l1", 2))
    await left(world, ("l1", 2))
    assert world.change(change.id).stages == {"l1#2": UnitStage.OVERTAKEN, "l1#3": UnitStage.ASKED}
    known = await done(world, change)
    assert known.stages["l1#3"] is UnitStage.CONFIRMED
    assert moved(world) == {"refund": 1000}
    assert (known.state, known.queue) == ("contradicted", "escalations")


async def test_the_rest_of_the_order_may_leave() -> None:
    """A parcel with what stays overtakes nothing."""
    world = await sold()
    change = await asked(world, ("l1", 1))
    await left(world, ("l1", 2))
    assert world.change(change.id).state == "asked"
    known = await done(world, change)
    assert (known.state, moved(world)) == ("paying", {"refund": 1000})


async def test_a_parcel_that_does_not_say_what_is_in_it_carries_what_was_to_be_sent() -> None:
    """After the confirmation what was cancelled is not in it; before, it may be."""
    confirmed = await sold()
    change = await done(confirmed, await asked(confirmed, ("l1", 1)))
    await left(confirmed)
    assert confirmed.change(change.id).state == "paying"
    open_yet = await sold()
    change = await asked(open_yet, ("l1", 1))
    await left(open_yet)
    assert open_yet.change(change.id).stages == {"l1#3": UnitStage.OVERTAKEN}


async def test_a_confirmation_after_the_parcel_left_goes_to_a_person_and_moves_no_money() -> None:
    world = await sold()
    change = await asked(world)
    await left(world)
    for _ in range(2):
        known = await done(world, change)
    assert (known.state, known.queue, known.waiting_on) == ("contradicted", "escalations", "agent")
    assert (moved(world), world.tell("OrderChangeConfirmed")) == ({}, [])
    await world.run(lambda work: world.app.close_change(work, change.id, "it was pulled back at the depot"), SUE)
    assert world.change(change.id).outcome == "settled_by_person"


async def test_a_parcel_that_leaves_after_the_confirmation_goes_to_a_person() -> None:
    """The money is on its way and stays so; that the goods left too is said once."""
    world = await sold()
    change = await done(world, await asked(world, ("l1", 1)))
    for _ in range(2):
        await left(world, ("l1", 3))
    known = world.change(change.id)
    assert (known.state, known.left_all_the_same, moved(world)) == ("contradicted", {"l1#3"}, {"refund": 1000})
    assert sum(type(event).__name__ == "UnitsLeftAllTheSame" for event in world.events) == 1


async def test_a_delivery_proves_that_the_parcel_left() -> None:
    """Nobody told that a carrier had it."""
    world = await sold()
    change = await asked(world, ("l1", 3))
    await packed(world)
    delivery = Delivery("p1", "d1", world.now)
    await world.run(lambda work: world.app.delivery_told(work, "s1", "o1", delivery))
    assert world.change(change.id).state == "overtaken"


async def test_a_hand_over_that_is_told_before_its_parcel_counts_when_the_parcel_is_known() -> None:
    world = await sold()
    change = await asked(world, ("l1", 3))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "p1", world.now))
    assert world.change(change.id).state == "asked"
    await packed(world, ("l1", 3))
    assert world.change(change.id).state == "overtaken"


async def test_a_refusal_after_the_parcel_left_changes_nothing() -> None:
    world = await sold()
    change = await asked(world)
    await left(world)
    written = len(world.events)
    await refused(world, change)
    assert (len(world.events), world.change(change.id).outcome) == (written, "overtaken")


@pytest.mark.parametrize("answer", [Succeeded("stopped"), Failed("too_late")])
async def test_an_interception_is_asked_once_and_ends_as_a_return_either_way(answer: Succeeded | Failed) -> None:
    """Brought back, the goods are on their way to us; not brought back, the customer sends them."""
    world = await sold(overtaken="interception")
    change = await asked(world, ("l1", 3))
    for _ in range(2):
        await left(world, ("l1", 3))
    (effect,) = interceptions(world)
    assert (effect.body["shipment_id"], world.change(change.id).state) == ("p1", "intercepting")
    for _ in range(2):
        await carrier_says(world, effect.key, answer)
    known = world.change(change.id)
    case = world.case(known.return_id)
    goods = Goods.IN_TRANSIT if isinstance(answer, Succeeded) else Goods.WITH_CUSTOMER
    assert {unit.goods for unit in case.units.values()} == {goods}
    assert (known.outcome, len(world.tell("ReturnRequested"))) == ("overtaken", 1)


async def test_a_carrier_that_is_silent_is_a_persons_task_and_the_goods_are_a_return() -> None:
    """That it does bring the parcel back is taken after that too."""
    world = await sold(overtaken="interception")
    change = await asked(world, ("l1", 3))
    await left(world, ("l1", 3))
    known = world.change(change.id)
    due = known.next_due()
    assert due is not None
    world.now = due[1]
    await world.fire("change_due", change.id, "interception")
    known = world.change(change.id)
    assert (bool(known.return_id), known.queue) == (True, "escalations")
    await carrier_says(world, interceptions(world)[0].key, Succeeded("stopped"))
    assert {unit.goods for unit in world.case(known.return_id).units.values()} == {Goods.IN_TRANSIT}


async def test_where_the_policy_leaves_it_to_a_person_nothing_is_opened() -> None:
    world = await sold(overtaken="person")
    change = await asked(world)
    await left(world)
    known = world.change(change.id)
    assert (known.state, known.waiting_on, known.return_id) == ("contradicted", "agent", "")
    assert interceptions(world) == []


async def test_what_left_and_is_not_in_the_order_any_more_is_a_persons_matter() -> None:
    """The shop's version says cancelled, its warehouse says sent: nobody here decides which is so."""
    world = await sold()
    change = await asked(world, ("l1", 1))
    await shows(world, line("l1", 3, cancelled_quantity=1))
    await left(world, ("l1", 3))
    known = world.change(change.id)
    assert (known.state, known.return_id, moved(world)) == ("contradicted", "", {})


async def test_history_moves_nothing() -> None:
    """A parcel that is loaded as history overtakes nothing by itself; the shop's answer then sees that it left."""
    world = await sold()
    change = await asked(world, ("l1", 3))

    async def loaded(work) -> None:  # type: ignore[no-untyped-def]
        work.history = True
        await world.app.handed_over(work, "s1", "o1", "p1", world.now)

    await packed(world, ("l1", 3))
    await world.run(loaded)
    assert world.change(change.id).state == "asked"
    known = await done(world, change)
    assert (known.state, moved(world)) == ("contradicted", {})
