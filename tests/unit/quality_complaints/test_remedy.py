"""Putting it right: judged first, reserved before anything moves, once, and within limits."""

from datetime import timedelta

import pytest

from services.quality_complaints.domain.values import Given
from tests.unit.quality_complaints.world import (
    NOON,
    RELEASED,
    REQUESTED,
    SENIOR,
    SETTLED,
    SUPERVISOR,
    World,
    euros,
)


async def ready(**said: object) -> World:
    """An order of one lamp for 50 euros."""
    world = World()
    await world.order(**said)  # type: ignore[arg-type]
    return world


async def test_nothing_is_given_before_somebody_has_judged() -> None:
    """Assess first."""
    world = await ready()
    found = await world.file()
    assert await world.refused(lambda work: world.app.resolve(work, found.id, "refund")) == "NOT_ASSESSED"


async def test_safety_comes_before_remedy() -> None:
    """Where somebody could be hurt the goods are contained first; then it goes on."""
    world = await ready()
    await world.parcel("O-1", ("L7", 1))
    found = await world.assessed(safety=True)
    assert found.queue == "safety"
    assert await world.refused(lambda work: world.app.resolve(work, found.id, "refund")) == "SAFETY_FIRST"
    (investigation,) = world.investigations()
    await world.decide(lambda work: world.app.contain(work, investigation.id, lifted=False), by=SUPERVISOR)
    await world.resolve(found, "refund")
    assert world.complaint(found).state == "remedy"


async def test_the_guideline_says_what_may_be_given() -> None:
    """A minor fault is not paid back; the decision says why."""
    world = await ready()
    found = await world.assessed(severity="minor", remedy_sought="refund")
    assert await world.refused(lambda work: world.app.resolve(work, found.id, "refund")) == "NOT_PROPOSED"
    (decision,) = found.decisions.values()
    assert (decision.outcome, decision.policy_version) == ("repair, replacement", "2026-11-22")
    assert decision.alternatives[0].outcome == "refund"


async def test_the_customers_wish_comes_first_where_it_is_allowed() -> None:
    """Among what the guideline proposes."""
    world = await ready()
    found = await world.assessed(severity="major", remedy_sought="refund")
    assert found.proposals == ("refund", "replacement", "repair")


async def test_goods_move_only_after_the_ledger_has_reserved() -> None:
    """Asked of the ledger, then of the shop, then settled with the ledger."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    assert world.effects() == []
    (asked,) = world.asked_of_ledger()
    assert isinstance(asked, REQUESTED)
    assert (asked.request_key, asked.order_id, asked.units[0].quantity) == (key, "O-1", 1)
    await world.reserved(found, key)
    (effect,) = world.effects()
    assert (effect.kind, effect.key) == ("replacement", key)
    await world.decide(lambda work: world.app.shop_did(work, key, "N-1"))
    assert isinstance(world.asked_of_ledger()[-1], SETTLED)
    assert world.complaint(found).state == "resolved"
    assert world.told()[-2:] == ["ComplaintRemedyStarted", "ComplaintRemedyDone"]


async def test_a_refund_is_paid_by_returns() -> None:
    """Nothing is asked of the shop; the ledger's word that it was settled ends it."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found, "refund", amount=euros(2000))
    await world.reserved(found, key, euros(2000))
    await world.decide(lambda work: world.app.settled(work, found.id, key, "re_1", euros(2000)))
    assert world.effects() == []
    assert world.complaint(found).remedy(key).state == "done"
    assert not any(isinstance(message, SETTLED) for message in world.asked_of_ledger())


async def test_who_comes_second_is_told_who_did_it() -> None:
    """One remedy stands at a time."""
    world = await ready()
    found = await world.assessed()
    await world.resolve(found)
    assert (
        await world.refused(lambda work: world.app.resolve(work, found.id, "refund"), by=SENIOR) == "ALREADY_REMEDIED"
    )


