"""Rebuild: read models made anew from the log while the service writes, swapped in one transaction, nothing missing."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from chassis import shadow
from chassis.domain import Personal
from chassis.errors import Blocked
from chassis.ids import new_id
from chassis.keys import Erasures
from chassis.projections import Projections
from chassis.rebuild import Rebuild, RebuildRunning, TablesInUse
from chassis.work import SYSTEM, Work
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import MODEL, Account
from tests.integration.chassis.kernel import Kernel
from tests.integration.chassis.projections.test_projections import Totals

Db: TypeAlias = "asyncpg.Connection[Any]"


@pytest.fixture(autouse=True)
async def empty(db: Db) -> None:
    await db.execute("TRUNCATE events, accounts, effects; DELETE FROM projections")


@pytest.fixture
def rebuild(kernel: Kernel, example_database: ExampleDatabase) -> Rebuild:
    return Rebuild(
        lambda: asyncpg.connect(example_database.owner_url), MODEL, kernel.log, kernel.aggregates, pause=0.01
    )


async def account(kernel: Kernel, amount: int, owner: Personal | None = None) -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        opened = work.add(Account.open(id, limit=10_000, at=work.now))
        opened.count(amount, at=work.now)
        if owner is not None:
            opened.name_owner(owner, at=work.now)
        await work.plan_effect("mail", str(id), subject=id, body={})

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


async def count(kernel: Kernel, id: UUID, amount: int) -> None:
    async def decide(work: Work) -> None:
        (await work.get(Account, id)).count(amount, at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")


async def content(db: Db, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await db.fetch(f"SELECT * FROM {table} ORDER BY id")]


async def shape(db: Db, table: str) -> list[Any]:
    """Index names and definitions, rights, storage options, owner."""
    indexes = await db.fetch("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY 1", table)
    kind = await db.fetchrow(
        "SELECT array(SELECT a::text FROM unnest(relacl) a ORDER BY 1), reloptions, relowner,"
        " relnamespace::regnamespace FROM pg_class WHERE relname = $1",
        table,
    )
    constraints = await db.fetch(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass($1) ORDER BY 1",
        table,
    )
    columns = await db.fetch(
        "SELECT attname, atttypid, attnotnull FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0", table
    )
    return [list(map(tuple, found)) for found in (indexes, [kind], constraints, columns)]


async def test_a_broken_read_model_is_made_anew_from_the_log(kernel: Kernel, db: Db, rebuild: Rebuild) -> None:
    ids = [await account(kernel, n) for n in range(1, 6)]
    right = {table: await content(db, table) for table in ("accounts", "effects")}
    await db.execute("UPDATE accounts SET total = 0")
    await db.execute("DELETE FROM accounts WHERE id = $1", ids[0])
    await db.execute("DELETE FROM effects")
    done = await rebuild.rows()
    assert (done.tables, done.aggregates, done.position) == (("effects", "accounts"), 10, 15)
    assert {table: await content(db, table) for table in ("accounts", "effects")} == right


async def test_the_new_table_is_the_old_one_in_everything_but_its_rows(db: Db, rebuild: Rebuild) -> None:
    before = {table: await shape(db, table) for table in ("accounts", "effects")}
    await rebuild.rows()
    assert {table: await shape(db, table) for table in ("accounts", "effects")} == before


async def test_one_table_alone_can_be_rebuilt(kernel: Kernel, db: Db, rebuild: Rebuild) -> None:
    await account(kernel, 3)
    await db.execute("DELETE FROM accounts; DELETE FROM effects")
    assert (await rebuild.rows(["accounts"])).tables == ("accounts",)
    assert (len(await content(db, "accounts")), len(await content(db, "effects"))) == (1, 0)


async def test_what_is_written_meanwhile_is_neither_lost_nor_refused(
    kernel: Kernel, second: Kernel, db: Db, rebuild: Rebuild
) -> None:
    """Two processes append without a pause while the tables are rebuilt three times under them."""
    ids = [await account(kernel, 1) for _ in range(20)]
    ending = False
    written = dict.fromkeys(ids, 1)

    async def write(process: Kernel, mine: list[UUID]) -> None:
        while not ending:
            for id in mine:
                await count(process, id, 1)
                written[id] += 1
            fresh = await account(process, 7)
            written[fresh] = 7

    writers = [asyncio.create_task(write(kernel, ids[:10])), asyncio.create_task(write(second, ids[10:]))]
    for _ in range(3):
        await rebuild.rows()
    ending = True
    await asyncio.gather(*writers)
    shown = dict(await db.fetch("SELECT id, total FROM accounts"))
    assert shown == written


async def test_a_reader_without_end_leaves_the_old_tables_and_the_appends_going(
    kernel: Kernel, db: Db, rebuild: Rebuild, example_database: ExampleDatabase
) -> None:
    id = await account(kernel, 1)
    patient = Rebuild(
        lambda: asyncpg.connect(example_database.owner_url),
        MODEL,
        kernel.log,
        kernel.aggregates,
        swap_tries=2,
        pause=0.01,
    )
    async with db.transaction():
        await db.execute("SELECT count(*) FROM accounts")
        with pytest.raises(TablesInUse):
            await patient.rows()
        await count(kernel, id, 1)
    assert [(row[0], row[2]) for row in await content(db, "accounts")] == [(id, 2)]
    await rebuild.rows()
    assert [(row[0], row[2]) for row in await content(db, "accounts")] == [(id, 2)]


async def test_a_rebuild_that_stops_in_the_middle_changes_nothing_and_can_be_repeated(
    kernel: Kernel, db: Db, rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account(kernel, 5)
    before = await content(db, "accounts")

    async def breaks(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(shadow, "swap", breaks)
        with pytest.raises(ConnectionResetError):
            await rebuild.rows()
    assert await content(db, "accounts") == before
    await rebuild.rows()
    assert await content(db, "accounts") == before
    assert await db.fetchval("SELECT to_regnamespace('rebuild')") is None


async def test_of_two_rebuilds_at_once_the_second_does_not_begin(rebuild: Rebuild, db: Db) -> None:
    from chassis.leader import lock_key

    await db.execute("SELECT pg_advisory_lock($1)", lock_key("rebuild"))
    with pytest.raises(RebuildRunning):
        await rebuild.rows()
    await db.execute("SELECT pg_advisory_unlock($1)", lock_key("rebuild"))


async def test_an_event_of_a_newer_build_stops_the_rebuild(kernel: Kernel, db: Db, rebuild: Rebuild) -> None:
    await account(kernel, 5)
    before = await content(db, "accounts")
    await db.execute("UPDATE events SET topic = 'example.Account.FromTomorrow' WHERE position = 2")
    with pytest.raises(Blocked):
        await rebuild.rows()
    assert await content(db, "accounts") == before


async def test_a_forgotten_persons_text_does_not_come_back(kernel: Kernel, db: Db, rebuild: Rebuild) -> None:
    gone = await account(kernel, 1, Personal("customer-gone", "Anna"))
    stays = await account(kernel, 1, Personal("customer-stays", "Boris"))
    erasures = Erasures(kernel.units, kernel.pool, kernel.store, kernel.ring)
    await erasures.ask("customer-gone", actor=SYSTEM)
    await erasures.carry_out()
    await rebuild.rows()
    owners = dict(await db.fetch("SELECT id, owner FROM accounts"))
    assert owners == {gone: None, stays: "Boris"}


async def test_a_projection_is_made_anew_while_it_is_followed(
    kernel: Kernel, db: Db, example_database: ExampleDatabase
) -> None:
    """The rebuilt table takes the follower's place in the log with it: no event is missing or counted twice."""
    await db.execute("DROP TABLE IF EXISTS totals; CREATE TABLE totals(only_row bool PRIMARY KEY, total int8 NOT NULL)")
    await db.execute(f'GRANT SELECT, INSERT, UPDATE ON totals TO "{example_database.runtime_role}"')

    class Sums(Totals):
        async def apply(self, connection: Any, events: Any) -> None:
            await connection.execute("INSERT INTO totals VALUES (true, 0) ON CONFLICT DO NOTHING")
            await super().apply(connection, events)

    for _ in range(4):
        await account(kernel, 5)
    role = Projections(kernel.connect, kernel.pool, kernel.log, kernel.aggregates, [Sums()])
    await role.turn()
    await db.execute("UPDATE totals SET total = 0")
    connect: Callable[[], Any] = lambda: asyncpg.connect(example_database.owner_url)  # noqa: E731
    job = Rebuild(connect, MODEL, kernel.log, kernel.aggregates, [Sums()], pause=0.01)
    following = asyncio.create_task(role.run())
    await asyncio.gather(job.projection("totals"), *(account(kernel, 5) for _ in range(6)))
    async with asyncio.timeout(30):
        while await db.fetchval("SELECT total FROM totals") != 50:
            await asyncio.sleep(0.02)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert role.not_ready() == ""
