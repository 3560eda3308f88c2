"""Asking to return units: the policy decides each at once, with its trace."""

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.application.deciding import Item
from services.returns.domain.case import Authorisation
from services.returns.domain.errors import NothingLeft, UnitNotReturnable
from services.returns.domain.ledger import Book
from tests.unit.returns.build import DAY, T0, ask, line, units
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World


async def shop(*lines: object, days_ago: int = 2, **values: object) -> World:
    world = World()
    await world.order_told(*lines, **values)  # type: ignore[arg-type]
    await world.delivered(days_ago)
    return world


async def test_within_the_window_units_are_authorised_by_the_policy() -> None:
    """The lowest free unit is taken; the decision names policy, version, facts and the clauses that spoke."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "too_small", stated_condition="sealed"))
    assert (case.state, case.waiting_on, case.send_by) == ("authorised", "customer", T0 + 14 * DAY)
    (decision,) = case.decisions.values()
    assert (decision.policy, decision.policy_version, decision.outcome) == ("default", "3", "authorise 1")
    assert [(c.id, c.verdict) for c in decision.clauses] == [
        ("window", "allows"),
        ("final_sale", "silent"),
        ("made_to_measure", "silent"),
        ("condition", "allows"),
        ("automatic_approval", "silent"),
        ("conformity", "silent"),
        ("withdrawal", "allows"),
    ]
    assert decision.clauses[0].text == "Delivered on 2026-02-28, 30 days end on 2026-03-30, asked on 2026-03-02."
    assert decision.facts["l1#1.paid"] == "1000 EUR"
    assert world.order().units_in_returns == {"l1#1": str(case.id)}
    assert [m.DESCRIPTOR.name for m in world.told] == [
        "ReturnRequested",
        "ReturnAuthorised",
        "ReturnedUnitRecorded",
        "ReturnExpected",
    ]


async def test_the_window_counts_whole_local_days() -> None:
    """On the last local day it is open, one day later it is not; the unit stays free."""
    last_day = await shop(days_ago=30)
    assert (await last_day.asked()).state == "authorised"
    late = await shop(days_ago=31)
    case = await late.asked()
    assert (case.state, case.units["l1#1"].authorisation) == ("declined", Authorisation.DECLINED)
    assert late.tell("ReturnDeclined")[0].decided_by == "window"
    assert late.order().units_in_returns == {}


async def test_asked_yesterday_by_phone_counts_from_yesterday() -> None:
    """The instant the customer asked is what the window is held against."""
    world = await shop(days_ago=31)
    case = await world.asked(actor=ANN, asked_at=T0 - DAY, channel="phone")
    assert case.state == "authorised"


async def test_final_sale_is_declined_and_each_unit_decided_by_itself() -> None:
    """One line is final sale, the other is not: two outcomes in one request, where no law says otherwise."""
    world = await shop(line("l1"), line("l2", final_sale=True), country="US")
    case = await world.asked(Item("l1", 1, "too_small"), Item("l2", 1, "too_small"))
    assert [unit.authorisation.value for unit in case.units.values()] == ["authorised", "declined"]
    (decision,) = case.decisions.values()
    assert decision.outcome == "authorise 1, decline 1"


async def test_a_defect_is_never_declined_by_final_sale() -> None:
    """The rule of law stands above the clause; what it stands above is said."""
    world = await shop(line("l1", tags=("final-sale",)))
    case = await world.asked(Item("l1", 1, "faulty"))
    unit = case.units["l1#1"]
    assert (unit.authorisation, unit.by_law) == (Authorisation.AUTHORISED, "conformity")
    (decision,) = case.decisions.values()
    assert [(a.outcome, a.why_not) for a in decision.alternatives] == [
        ("decline", "conformity stands above final_sale."),
        ("person", "No limit was met."),
    ]
    law = next(c for c in decision.clauses if c.id == "conformity")
    assert law.source.startswith("Directive (EU) 2019/771")


async def test_who_may_withdraw_by_law_is_not_declined_by_final_sale() -> None:
    """Within fourteen days in Germany it comes back all the same; what was made to measure the law itself excepts."""
    world = await shop(line("l1", final_sale=True), line("l2", tags=("made-to-measure",)))
    case = await world.asked(Item("l1", 1, "too_small"), Item("l2", 1, "too_small"))
    ours, measured = case.units.values()
    assert (ours.authorisation, ours.by_law) == (Authorisation.AUTHORISED, "withdrawal")
    assert (measured.authorisation, measured.by_law) == (Authorisation.DECLINED, "")
    assert measured.customer_text == "It was made for you and cannot come back."


async def test_a_defect_claim_outlives_the_window_by_two_years() -> None:
    """Six hundred days after delivery it is authorised, eight hundred days after no clause speaks: a person decides."""
    assert (await (await shop(days_ago=600)).asked(Item("l1", 1, "faulty"))).state == "authorised"
    world = await shop(days_ago=800)
    case = await world.asked(Item("l1", 1, "faulty"))
    assert (case.state, case.waiting_on) == ("requested", "agent")
    assert world.tell("ReturnNeedsDecision")[0].reason == "no_clause"


async def test_above_the_automatic_limit_a_person_decides() -> None:
    """300.00 EUR wait for an agent, who is told why."""
    world = await shop(line("l1", 3, 10_000))
    case = await world.asked(Item("l1", 3, "too_small"))
    assert (case.state, case.waiting_on) == ("requested", "agent")
    expected = "300.00 EUR is above the automatic approval limit of 250.00 EUR."
    assert case.units["l1#1"].explanation == expected


async def test_before_delivery_the_window_has_not_begun() -> None:
    """What is on its way may be announced."""
    world = World()
    await world.order_told()
    assert (await world.asked()).state == "authorised"


async def test_the_policy_is_stored_before_the_first_decision_and_named_by_it() -> None:
    """The shop's book holds the default in one event, once."""
    world = await shop()
    await world.asked()
    await world.asked()
    assert [type(e).__name__ for e in world.events].count("PolicyAdopted") == 1


