"""A silent parcel becomes one case, and its customer is told, before the promise; late older scans change nothing."""

from dataclasses import replace
from datetime import UTC, datetime

from services.shipping_issues.domain.events import FindingMade
from tests.unit.shipping_issues.build import DAY, HOUR, MONDAY, label, order_snapshot
from tests.unit.shipping_issues.world import ANN, World


async def test_no_first_scan_after_hand_over() -> None:
    """Handed over on Monday and never scanned: found after 24 hours of the carrier's working time."""
    world = World()
    await world.order_told()
    await world.label()
    await world.handed_over(MONDAY)
    await world.pass_until(MONDAY + DAY - HOUR)
    assert world.cases() == []
    await world.pass_until(MONDAY + DAY)
    (found,) = world.tell("ShippingTroubleFound")
    assert (found.finding, found.noticed_by, found.customer_id) == ("no_first_scan", "timer", "C-1")
    assert found.hours_before_promise == 4 * 24
    assert list(found.choices) == ["wait", "reship", "refund"]


async def test_a_parcel_that_falls_silent_is_stalled() -> None:
    """48 working hours after its last scan, with the hours left until the promise and an honest date."""
    world = World()
    case = await world.silent_parcel()
    (found,) = world.tell("ShippingTroubleFound")
    assert found.finding == "stalled"
    assert found.trouble_id == found.case_id == str(case.id)
    assert found.hours_before_promise == 71
    assert found.last_seen_place == "Ulm"
    assert found.last_seen_at.ToDatetime(tzinfo=UTC) == MONDAY + HOUR
    assert found.expected_by.ToDatetime(tzinfo=UTC) == MONDAY + 4 * DAY + HOUR


async def test_silence_runs_in_the_carriers_working_time() -> None:
    """A parcel last seen on Saturday is silent on Tuesday, for Sunday does not count."""
    world = World()
    await world.order_told(deliver_by=MONDAY + 30 * DAY)
    await world.label()
    saturday = datetime(2026, 3, 7, 8, 0, tzinfo=UTC)
    await world.pass_until(saturday)
    await world.scan("a", saturday)
    await world.pass_until(saturday + 3 * DAY - HOUR)
    assert world.cases() == []
    await world.pass_until(saturday + 3 * DAY)
    assert world.case().finding == "stalled"


async def test_a_scan_before_the_rule_speaks_only_postpones_it() -> None:
    """The timer fires at its old instant and finds nothing; the new one finds it."""
    world = World()
    await world.order_told(deliver_by=MONDAY + 30 * DAY)
    await world.label()
    await world.handed_over(MONDAY)
    await world.scan("a", MONDAY + HOUR)
    await world.pass_until(MONDAY + DAY)
    await world.scan("b", MONDAY + DAY)
    await world.pass_until(MONDAY + 3 * DAY - HOUR)
    assert world.cases() == []
    await world.pass_until(MONDAY + 3 * DAY)
    assert [found.finding for found in world.case().findings] == ["stalled"]


async def test_a_late_older_scan_changes_nothing() -> None:
    """Told after the finding but scanned before the last sign: no event to the world, no other state."""
    world = World()
    case = await world.silent_parcel()
    told, version = len(world.told), case.version
    await world.scan("older", MONDAY + HOUR / 2)
    assert len(world.told) == told
    assert world.case().version == version
    assert world.parcel().whereabouts.last_sign_at == MONDAY + HOUR


async def test_a_newer_scan_says_that_it_moves_again() -> None:
    """The story goes on in the same case, once."""
    world = World()
    await world.silent_parcel()
    await world.scan("b", world.now)
    await world.scan("c", world.now + HOUR)
    (moved,) = world.tell("ParcelTurnedUp")
    assert (moved.status, moved.remedy) == ("moving", "")
    assert world.case().is_open and world.case().waiting_on == "carrier"


async def test_stalled_at_risk_and_missed_are_one_story() -> None:
    """One case, one trouble id; each further finding says what came before."""
    world = World()
    await world.silent_parcel()
    await world.pass_until(MONDAY + 6 * DAY)
    changed = world.tell("ShippingTroubleChanged")
    assert [(c.previous_finding, c.finding) for c in changed] == [
        ("stalled", "promise_at_risk"),
        ("promise_at_risk", "promise_missed"),
    ]
    assert {c.trouble_id for c in changed} == {world.tell("ShippingTroubleFound")[0].trouble_id}
    assert [c.hours_before_promise for c in changed] == [12, 0]


