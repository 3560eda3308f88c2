"""The append function and its writer, on a real PostgreSQL: each test is one sentence of the protocol."""

# long: one sentence of the protocol after the other, all on one set of shorthands

import asyncio
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import failpoints
from chassis.errors import StoreUnavailable, UnitRejected
from chassis.ids import new_id
from chassis.packing import pack
from chassis.schema import row_tables
from chassis.unit import Fence, OutboxRow, ParkedRow, RequestRow, StoredEvent, TimerRow, Unit, Verdict
from chassis.writer import SESSION, Writer
from tests.integration.chassis.conftest import Core, ExampleDatabase
from tests.integration.chassis.example import MODEL

Db: TypeAlias = "asyncpg.Connection[Any]"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(aggregate: UUID, version: int, **more: Any) -> Unit:
    """Appends version+1 to an aggregate read at `version`."""
    reads = more.pop("reads", {aggregate: version})
    return Unit(reads=reads, events=[StoredEvent(aggregate, version + 1, "t", b"x")], **more)


async def verdicts(writer: Writer, *units: Unit) -> list[Verdict]:
    """What became of units that travel in one batch."""
    return [j.verdict for j in await asyncio.gather(*(writer.submit(u) for u in units))]


async def head(db: Db, aggregate: UUID) -> int:
    return int(await db.fetchval("SELECT coalesce(max(version), 0) FROM events WHERE aggregate_id = $1", aggregate))


async def positions(db: Db) -> list[int]:
    return [row[0] for row in await db.fetch("SELECT position FROM events ORDER BY position")]


async def test_one_stale_unit_of_a_batch_fails_alone_and_positions_stay_gapless(core: Core, db: Db) -> None:
    ids = [new_id() for _ in range(50)]
    await verdicts(core.writer, *(event(i, 0) for i in ids))
    got = await verdicts(core.writer, *(event(i, 0 if n == 25 else 1) for n, i in enumerate(ids)))
    assert [n for n, v in enumerate(got) if v is not Verdict.ACCEPTED] == [25]
    assert got[25] is Verdict.STALE
    found = await positions(db)
    assert found == list(range(1, len(found) + 1))


async def test_a_stale_unit_learns_the_stored_version(core: Core) -> None:
    a = new_id()
    await core.writer.submit(event(a, 0))
    judgement = await core.writer.submit(event(a, 7))
    assert (judgement.verdict, dict(judgement.heads)) == (Verdict.STALE, {a: 1})


async def test_a_decision_never_rests_on_what_an_earlier_unit_of_its_batch_changed(core: Core, db: Db) -> None:
    a, b = new_id(), new_id()
    await verdicts(core.writer, event(a, 0), event(b, 0))
    got = await verdicts(core.writer, event(a, 1), event(b, 1, reads={b: 1, a: 1}), event(new_id(), 0))
    assert got == [Verdict.ACCEPTED, Verdict.OVERTAKEN, Verdict.ACCEPTED]
    assert await head(db, b) == 1


async def test_absence_is_part_of_what_a_decision_rests_on(core: Core) -> None:
    a, ledger = new_id(), new_id()
    await core.writer.submit(event(ledger, 0))
    assert (await core.writer.submit(event(a, 0, reads={a: 0, ledger: 0}))).verdict is Verdict.STALE


async def test_a_refused_unit_does_not_break_the_one_after_it(core: Core) -> None:
    a = new_id()
    await core.writer.submit(event(a, 0))
    got = await verdicts(core.writer, event(a, 9), event(a, 1), event(a, 1))
    assert got == [Verdict.STALE, Verdict.ACCEPTED, Verdict.OVERTAKEN]


async def test_a_request_has_one_effect_in_one_batch(core: Core, db: Db) -> None:
    key, body = new_id(), new_id()
    first, second, other = new_id(), new_id(), new_id()
    judged = await asyncio.gather(
        core.writer.submit(event(first, 0, request=RequestRow(key, body, b"one"))),
        core.writer.submit(event(second, 0, request=RequestRow(key, body, b"two"))),
        core.writer.submit(event(other, 0, request=RequestRow(key, new_id(), b"three"))),
    )
    assert [j.verdict for j in judged] == [Verdict.ACCEPTED, Verdict.REPLAYED, Verdict.REUSED]
    assert judged[1].result == b"one"
    assert (await head(db, second), await head(db, other)) == (0, 0)