async def test_units_in_another_return_are_refused() -> None:
    """Named or not, there is none left; nothing is recorded."""
    world = await shop(line("l1", 1))
    await world.asked()
    before = len(world.events)
    for item in (Item("l1", 1, "too_small"), Item("l1", 1, "too_small", numbers=(1,))):
        with pytest.raises(UnitNotReturnable):
            await world.asked(item)
    assert len(world.events) == before


async def test_what_cannot_be_is_named() -> None:
    """An unknown reason, a remedy that is not there, a request from the future: nothing is recorded."""
    world = await shop()
    before = len(world.events)
    with pytest.raises(Invalid) as reason:
        await world.asked(Item("l1", 1, "because"))
    assert (reason.value.field, "too_small" in reason.value.message) == ("reason", True)
    with pytest.raises(Invalid):
        await world.asked(remedy="a_song")
    with pytest.raises(Invalid):
        await world.asked(asked_at=T0 + DAY)
    assert len(world.events) == before


async def test_somebody_elses_order_does_not_exist() -> None:
    """For a stranger and for an unknown order the answer is the same; nothing is recorded."""
    world = await shop()
    before = len(world.events)
    with pytest.raises(NotFound):
        await world.asked(actor=STRANGER)
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.request(work, "s1", "o9", [Item("l1", 1, "too_small")]), CUSTOMER)
    assert len(world.events) == before


async def test_a_return_is_under_the_service_levels_of_the_customers_place() -> None:
    """Ten working days of the desk until it is resolved; the warning comes first, and goods to send stop the clock."""
    world = await shop(line("l1", 3, 10_000))
    case = await world.asked(Item("l1", 3, "too_small"))
    assert case.clocks.plan.name == "returns.default"
    alarms = {timer.key: timer.due_at for _, timer in world.timers() if timer.kind == "alarm"}
    assert sorted(alarms) == ["breach:resolution:1", "warn:resolution:1"]
    assert alarms["warn:resolution:1"] < alarms["breach:resolution:1"]
    await world.run(lambda work: world.app.approve(work, case.id, (), "ok"), ANN)
    assert [timer for _, timer in world.timers() if timer.kind == "alarm"] == []
    american = await shop(country="US", time_zone="America/New_York")
    assert (await american.asked()).clocks.plan.name == "returns.US"


async def test_what_was_paid_back_by_another_service_cannot_be_asked_for_again() -> None:
    """Shipping paid for the lost piece: no return promises its money, and nothing is written; the other piece can."""
    world = World()
    await world.order_told(line("l1", 2))
    lost = ask("lost", Book.RESTITUTION, units=units("l1", 1))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", lost))
    before = len(world.events)
    with pytest.raises(NothingLeft):
        await world.asked(Item("l1", 1, "faulty", (1,)))
    assert len(world.events) == before
    case = await world.asked(Item("l1", 1, "faulty", (2,)))
    assert list(case.units) == ["l1#2"]


async def test_who_counts_units_means_those_that_something_is_left_of() -> None:
    """The first of three was paid back elsewhere: two are the others; of all three, nothing is left of one."""
    world = World()
    await world.order_told(line("l1", 3))
    lost = ask("lost", Book.RESTITUTION, units=units("l1", 1))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", lost))
    with pytest.raises(NothingLeft, match="l1#1"):
        await world.asked(Item("l1", 3, "faulty"))
    case = await world.asked(Item("l1", 1, "faulty"), Item("l1", 1, "too_small"))
    assert [(u, unit.asked.reason) for u, unit in case.units.items()] == [("l1#2", "faulty"), ("l1#3", "too_small")]
