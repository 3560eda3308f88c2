"""Projections: each event once, in order, by gapless position."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg
import pytest

from chassis.ids import new_id
from chassis.projections import HoleInLog, Logged, Projection, Projections, read_page
from chassis.wake import Session
from chassis.work import SYSTEM, Work
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import Account, Counted
from tests.integration.chassis.kernel import Kernel

Db: TypeAlias = "asyncpg.Connection[Any]"


class Totals:
    """Sums every amount, and remembers the positions it was given."""

    name = "totals"
    tables = ("totals",)

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.fails = False

    async def apply(self, connection: Session, events: Sequence[Logged]) -> None:
        for logged in events:
            if isinstance(logged.event, Counted):
                await connection.execute("UPDATE totals SET total = total + $1", logged.event.amount)
        if self.fails:
            raise RuntimeError("a bug")
        self.seen += [logged.position for logged in events]


@pytest.fixture(autouse=True)
async def empty(db: Db, example_database: ExampleDatabase) -> None:
    await db.execute("DROP TABLE IF EXISTS totals; CREATE TABLE totals(only_row bool PRIMARY KEY, total int8 NOT NULL)")
    await db.execute(f'GRANT SELECT, UPDATE ON totals TO "{example_database.runtime_role}"')
    await db.execute("INSERT INTO totals VALUES (true, 0); DELETE FROM projections; TRUNCATE events")


def following(kernel: Kernel, *projections: Projection, page: int = 500) -> Projections:
    return Projections(kernel.connect, kernel.pool, kernel.log, kernel.aggregates, projections, page=page)


async def counted(kernel: Kernel, times: int = 1) -> None:
    """One account: `times` + 1 events, amounts of one."""

    async def decide(work: Work) -> None:
        account = work.add(Account.open(new_id(), limit=1000, at=work.now))
        for _ in range(times):
            account.count(1, at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")


async def total(db: Db) -> int:
    return int(await db.fetchval("SELECT total FROM totals"))


async def test_every_event_is_taken_once_in_order_page_by_page(kernel: Kernel, db: Db) -> None:
    await counted(kernel, 6)
    totals = Totals()
    role = following(kernel, totals, page=3)
    assert [await role.turn() for _ in range(4)] == [True, True, False, False]
    assert (totals.seen, await total(db)) == (list(range(1, 8)), 6)
    await counted(kernel, 1)
    await role.turn()
    assert (totals.seen, await total(db)) == (list(range(1, 10)), 7)


async def test_writes_and_position_are_one_transaction(kernel: Kernel, db: Db) -> None:
    """A projection that fails after writing leaves neither; it goes on when it is repaired."""
    await counted(kernel, 2)
    totals = Totals()
    totals.fails = True
    role = following(kernel, totals)
    await role.turn()
    assert await total(db) == 0
    assert role.not_ready().startswith("totals: RuntimeError at test_projections.py:")
    totals.fails = False
    await role.turn()
    assert (await total(db), role.not_ready()) == (2, "")


async def test_one_that_fails_delays_no_other(kernel: Kernel, db: Db) -> None:
    await counted(kernel, 2)
    broken, fine = Totals(), Totals()
    broken.name, broken.fails = "broken", True
    await following(kernel, broken, fine).turn()
    assert (broken.seen, fine.seen) == ([], [1, 2, 3])


async def test_two_processes_count_nothing_twice(kernel: Kernel, second: Kernel, db: Db) -> None:
    for _ in range(5):
        await counted(kernel, 4)
    one, two = following(kernel, Totals(), page=2), following(second, Totals(), page=2)

    async def drain(role: Projections) -> None:
        while await role.turn():
            pass

    await asyncio.gather(drain(one), drain(two))
    assert await total(db) == 20


async def test_a_hole_in_the_log_stops_the_projection_loudly(kernel: Kernel, db: Db) -> None:
    await counted(kernel, 4)
    await db.execute("DELETE FROM events WHERE position = 3")
    with pytest.raises(HoleInLog, match="no position 3"):
        await read_page(kernel.log, kernel.aggregates, 0, 10)
    totals = Totals()
    role = following(kernel, totals)
    await role.turn()
    assert (totals.seen, await total(db)) == ([], 0)
    assert "no position 3" in role.not_ready()


async def test_an_event_of_a_newer_build_is_waited_for_not_passed_over(kernel: Kernel, db: Db) -> None:
    await counted(kernel, 1)
    await db.execute("UPDATE events SET topic = 'example.Account.FromTomorrow' WHERE position = 2")
    totals = Totals()
    role = following(kernel, totals)
    await role.turn()
    assert totals.seen == []
    assert "FromTomorrow" in role.not_ready()
    assert await db.fetchval("SELECT position FROM projections WHERE name = 'totals'") == 0


async def test_the_role_follows_what_is_written(kernel: Kernel, db: Db) -> None:
    role = following(kernel, Totals())
    running = asyncio.create_task(role.run())
    await counted(kernel, 3)
    async with asyncio.timeout(30):
        while await total(db) != 3:
            await asyncio.sleep(0.02)
    assert (role.not_ready(), role.not_alive()) == ("", "")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