async def test_a_request_has_one_effect_in_two_processes(core: Core, other: Core, db: Db) -> None:
    key, body = new_id(), new_id()
    a, b = new_id(), new_id()
    judged = await asyncio.gather(
        core.writer.submit(event(a, 0, request=RequestRow(key, body, b"a"))),
        other.writer.submit(event(b, 0, request=RequestRow(key, body, b"b"))),
    )
    assert sorted(j.verdict for j in judged) == [Verdict.ACCEPTED, Verdict.REPLAYED]
    assert await head(db, a) + await head(db, b) == 1


async def test_a_repeat_gets_its_result_even_when_the_aggregate_has_moved(core: Core) -> None:
    a, key, body = new_id(), new_id(), new_id()
    await core.writer.submit(event(a, 0, request=RequestRow(key, body, b"first")))
    await core.writer.submit(event(a, 1))
    again = await core.writer.submit(event(a, 0, request=RequestRow(key, body, b"second")))
    assert (again.verdict, again.result) == (Verdict.REPLAYED, b"first")


async def test_a_partition_moves_only_from_where_its_consumer_knew_it(core: Core, db: Db) -> None:
    source = str(uuid4())
    await core.writer.submit(event(new_id(), 0, fences=[Fence(source, 3, 0, 100)]))
    for known in (40, 140):  # one that is behind, and one that read on after a position that never was
        stranger = new_id()
        judgement = await core.writer.submit(event(stranger, 0, fences=[Fence(source, 3, known, known + 100)]))
        assert (judgement.verdict, tuple(judgement.positions)) == (Verdict.FENCE, (100,))
        assert await head(db, stranger) == 0


async def test_a_partition_moves_from_batch_to_batch(core: Core, db: Db) -> None:
    source = str(uuid4())
    for before, after in ((0, 100), (100, 140)):
        await core.writer.submit(event(new_id(), 0, fences=[Fence(source, 3, before, after)]))
        assert await db.fetchval("SELECT position FROM tracking WHERE source = $1", source) == after


async def test_the_same_fact_at_two_offsets_has_no_second_effect(core: Core, db: Db) -> None:
    fact, again = new_id(), new_id()
    await core.writer.submit(event(new_id(), 0, inbox=[fact]))
    judgement = await core.writer.submit(event(again, 0, inbox=[new_id(), fact]))
    assert (judgement.verdict, judgement.ids) == (Verdict.KNOWN, frozenset({fact}))
    assert await head(db, again) == 0


async def test_overlapping_inbox_ids_in_reverse_order_from_two_processes_never_deadlock(
    core: Core, other: Core, db: Db
) -> None:
    for _ in range(20):
        facts = [new_id() for _ in range(10)]
        one = [core.writer.submit(event(new_id(), 0, inbox=[f])) for f in facts]
        two = [other.writer.submit(event(new_id(), 0, inbox=[f])) for f in reversed(facts)]
        judged = await asyncio.gather(*one, *two)
        assert sum(j.verdict is Verdict.ACCEPTED for j in judged) == 10


async def test_data_the_database_refuses_costs_only_its_own_unit(core: Core, db: Db) -> None:
    ids = [new_id() for _ in range(40)]

    def named(n: int, i: UUID) -> Unit:
        owner = "a\0b" if n == 17 else "fine"
        return event(i, 0, rows={"accounts": [{"id": i, "version": 1, "total": 0, "owner": owner}]})

    got = await asyncio.gather(*(core.writer.submit(named(n, i)) for n, i in enumerate(ids)), return_exceptions=True)
    assert [n for n, g in enumerate(got) if isinstance(g, UnitRejected)] == [17]
    assert await db.fetchval("SELECT count(*) FROM accounts WHERE id = ANY($1)", ids) == 39
    assert await head(db, ids[17]) == 0


async def test_a_row_never_goes_back_to_an_older_version(core: Core, db: Db) -> None:
    i = new_id()
    for version, total in ((2, 20), (1, 10)):
        await core.writer.submit(
            Unit(rows={"accounts": [{"id": i, "version": version, "total": total, "owner": None}]})
        )
    assert await db.fetchval("SELECT total FROM accounts WHERE id = $1", i) == 20


