"""A policy counts the law's days as the law's own flows do: public holidays and national rules are in the facts."""

from datetime import UTC, datetime

from services.returns.application.deciding import Item
from services.returns.domain.case import Authorisation
from services.returns.domain.order import Delivery, ShipmentFact
from services.returns.domain.policy import UnitFacts
from tests.unit.returns.build import DAY, line
from tests.unit.returns.world import World

EASTER = datetime(2026, 4, 7, 9, tzinfo=UTC)
"""The Tuesday after Easter: fourteen days after 20 March end on Good Friday, and are moved to it."""


async def delivered(at: datetime, now: datetime, *, country: str = "DE", zone: str = "Europe/Berlin") -> World:
    world = World()
    world.now = now
    sale = line("l1", 1, final_sale=True)
    await world.order_told(sale, country=country, time_zone=zone, placed_at=at - 5 * DAY)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", ShipmentFact("p1", at - DAY, True)))
    await world.run(lambda work: world.app.delivery_told(work, "s1", "o1", Delivery("p1", "d1", at)))
    return world


async def test_the_right_of_withdrawal_is_not_a_day_shorter_in_a_policy_than_in_the_law() -> None:
    """Final sale does not beat it on the last day, which a holiday moved; the day after it does."""
    for now, outcome in ((EASTER, Authorisation.AUTHORISED), (EASTER + DAY, Authorisation.DECLINED)):
        world = await delivered(datetime(2026, 3, 20, 9, tzinfo=UTC), now)
        case = await world.asked(Item("l1", 1, "changed_mind"))
        assert case.units["l1#1"].authorisation is outcome
        (decision,) = case.decisions.values()
        assert decision.facts["l1#1.withdraw_by"] == "2026-04-07"


async def test_a_member_state_that_gives_longer_is_heard_in_a_policy() -> None:
    """Two and a half years on: a defect is answered for in Spain, and no longer in Germany."""
    at = datetime(2026, 3, 20, 9, tzinfo=UTC)
    for country, zone, allowed in (("ES", "Europe/Madrid", True), ("DE", "Europe/Berlin", False)):
        world = await delivered(at, datetime(2028, 9, 20, 9, tzinfo=UTC), country=country, zone=zone)
        case = await world.asked(Item("l1", 1, "faulty"))
        assert (case.units["l1#1"].authorisation is Authorisation.AUTHORISED) == allowed


async def test_what_was_recorded_without_the_days_reads_as_it_did() -> None:
    """An older decision is taken again by what its policy says alone."""
    named = {"reason": "changed_mind", "paid": "1000 EUR", "asked_total": "1000 EUR", "asked_at": EASTER.isoformat()}
    assert UnitFacts.recorded("l1#1", named).withdraw_by is None
    assert UnitFacts.recorded("l1#1", named | {"liable_by": "2028-03-20"}).liable_by is not None
