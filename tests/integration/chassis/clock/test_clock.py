"""Business time and real time: what may be moved, by whom, and how fast everybody learns of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
import pytest

from chassis import clock as clocks
from chassis.clock import (
    ClockGoesForward,
    ClockNotDriven,
    DrivenClock,
    DrivenClockFound,
    MachineClock,
    Reading,
    open_clock,
)
from chassis.domain import Invalid
from tests.integration.chassis.conftest import ExampleDatabase

Db: TypeAlias = "asyncpg.Connection[Any]"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = datetime(2126, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def undriven(db: Db) -> None:
    await db.execute("DELETE FROM clock")


async def test_before_anybody_drives_it_business_time_is_real_time(db: Db) -> None:
    clock = DrivenClock(real_now=lambda: NOON)
    await clock.read(db)
    assert (clock.now(), clock.real_now()) == (NOON, NOON)


async def test_driving_moves_business_time_only_and_keeps_the_rate(db: Db) -> None:
    real = NOON
    clock = DrivenClock(real_now=lambda: real)
    await clock.drive(db, to=None, rate=60.0)
    real = NOON + timedelta(seconds=10)
    assert clock.now() == NOON + timedelta(minutes=10)
    await clock.drive(db, to=NOON + timedelta(days=3), rate=None)
    real = NOON + timedelta(seconds=20)
    assert (clock.now(), clock.real_now()) == (NOON + timedelta(days=3, minutes=10), real)


async def test_a_clock_that_stands_still_can_be_set_again(db: Db) -> None:
    real = NOON
    clock = DrivenClock(real_now=lambda: real)
    await clock.drive(db, to=None, rate=0.0)
    real = NOON + timedelta(hours=5)
    assert clock.now() == NOON
    await clock.drive(db, to=NOON + timedelta(hours=1), rate=None)
    assert clock.now() == NOON + timedelta(hours=1)


async def test_the_clock_never_goes_back(db: Db) -> None:
    clock = DrivenClock(real_now=lambda: NOON)
    await clock.drive(db, to=NOON + timedelta(days=1), rate=1.0)
    with pytest.raises(ClockGoesForward):
        await clock.drive(db, to=NOON, rate=None)
    with pytest.raises(Invalid):
        await clock.drive(db, to=None, rate=-1.0)
    assert await db.fetchval("SELECT origin FROM clock") == NOON + timedelta(days=1)


async def test_a_restarted_process_has_the_driven_time_before_anybody_can_ask(
    db: Db, example_database: ExampleDatabase
) -> None:
    await DrivenClock().drive(db, to=FAR, rate=1.0)
    async with open_clock(lambda: asyncpg.connect(example_database.url), driven=True, environment="test") as clock:
        assert clock.now() >= FAR


async def test_a_running_process_learns_of_a_move_by_notice_and_ends_its_wait(
    db: Db, example_database: ExampleDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "LONGEST_NAP", 3600.0)
    async with open_clock(lambda: asyncpg.connect(example_database.url), driven=True, environment="test") as clock:
        waiting = asyncio.create_task(clock.wait_until(FAR))
        await DrivenClock().drive(db, to=FAR, rate=1.0)
        await asyncio.wait_for(waiting, 30)
        assert clock.now() >= FAR


async def test_a_move_without_notice_is_read_within_a_second_or_so(db: Db, example_database: ExampleDatabase) -> None:
    async with open_clock(lambda: asyncpg.connect(example_database.url), driven=True, environment="test") as clock:
        await db.execute("INSERT INTO clock(origin, set_at, rate) VALUES ($1, $2, 1)", FAR, clock.real_now())
        await asyncio.wait_for(clock.wait_until(FAR), 30)
        assert clock.now() >= FAR


async def test_the_follower_survives_the_loss_of_its_connection(db: Db, example_database: ExampleDatabase) -> None:
    async with open_clock(lambda: asyncpg.connect(example_database.url), driven=True, environment="test") as clock:
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = $1",
            example_database.runtime_role,
        )
        await DrivenClock().drive(db, to=FAR, rate=1.0)
        await asyncio.wait_for(clock.wait_until(FAR), 30)


async def test_production_has_no_driven_clock(db: Db, example_database: ExampleDatabase) -> None:
    with pytest.raises(ValueError, match="production"):
        async with open_clock(lambda: asyncpg.connect(example_database.url), driven=True, environment="production"):
            pass
    async with open_clock(lambda: asyncpg.connect(example_database.url), driven=False, environment="test") as clock:
        with pytest.raises(ClockNotDriven):
            await clock.drive(db, to=FAR, rate=None)
    assert await db.fetchval("SELECT count(*) FROM clock") == 0


async def test_a_process_on_machine_time_does_not_start_on_a_driven_database(
    db: Db, example_database: ExampleDatabase
) -> None:
    await DrivenClock().drive(db, to=FAR, rate=1.0)
    with pytest.raises(DrivenClockFound):
        async with open_clock(lambda: asyncpg.connect(example_database.url), driven=False, environment="test"):
            pass


def test_real_seconds_until_a_business_instant() -> None:
    """A fast clock shortens the wait, one that stands still never gets there."""
    due = NOON + timedelta(hours=1)
    assert Reading(NOON, NOON, 60.0).real_wait(due, NOON) == 60.0
    assert Reading(NOON, NOON, 0.0).real_wait(due, NOON) == float("inf")
    assert Reading(due, NOON, 0.0).real_wait(due, NOON) == 0.0


async def test_machine_time_is_aware_and_waits_for_what_is_due_already() -> None:
    clock = MachineClock()
    assert clock.now().tzinfo is UTC
    await asyncio.wait_for(clock.wait_until(clock.now()), 1)