async def test_rearming_a_timer_raises_its_generation_and_clearing_removes_it(core: Core, db: Db) -> None:
    a = new_id()
    for due in (NOW, NOW + timedelta(hours=1)):
        await core.writer.submit(Unit(timers=[TimerRow("k", a, "", due, 1 << 20)]))
    assert await db.fetchval("SELECT generation FROM timers WHERE subject = $1", a) == (1 << 20) + 1
    await core.writer.submit(Unit(timers=[TimerRow("k", a, "", None, 0)]))
    assert await db.fetchval("SELECT count(*) FROM timers WHERE subject = $1", a) == 0


async def test_two_units_of_one_batch_on_one_timer_do_not_fail_the_batch(core: Core) -> None:
    a = new_id()
    units = [Unit(timers=[TimerRow("k", a, "", NOW, n)]) for n in (1, 2)]
    assert await verdicts(core.writer, *units) == [Verdict.ACCEPTED, Verdict.OVERTAKEN]


async def test_a_parked_key_holds_back_what_follows_until_its_last_record_is_settled(core: Core, db: Db) -> None:
    key = new_id()

    def parked(offset: int) -> ParkedRow:
        return ParkedRow(new_id(), "t", 0, offset, b"k", key, new_id(), "type", "shop", "WHY", "", b"{}", b"v", NOW)

    one, two = parked(1), parked(2)
    await core.writer.submit(Unit(parked=[one]))
    behind = event(new_id(), 0, not_behind=[key])
    judgement = await core.writer.submit(behind)
    assert (judgement.verdict, judgement.ids) == (Verdict.KEY_PARKED, frozenset({key}))
    await core.writer.submit(Unit(parked=[two]))
    await core.writer.submit(Unit(unparked=[one.id]))
    assert (await core.writer.submit(behind)).verdict is Verdict.KEY_PARKED
    assert await verdicts(core.writer, Unit(unparked=[two.id])) == [Verdict.ACCEPTED]
    assert await verdicts(core.writer, Unit(unparked=[two.id])) == [Verdict.UNPARKED]
    assert (await core.writer.submit(behind)).verdict is Verdict.ACCEPTED


async def test_a_key_parked_by_an_earlier_unit_of_the_batch_holds_back_too(core: Core) -> None:
    key = new_id()
    park = Unit(parked=[ParkedRow(new_id(), "t", 0, 1, b"k", key, None, "x", "s", "R", "", b"{}", None, NOW)])
    assert await verdicts(core.writer, park, Unit(not_behind=[key])) == [Verdict.ACCEPTED, Verdict.KEY_PARKED]


