"""Exception scans open their cases at once, in their own stories."""

import pytest

from services.shipping_issues.domain.values import Estimate, ToldException
from tests.unit.shipping_issues.world import DAY, HOUR, MONDAY, REF, World


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
