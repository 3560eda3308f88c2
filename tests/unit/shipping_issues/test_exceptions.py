"""Exception scans open their cases at once, in their own stories."""

import pytest

from services.shipping_issues.domain.values import Estimate, ToldException
from tests.unit.shipping_issues.build import DAY, HOUR, MONDAY, order_snapshot
from tests.unit.shipping_issues.world import REF, SUE, World


@pytest.mark.parametrize(
    ("sub_status", "trouble"),
    [
        ("failed_attempt", "hand_over"),
        ("customs_hold", "customs"),
        ("address_problem", "hand_over"),
        ("refused", "hand_over"),
        ("returning_to_sender", "going_back"),
        ("damaged", "damage"),
        ("lost", "delay"),
    ],
)
async def test_an_exception_scan_opens_a_case_at_once(sub_status: str, trouble: str) -> None:
    """Noticed by the scan, told in the same unit."""
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("a", MONDAY, "exception", sub_status)
    assert world.case().trouble == trouble
    (found,) = world.tell("ShippingTroubleFound")
    assert (found.finding, found.noticed_by, found.responsibility) == (sub_status, "scan", "carrier")


async def test_an_exception_overtaken_by_newer_scans_is_no_trouble() -> None:
    """Told late: the parcel has moved on since."""
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("b", MONDAY + HOUR, "out_for_delivery")
    await world.scan("a", MONDAY, "exception", "failed_attempt")
    assert world.cases() == []


async def test_awaiting_pickup_too_long() -> None:
    """120 hours after it was ready; until then there is no trouble, and no missed promise."""
    world = World()
    await world.order_told(deliver_by=MONDAY + 2 * DAY)
    await world.label()
    await world.scan("a", MONDAY, "ready_for_pickup")
    await world.pass_until(MONDAY + 5 * DAY - HOUR)
    assert world.cases() == []
    await world.pass_until(MONDAY + 5 * DAY)
    assert world.case().finding == "awaiting_pickup"


async def test_late_to_ship() -> None:
    """A label, a promise to ship, and no hand-over."""
    world = World()
    await world.order_told()
    await world.label(ship_by=MONDAY + DAY)
    await world.pass_until(MONDAY + DAY)
    (found,) = world.tell("ShippingTroubleFound")
    assert (found.finding, found.responsibility) == ("late_to_ship", "retailer")


async def test_a_shop_tells_that_it_is_no_longer_available() -> None:
    """Before any scan; the shop noticed it."""
    world = World()
    await world.order_told()
    told = ToldException("x", MONDAY, "no_longer_available", "retailer", "")
    await world.run(lambda work: world.app.exception_told(work, REF, told, history=False))
    (found,) = world.tell("ShippingTroubleFound")
    assert (found.finding, found.noticed_by, list(found.choices)) == ("no_longer_available", "shop", ["refund"])


async def test_the_carriers_later_estimate_slips_the_promise() -> None:
    """The customer is given the carrier's own new date."""
    world = World()
    await world.order_told(deliver_by=MONDAY + 2 * DAY)
    await world.label()
    await world.scan("a", MONDAY)
    estimate = Estimate(MONDAY + HOUR, "carrier", MONDAY + 3 * DAY)
    world.now = MONDAY + HOUR
    await world.run(lambda work: world.app.estimate_changed(work, REF, estimate, history=False))
    (found,) = world.tell("ShippingTroubleFound")
    assert found.finding == "estimate_slipped"
    assert found.expected_by.seconds == int((MONDAY + 3 * DAY).timestamp())


async def test_two_troubles_of_one_parcel_are_two_cases() -> None:
    """Damaged is another story than silent."""
    world = World()
    await world.silent_parcel()
    await world.scan("b", world.now, "exception", "damaged")
    assert sorted(case.trouble for case in world.cases()) == ["damage", "delay"]


async def test_late_to_ship_before_any_label() -> None:
    """The promise to ship passes and there is no parcel: the order's own case, and the refund is for everything."""
    world = World()
    await world.order_told(ship_by=MONDAY + DAY)
    await world.pass_until(MONDAY + DAY)
    (found,) = world.tell("ShippingTroubleFound")
    assert (found.finding, found.shipment_id, found.order_id) == ("late_to_ship", "", "O-1")
    case_id = world.case().id
    await world.run(lambda work: world.app.refund(work, case_id, amount=None), SUE)
    (asked,) = world.tell("CompensationRequested")
    assert [(unit.line_id, unit.quantity) for unit in asked.units] == [("1", 2)]


async def test_two_orders_late_at_the_same_minute_have_decisions_of_their_own() -> None:
    """Neither has a parcel whose id could tell their decisions apart."""
    world = World()
    told = order_snapshot(ship_by=MONDAY + DAY)
    await world.run(lambda work: world.app.order_recorded(work, "shop", "O-1", told, history=False))
    await world.run(lambda work: world.app.order_recorded(work, "shop", "O-2", told, history=False))
    await world.pass_until(MONDAY + DAY)
    decided = [set(case.decisions) for case in world.cases()]
    assert [len(decisions) for decisions in decided] == [1, 1]
    assert decided[0] != decided[1]


async def test_the_label_that_comes_late_goes_on_with_the_story() -> None:
    """The parcel's later silence is found in the order's case, and its first scan says that it moves."""
    world = World()
    await world.order_told(ship_by=MONDAY + DAY)
    await world.pass_until(MONDAY + DAY)
    await world.label(occurred_at=MONDAY + DAY)
    assert world.case().shipment_id == "S-1"
    await world.handed_over(MONDAY + DAY)
    await world.pass_until(MONDAY + 2 * DAY)
    assert [found.finding for found in world.case().findings] == ["late_to_ship", "no_first_scan"]
    await world.scan("a", world.now)
    assert world.tell("ParcelTurnedUp")[0].status == "moving"


async def test_a_label_in_time_leaves_no_watch_on_the_order() -> None:
    """The timer of the order is gone with its first parcel."""
    world = World()
    await world.order_told(ship_by=MONDAY + DAY)
    await world.label()
    assert {key[1] for key in world.timers} == {"watch"}
    await world.handed_over(MONDAY)
    await world.scan("a", MONDAY + HOUR)
    await world.pass_until(MONDAY + DAY)
    assert world.cases() == []


async def test_an_order_of_history_is_watched_when_history_is_done() -> None:
    """A promise that passed meanwhile is found then, not before."""
    world = World()
    await world.order_told(ship_by=MONDAY - DAY, history=True)
    assert world.timers == {} and world.cases() == []
    order_id = world.order().id
    await world.run(lambda work: world.app.end_order_history(work, order_id))
    assert world.case().finding == "late_to_ship"