async def test_no_unit_commits_under_an_ended_key_generation(core: Core, db: Db) -> None:
    subject, a = str(uuid4()), new_id()
    await core.writer.submit(event(new_id(), 0, generations=[(subject, 1)]))
    await db.execute("UPDATE personal_generations SET ended_at = now() WHERE subject = $1", subject)
    assert (await core.writer.submit(event(a, 0, generations=[(subject, 1)]))).verdict is Verdict.ERASED
    assert await head(db, a) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events VALUES (999999, gen_random_uuid(), 1, 'x', '')",
        "UPDATE events SET state = ''",
        "DELETE FROM events",
        "INSERT INTO outbox VALUES (1, 1, 't', '', '', '', now())",
        "INSERT INTO requests VALUES (gen_random_uuid(), gen_random_uuid(), '', now())",
        "UPDATE tracking SET position = 0",
        "UPDATE accounts SET total = 0",
        "CREATE TABLE mine(i int)",
        "ALTER TABLE events DISABLE TRIGGER ALL",
    ],
)
async def test_only_the_function_writes_and_the_run_time_role_has_no_ddl(
    example_database: ExampleDatabase, statement: str
) -> None:
    session = await asyncpg.connect(example_database.url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute(statement)
    await session.close()


async def test_a_repeatable_read_session_is_refused(example_database: ExampleDatabase, db: Db) -> None:
    session = await asyncpg.connect(
        example_database.url, server_settings={"default_transaction_isolation": "repeatable read"}
    )
    writer, a = new_id(), new_id()
    await session.execute("SELECT register_writer($1)", writer)
    with pytest.raises(asyncpg.PostgresError, match="read committed"):
        await _call(session, writer, 1, event(a, 0))
    await session.close()
    assert await head(db, a) == 0


async def _call(session: Db, writer: UUID, seq: int, *units: Unit) -> Any:
    return await (await _prepared(session)).fetchrow(*_arguments(writer, seq, *units))


def _arguments(writer: UUID, seq: int, *units: Unit) -> list[Any]:
    names = [t.name for t in row_tables(MODEL.read_model)]
    return pack(units, writer=writer, seq=seq, day=datetime.now(UTC).date(), tables=names)


async def _prepared(session: Db) -> Any:
    """The call ready to be sent in one message: unprepared it would wait for the server before it sends anything."""
    marks = ", ".join(f"${n}" for n in range(1, len(_arguments(UUID(int=1), 1)) + 1))
    return await session.prepare(f"SELECT * FROM append({marks})")


async def test_recovery_tells_the_truth_whenever_the_connection_dies(example_database: ExampleDatabase, db: Db) -> None:
    random.seed(7)
    told = []
    for _ in range(25):
        session = await asyncpg.connect(example_database.url, server_settings=SESSION)
        writer, ids = new_id(), [new_id() for _ in range(10)]
        await session.execute("SELECT register_writer($1)", writer)
        prepared = await _prepared(session)
        call = asyncio.create_task(prepared.fetchrow(*_arguments(writer, 1, *(event(i, 0) for i in ids))))
        await asyncio.sleep(random.random() * 0.004)
        session.terminate()
        await asyncio.gather(call, return_exceptions=True)
        row = await db.fetchrow("SELECT * FROM recover($1, 1)", writer)
        stored = await db.fetchval("SELECT count(*) FROM events WHERE aggregate_id = ANY($1)", ids)
        assert row is not None and stored == (10 if row["committed"] else 0)
        told.append((ids, stored))
    for ids, stored in told:  # and it stays true
        assert await db.fetchval("SELECT count(*) FROM events WHERE aggregate_id = ANY($1)", ids) == stored


async def test_recovery_says_the_same_however_often_it_is_asked(example_database: ExampleDatabase, db: Db) -> None:
    """Its own answer may be lost too: a number burnt for a batch that never came is not taken for that batch."""
    session = await asyncpg.connect(example_database.url, server_settings=SESSION)
    writer = new_id()
    await session.execute("SELECT register_writer($1)", writer)
    burnt = [await db.fetchval("SELECT committed FROM recover($1, 1)", writer) for _ in range(3)]
    await _call(session, writer, 2, event(new_id(), 0))
    committed = [await db.fetchval("SELECT committed FROM recover($1, 2)", writer) for _ in range(3)]
    assert (burnt, committed) == ([False] * 3, [True] * 3)
    await session.close()


async def test_a_backend_that_wakes_up_after_recovery_refuses_itself(
    example_database: ExampleDatabase, db: Db, parts: Any
) -> None:
    session = await asyncpg.connect(example_database.url, server_settings=SESSION)
    writer, a = new_id(), new_id()
    await session.execute("SELECT register_writer($1)", writer)
    backend, prepared = session.get_server_pid(), await _prepared(session)
    os.kill(backend, signal.SIGSTOP)
    try:
        call = asyncio.create_task(prepared.fetchrow(*_arguments(writer, 1, event(a, 0))))
        await asyncio.sleep(0.05)  # the request is in the stopped backend's socket
        session.terminate()
        await asyncio.gather(call, return_exceptions=True)
        row = await db.fetchrow("SELECT * FROM recover($1, 1)", writer)
        assert row is not None and row["committed"] is False
    finally:
        os.kill(backend, signal.SIGCONT)
    await _gone(db, backend)
    assert await head(db, a) == 0


async def _gone(db: Db, backend: int) -> None:
    async with asyncio.timeout(10):
        while await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", backend):
            await asyncio.sleep(0.01)


async def test_the_writer_survives_its_connection_and_loses_and_doubles_nothing(core: Core, db: Db) -> None:
    ids = [new_id() for _ in range(1500)]
    running = asyncio.gather(*(core.writer.submit(event(i, 0, outbox=[_message()])) for i in ids))
    for _ in range(5):
        await asyncio.sleep(0.01)
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'aftercare-writer%' AND datname = current_database()"
        )
    judged = await running
    assert {j.verdict for j in judged} == {Verdict.ACCEPTED}
    counts = await db.fetchrow(
        "SELECT count(*) AS n, count(DISTINCT aggregate_id) AS d FROM events WHERE aggregate_id = ANY($1)", ids
    )
    assert counts is not None and (counts["n"], counts["d"]) == (1500, 1500)
    found = await positions(db)
    assert found == list(range(1, len(found) + 1))


