"""Reship: one parcel for one loss, the ledger first, the second agent told who did it."""

import pytest

from casework.errors import AboveLimit
from chassis.domain import Money
from services.shipping_issues.application import ParcelRef
from services.shipping_issues.domain.errors import AlreadyRemedied, NothingToRemedy, NotProposed
from services.shipping_issues.domain.values import Content, Given
from tests.unit.shipping_issues.build import DAY, MONDAY, order_snapshot
from tests.unit.shipping_issues.world import ANN, BEA, SUE, World


async def test_the_ledger_is_asked_in_kind_before_the_shop() -> None:
    """The request names the units and who decided; no effect is planned yet."""
    world = World()
    await world.silent_parcel()
    receipt = await world.reship()
    (asked,) = world.tell("CompensationRequested")
    assert asked.request_key == receipt.facts["remedy_id"] == f"si.{world.case().id}.1"
    assert [(u.line_id, u.quantity) for u in asked.units] == [("1", 2)]
    assert (asked.requester, asked.order_id, asked.decided_by.id) == ("shipping_issues", "O-1", "ann")
    assert not asked.HasField("amount") and asked.book == 2
    assert world.effects() == []


async def test_the_shop_is_asked_when_the_reservation_is_stored() -> None:
    """One effect under the remedy's key, holding ids only; the customer is told that it started."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    (effect,) = world.effects()
    assert (effect.kind, effect.key, effect.subject) == ("reship", key, world.case().id)
    assert "Ulm" not in str(effect.body)
    (started,) = world.tell("RemedyStarted")
    assert (started.remedy, started.decided_by) == ("reship", "agent")


async def test_a_repeated_reservation_asks_the_shop_once() -> None:
    """The ledger's answer told twice."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    await world.reserve(key)
    assert len(world.effects()) == 1 and len(world.tell("RemedyStarted")) == 1


async def test_the_second_agent_reads_who_did_it() -> None:
    """Refused with who, what and when; nothing is written."""
    world = World()
    await world.silent_parcel()
    await world.reship(ANN)
    written = len(world.events)
    with pytest.raises(AlreadyRemedied, match="ann decided on a reship at 2026-03-04 09:00 UTC") as refused:
        await world.reship(BEA)
    assert (refused.value.facts["by"], refused.value.facts["state"]) == ("ann", "asked")
    assert len(world.events) == written


async def test_the_ledger_refuses_and_says_who_gave_the_rest() -> None:
    """Another case gave the same units: the remedy is refused, and counts against nobody."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    given = (Given("quality_complaints", "K-1", "bea", MONDAY, "2 of line 1"),)
    case_id = world.case().id
    await world.run(lambda work: world.app.refused(work, case_id, key, "entitlement", None, given))
    remedy = world.case().remedies[key]
    assert (remedy.state, remedy.given) == ("refused", given)
    assert world.order().granted == {}
    assert world.tell("RemedyFailed")[0].reason == "entitlement"
    assert world.tell("CompensationReleased") == []
    assert world.case().waiting_on == "agent"


async def test_the_shops_new_parcel_settles_it() -> None:
    """The parcel that answers our request: done, settled with the ledger, closed as reshipped."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    await world.run(lambda work: world.app.shop_accepted(work, key, "R-1", None))
    await world.label(ParcelRef("shop", "S-2", "O-1"), fulfilment_request_id=key)
    assert world.case().remedies[key].state == "done"
    (settled,) = world.tell("CompensationSettled")
    assert (settled.request_key, settled.reference) == (key, "S-2")
    assert (world.case().state, world.case().outcome) == ("closed", "reshipped")


