"""The maintain job: nothing that is still needed goes, nothing that is not stays, whenever it runs."""

# long: one sentence of the job after the other, all on one set of shorthands

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.ids import new_id
from chassis.maintain import DatabaseBusy, Maintain
from chassis.packing import pack
from chassis.schema import row_tables
from chassis.schema.tables import PERIOD_DAYS, period_start
from chassis.unit import RequestRow, StoredEvent, Unit, Verdict
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import MODEL
from tests.integration.chassis.kernel import Kernel

Db: TypeAlias = "asyncpg.Connection[Any]"
REAL = datetime.now(UTC)
TODAY = REAL.date()
DAY = timedelta(days=1)


def job(database: ExampleDatabase, *, ahead: timedelta = timedelta()) -> Maintain:
    return Maintain(lambda: asyncpg.connect(database.owner_url), real_now=lambda: REAL + ahead)


async def partitions(db: Db, table: str) -> list[str]:
    rows = await db.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = to_regclass($1) ORDER BY 1", table
    )
    return [row["name"] for row in rows]


def name(table: str, day: date) -> str:
    return f"{table}_{period_start(table, day):%Y%m%d}"


@pytest.fixture(autouse=True)
async def as_installed(db: Db) -> None:
    """Partitions of this period and two to come, all empty."""
    for table, length in PERIOD_DAYS.items():
        await db.execute(f"TRUNCATE {table}")
        for one in await partitions(db, table):
            if not one.endswith("_rest"):
                await db.execute(f"DROP TABLE {one}")
        for n in range(3):
            start = period_start(table, TODAY) + timedelta(days=n * length)
            end = start + timedelta(days=length)
            await db.execute(
                f"CREATE TABLE {name(table, start)} PARTITION OF {table} FOR VALUES FROM ('{start}') TO ('{end}')"
            )
    await db.execute("DELETE FROM parked; DELETE FROM redrives; UPDATE relay SET position = 0, n = 0")


async def test_a_fresh_database_has_what_it_needs(db: Db, example_database: ExampleDatabase) -> None:
    done = await job(example_database).run()
    assert (done.made, done.dropped, done.discarded) == ((), (), 0)


async def test_partitions_are_made_ahead_and_once(db: Db, example_database: ExampleDatabase) -> None:
    later = job(example_database, ahead=30 * DAY)
    done = await later.run()
    assert name("requests", TODAY + 90 * DAY) in done.made
    assert name("inbox", TODAY + 90 * DAY) in done.made
    assert (await later.run()).made == ()


@pytest.mark.parametrize("table", ["requests", "inbox"])
async def test_results_and_ids_are_kept_30_to_60_days(db: Db, example_database: ExampleDatabase, table: str) -> None:
    columns = {"requests": "(key, body, result, day) VALUES ($1, $1, '', $2)", "inbox": "(id, day) VALUES ($1, $2)"}
    last = period_start(table, TODAY) + 29 * DAY
    for day in (TODAY, last):
        await db.execute(f"INSERT INTO {table} {columns[table]}", uuid4(), day)

    async def left(day: date) -> int:
        await job(example_database, ahead=day - TODAY).run()
        return int(await db.fetchval(f"SELECT count(*) FROM {table}"))

    assert [await left(last + 30 * DAY), await left(last + 31 * DAY)] == [2, 0]


async def test_a_driven_clock_lets_nothing_expire(db: Db, example_database: ExampleDatabase) -> None:
    """What a repeat is recognised by is kept for 30 real days, whatever the business clock does."""
    await db.execute("INSERT INTO inbox (id, day) VALUES ($1, $2)", uuid4(), TODAY)
    await db.execute("INSERT INTO clock(origin, set_at, rate) VALUES ($1, $2, 1)", REAL + 400 * DAY, REAL)
    try:
        assert (await job(example_database).run()).dropped == ()
    finally:
        await db.execute("DELETE FROM clock")
    assert await db.fetchval("SELECT count(*) FROM inbox") == 1


