"""Deciding in somebody's place: by what they handed on, counted on their limits, never for their own requests."""

from datetime import timedelta
from uuid import UUID

import pytest

from casework.delegations import Bounds
from casework.errors import AboveLimit, ApprovalNotYours, ApproverIsRequester, MayNotApprove, NotInTheirPlace
from chassis.domain import DomainError, Invalid, NotFound, NotPermitted
from chassis.service import Receipt
from chassis.work import Actor
from desk import staff
from desk.staff import Term
from services.returns.application.limits import ACTION_OF
from services.returns.domain.case import ReturnCase
from tests.unit.returns.build import DAY, eur
from tests.unit.returns.test_approved_limits import SAM, asked, given, granted, returned
from tests.unit.returns.world import ANN, BEN, SUE, World

ALL = Bounds(())


def week(world: World) -> Term:
    return Term(world.now, world.now + timedelta(days=7), "holiday")


async def handed_on(world: World, giver: Actor = SAM, deputy: str = "ben", bounds: Bounds = ALL) -> UUID:
    receipt = await world.run(lambda work: staff.hand_on(work, deputy, bounds, week(world), ACTION_OF), giver)
    return UUID(receipt.facts["delegation_id"])


async def away(world: World, by: Actor, person: str = "", roles: tuple[str, ...] = ()) -> Receipt:
    return await world.run(lambda work: staff.go_away(work, person, "ben", week(world), roles), by)


async def decided(world: World, case: ReturnCase, approval: UUID, by: Actor, place: str) -> None:
    await world.run(lambda work: world.app.grant_approval(work, case.id, approval, in_place_of=place), by)


async def refused(
    world: World, case: ReturnCase, approval: UUID, by: Actor, place: str, error: type[DomainError]
) -> DomainError:
    before = len(world.events)
    with pytest.raises(error) as told:
        await decided(world, case, approval, by, place)
    assert len(world.events) == before
    return told.value


async def test_an_agent_decides_in_the_place_of_who_let_them_and_it_says_so() -> None:
    """Ben by himself may not; in sam's place he does, and the story, the list and the event name both."""
    world = World()
    case = await returned(world)
    await handed_on(world)
    approval = await asked(world, case, 3000)
    await refused(world, case, approval, BEN, "", MayNotApprove)
    await refused(world, case, approval, BEN, "sue", NotInTheirPlace)
    await decided(world, case, approval, BEN, "sam")
    known = world.case(case.id).approvals[approval]
    assert (known.state, known.decided_by, known.in_place_of) == ("granted", "ben", "sam")


async def test_what_a_deputy_approves_counts_on_the_givers_limit() -> None:
    """Ben approved 30.00 EUR in sam's place: sam himself has 20.00 of the order and 470.00 of the day left."""
    world = World()
    case = await returned(world)
    await handed_on(world)
    await decided(world, case, await asked(world, case, 3000), BEN, "sam")
    error = await refused(world, case, await asked(world, case, 2001), BEN, "sam", AboveLimit)
    assert (error.facts["per"], error.facts["left"]) == ("order", "2000 EUR")
    for n in range(9):
        await granted(world, await returned(world, f"x{n}"), 5000)
    last = await returned(world, "last")
    error = await refused(world, last, await asked(world, last, 2001), BEN, "sam", AboveLimit)
    assert (error.facts["per"], error.facts["left"]) == ("day", "2000 EUR")


async def test_nobodys_own_request_is_approved_in_their_place() -> None:
    """Sam asked, so ben does not say yes in sam's place; nor does ben say it to what ben asked for."""
    world = World()
    case = await returned(world)
    await handed_on(world)
    await refused(world, case, await asked(world, case, 1000, by=SAM), BEN, "sam", ApproverIsRequester)
    await refused(world, case, await asked(world, case, 1000, by=BEN), BEN, "sam", ApproverIsRequester)


async def test_what_was_handed_on_is_never_handed_on_again() -> None:
    """Ben has no role that approves, so he hands nothing on; sam, in sue's place, hands on only his own."""
    world = World()
    await handed_on(world, SUE)
    with pytest.raises(MayNotApprove):
        await handed_on(world, BEN, "cleo")
    await handed_on(world, SUE, "sam")
    await handed_on(world, SAM, "cleo")
    case = await returned(world, units=9)
    approval = await asked(world, case, 6000)
    await refused(world, case, approval, Actor("cleo", frozenset({"agent"})), "sue", NotInTheirPlace)
    await refused(world, case, approval, Actor("cleo", frozenset({"agent"})), "sam", AboveLimit)
    await decided(world, case, approval, SAM, "sue")


