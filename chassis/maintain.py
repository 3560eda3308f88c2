"""Keeps the tables that age from growing: partitions made ahead, and dropped when nothing in them is needed any more.

A job under the migration role, run daily; any number of times a day is harmless, and weeks without it lose nothing, for
rows without a partition of their own wait in the default one and are moved. Everything here runs on real time.

Results of commands and ids of facts are kept 30 to 60 days. Published rows are kept until all of their partition are
acknowledged, and seven days more. A record parked for 30 days is discarded by name, which frees its key. What is kept
of a writer goes a day after it began once its session is gone; a batch of it that turns up even later is refused.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import structlog

from chassis.errors import KernelError
from chassis.leader import Connect
from chassis.schema.append_sql import LOCK
from chassis.schema.tables import PERIOD_DAYS, period_start
from chassis.writer import SESSION_OF

log = structlog.get_logger(__name__)

AHEAD = 2
"""Periods beyond the present one that have their partition already."""

RESULTS_KEPT = timedelta(days=30)
OUTBOX_KEPT = timedelta(days=7)
PARKED_KEPT = timedelta(days=30)
PARKED_ALARM = timedelta(days=25)
ACKNOWLEDGED = "acknowledged "
WRITERS_KEPT = timedelta(days=1)
"""Whoever has lost his session asks for the outcome of his last batch within seconds."""


class DatabaseBusy(KernelError):
    """The log's lock or a table could not be had; the next run does what this one left."""


@dataclass(frozen=True, slots=True)
class Maintained:
    """What one run did."""

    made: tuple[str, ...]
    dropped: tuple[str, ...]
    discarded: int
    writers_gone: int