async def test_no_more_than_two_partitions_of_results_hold_rows(db: Db, example_database: ExampleDatabase) -> None:
    for n in range(0, 200, 5):
        day = TODAY + n * DAY
        await db.execute("INSERT INTO inbox (id, day) VALUES ($1, $2)", uuid4(), day)
        await job(example_database, ahead=n * DAY).run()
        held = await db.fetchval("SELECT count(DISTINCT tableoid) FROM inbox")
        assert held <= 2


async def test_rows_without_a_partition_get_one(db: Db, kernel: Kernel, example_database: ExampleDatabase) -> None:
    """The job did not run for a long time: appends went on into the default partition."""
    for one in await partitions(db, "requests"):
        if not one.endswith("_rest"):
            await db.execute(f"DROP TABLE {one}")
    request, aggregate = RequestRow(new_id(), UUID(int=1), b"result"), new_id()
    unit = Unit(reads={aggregate: 0}, events=[StoredEvent(aggregate, 1, "t", b"x")], request=request)
    assert (await kernel.writer.submit(unit)).verdict is Verdict.ACCEPTED
    assert await db.fetchval("SELECT count(*) FROM requests_rest") == 1
    done = await job(example_database).run()
    assert done.made[:1] == (name("requests", TODAY),)
    assert await db.fetchval("SELECT count(*) FROM requests_rest") == 0
    assert await kernel.log.result(request.key) == (UUID(int=1), b"result")
    assert (await kernel.writer.submit(unit)).verdict is Verdict.REPLAYED


async def outbox_row(db: Db, position: int, day: date) -> None:
    await db.execute("INSERT INTO outbox VALUES ($1, 0, 't', '', '', '', $2)", position, day)


async def test_published_rows_are_kept_until_acknowledged_and_seven_days_more(
    db: Db, example_database: ExampleDatabase
) -> None:
    await outbox_row(db, 1, TODAY)
    await outbox_row(db, 2, TODAY)
    closed = period_start("outbox", TODAY) + 7 * DAY - TODAY

    async def left(ahead: timedelta) -> int:
        await job(example_database, ahead=ahead).run()
        return int(await db.fetchval("SELECT count(*) FROM outbox"))

    await db.execute("UPDATE relay SET position = 1")
    assert await left(closed + 60 * DAY) == 2
    await db.execute("UPDATE relay SET position = 2")
    assert [await left(closed + n * DAY) for n in (61, 67, 68)] == [2, 2, 0]


async def test_the_partition_that_is_written_to_is_never_dropped(db: Db, example_database: ExampleDatabase) -> None:
    for _ in range(2):
        await job(example_database).run()
    assert name("outbox", TODAY) in await partitions(db, "outbox")


async def test_appends_go_on_while_the_job_works(db: Db, kernel: Kernel, example_database: ExampleDatabase) -> None:
    ending, accepted = False, 0

    async def append() -> None:
        nonlocal accepted
        while not ending:
            aggregate = new_id()
            unit = Unit(
                reads={aggregate: 0},
                events=[StoredEvent(aggregate, 1, "t", b"x")],
                request=RequestRow(new_id(), UUID(int=1), b""),
                inbox=[new_id()],
            )
            assert (await kernel.writer.submit(unit)).verdict is Verdict.ACCEPTED
            accepted += 1

    writing = asyncio.create_task(append())
    for n in range(1, 6):
        await job(example_database, ahead=n * 30 * DAY).run()
        await db.execute("DELETE FROM requests WHERE day > $1", TODAY)
    ending = True
    await writing
    assert accepted > 0


