"""What an agent may do next is what the commands will allow."""

from casework import NextAction
from chassis.domain import Money
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.next_actions import Situation, next_actions
from tests.unit.quality_complaints.world import NOON, RULES, World, euros


def actions(found: Complaint, *, cents: int = 5000, contained: bool = False) -> list[NextAction]:
    """As an agent sees them."""
    around = Situation(
        agent="agent-1",
        roles=frozenset({"agent"}),
        value=euros(cents),
        order_so_far=Money.zero("EUR"),
        day_so_far=Money.zero("EUR"),
        contained=contained,
        guideline_version=RULES.version,
        limits=RULES.limits,
    )
    return next_actions(found, around, at=NOON)


async def test_a_new_complaint_is_judged_first() -> None:
    """Remedies are shown with why not."""
    world = World()
    await world.order()
    found = actions(await world.file())
    assert (found[0].rpc, found[0].recommended) == ("AssessComplaint", True)
    assert {action.reason for action in found if action.rpc == "ResolveComplaint"} == {"NOT_ASSESSED"}


async def test_the_customers_wish_is_recommended() -> None:
    """Best first, by the guideline and the wish."""
    world = World()
    await world.order()
    found = actions(await world.assessed(remedy_sought="repair"))
    assert (found[0].rpc, found[0].label, found[0].why) == (
        "ResolveComplaint",
        "Have it repaired",
        "the customer asks for it",
    )


async def test_above_the_limit_it_needs_a_second_person() -> None:
    """Said beforehand, not after the attempt."""
    world = World()
    await world.order(cents=15000)
    found = actions(await world.assessed(), cents=15000)
    assert all(action.needs_approval for action in found if action.rpc == "ResolveComplaint")


async def test_danger_is_contained_first() -> None:
    """Then the remedies open."""
    world = World()
    await world.order()
    dangerous = await world.assessed(safety=True)
    refused = [action.reason for action in actions(dangerous) if action.rpc == "ResolveComplaint"]
    assert set(refused) == {"SAFETY_FIRST"}
    assert actions(dangerous, contained=True)[0].rpc == "ResolveComplaint"