async def test_an_arrival_ends_the_case() -> None:
    """The parcel came: the customer is told, the case is closed, no timer is left."""
    world = World()
    await world.silent_parcel()
    await world.delivered("d", world.now)
    assert world.told_names()[-2:] == ["ParcelTurnedUp", "ShippingCaseClosed"]
    assert (world.case().state, world.case().outcome) == ("closed", "delivered")
    assert world.timers == {}


async def test_a_parcel_waits_for_its_order_before_anybody_is_told() -> None:
    """Scans come first; without a customer nobody can be told. With the order, what is due is found at once."""
    world = World()
    await world.scan("a", MONDAY)
    await world.pass_until(MONDAY + 3 * DAY)
    assert world.cases() == [] and world.timers == {}
    await world.order_told()
    assert world.case().finding == "stalled"


async def test_an_order_promise_that_changes_moves_the_watch() -> None:
    """A newer version of the order promises later: the old timer finds nothing."""
    world = World()
    await world.order_told(deliver_by=MONDAY + DAY)
    await world.label()
    await world.handed_over(MONDAY)
    await world.scan("a", MONDAY + HOUR)
    await world.order_told(version=2, deliver_by=MONDAY + 9 * DAY)
    await world.pass_until(MONDAY + DAY + HOUR)
    assert world.cases() == []


async def test_a_finding_carries_its_decision() -> None:
    """Rule, figures, clock and version are in the record that the case keeps."""
    world = World()
    case = await world.silent_parcel()
    (decision,) = case.decisions.values()
    assert decision.outcome == "stalled" and decision.policy_version == "2026-03-01"
    assert decision.decided_at == MONDAY + 2 * DAY + HOUR
    assert decision.clauses[0].text == "no sign for 48 hours of DHL's working time since 2026-03-02 09:00 UTC"
    assert decision.facts["calendar"] == "parcel_de"


async def test_history_builds_state_and_nothing_else() -> None:
    """Facts flagged as history open no case; when history is done, silence counts from then."""
    world = World()
    await world.order_told(history=True, deliver_by=MONDAY + 30 * DAY)
    await world.label(history=True)
    await world.handed_over(MONDAY, history=True)
    await world.pass_until(MONDAY + 9 * DAY)
    assert world.told == [] and world.timers == {}
    parcel_id = world.parcel().id
    await world.run(lambda work: world.app.end_history(work, parcel_id))
    assert world.told == []
    await world.pass_until(MONDAY + 10 * DAY)
    assert world.case().finding == "no_first_scan"


async def test_a_fact_known_from_history_wakes_nothing() -> None:
    """The same hand-over told again without the flag is known already."""
    world = World()
    await world.order_told(history=True)
    await world.label(history=True)
    await world.handed_over(MONDAY, history=True)
    await world.handed_over(MONDAY)
    await world.label()
    assert world.timers == {} and not world.parcel().live


async def test_a_return_parcel_is_not_watched() -> None:
    """Nobody waits at home for it."""
    world = World()
    await world.order_told()
    await world.label(direction="return")
    await world.handed_over(MONDAY)
    assert world.timers == {}


async def test_a_timer_that_fires_again_finds_nothing() -> None:
    """The same fire once more: no event at all."""
    world = World()
    await world.silent_parcel()
    events = len(world.events)
    fired = world.fired[0]
    await world.run(lambda work: world.app.watch_due(work, fired))
    assert len(world.events) == events
    assert sum(isinstance(event, FindingMade) for event in world.events) == 1


async def test_a_label_told_again_with_more_known_wins_by_its_instant() -> None:
    """An older label that comes later changes nothing."""
    world = World()
    await world.label(occurred_at=MONDAY, tracking_number="T-2")
    await world.label(occurred_at=MONDAY - HOUR, tracking_number="T-1")
    parcel = world.parcel().parcel
    assert parcel == label(occurred_at=MONDAY, tracking_number="T-2")


async def test_nobody_waits_for_a_cancelled_order() -> None:
    """Its parcel may fall silent; a customer's own report is still heard."""
    world = World()
    await world.order_told()
    await world.label()
    await world.handed_over(MONDAY)
    cancelled = replace(order_snapshot(version=2, deliver_by=MONDAY + 5 * DAY), cancelled_at=MONDAY + HOUR)
    await world.run(lambda work: world.app.order_recorded(work, "shop", "O-1", cancelled, history=False))
    assert world.timers == {}
    await world.run(
        lambda work: world.app.report_trouble(work, "shop", "S-1", finding="damaged", comment="it came broken"), ANN
    )
    assert world.case().finding == "damaged"
