"""Timers: a fire is a question, asked once per generation, and nobody else waits for one that raises."""

# long: one sentence of the protocol after the other, all on one set of shorthands

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from chassis.errors import StoreUnavailable
from chassis.ids import new_id
from chassis.leader import Leader
from chassis.service import FiredTimer, TimerHandler
from chassis.timers import TimerNotAside, Timers
from chassis.unit import StoredEvent
from chassis.work import SYSTEM, Work
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel

Db: TypeAlias = "asyncpg.Connection[Any]"
START = datetime(2126, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def standing_clock(kernel: Kernel, second: Kernel, db: Db) -> None:
    await db.execute("DELETE FROM clock; DELETE FROM timers; DELETE FROM failed_timers")
    for process in (kernel, second):
        await process.clock.read(db)
    await kernel.drive(to=START, rate=0.0)
    await second.clock.read(db)


async def remind(work: Work, fired: FiredTimer) -> None:
    account = await work.get(Account, fired.subject)
    if account.due_at is not None and account.due_at <= work.now:
        account.count(1, at=work.now, note="reminded")
        account.want_reminder(None, at=work.now)


def timers(kernel: Kernel, handlers: Mapping[str, TimerHandler] | None = None) -> Timers:
    return Timers(
        kernel.connect,
        kernel.pool,
        kernel.units,
        {"reminder": remind} if handlers is None else handlers,
        kernel.clock,
        leader=Leader(kernel.connect, "timers", idle_limit=3.0, ping_every=0.5, retry_every=0.1),
    )


async def account_due(kernel: Kernel, due_at: datetime | None) -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(id, limit=100, at=work.now)).want_reminder(due_at, at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


async def change(kernel: Kernel, id: UUID, how: Callable[[Account, datetime], None]) -> None:
    async def decide(work: Work) -> None:
        how(await work.get(Account, id), work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")


async def reminders(kernel: Kernel, id: UUID) -> int:
    account = await kernel.aggregates.load(id)
    assert isinstance(account, Account)
    return account.notes.count("reminded")


async def armed(db: Db) -> list[tuple[str, datetime]]:
    return [(row[0], row[1]) for row in await db.fetch("SELECT kind, due_at FROM timers ORDER BY due_at")]


async def generation(db: Db) -> int:
    return int(await db.fetchval("SELECT generation FROM timers"))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(30):
            while not await condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError("did not happen within 30 s") from None


async def test_a_due_timer_asks_its_aggregate_and_its_row_goes_with_the_answer(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START)
    assert await timers(kernel).fire_due() == 1
    assert (await reminders(kernel, id), await armed(db)) == (1, [])
    meta = kernel.codec.meta((await kernel.log.events(id))[-1])
    assert meta == {"by": "system", "cause": "timer:reminder"}


async def test_nothing_fires_before_the_business_clock_is_there(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START + HOUR)
    assert await timers(kernel).fire_due() == 0
    await kernel.drive(to=START + HOUR)
    assert await timers(kernel).fire_due() == 1
    assert await reminders(kernel, id) == 1


async def test_a_postponement_leaves_the_row_and_the_fire_arms_it_anew_with_a_higher_generation(
    kernel: Kernel, db: Db
) -> None:
    id = await account_due(kernel, START)
    first = await generation(db)
    await change(kernel, id, lambda a, now: a.want_reminder(START + HOUR, at=now))
    assert await armed(db) == [("reminder", START)]
    assert await timers(kernel).fire_due() == 1
    assert (await reminders(kernel, id), await armed(db)) == (0, [("reminder", START + HOUR)])
    assert await generation(db) > first
    await kernel.drive(to=START + HOUR)
    assert await timers(kernel).fire_due() == 1
    assert await reminders(kernel, id) == 1


async def test_an_earlier_time_arms_the_row_at_once(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START + 2 * HOUR)
    await change(kernel, id, lambda a, now: a.want_reminder(START + HOUR, at=now))
    assert await armed(db) == [("reminder", START + HOUR)]


async def test_what_is_overtaken_says_nothing(kernel: Kernel, db: Db) -> None:
    """After an outage the timer is long due, but the aggregate does not want it any more."""
    id = await account_due(kernel, START)
    row = (await db.fetch("SELECT * FROM timers"))[0]
    await change(kernel, id, lambda a, now: a.want_reminder(None, at=now))
    await db.execute("INSERT INTO timers SELECT $1, $2, $3, $4, $5", *row.values())
    assert await timers(kernel).fire_due() == 1
    assert (await reminders(kernel, id), await armed(db)) == (0, [])


async def test_two_leaders_at_once_have_one_effect(kernel: Kernel, second: Kernel, db: Db) -> None:
    ids = [await account_due(kernel, START) for _ in range(10)]
    await asyncio.gather(timers(kernel).fire_due(), timers(second).fire_due(), timers(kernel).fire_due())
    assert [await reminders(kernel, id) for id in ids] == [1] * 10
    assert await armed(db) == []


async def test_a_generation_that_fired_never_fires_again(kernel: Kernel, second: Kernel, db: Db) -> None:
    """A stopped leader that read the row before it was answered gets the stored answer."""
    id = await account_due(kernel, START)
    row = (await db.fetch("SELECT * FROM timers"))[0]
    assert await timers(kernel).fire_due() == 1
    await change(kernel, id, lambda a, now: a.want_reminder(START, at=now))
    await db.execute("DELETE FROM timers")
    await db.execute("INSERT INTO timers SELECT $1, $2, $3, $4, $5", *row.values())
    await timers(second).fire_due()
    assert await reminders(kernel, id) == 1


async def test_a_fire_that_raises_is_set_aside_and_the_others_go_on(kernel: Kernel, db: Db) -> None:
    broken, fine = await account_due(kernel, START), await account_due(kernel, START)

    async def handler(work: Work, fired: FiredTimer) -> None:
        account = await work.get(Account, fired.subject)
        account.count(200 if fired.subject == broken else 1, at=work.now, note="reminded")
        account.want_reminder(None, at=work.now)

    role = timers(kernel, {"reminder": handler})
    before = await kernel.log.heads([broken])
    assert await role.fire_due() == 2
    assert await role.fire_due() == 0
    assert await kernel.log.heads([broken]) == before
    assert (await reminders(kernel, fine), await reminders(kernel, broken)) == (1, 0)
    aside = await role.aside.listed()
    assert [(a.kind, a.subject, a.reason, a.detail) for a in aside] == [
        ("reminder", broken, "OVER_LIMIT", "100 are left")
    ]


async def test_a_redriven_timer_fires_again(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START)

    async def breaks(work: Work, fired: FiredTimer) -> None:
        raise KeyError("a bug")

    role = timers(kernel, {"reminder": breaks})
    await role.fire_due()
    assert [a.reason for a in await role.aside.listed()] == ["KeyError"]
    repaired = timers(kernel)
    assert await repaired.fire_due() == 0
    await repaired.aside.redrive("reminder", id, "")
    assert await repaired.fire_due() == 1
    assert (await reminders(kernel, id), await repaired.aside.listed()) == (1, [])
    with pytest.raises(TimerNotAside):
        await repaired.aside.redrive("reminder", id, "")


async def test_a_timer_armed_anew_is_not_held_back_by_an_earlier_failure(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START)

    async def breaks(work: Work, fired: FiredTimer) -> None:
        raise KeyError("a bug")

    role = timers(kernel, {"reminder": breaks})
    await role.fire_due()
    await change(kernel, id, lambda a, now: a.want_reminder(START - HOUR, at=now))
    assert await role.aside.listed() == []
    assert await timers(kernel).fire_due() == 1
    assert await reminders(kernel, id) == 1
    await role.aside.tidy()
    assert await db.fetchval("SELECT count(*) FROM failed_timers") == 0


async def test_a_kind_without_handler_is_left_for_a_newer_build(kernel: Kernel, db: Db) -> None:
    id = await account_due(kernel, START)
    assert await timers(kernel, {}).fire_due() == 0
    assert (await reminders(kernel, id), await armed(db)) == (0, [("reminder", START)])


async def test_a_store_that_is_away_sets_nothing_aside(kernel: Kernel, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    id = await account_due(kernel, START)
    role = timers(kernel)

    async def away(*_: object) -> None:
        raise StoreUnavailable("the store did not answer in time")

    with monkeypatch.context() as broken:
        broken.setattr(kernel.writer, "submit", away)
        assert await role.fire_due() == 0
    assert (await role.aside.listed(), await armed(db)) == ([], [("reminder", START)])
    assert "did not answer" in role.trouble
    assert await role.fire_due() == 1
    assert (await reminders(kernel, id), role.trouble) == (1, "")


async def test_the_role_fires_what_is_set_and_what_the_clock_reaches(kernel: Kernel, db: Db) -> None:
    role = timers(kernel)
    running = asyncio.create_task(role.run())

    async def leads() -> bool:
        return role.leads

    await until(leads)
    now, later = await account_due(kernel, START), await account_due(kernel, START + HOUR)

    async def first() -> bool:
        return await reminders(kernel, now) == 1

    async def both() -> bool:
        return await reminders(kernel, later) == 1

    await until(first)
    assert await reminders(kernel, later) == 0
    await kernel.drive(to=START + HOUR)
    await until(both)
    assert (role.not_ready(), role.not_alive()) == ("", "")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_more_timers_than_a_page_all_fire(kernel: Kernel, db: Db) -> None:
    ids = [await account_due(kernel, START) for _ in range(7)]
    role = Timers(kernel.connect, kernel.pool, kernel.units, {"reminder": remind}, kernel.clock, page=3)
    assert [await role.fire_due() for _ in range(4)] == [3, 3, 1, 0]
    assert [await reminders(kernel, id) for id in ids] == [1] * 7


async def test_the_aggregates_of_a_page_are_read_with_one_query(
    kernel: Kernel, second: Kernel, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a leader that has none of them in memory; and when that query fails they are read one by one."""
    ids = [await account_due(kernel, START) for _ in range(5)]
    together, alone = second.units.log.histories, second.units.log.events
    asked: list[object] = []

    async def histories(wanted: Iterable[UUID]) -> dict[UUID, list[StoredEvent]]:
        asked.append(sorted(wanted))
        if len(asked) > 1:
            raise OSError("the store is away for a moment")
        return await together(ids)

    async def events(wanted: UUID) -> list[StoredEvent]:
        asked.append(wanted)
        return await alone(wanted)

    monkeypatch.setattr(second.units.log, "histories", histories)
    monkeypatch.setattr(second.units.log, "events", events)
    assert await timers(second).fire_due() == 5
    assert asked == [sorted(ids)]
    later = await account_due(kernel, START)
    assert await timers(second).fire_due() == 1
    assert asked[1:] == [[later], later]
    assert [await reminders(kernel, id) for id in (*ids, later)] == [1] * 6
