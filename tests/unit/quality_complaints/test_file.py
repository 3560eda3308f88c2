"""A customer says that something is wrong with the goods."""

from datetime import timedelta

from casework.service_levels import FIRST_RESPONSE
from chassis.domain import Personal
from chassis.work import Actor
from tests.unit.quality_complaints.world import NOON, World

MINE = Actor("c", frozenset({"customer"}), customer_id="C-1")
THEIRS = Actor("c", frozenset({"customer"}), customer_id="C-2")


async def test_a_complaint_is_received_with_what_the_customer_wants() -> None:
    """Goods from the order, wish and words from the customer; the first answer's clock runs."""
    world = World()
    await world.order()
    found = await world.file(remedy_sought="refund", description="It flickers at night", by=MINE)
    assert (found.state, found.sku, found.customer_id, found.remedy_sought) == ("received", "LAMP", "C-1", "refund")
    assert found.description == Personal("demo/C-1", "It flickers at night")
    clock = found.clocks.of(FIRST_RESPONSE)
    assert clock is not None
    assert clock.running_since == NOON
    assert world.told() == ["ComplaintReceived"]


async def test_an_order_not_told_yet_is_not_there() -> None:
    """Nothing is written about goods nobody knows of."""
    world = World()
    ask = world.app.file
    reason = await world.refused(
        lambda work: ask(work, shop_id="demo", order_id="O-9", line_id="1", quantity=1, symptom="x")
    )
    assert reason == "NOT_FOUND"


async def test_somebody_elses_order_is_not_there() -> None:
    """To another customer it looks as if it did not exist."""
    world = World()
    await world.order()
    ask = world.app.file
    reason = await world.refused(
        lambda work: ask(work, shop_id="demo", order_id="O-1", line_id="1", quantity=1, symptom="x"), by=THEIRS
    )
    assert reason == "NOT_FOUND"


async def test_more_units_than_were_bought_are_refused() -> None:
    """The order has one."""
    world = World()
    await world.order()
    ask = world.app.file
    reason = await world.refused(
        lambda work: ask(work, shop_id="demo", order_id="O-1", line_id="1", quantity=2, symptom="x")
    )
    assert reason == "LINE_UNKNOWN"


async def test_a_message_to_the_customer_acknowledges_it() -> None:
    """Told by notifications; a second message changes nothing, another service's case is passed over."""
    world = World()
    await world.order()
    found = await world.file()
    world.now += timedelta(minutes=1)
    await world.decide(lambda work: world.app.customer_told(work, found.id, "m-1"))
    before = len(world.events)
    await world.decide(lambda work: world.app.customer_told(work, found.id, "m-2"))
    await world.decide(lambda work: world.app.customer_told(work, work.new_id(), "m-3"))
    assert world.complaint(found).acknowledged_at == NOON + timedelta(minutes=1)
    assert len(world.events) == before