async def test_done_told_twice_settles_once() -> None:
    """The shop's answer and its parcel both say so."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    await world.run(lambda work: world.app.shop_did(work, key, "R-1"))
    await world.label(ParcelRef("shop", "S-2", "O-1"), fulfilment_request_id=key)
    assert len(world.tell("CompensationSettled")) == len(world.tell("RemedyDone")) == 1


async def test_the_first_parcel_turns_up_after_all() -> None:
    """The story says so, with what had been done by then; nothing is taken back by itself."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    await world.run(lambda work: world.app.shop_did(work, key, "R-1"))
    await world.pass_until(world.now + DAY)
    await world.delivered("d", world.now)
    (up,) = world.tell("ParcelTurnedUp")
    assert (up.status, up.remedy) == ("delivered", "reship")
    assert world.case().remedies[key].state == "done"
    assert world.case().outcome == "reshipped"


async def test_a_refusal_of_the_shop_releases_the_reservation() -> None:
    """Out of stock: the ledger gets it back, an agent decides again."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    await world.run(lambda work: world.app.shop_refused(work, key, "out_of_stock"))
    assert world.case().remedies[key].state == "failed"
    assert world.tell("CompensationReleased")[0].request_key == key
    assert world.order().granted == {}
    again = await world.reship(BEA)
    assert again.facts["remedy_id"] == f"si.{world.case().id}.2"


async def test_above_the_limit_names_the_limit() -> None:
    """An agent may send goods worth 150.00 per order; these cost 200.00."""
    world = World()
    await world.run(
        lambda work: world.app.order_recorded(
            work, "shop", "O-1", order_snapshot(price=10_000, deliver_by=MONDAY + 5 * DAY), history=False
        )
    )
    await world.label()
    await world.scan("a", MONDAY)
    await world.pass_until(MONDAY + 2 * DAY)
    written = len(world.events)
    with pytest.raises(AboveLimit) as refused:
        await world.reship()
    assert refused.value.facts["limit"] == "15000 EUR"
    assert len(world.events) == written
    await world.reship(SUE)
    assert world.case().remedies[f"si.{world.case().id}.1"].role == "supervisor"


async def test_part_of_the_parcel_can_be_sent_again() -> None:
    """One shirt of two; three are refused."""
    world = World()
    await world.silent_parcel()
    with pytest.raises(NothingToRemedy, match="2 of line 1"):
        await world.reship(items=(("1", 3),))
    key = (await world.reship(items=(("1", 1),))).facts["remedy_id"]
    assert world.case().remedies[key].units == (Content("1", "SHIRT", 1),)
    assert world.order().granted[key] == ("reship", Money(4000, "EUR"))


async def test_the_guideline_is_named_where_it_does_not_allow_it() -> None:
    """A failed attempt is no reason to send it again."""
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("a", MONDAY, "exception", "failed_attempt")
    with pytest.raises(NotProposed, match="guideline 2026-03-01 does not allow reship for failed attempt"):
        await world.reship()


async def test_a_withdrawal_in_time_releases_it() -> None:
    """Before the ledger answered; a reservation that comes after it asks the shop for nothing."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    case_id = world.case().id
    await world.run(lambda work: world.app.withdraw(work, case_id, remedy_id=key, reason="found it"), ANN)
    await world.reserve(key)
    assert world.case().remedies[key].state == "released"
    assert world.tell("CompensationReleased")[0].reason == "found it"
    assert world.effects() == [] and world.order().granted == {}


async def test_the_shop_never_answers() -> None:
    """Unknown is said; asked once more it is requested again, and a late proof still counts."""
    world = World()
    await world.silent_parcel()
    key = (await world.reship()).facts["remedy_id"]
    await world.reserve(key)
    for state in ("submitted", "unknown"):
        await world.effect_is(key, state)
    assert (world.case().remedies[key].state, world.case().waiting_on) == ("unknown", "agent")
    await world.effect_is(key, "submitted")
    assert (world.case().remedies[key].state, world.case().waiting_on) == ("requested", "shop")
    await world.run(lambda work: world.app.shop_did(work, key, "R-1"))
    assert world.case().remedies[key].state == "done"
