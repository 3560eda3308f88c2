"""What an agent may do next is what the commands would say, best first, with the reason where they would refuse."""

from casework import NextAction
from chassis.domain import Money
from services.shipping_issues.domain.next_actions import Agent, next_actions
from tests.unit.shipping_issues.build import MONDAY
from tests.unit.shipping_issues.world import ANN, RULES, World


def actions(world: World, *roles: str, today: dict[str, Money] | None = None) -> dict[str, NextAction]:
    agent = Agent("ann", frozenset(roles or ("agent",)), today or {})
    found = next_actions(world.case(), world.parcel(), world.order(), agent, RULES, at=world.now)
    return {action.rpc if action.rpc != "CloseCase" else dict(action.arguments)["outcome"]: action for action in found}


async def test_a_stalled_parcel_may_be_waited_for_sent_again_or_paid_back() -> None:
    """Waiting is best, with the honest date filled in; the refund is above an agent's limit."""
    world = World()
    case = await world.silent_parcel()
    found = actions(world)
    assert [name for name, action in found.items() if action.recommended] == ["Wait"]
    assert case.expected_by is not None
    assert dict(found["Wait"].arguments)["expect_by"] == case.expected_by.isoformat()
    assert found["Reship"].allowed and not found["Reship"].needs_approval
    assert found["RequestRefund"].needs_approval and "limit of 50.00 EUR per order" in found["RequestRefund"].why


async def test_what_the_guideline_does_not_allow_is_shown_with_why() -> None:
    """Last in the list, and refused by name."""
    world = World()
    await world.silent_parcel()
    refused = actions(world)["CorrectAddress"]
    assert (refused.allowed, refused.reason) == (False, "NOT_PROPOSED")


async def test_the_day_counts_too() -> None:
    """An agent who gave 1500.00 today sends nothing more without a second person."""
    world = World()
    await world.silent_parcel()
    found = actions(world, today={"reship": Money(150_000, "EUR")})
    assert found["Reship"].needs_approval and "per day" in found["Reship"].why


async def test_a_remedy_under_way_can_be_taken_back_and_nothing_else_given() -> None:
    """The agent who comes second sees who did it."""
    world = World()
    await world.silent_parcel()
    await world.reship(ANN)
    found = actions(world)
    assert found["WithdrawRemedy"].allowed
    assert (
        found["RequestRefund"].reason == "ALREADY_REMEDIED" and "ann decided on a reship" in found["RequestRefund"].why
    )
    assert "no_trouble" not in found


async def test_without_its_order_nothing_is_offered_that_would_be_refused() -> None:
    """The label names the customer, so there is a case; goods and value are not known."""
    world = World()
    await world.label()
    await world.scan("a", MONDAY, "exception", "lost")
    found = actions(world)
    assert (found["Reship"].allowed, found["Reship"].reason) == (False, "ORDER_UNKNOWN")
    assert found["RequestRefund"].reason == "ORDER_UNKNOWN"


async def test_asking_changes_nothing() -> None:
    """The case is not touched by trying."""
    world = World()
    case = await world.silent_parcel()
    version = case.version
    actions(world, "supervisor")
    assert case.version == version and case.collect_events() == []
