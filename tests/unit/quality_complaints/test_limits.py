"""Limits add up over order and day; above them a second person approves, within their own."""

from uuid import UUID

from chassis.domain import Money
from services.quality_complaints.domain.complaint import Complaint
from tests.unit.quality_complaints.world import RELEASED, SENIOR, SUPERVISOR, World, euros


async def ready(**said: int) -> World:
    """An order of lamps."""
    world = World()
    await world.order(**said)  # type: ignore[arg-type]
    return world


async def test_above_the_limit_a_second_person_approves() -> None:
    """An agent may give 100 euros; never the requester approves, and the approval works once."""
    world = await ready(cents=15000)
    found = await world.assessed()
    assert await world.refused(lambda work: world.app.resolve(work, found.id, "refund")) == "ABOVE_LIMIT"
    asked = await world.decide(
        lambda work: world.app.request_approval(
            work, found.id, action="ResolveComplaint", amount=None, reason="regular customer"
        )
    )
    approval_id = UUID(asked.facts["approval_id"])
    assert asked.facts["amount"] == "15000 EUR"
    grant = world.app.grant_approval
    assert await world.refused(lambda work: grant(work, found.id, approval_id)) == "APPROVER_IS_REQUESTER"
    await world.decide(lambda work: grant(work, found.id, approval_id), by=SENIOR)
    await world.resolve(found, "refund", approval_id=approval_id)
    (request,) = world.asked_of_ledger()
    assert request.approved_by.id == "senior-1"
    assert world.complaint(found).approval(approval_id).state == "used"


async def test_an_approver_has_limits_too() -> None:
    """A senior agent may approve 300 euros, not 350."""
    world = await ready(cents=35000)
    found = await world.assessed()
    asked = await world.decide(
        lambda work: world.app.request_approval(work, found.id, action="ResolveComplaint", amount=None, reason="x")
    )
    approval_id = UUID(asked.facts["approval_id"])
    assert (
        await world.refused(lambda work: world.app.grant_approval(work, found.id, approval_id), by=SENIOR)
        == "ABOVE_LIMIT"
    )


async def test_limits_add_up_over_the_order_and_what_came_to_nothing_counts_no_more() -> None:
    """Two lamps at 60 euros: the second is above the order's 100, until the first is withdrawn."""
    world = await ready(quantity=2, cents=6000)
    first = await world.assessed()
    second = await world.assessed()
    key = await world.resolve(first, "refund")
    assert await world.refused(lambda work: world.app.resolve(work, second.id, "refund")) == "ABOVE_LIMIT"
    await world.decide(lambda work: world.app.withdraw(work, first.id, key, "mistake"))
    assert isinstance(world.asked_of_ledger()[-1], RELEASED)
    await world.resolve(second, "refund")


async def test_approvals_of_one_order_add_up_in_an_approvers_limit() -> None:
    """250 euros approved on the order leave 50 of a senior agent's 300, used or not; nobody else uses the approval."""
    world = await ready(quantity=2, cents=25000)
    first, second = await world.assessed(), await world.assessed()

    async def approved(found: Complaint, amount: Money) -> UUID:
        asked = await world.decide(
            lambda work: world.app.request_approval(
                work, found.id, action="ResolveComplaint", amount=amount, reason="regular customer"
            )
        )
        return UUID(asked.facts["approval_id"])

    grant = world.app.grant_approval
    one = await approved(first, euros(25000))
    await world.decide(lambda work: grant(work, first.id, one), by=SENIOR)
    two = await approved(second, euros(6000))
    assert await world.refused(lambda work: grant(work, second.id, two), by=SENIOR) == "ABOVE_LIMIT"
    resolve = world.app.resolve
    used = await world.refused(lambda work: resolve(work, first.id, "refund", approval_id=one), by=SUPERVISOR)
    assert used == "APPROVAL_NOT_YOURS"
    await world.resolve(first, "refund", approval_id=one)
    assert await world.refused(lambda work: grant(work, second.id, two), by=SENIOR) == "ABOVE_LIMIT"
    three = await approved(second, euros(5000))
    await world.decide(lambda work: grant(work, second.id, three), by=SENIOR)
