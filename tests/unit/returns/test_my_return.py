"""What customers read of their own return: when money should be with them."""

from datetime import UTC, timedelta

from aftercare.returns.v1 import events_pb2

from services.returns.presenting.returns import mine
from tests.unit.returns.world import World


async def test_the_date_of_money_is_the_one_that_was_told_when_it_was_promised() -> None:
    """None before anything was promised, and none once it is there; a refund that bounced has none either."""
    world = World()
    case = await world.ready_to_refund()
    assert not mine(case, world.now).HasField("money_expected_by")
    await world.refunded(case)
    told = next(m for m in world.told if isinstance(m, events_pb2.RefundPromised))
    known = mine(world.case(case.id), world.now)
    assert known.money_expected_by == told.expected_by
    assert known.money_expected_by.ToDatetime() - known.requested_at.ToDatetime() >= timedelta(days=5)
    (transfer,) = world.ledger().transfers.values()
    await world.paid(transfer.key, transfer.amount)
    assert not mine(world.case(case.id), world.now).HasField("money_expected_by")
    await world.bounced(transfer.key, transfer.amount)
    assert not mine(world.case(case.id), world.now).HasField("money_expected_by")


async def test_no_date_is_told_while_nobody_knows_where_the_money_is() -> None:
    """A person has to look first: a date would be a guess."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    (effect,) = world.effects("refund")
    await world.effect_moved(effect, "unknown", "NO_ANSWER")
    known = mine(world.case(case.id), world.now)
    assert known.pending.minor_units and not known.HasField("money_expected_by")


async def test_a_date_that_has_passed_is_told_no_more() -> None:
    """On the day itself it still stands."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    known = mine(world.case(case.id), world.now)
    world.now = known.money_expected_by.ToDatetime(UTC) - timedelta(hours=1)
    assert mine(world.case(case.id), world.now).HasField("money_expected_by")
    world.now += timedelta(hours=1)
    late = mine(world.case(case.id), world.now)
    assert late.pending.minor_units and not late.HasField("money_expected_by")