@pytest.mark.parametrize("place", ["before-commit", "after-commit"])
async def test_a_batch_whose_answer_is_lost_is_told_as_it_ended(
    core: Core, db: Db, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Lost before the commit it is sent again, lost after it it is not; either way it is stored once and accepted."""
    plan = failpoints.parse(f"{place}=raise@1")
    monkeypatch.setattr(failpoints, "_plan", lambda: plan)
    a, stale = new_id(), new_id()
    got = await verdicts(core.writer, event(a, 0), event(stale, 7))
    assert got == [Verdict.ACCEPTED, Verdict.STALE]
    assert (await head(db, a), await head(db, stale)) == (1, 0)
    assert plan[place].passed >= 1


async def test_an_append_is_answered_only_when_it_is_on_disk(example_database: ExampleDatabase) -> None:
    """As far as a session can say so: that the server itself keeps fsync on is the server's own setting."""
    session = await asyncpg.connect(example_database.url, server_settings=SESSION)
    assert await session.fetchval("SHOW synchronous_commit") == "on"
    await session.close()


async def test_a_store_without_room_is_waited_for_and_takes_no_more_room(core: Core, db: Db) -> None:
    """The server undoes the batch and says so: its callers wait or are told, on the connection there is."""
    await db.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()"
    )
    writers = await db.fetchval("SELECT count(*) FROM writers")
    a, b = new_id(), new_id()
    core.writer._patience = 1.0
    try:
        with pytest.raises(StoreUnavailable):
            await core.writer.submit(event(a, 0))
        assert "could not extend file" in core.writer.trouble
        waiting = asyncio.ensure_future(core.writer.submit(event(b, 0)))
    finally:
        await db.execute("DROP TRIGGER full_disk ON events; DROP FUNCTION full_disk")
    assert (await waiting).verdict is Verdict.ACCEPTED
    assert core.writer.trouble == ""
    assert await db.fetchval("SELECT count(*) FROM writers") == writers
    assert (await head(db, a), await head(db, b)) == (0, 1)


def _message() -> OutboxRow:
    return OutboxRow(0, 0, "topic", b"key", b"{}", b"value")


async def test_readers_that_tail_the_log_skip_nothing(core: Core, other: Core, db: Db) -> None:
    start = int(await db.fetchval("SELECT coalesce(max(position), 0) FROM events"))
    done = asyncio.Event()

    async def tail(pool_of: Core) -> list[int]:
        seen: list[int] = []
        while True:
            finished = done.is_set()
            page = await pool_of.log.follow(seen[-1] if seen else start, limit=50)
            seen += [position for position, _ in page]
            if finished and not page:
                return seen

    async def write(through: Core) -> None:
        hot = [new_id() for _ in range(5)]
        for _ in range(30):
            units = [event(random.choice(hot), random.randint(0, 3)) for _ in range(10)]
            await verdicts(through.writer, *units, *(event(new_id(), 0) for _ in range(10)))
        for _ in range(100):  # each in a batch of its own: one that is refused is not tried again in halves
            assert await verdicts(through.writer, event(new_id(), 0)) == [Verdict.ACCEPTED]

    tails = [asyncio.create_task(tail(core)), asyncio.create_task(tail(other))]
    await asyncio.gather(write(core), write(other))
    done.set()
    stored = [p for p in await positions(db) if p > start]
    assert [await t for t in tails] == [stored, stored]
    assert stored == list(range(start + 1, start + 1 + len(stored)))


async def test_the_writers_own_session_ends_a_transaction_that_stops(core: Core) -> None:
    """What a stopped client loses the lock by is set where batches are sent, not only in tests."""
    connection = core.writer._connection
    assert connection is not None
    assert await connection.fetchval("SHOW transaction_timeout") == "10s"


async def test_a_stopped_writer_is_thrown_out_so_that_others_go_on(
    example_database: ExampleDatabase, db: Db, core: Core
) -> None:
    """A client stopped inside its transaction holds the lock until `transaction_timeout` ends its session."""
    session = await asyncpg.connect(example_database.url, server_settings={**SESSION, "transaction_timeout": "500"})
    await session.execute("BEGIN")
    await session.execute("SELECT pg_advisory_xact_lock(7788)")
    assert (await core.writer.submit(event(new_id(), 0))).verdict is Verdict.ACCEPTED
    session.terminate()
