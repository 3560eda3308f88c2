"""Fault 7: somebody writes past the append function, and whoever holds its lock is stopped.

What the run-time role may change is written down beside the tables; everything else is the function's alone. A lock is
held by a client that may stop at any moment: the server takes it back, and the others go on.
"""

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest

from chassis.ids import new_id
from chassis.schema.append_sql import LOCK
from chassis.schema.tables import RUNTIME_GRANTS
from chassis.writer import SESSION
from tests.faults.callers import Callers
from tests.faults.rig import Small, until

pytestmark = [pytest.mark.timeout(600)]

Note = Callable[[str, object], None]

HELD = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Who holds the log's lock in this database."""


@pytest.mark.fault(7)
async def test_nothing_is_written_past_the_append(small: Small, seed: str, record_property: Note) -> None:
    """Whatever the run-time role tries on any table that is not its own is refused, and leaves the store as it was."""
    process = await small.start("all")
    async with Callers(small, [process], seed) as callers:
        await callers.some(60)
    await small.settled()
    tried = 0
    async with small.connected() as owner, small.connected(small.database.runtime_url) as session:
        tables = await owner.fetch(
            "SELECT c.relname, (SELECT array_agg(quote_ident(a.attname)) FROM pg_attribute a WHERE a.attrelid = c.oid"
            " AND a.attnum > 0 AND a.attgenerated = '' AND a.attidentity = '') AS columns FROM pg_class c"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        names = {row["relname"] for row in tables}
        assert {"events", "outbox", "requests", "inbox", "tracking", "timers", "writers", "accounts"} <= names
        before = {name: await owner.fetch(f"SELECT * FROM {name} ORDER BY 1") for name in names}
        for name, columns in tables:
            rights = RUNTIME_GRANTS.get(name, "")
            first = columns[0]
            statements = {
                "INSERT": f"INSERT INTO {name}({', '.join(columns)}) SELECT {', '.join(columns)} FROM {name}",
                "UPDATE": f"UPDATE {name} SET {first} = {first}",
                "DELETE": f"DELETE FROM {name}",
                "TRUNCATE": f"TRUNCATE {name}",
                "ALTER": f"ALTER TABLE {name} ADD COLUMN mine int",
                "DROP": f"DROP TABLE {name} CASCADE",
            }
            for right, statement in statements.items():
                if right in rights:
                    continue
                tried += 1
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await session.execute(statement)
        for statement in ("CREATE TABLE mine(i int)", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"):
            tried += 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.execute(statement)
        assert {name: await owner.fetch(f"SELECT * FROM {name} ORDER BY 1") for name in names} == before
    assert await small.judged() == []
    record_property("statements refused", tried)


@pytest.mark.fault(7)
async def test_a_stopped_writer_loses_the_lock_and_the_others_go_on(
    small: Small, server_rounds: int, seed: str, record_property: Note
) -> None:
    """One of two processes is stopped by SIGSTOP again and again under load, at whatever it is doing just then.

    The other's callers are answered all the while; the stopped one's are when it wakes up, or ask the other one.
    """
    stopped, other = await small.start("all"), await small.start("all")
    waits = []
    async with Callers(small, [stopped, other], seed) as callers:
        await callers.some(40)
        callers.processes = [other]
        enough = asyncio.Event()
        load = asyncio.ensure_future(callers.run(enough))
        on_it = Callers(small, [stopped], f"{seed}-s")
        on_it.producer = callers.producer
        for _ in range(server_rounds):
            there = asyncio.ensure_future(on_it.some(40))
            await asyncio.sleep(0.2)
            stopped.send(signal.SIGSTOP)
            try:
                began = asyncio.get_running_loop().time()
                count = len(small.commands)
                await until("the other one's callers are answered", partial(_more, small, count + 40))
                waits.append(asyncio.get_running_loop().time() - began)
                await asyncio.sleep(1)
            finally:
                stopped.send(signal.SIGCONT)
            await there
        enough.set()
        await load
    await small.settled()
    assert await small.judged() == []
    record_property("rounds", server_rounds)
    record_property("longest wait of the others, s", round(max(waits), 1))


async def _more(small: Small, than: int) -> bool:
    return len(small.commands) >= than


@pytest.mark.fault(7)
async def test_a_client_that_keeps_the_lock_is_ended_within_its_time_out(
    small: Small, seed: str, record_property: Note
) -> None:
    """A session in the middle of its transaction holds the lock and says nothing more: the server ends it.

    Meanwhile callers wait or are told UNAVAILABLE, never anything else; afterwards all are answered, with one effect.
    """
    process = await small.start("all")
    limit = int(SESSION["transaction_timeout"]) / 1000
    async with Callers(small, [process], seed) as callers, small.connected() as owner:
        await callers.some(40)
        holder = await asyncpg.connect(small.database.runtime_url, server_settings=SESSION)
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        held_by = holder.get_server_pid()
        began = datetime.now(UTC)
        load = asyncio.ensure_future(callers.some(60))

        async def freed() -> bool:
            return held_by not in {row["pid"] for row in await owner.fetch(HELD, LOCK)}

        assert not await freed()
        await until("the lock is taken from whoever keeps it", freed)
        kept = (datetime.now(UTC) - began).total_seconds()
        await load
        holder.terminate()
    assert {code for code, _ in callers.answers} <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
    await small.settled()
    assert await small.judged() == []
    record_property("lock kept, s", round(kept, 1))
    record_property("time-out, s", limit)


@pytest.mark.fault(7)
async def test_a_client_stopped_between_sending_and_finishing_blocks_nobody(
    small: Small, seed: str, record_property: Note
) -> None:
    """Execute was sent and Sync never comes: the function has run, its transaction is open, its lock is held.

    Only `transaction_timeout` ends that: the session is neither idle nor in a statement.
    """
    process = await small.start("all")
    async with Callers(small, [process], seed) as callers, small.connected() as owner:
        await callers.some(20)
        before = await owner.fetchval("SELECT count(*) FROM events")
        session = await asyncpg.connect(small.database.runtime_url, server_settings=SESSION)
        await session.execute("SELECT register_writer($1)", new_id())
        backend = session.get_server_pid()
        transport: Any = session._transport  # type: ignore[attr-defined]  # asyncpg itself would send Sync too
        for message in _lock_without_sync():
            transport.write(message)

        async def held() -> bool:
            return backend in {row["pid"] for row in await owner.fetch(HELD, LOCK)}

        await until("it holds the lock", held)
        await callers.some(40)
        assert not await held()
        assert await owner.fetchval("SELECT count(*) FROM events") > before
        session.terminate()
    await small.settled()
    assert await small.judged() == []
    record_property("answers meanwhile", {"/".join(key): n for key, n in callers.answers.items()})


def _lock_without_sync() -> list[bytes]:
    """Parse, Bind and Execute of a statement that takes the lock; what would end the transaction, Sync, is missing."""
    sql = f"SELECT pg_advisory_xact_lock({LOCK})".encode()

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    nothing = (0).to_bytes(2, "big")
    return [
        message(b"P", b"\0" + sql + b"\0" + nothing),
        message(b"B", b"\0\0" + nothing + nothing + nothing),
        message(b"E", b"\0" + (0).to_bytes(4, "big")),
        message(b"H", b""),
    ]