async def test_a_table_that_is_read_without_end_is_left_for_the_next_run_and_appends_go_on(
    db: Db, kernel: Kernel, example_database: ExampleDatabase
) -> None:
    before, aggregate = await partitions(db, "requests"), new_id()
    busy = Maintain(
        lambda: asyncpg.connect(example_database.owner_url), real_now=lambda: REAL + 30 * DAY, tries=2, pause=0.01
    )
    async with db.transaction():
        await db.execute("SELECT FROM requests_rest")
        with pytest.raises(DatabaseBusy):
            await busy.run()
        unit = Unit(
            reads={aggregate: 0},
            events=[StoredEvent(aggregate, 1, "t", b"x")],
            request=RequestRow(new_id(), UUID(int=1), b""),
        )
        assert (await kernel.writer.submit(unit)).verdict is Verdict.ACCEPTED
    assert await partitions(db, "requests") == before
    assert name("requests", TODAY + 90 * DAY) in (await busy.run()).made


async def park(db: Db, *, days_ago: int) -> UUID:
    id = uuid4()
    await db.execute(
        'INSERT INTO parked(id, topic, partition, "offset", ce_type, shop_id, reason, detail, headers, parked_at)'
        " VALUES ($1, 't', 0, 0, '', '', 'DECODING', '', '', $2)",
        id,
        REAL - days_ago * DAY,
    )
    return id


async def test_a_record_parked_for_30_days_is_ordered_to_be_discarded_by_name(
    db: Db, example_database: ExampleDatabase
) -> None:
    old, young = await park(db, days_ago=31), await park(db, days_ago=29)
    assert (await job(example_database).run()).discarded == 1
    assert (await job(example_database).run()).discarded == 0
    orders = await db.fetch("SELECT parked_id, action, asked_by, reason, outcome FROM redrives")
    assert [tuple(order) for order in orders] == [(old, "discard", "maintain", "kept for 30 days", "")]
    assert young not in [order["parked_id"] for order in orders]


async def test_what_an_operator_ordered_is_not_overruled_but_what_failed_is(
    db: Db, example_database: ExampleDatabase
) -> None:
    pending, failed = await park(db, days_ago=31), await park(db, days_ago=31)
    for id, outcome in ((pending, ""), (failed, "failed")):
        await db.execute(
            "INSERT INTO redrives(parked_id, action, asked_by, reason, outcome) VALUES ($1, 'redrive', 'ann', 'x', $2)",
            id,
            outcome,
        )
    assert (await job(example_database).run()).discarded == 1
    actions = dict(await db.fetch("SELECT parked_id, action FROM redrives"))
    assert actions == {pending: "redrive", failed: "discard"}


async def test_a_writer_that_is_gone_is_forgotten_and_still_refused(
    db: Db, example_database: ExampleDatabase, kernel: Kernel, second: Kernel
) -> None:
    """Who has a session stays, however old; a batch of a forgotten writer that turns up late writes nothing."""
    await second.writer.stop()
    alive, gone = kernel.writer._writer, second.writer._writer
    assert (await job(example_database).run()).writers_gone == 0
    assert (await job(example_database, ahead=2 * DAY).run()).writers_gone >= 1
    left = {row["writer"] for row in await db.fetch("SELECT writer FROM writers")}
    assert alive in left and gone not in left
    late, fresh = new_id(), new_id()
    again = await asyncpg.connect(example_database.url)
    call = await again.prepare(second.writer._sql)
    unit = Unit(reads={late: 0}, events=[StoredEvent(late, 1, "t", b"x")])
    tables = [table.name for table in row_tables(MODEL.read_model)]
    for seq in (1, second.writer._seq + 1):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="writer fenced"):
            await call.fetchrow(*pack([unit], writer=gone, seq=seq, day=TODAY, tables=tables))
    await again.close()
    judged = await kernel.writer.submit(Unit(reads={fresh: 0}, events=[StoredEvent(fresh, 1, "t", b"x")]))
    assert judged.verdict is Verdict.ACCEPTED
    assert await db.fetchval("SELECT count(*) FROM events WHERE aggregate_id = $1", late) == 0