class Maintain:
    """One run. `connect` is under the migration role."""

    def __init__(
        self,
        connect: Connect,
        *,
        real_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tries: int = 60,
        pause: float = 0.5,
    ) -> None:
        self._connect, self._real_now = connect, real_now
        self._tries, self._pause = tries, pause

    async def run(self) -> Maintained:
        """Do everything that is due. Raises DatabaseBusy."""
        connection = await self._connect()
        try:
            today, made, dropped = self._real_now().date(), list[str](), list[str]()
            for table in PERIOD_DAYS:
                made += await self._make(connection, table, today)
            for table in ("requests", "inbox"):
                dropped += await self._drop(connection, table, today - RESULTS_KEPT)
            dropped += await self._drop_published(connection, today)
            discarded = await self._discard_parked(connection)
            gone = await self._forget_writers(connection)
        finally:
            await connection.close()
        log.info("maintained", made=made, dropped=dropped, discarded=discarded, writers_gone=gone)
        return Maintained(tuple(made), tuple(dropped), discarded, gone)

    async def _make(self, connection: "asyncpg.Connection[Any]", table: str, today: date) -> list[str]:
        length = PERIOD_DAYS[table]
        first = period_start(table, today)
        wanted = {first + timedelta(days=length * n) for n in range(AHEAD + 1)}
        # rows that came while their period had no partition get one now, however long ago that was
        strays = await connection.fetch(f"SELECT DISTINCT day FROM {table}_rest")
        wanted |= {period_start(table, row["day"]) for row in strays}
        have = {start for start, _ in (await _partitions(connection, table)).values()}
        return [await self._make_one(connection, table, start) for start in sorted(wanted - have)]

    async def _make_one(self, connection: "asyncpg.Connection[Any]", table: str, start: date) -> str:
        end, name = start + timedelta(days=PERIOD_DAYS[table]), f"{table}_{start:%Y%m%d}"

        await self._alone(
            connection,
            f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL);"
            f"WITH moved AS (DELETE FROM {table}_rest WHERE day >= '{start}' AND day < '{end}' RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved;"
            f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')",
        )
        return name

    async def _drop(self, connection: "asyncpg.Connection[Any]", table: str, before: date) -> list[str]:
        old = [name for name, (_, end) in (await _partitions(connection, table)).items() if end <= before]
        for name in old:
            await self._alone(connection, f"DROP TABLE {name}")
        return old

    async def _drop_published(self, connection: "asyncpg.Connection[Any]", today: date) -> list[str]:
        """Nobody notes when a row was acknowledged, so the partition notes when it was first seen to be whole."""
        dropped = []
        for name, (_, end) in (await _partitions(connection, "outbox")).items():
            if end > today or await connection.fetchval(
                f"SELECT EXISTS (SELECT FROM {name} o, relay r WHERE (o.position, o.n) > (r.position, r.n))"
            ):
                continue
            said = await connection.fetchval("SELECT obj_description(to_regclass($1))", name) or ""
            if not said.startswith(ACKNOWLEDGED):
                await connection.execute(f"COMMENT ON TABLE {name} IS '{ACKNOWLEDGED}{today}'")
            elif date.fromisoformat(said.removeprefix(ACKNOWLEDGED)) + OUTBOX_KEPT <= today:
                await self._alone(connection, f"DROP TABLE {name}")
                dropped.append(name)
        return dropped

    async def _alone(self, connection: "asyncpg.Connection[Any]", change: str) -> None:
        """Change tables of the append while no append runs; never make one wait longer than half a second."""
        for _ in range(self._tries):
            try:
                async with connection.transaction():
                    await connection.execute(f"SET LOCAL lock_timeout = '500ms'; SELECT pg_advisory_xact_lock({LOCK})")
                    await connection.execute(change)
                return
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(self._pause)
        raise DatabaseBusy("a table of the append was in use all the time")

    async def _forget_writers(self, connection: "asyncpg.Connection[Any]") -> int:
        """Without its row no number of a writer is the next one: whatever comes of it now refuses itself."""
        gone = await connection.fetch(
            "DELETE FROM writers w WHERE w.started_at < $1 AND NOT EXISTS ("
            "SELECT FROM pg_stat_activity a WHERE a.application_name = $2 || w.writer) RETURNING w.writer",
            self._real_now() - WRITERS_KEPT,
            SESSION_OF,
        )
        return len(gone)

    async def _discard_parked(self, connection: "asyncpg.Connection[Any]") -> int:
        """An order like an operator's, carried out by the partition's owner. Whoever ordered something goes first."""
        now = self._real_now()
        ordered = await connection.fetch(
            "INSERT INTO redrives(parked_id, action, asked_by, reason)"
            " SELECT p.id, 'discard', 'maintain', 'kept for 30 days' FROM parked p WHERE p.parked_at < $1"
            " AND NOT EXISTS (SELECT FROM redrives r WHERE r.parked_id = p.id AND r.outcome = '')"
            " ON CONFLICT (parked_id) DO UPDATE SET action = 'discard', replacement = NULL,"
            " replacement_content_type = '', asked_by = excluded.asked_by, reason = excluded.reason, asked_at = now(),"
            " asked_times = redrives.asked_times + 1, outcome = '', detail = '' RETURNING parked_id",
            now - PARKED_KEPT,
        )
        if soon := await connection.fetchval("SELECT count(*) FROM parked WHERE parked_at < $1", now - PARKED_ALARM):
            log.error("parked_records_expire_soon", records=soon, kept_days=PARKED_KEPT.days)
        return len(ordered)


async def _partitions(connection: "asyncpg.Connection[Any]", table: str) -> dict[str, tuple[date, date]]:
    """Name -> (first day, day after the last), oldest first; the default partition is none of them."""
    rows = await connection.fetch(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) ORDER BY 1",
        table,
    )
    found = {}
    for row in rows:
        if row["bound"] != "DEFAULT":  # FOR VALUES FROM ('2026-11-22') TO ('2026-12-22')
            _, start, _, end, _ = row["bound"].split("'")
            found[row["relname"]] = (date.fromisoformat(start), date.fromisoformat(end))
    return found
