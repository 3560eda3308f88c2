"""Refund: asked of the ledger within the agent's limit; above it a second person approves, never the requester."""

from uuid import UUID

import pytest

from casework import AgentDay
from casework.errors import AboveLimit, ApprovalNotGranted, ApprovalNotYours, ApproverIsRequester, MayNotApprove
from chassis.domain import Money
from chassis.work import Actor
from services.shipping_issues.domain.errors import AlreadyRemedied, NothingToRemedy
from tests.unit.shipping_issues.world import ANN, BEA, SUE, World

SENIOR = Actor("sam", frozenset({"senior_agent"}))


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")


async def refund(world: World, actor: Actor, amount: Money | None, approval: str = "") -> str:
    case_id = world.case().id
    receipt = await world.run(
        lambda work: world.app.refund(work, case_id, amount=amount, approval_id=UUID(approval) if approval else None),
        actor,
    )
    return receipt.facts["remedy_id"]


async def ask_approval(world: World, actor: Actor = ANN, amount: Money | None = None) -> str:
    case_id = world.case().id
    receipt = await world.run(
        lambda work: world.app.request_approval(
            work, case_id, action="RequestRefund", amount=amount, reason="lost for a week"
        ),
        actor,
    )
    return receipt.facts["approval_id"]


async def grant(world: World, approval: str, actor: Actor) -> None:
    case_id = world.case().id
    await world.run(lambda work: world.app.grant_approval(work, case_id, UUID(approval)), actor)


async def test_within_the_limit_the_ledger_is_asked_for_the_amount() -> None:
    """50.00 is what an agent may refund in one order."""
    world = World()
    await world.silent_parcel()
    key = await refund(world, ANN, euros(50))
    (asked,) = world.tell("CompensationRequested")
    assert (asked.request_key, asked.amount.minor_units, asked.book) == (key, 5000, 1)
    assert world.order().granted[key] == ("refund", euros(50))


async def test_without_an_amount_the_ledger_gives_what_is_left() -> None:
    """The goods' price is held against the limit, the ledger's answer says the sum."""
    world = World()
    await world.silent_parcel()
    key = await refund(world, SENIOR, None)
    (asked,) = world.tell("CompensationRequested")
    assert not asked.HasField("amount")
    case_id = world.case().id
    await world.run(lambda work: world.app.reserved(work, case_id, key, euros(80), None))
    assert world.case().remedies[key].amount == euros(80)
    assert world.effects() == []


async def test_above_the_limit_is_refused_with_the_limit() -> None:
    """80.00 is above 50.00; nothing is written."""
    world = World()
    await world.silent_parcel()
    written = len(world.events)
    with pytest.raises(AboveLimit) as refused:
        await refund(world, ANN, None)
    assert refused.value.facts["limit"] == "5000 EUR"
    assert len(world.events) == written


async def test_a_second_person_carries_it_through() -> None:
    """Asked by ann, granted by the supervisor, used once by ann."""
    world = World()
    await world.silent_parcel()
    approval = await ask_approval(world)
    await grant(world, approval, SUE)
    await refund(world, ANN, None, approval)
    (asked,) = world.tell("CompensationRequested")
    assert (asked.decided_by.id, asked.approved_by.id) == ("ann", "sue")


async def test_the_requester_never_approves() -> None:
    """Not even a supervisor who asked."""
    world = World()
    await world.silent_parcel()
    approval = await ask_approval(world, SUE)
    written = len(world.events)
    with pytest.raises(ApproverIsRequester):
        await grant(world, approval, SUE)
    assert len(world.events) == written


async def test_an_agent_decides_nothing_for_themselves() -> None:
    """Another agent's yes is none, unless somebody lets them decide in their place."""
    world = World()
    await world.silent_parcel()
    approval = await ask_approval(world)
    written = len(world.events)
    with pytest.raises(MayNotApprove):
        await grant(world, approval, BEA)
    assert len(world.events) == written


async def test_an_approval_counts_on_its_approver_and_is_its_requesters_to_use() -> None:
    """Sue answers for 80.00 today, ann for nothing; bea may not use what ann asked for."""
    world = World()
    await world.silent_parcel()
    approval = await ask_approval(world)
    await grant(world, approval, SUE)
    written = len(world.events)
    with pytest.raises(ApprovalNotYours):
        await refund(world, BEA, None, approval)
    assert len(world.events) == written
    await refund(world, ANN, None, approval)
    days = {day.agent: day.so_far("refund", "EUR") for day in world.memory.held.values() if isinstance(day, AgentDay)}
    assert days == {"sue": euros(80)}


async def test_an_undecided_approval_carries_nothing() -> None:
    """Asked is not granted."""
    world = World()
    await world.silent_parcel()
    approval = await ask_approval(world)
    with pytest.raises(ApprovalNotGranted):
        await refund(world, ANN, None, approval)


async def test_more_than_the_goods_cost_is_refused() -> None:
    """The parcel's goods cost 80.00."""
    world = World()
    await world.silent_parcel()
    with pytest.raises(NothingToRemedy, match=r"cost 80\.00 EUR, not 81\.00 EUR"):
        await refund(world, SUE, euros(81))


async def test_a_refund_after_a_reshipment_is_refused() -> None:
    """One loss is made good once, however it is asked."""
    world = World()
    await world.silent_parcel()
    await world.reship(ANN)
    with pytest.raises(AlreadyRemedied):
        await refund(world, SUE, euros(10))


async def test_the_money_arrives() -> None:
    """Settled: the customer is told the sum, the case is closed as refunded."""
    world = World()
    await world.silent_parcel()
    key = await refund(world, ANN, euros(50))
    case_id = world.case().id
    await world.run(lambda work: world.app.reserved(work, case_id, key, euros(50), None))
    await world.run(lambda work: world.app.settled(work, case_id, key, "re_1", euros(50)))
    (done,) = world.tell("RemedyDone")
    assert (done.amount.minor_units, done.reference) == (5000, "")
    assert world.case().outcome == "refunded"
    assert world.tell("CompensationSettled") == []


async def test_a_refund_that_fails_after_it_was_settled_reopens_the_case() -> None:
    """The ledger gets it back, an agent decides again."""
    world = World()
    await world.silent_parcel()
    key = await refund(world, ANN, euros(50))
    case_id = world.case().id
    await world.run(lambda work: world.app.settled(work, case_id, key, "re_1", euros(50)))
    await world.run(lambda work: world.app.refund_failed(work, case_id, key, "account_closed"))
    assert world.case().is_open and world.case().remedies[key].state == "failed"
    assert world.tell("CompensationReleased")[0].reason == "account_closed"
    assert world.order().granted == {}


async def test_the_ledger_that_cannot_say_yet_is_no_end() -> None:
    """Pending, then reserved."""
    world = World()
    await world.silent_parcel()
    key = await refund(world, ANN, euros(50))
    case_id = world.case().id
    await world.run(lambda work: world.app.delayed(work, case_id, key, "order_unknown"))
    assert (world.case().remedies[key].state, world.case().remedies[key].reason) == ("asked", "order_unknown")
    await world.run(lambda work: world.app.reserved(work, case_id, key, euros(50), None))
    assert world.case().remedies[key].state == "reserved"