async def test_what_the_ledger_refuses_is_refused_with_who_gave_the_rest() -> None:
    """And another remedy may be tried."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    given = Given("returns", "r-1", "agent-9", euros(5000), "settled", NOON)
    await world.decide(lambda work: world.app.refused(work, found.id, key, "entitlement", euros(0), (given,)))
    remedy = world.complaint(found).remedy(key)
    assert (remedy.state, remedy.reason, remedy.given) == ("refused", "entitlement", (given,))
    assert world.complaint(found).waiting_on == "agent"
    assert await world.resolve(found, "refund") == f"qc.{found.id}.2"


async def test_more_than_was_paid_is_refused() -> None:
    """The lamp cost 50 euros."""
    world = await ready()
    found = await world.assessed()
    reason = await world.refused(lambda work: world.app.resolve(work, found.id, "refund", amount=euros(5001)))
    assert reason == "NOTHING_TO_REMEDY"


async def test_goods_under_way_cannot_be_taken_back() -> None:
    """Once reserved the shop is asked."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    await world.reserved(found, key)
    assert await world.refused(lambda work: world.app.withdraw(work, found.id, key, "x")) == "REMEDY_UNDER_WAY"


async def test_a_refund_that_fails_after_it_settled_is_open_again() -> None:
    """A closed complaint is opened, and the ledger released."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found, "refund")
    await world.reserved(found, key, euros(5000))
    await world.decide(lambda work: world.app.settled(work, found.id, key, "re_1", euros(5000)))
    await world.decide(lambda work: world.app.close(work, found.id, "refunded"))
    await world.decide(lambda work: world.app.refund_failed(work, found.id, key, "account_closed"))
    assert (world.complaint(found).state, world.complaint(found).remedy(key).state) == ("assessed", "failed")
    assert isinstance(world.asked_of_ledger()[-1], RELEASED)


async def test_a_shop_that_says_no_releases_the_ledger() -> None:
    """Out of stock: the reservation is given back, an agent looks."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    await world.reserved(found, key)
    await world.decide(lambda work: world.app.shop_refused(work, key, "out_of_stock"))
    assert world.complaint(found).remedy(key).state == "failed"
    assert [type(message) for message in world.asked_of_ledger()] == [REQUESTED, RELEASED]


async def test_answers_that_come_twice_change_nothing() -> None:
    """Reserved and done, again."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    await world.reserved(found, key)
    await world.decide(lambda work: world.app.shop_did(work, key, "N-1"))
    before = len(world.events)
    await world.reserved(found, key)
    await world.decide(lambda work: world.app.shop_did(work, key, "N-1"))
    assert len(world.events) == before


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("replaced", "OUTCOME_NOT_SHOWN"), ("cured", "INVALID")],
)
async def test_an_outcome_no_fact_shows_is_refused(outcome: str, reason: str) -> None:
    """Nothing was replaced."""
    world = await ready()
    found = await world.assessed()
    assert await world.refused(lambda work: world.app.close(work, found.id, outcome)) == reason


async def test_what_was_done_is_verified_by_silence() -> None:
    """Two weeks without a word: it holds, and the complaint closes."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    await world.reserved(found, key)
    await world.decide(lambda work: world.app.shop_did(work, key, "N-1"))
    await world.pass_time(timedelta(days=14))
    assert (world.complaint(found).state, world.complaint(found).outcome) == ("closed", "replaced")
    assert world.complaint(found).verified_at == NOON + timedelta(days=14)


async def test_a_customer_who_comes_back_is_heard() -> None:
    """Then silence shows nothing."""
    world = await ready()
    found = await world.assessed()
    key = await world.resolve(found)
    await world.reserved(found, key)
    await world.decide(lambda work: world.app.shop_did(work, key, "N-1"))
    world.now += timedelta(days=2)
    await world.decide(
        lambda work: world.app.record_contact(
            work, found.id, direction="from_customer", channel="phone", contact_at=None, waiting_on="agent"
        )
    )
    await world.pass_time(timedelta(days=30))
    assert world.complaint(found).state == "resolved"
