"""Inspection: three facts with their own author and instant, and what they mean for the promise."""

import pytest

from services.returns.application.deciding import Finding, Item
from services.returns.domain.errors import LawStandsAbove, UnitNotInReturn, WrongStage
from tests.unit.returns.build import DAY, T0, line
from tests.unit.returns.world import ANN, World


async def received(reason: str = "too_small", country: str = "US") -> World:
    world = World()
    await world.order_told(line("l1", 2), country=country)
    await world.delivered()
    case = await world.asked(Item("l1", 1, reason))
    await world.received(case)
    return world


async def test_each_fact_keeps_its_author_and_instant() -> None:
    """The condition today by the warehouse, the disposition tomorrow by somebody else; nothing else moves."""
    world = await received()
    case_id = next(iter(world.order().units_in_returns.values()))
    await world.inspected(world.case(case_id), Finding("l1#1", condition="opened", responsibility="customer"))
    world.now = T0 + DAY
    await world.run(
        lambda work: world.app.inspect(work, world.case(case_id).id, [Finding("l1#1", disposition="refurbish")]), ANN
    )
    unit = world.case(case_id).units["l1#1"]
    assert unit.condition is not None and unit.disposition is not None
    assert (unit.condition.value, unit.condition.by, unit.condition.at) == ("opened", "walt", T0)
    assert (unit.disposition.value, unit.disposition.by, unit.disposition.at) == ("refurbish", "ann", T0 + DAY)


async def test_the_same_finding_twice_records_nothing() -> None:
    """A changed one is a new fact."""
    world = await received()
    case = world.case(next(iter(world.order().units_in_returns.values())))
    await world.inspected(case)
    before = len(world.events)
    await world.inspected(case)
    assert len(world.events) == before
    await world.inspected(case, Finding("l1#1", disposition="scrap"))
    assert len(world.events) == before + 2


async def test_what_was_promised_and_found_otherwise_is_a_persons_decision() -> None:
    """Used by the customer, and only sealed or opened is accepted: the trace says so, the case waits on an agent."""
    world = await received()
    case = world.case(next(iter(world.order().units_in_returns.values())))
    await world.inspected(case, Finding("l1#1", condition="used", responsibility="customer"))
    case = world.case(case.id)
    assert case.units["l1#1"].contradicts == "Used; accepted: sealed, opened."
    outcome = list(case.decisions.values())[-1]
    assert (outcome.question, outcome.outcome) == ("inspection_outcome", "person 1")
    assert (case.waiting_on, world.tell("ReturnNeedsDecision")[0].reason) == ("agent", "condition")
    await world.run(lambda work: world.app.decline(work, case.id, ("l1#1",), "used"), ANN)
    assert world.case(case.id).state == "declined"


async def test_who_withdrew_by_law_is_never_refused_for_the_condition() -> None:
    """In Germany, two days after delivery: used goods are worth less, but they are no reason to decline."""
    world = await received(country="DE")
    case = world.case(next(iter(world.order().units_in_returns.values())))
    await world.inspected(case, Finding("l1#1", condition="used", responsibility="customer"))
    before = len(world.events)
    with pytest.raises(LawStandsAbove):
        await world.run(lambda work: world.app.decline(work, case.id, ("l1#1",), "used"), ANN)
    assert len(world.events) == before


async def test_damage_that_others_answer_for_keeps_the_promise() -> None:
    """Damaged by the carrier on the way back is not the customer's."""
    world = await received()
    case = world.case(next(iter(world.order().units_in_returns.values())))
    await world.inspected(case, Finding("l1#1", condition="damaged", responsibility="carrier"))
    assert world.case(case.id).units["l1#1"].contradicts == ""


async def test_only_what_is_here_is_inspected() -> None:
    """A unit on its way, and one of no return: refused, nothing recorded."""
    world = World()
    await world.order_told()
    case = await world.asked()
    before = len(world.events)
    for unit, error in (("l1#1", WrongStage), ("l1#3", UnitNotInReturn)):
        with pytest.raises(error):
            await world.inspected(case, Finding(unit, "sealed"))
    assert len(world.events) == before
