"""The duties and periods of a lack: dated, missed, escalated, and made longer by a repair."""

from datetime import UTC, date, datetime

import pytest

from services.returns.domain.errors import ProofNotAsked
from tests.unit.returns.conforming import (
    acknowledged,
    asked,
    days,
    duties,
    ended,
    file,
    reported,
    sold,
    started,
    unit_back,
)
from tests.unit.returns.world import CUSTOMER, World


async def test_after_the_presumption_the_customer_is_asked_for_proof_before_anything_is_rejected() -> None:
    """Not asked, or with time left: refused. Not given in time: missed, told, and a person may reject it."""
    world = await sold(400)
    await reported(world)
    assert file(world).lack.burden == "customer"
    with pytest.raises(ProofNotAsked):
        await asked(world, "reject_lack", (), "not shown")
    await asked(world, "ask_for_proof")
    state, due = duties(world)["prove"]
    assert (file(world).state, state, due) == ("awaiting_proof", "open", datetime(2026, 3, 16, 23, tzinfo=UTC))
    with pytest.raises(ProofNotAsked):
        await asked(world, "reject_lack", (), "not shown")
    assert due is not None
    world.now = due
    await world.fire("duty_due", file(world).id, "missed:prove")
    assert (file(world).waiting_on, duties(world)["answer"][0]) == ("agent", "open")
    await asked(world, "reject_lack", (), "not shown")
    assert file(world).state == "rejected"


async def test_a_missed_duty_escalates_and_lets_the_customer_ask_for_money() -> None:
    """Answer and repair late: told by name; a lack within the presumption needs no acknowledgement then."""
    world = await sold()
    await reported(world)
    known = file(world)
    for duty, when in (("answer", known.lack.dates.answer.ends_at), ("put_right", known.lack.dates.put_right.ends_at)):
        world.now = when
        await world.fire("duty_due", known.id, f"missed:{duty}")
    assert file(world).queue == "escalations"
    assert [(m.duty, m.owner) for m in world.tell("ConformityDutyMissed")] == [
        ("answer", "shop"),
        ("put_right", "shop"),
    ]
    assert file(world).money_rules() == ("late",)
    await asked(world, "terminate", actor=CUSTOMER)
    assert file(world).state == "awaiting_return"


async def test_a_repair_makes_the_liability_longer_once_for_contracts_since_the_law() -> None:
    """A contract of March 2026 keeps its two years; one of August gains twelve months, and a second repair none."""
    world = await sold()
    await started(world)
    await ended(world)
    first = file(world).liable
    assert first is not None
    assert first.last_day == date(2028, 1, 31)
    assert (file(world).state, file(world).is_open, world.order().units_in_returns) == ("put_right", False, {})
    later = World()
    later.now = datetime(2026, 9, 7, 9, tzinfo=UTC)
    await later.order_told(placed_at=datetime(2026, 8, 20, tzinfo=UTC))
    await later.delivered(3)
    for expected in (date(2029, 9, 4), date(2029, 9, 4)):
        await started(later)
        await ended(later)
        known = file(later)
        assert known.liable is not None
        assert known.liable.last_day == expected


async def test_goods_that_come_after_the_seller_was_late_take_no_right_away() -> None:
    """The workshop has a new date; the customer may still end the contract."""
    world = await sold()
    await reported(world, sought="repair")
    await acknowledged(world)
    due = duties(world)["put_right"][1]
    assert due is not None
    world.now = due
    await world.fire("duty_due", file(world).id, "missed:put_right")
    await asked(world, "start_remedy", goods_needed=True)
    await unit_back(world)
    assert duties(world)["put_right"] == ("open", due + days(14))
    assert file(world).money_rules() == ("late",)
