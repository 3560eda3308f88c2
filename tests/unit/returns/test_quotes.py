"""What each remedy would bring, before anybody chooses: the same for everybody, kept by nobody, and true."""

import pytest

from casework.amounts import written
from chassis.domain import NotFound
from services.returns.application.deciding import Item
from services.returns.application.quoting import REMEDIES, Quote
from services.returns.domain.errors import UnitNotReturnable
from tests.unit.returns.build import eur
from tests.unit.returns.test_policy_in_use import OPEN, shop
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World

WANTED = (Item("l1", 1, "too_small"),)


async def quoted(world: World, remedy: str, actor: object = CUSTOMER) -> Quote:
    return await world.look(
        lambda work: world.app.quoted(work, "s1", "o1", WANTED, remedy),
        actor,  # type: ignore[arg-type]
    )


async def test_what_is_quoted_is_what_is_paid_to_the_cent() -> None:
    """The refund that follows, received and inspected as promised, gives what was named."""
    world = World()
    await world.order_told()
    await world.delivered()
    named = await quoted(world, "refund")
    case = await world.asked(*WANTED)
    await world.received(case)
    await world.inspected(case)
    receipt = await world.refunded(case)
    assert receipt.facts["amount"] == written(named.worth)
    assert (named.worth, named.accepted, named.waits) == (eur(1000), ("l1#1",), False)


async def test_a_quote_is_the_same_for_agent_and_customer_and_leaves_nothing() -> None:
    """No return, no unit held, no event; for every remedy."""
    world = World()
    await world.order_told()
    await world.delivered()
    before = (len(world.events), dict(world.order().units_in_returns), len(world.memory.held))
    for remedy in REMEDIES:
        mine, theirs = await quoted(world, remedy), await quoted(world, remedy, ANN)
        assert (mine.worth, mine.fees, mine.accepted) == (theirs.worth, theirs.fees, theirs.accepted)
    assert (len(world.events), dict(world.order().units_in_returns), len(world.memory.held)) == before


async def test_somebody_elses_order_and_units_in_another_return_are_not_quoted() -> None:
    """As the request itself would be refused."""
    world = World()
    await world.order_told()
    await world.delivered()
    with pytest.raises(NotFound):
        await quoted(world, "refund", STRANGER)
    await world.asked(Item("l1", 3, "too_small"))
    with pytest.raises(UnitNotReturnable):
        await quoted(world, "refund")


async def test_a_fee_of_the_policy_is_named_and_is_what_is_kept() -> None:
    """Ten percent for restocking, and when the money goes back; a remedy that is not offered accepts nothing."""
    world = await shop(
        OPEN,
        "f: fee, name: restocking, percent: 10",
        "r: remedies, allowed: [refund, exchange], preferred: exchange",
        "t: refund_at, at: receipt",
    )
    named = await quoted(world, "refund")
    assert ([(fee.kind, fee.amount) for fee in named.fees], named.worth) == ([("restocking", eur(100))], eur(900))
    assert (named.refund_at, named.days) == ("receipt", 5)
    assert (await quoted(world, "store_credit")).accepted == ()