async def test_its_bounds_hold_and_it_ends_when_it_is_taken_back() -> None:
    """20.00 EUR in all, for goodwill alone, until a supervisor ends it; not an agent, and not another shop's."""
    world = World()
    case = await returned(world)
    delegation = await handed_on(world, bounds=Bounds((), up_to=eur(2000), actions=("GiveGoodwill",)))
    await decided(world, case, await asked(world, case, 1500), BEN, "sam")
    await refused(world, case, await asked(world, case, 501), BEN, "sam", NotInTheirPlace)
    last = await asked(world, case, 500)
    elsewhere = Actor("sue-2", frozenset({"supervisor"}), shops=frozenset({"s2"}))
    for stranger, error in ((ANN, NotPermitted), (elsewhere, NotFound)):
        with pytest.raises(error):
            await world.run(lambda work: staff.take_back(work, "sam", delegation), stranger)
    await world.run(lambda work: staff.take_back(work, "sam", delegation), SUE)
    await refused(world, case, last, BEN, "sam", NotInTheirPlace)


async def test_after_its_time_it_is_over() -> None:
    """On the eighth day nobody decides by it."""
    world = World()
    case = await returned(world)
    await handed_on(world)
    world.now += 7 * DAY
    await refused(world, case, await asked(world, case, 100), BEN, "sam", NotInTheirPlace)


async def test_only_known_actions_and_own_shops_are_handed_on() -> None:
    """An action that needs no approval, and a shop that is not the giver's."""
    world = World()
    limited = Actor("sam", frozenset({"senior_agent"}), shops=frozenset({"s1"}))
    for bounds in (Bounds((), actions=("AddNote",)), Bounds((), shops=("s2",))):
        with pytest.raises(Invalid):
            await handed_on(world, limited, bounds=bounds)
    await handed_on(world, limited)
    seen, _, _ = await world.look(lambda work: staff.staff_member(work, ""), limited)
    assert [d.bounds.shops for _, d in seen] == [("s1",)]


async def test_while_somebody_is_away_their_cover_uses_what_they_asked_for_and_decides_for_them() -> None:
    """Sam goes away by himself: ben uses sam's approval and decides in his place, until sam is back."""
    world = World()
    case = await returned(world)
    mine = await asked(world, case, 6000, by=SAM)
    await world.run(lambda work: world.app.grant_approval(work, case.id, mine), SUE)
    with pytest.raises(ApprovalNotYours):
        await given(world, case, 6000, by=BEN, approval=mine)
    await away(world, SAM)
    await given(world, case, 6000, by=BEN, approval=mine)
    other = await returned(world, "o2")
    await decided(world, other, await asked(world, other, 1000), BEN, "sam")
    await world.run(lambda work: staff.come_back(work, ""), SAM)
    await refused(world, other, await asked(world, other, 900), BEN, "sam", NotInTheirPlace)


async def test_a_lead_names_the_cover_and_answers_for_it() -> None:
    """Sue says that ben covers for sam as a senior agent: held by a senior agent's limit, counted on sue's day."""
    world = World()
    case = await returned(world)
    with pytest.raises(NotPermitted):
        await away(world, ANN, "sam", ("senior_agent",))
    with pytest.raises(MayNotApprove):
        await away(world, SUE, "sam", ("finance",))
    await away(world, SUE, "sam", ("senior_agent",))
    await refused(world, case, await asked(world, case, 5001), BEN, "sam", AboveLimit)
    await decided(world, case, await asked(world, case, 5000), BEN, "sam")
    other = await returned(world, "o2")
    await refused(world, other, await asked(world, other, 100, by=SUE), BEN, "sam", ApproverIsRequester)
    given_on, _, absences = await world.look(lambda work: staff.staff_member(work, "sam"), SUE)
    assert [(d.deputy, d.backed_by, d.bounds.roles) for _, d in given_on] == [("ben", "sue", ("senior_agent",))]
    assert [(a.cover, a.by) for a in absences] == [("ben", "sue")]


async def test_a_cover_without_named_roles_decides_nothing() -> None:
    """A lead who names no role lets the cover use approvals, no more."""
    world = World()
    case = await returned(world)
    await away(world, SUE, "ann")
    await refused(world, case, await asked(world, case, 100), BEN, "ann", ApproverIsRequester)
    await refused(world, case, await asked(world, case, 100, by=SAM), BEN, "ann", NotInTheirPlace)


async def test_who_approved_something_does_not_use_it_as_a_cover() -> None:
    """Sue approved what ann asked for, and covers for ann: she does not give it out."""
    world = World()
    case = await returned(world)
    approval = await granted(world, case, 3000, by=SUE)
    await world.run(lambda work: staff.go_away(work, "", "sue", week(world)), ANN)
    before = len(world.events)
    with pytest.raises(ApproverIsRequester):
        await given(world, case, 3000, by=SUE, approval=approval)
    assert len(world.events) == before


async def test_what_somebody_handed_on_is_seen_by_them_and_by_leads() -> None:
    """And by whom it was handed to, as held."""
    world = World()
    await handed_on(world)
    with pytest.raises(NotPermitted):
        await world.look(lambda work: staff.staff_member(work, "sam"), ANN)
    _, held, _ = await world.look(lambda work: staff.staff_member(work, ""), BEN)
    assert [(giver, d.deputy) for giver, d in held] == [("sam", "ben")]
