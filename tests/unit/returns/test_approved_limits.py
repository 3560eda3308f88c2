"""An approval counts like a grant: on its order and on the approver's day; and it is used by who asked for it, once."""

from typing import Any
from uuid import UUID

import pytest

from casework import OrderApprovals
from casework.approval_events import AgentGranted, ApprovalGranted
from casework.errors import AboveLimit, ApprovalNotYours
from chassis.domain import Money
from chassis.work import Actor
from services.returns.application.deciding import Item
from services.returns.domain.case import ReturnCase
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import DAY, eur, line, snapshot
from tests.unit.returns.world import ANN, BEN, SUE, World

SAM = Actor("sam", frozenset({"senior_agent"}))
"""May approve goodwill of 50.00 EUR in an order and 500.00 EUR in a day."""


async def returned(world: World, order_id: str = "o1", units: int = 3) -> ReturnCase:
    """Given: an order of so many units, paid, of which one is to come back."""
    told = snapshot(line("l1", units, 10_000))
    total = eur(10_000 * units)
    paid = PaymentFact(PaymentKind.CAPTURED, f"cap-{order_id}", "card", total, world.now)
    await world.run(lambda work: world.app.order_recorded(work, "s1", order_id, told))
    await world.run(lambda work: world.app.payment_told(work, "s1", order_id, paid))
    return await another(world, order_id)


async def another(world: World, order_id: str = "o1") -> ReturnCase:
    receipt, _ = await world.run(lambda work: world.app.request(work, "s1", order_id, [Item("l1", 1, "faulty")]), ANN)
    return world.case(receipt.id)


async def asked(world: World, case: ReturnCase, minor: int, by: Actor = ANN) -> UUID:
    receipt = await world.run(
        lambda work: world.app.request_approval(work, case.id, "GiveGoodwill", eur(minor), "sorry"), by
    )
    return UUID(receipt.facts["approval_id"])


async def granted(world: World, case: ReturnCase, minor: int, by: Actor = SAM) -> UUID:
    approval_id = await asked(world, case, minor)
    await world.run(lambda work: world.app.grant_approval(work, case.id, approval_id), by)
    return approval_id


async def given(world: World, case: ReturnCase, minor: int, by: Actor = ANN, approval: UUID | str = "") -> None:
    await world.run(lambda work: world.app.goodwill(work, case.id, eur(minor), "sorry", str(approval)), by)


async def refused(world: World, case: ReturnCase, minor: int, by: Actor = SAM) -> dict[str, Any]:
    """When the approval is asked for and granted: the refusal's figures, and nothing written by it."""
    approval_id = await asked(world, case, minor)
    before = len(world.events)
    with pytest.raises(AboveLimit) as error:
        await world.run(lambda work: world.app.grant_approval(work, case.id, approval_id), by)
    assert len(world.events) == before
    return {name: error.value.facts[name] for name in ("per", "given", "left")}


async def test_two_approvals_of_one_order_add_up_also_in_two_returns() -> None:
    """30.00 and 25.00 EUR are more than 50.00 of one order, whichever of its returns they are for."""
    world = World()
    first = await returned(world)
    await granted(world, first, 3000)
    second = await another(world)
    assert await refused(world, second, 2500) == {"per": "order", "given": "3000 EUR", "left": "2000 EUR"}
    await granted(world, second, 2000)


async def test_what_was_approved_counts_once_when_it_is_used() -> None:
    """30.00 EUR approved and given are 30.00, not 60.00; the approver's word is on them in the ledger."""
    world = World()
    case = await returned(world)
    approval = await granted(world, case, 3000)
    await given(world, case, 3000, approval=approval)
    assert await refused(world, case, 2500) == {"per": "order", "given": "3000 EUR", "left": "2000 EUR"}
    await granted(world, case, 2000)
    assert [claim.ask.approved_by for claim in world.ledger().claims.values()] == ["sam"]


async def test_what_others_gave_without_a_second_person_counts_too() -> None:
    """Ann gave 20.00 EUR by herself: sam may approve 30.00 more of his 50.00."""
    world = World()
    case = await returned(world)
    await given(world, case, 2000)
    assert await refused(world, case, 3001) == {"per": "order", "given": "2000 EUR", "left": "3000 EUR"}
    await granted(world, case, 3000)


async def test_an_approval_that_expired_unused_frees_its_order_and_not_its_day() -> None:
    """Its order has room again; what sam answered for on that day stays counted on that day."""
    world = World()
    case = await returned(world)
    await granted(world, case, 5000)
    world.now += 4 * DAY
    await granted(world, case, 5000)
    counted = [event.amount for event in world.events if isinstance(event, AgentGranted)]
    assert counted == [eur(5000), eur(5000)]


async def test_a_days_approvals_add_up_over_all_orders_with_what_the_approver_gives() -> None:
    """Nine approvals of 50.00 and a gesture of 40.00 EUR of sam's own leave 10.00 of his 500.00; tomorrow is new."""
    world = World()
    for n in range(9):
        await granted(world, await returned(world, f"o{n}"), 5000)
    await given(world, await returned(world, "own"), 4000, by=SAM)
    last = await returned(world, "last")
    assert await refused(world, last, 1001) == {"per": "day", "given": "49000 EUR", "left": "1000 EUR"}
    await granted(world, last, 1000)
    world.now += DAY
    await granted(world, await returned(world, "tomorrow"), 5000)


async def test_the_same_yes_twice_counts_once() -> None:
    """A repeat under another request changes nothing."""
    world = World()
    case = await returned(world)
    approval = await granted(world, case, 3000)
    before = len(world.events)
    await world.run(lambda work: world.app.grant_approval(work, case.id, approval), SAM)
    assert len(world.events) == before
    assert sum(isinstance(event, ApprovalGranted) for event in world.events) == 1


async def test_what_a_giver_has_used_is_not_on_their_own_day() -> None:
    """Ann carried out what sam approved; her own 200.00 of the day are all there."""
    world = World()
    case = await returned(world)
    approval = await granted(world, case, 5000)
    await given(world, case, 5000, approval=approval)
    for n in range(10):
        await given(world, await returned(world, f"o{n}"), 2000)
    with pytest.raises(AboveLimit, match="per day"):
        await given(world, await returned(world, "one-more"), 2000)


@pytest.mark.parametrize("by", [BEN, SUE])
async def test_an_approval_is_used_by_who_asked_for_it(by: Actor) -> None:
    """Neither a colleague nor a supervisor takes it out of ann's hands; nothing is written, and ann may."""
    world = World()
    case = await returned(world)
    approval = await granted(world, case, 3000)
    before = len(world.events)
    with pytest.raises(ApprovalNotYours) as error:
        await given(world, case, 3000, by=by, approval=approval)
    assert error.value.facts["holder"] == "ann"
    assert len(world.events) == before
    await given(world, case, 3000, approval=approval)


def test_a_sum_of_money_is_in_one_currency() -> None:
    """What waits on an order in another currency is not added to this one."""
    order = OrderApprovals.begin("s1", "o1", at=World().now)
    order.grant(UUID(int=1), "goodwill", Money(100, "SEK"), World().now + DAY, at=World().now)
    assert order.waiting("goodwill", "EUR", at=World().now) == eur(0)
