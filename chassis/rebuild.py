"""Read models made anew from the log, while the service runs, with nothing missing and nothing seen half done.

A job under the migration role. The log is folded into shadow tables; what was written meanwhile is folded again, less
each time; the last stretch runs under the append lock, so nothing can be written between it and the swap, which is part
of the same transaction. A rebuild that stops anywhere leaves the live tables as they were.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
import structlog

from chassis import shadow
from chassis.aggregates import Aggregates
from chassis.building import rows_of
from chassis.domain import Aggregate
from chassis.errors import KernelError
from chassis.leader import Connect, lock_key
from chassis.log import Log
from chassis.packing import plain
from chassis.projections import Projection, read_page
from chassis.schema import row_tables
from chassis.schema.append_sql import LOCK
from chassis.service import Model
from chassis.unit import StoredEvent

log = structlog.get_logger(__name__)

PAGE = 300
SMALL = 100
"""So few aggregates are folded again under the append lock."""


class RebuildRunning(KernelError):
    """Another rebuild of this service is under way."""


class TablesInUse(KernelError):
    """The live tables could not be had for the swap: somebody reads them without end."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    tables: tuple[str, ...]
    aggregates: int
    position: int


class Rebuild:
    """Rebuilds the read models and projections of one service. `connect` is under the migration role."""

    def __init__(
        self,
        connect: Connect,
        model: Model,
        events: Log,
        aggregates: Aggregates,
        projections: Sequence[Projection] = (),
        *,
        swap_tries: int = 60,
        pause: float = 1.0,
    ) -> None:
        self._connect, self._model, self._log, self._aggregates = connect, model, events, aggregates
        self._projections = {p.name: p for p in projections}
        self._tries, self._pause = swap_tries, pause
        theirs = {table for p in projections for table in p.tables}
        self._tables = {t.name: t for t in row_tables(model.read_model) if t.name not in theirs}

    async def rows(self, tables: Collection[str] | None = None) -> Rebuilt:
        """Rebuild tables that are filled from aggregates; all of them by default."""
        names = tuple(self._tables) if tables is None else tuple(tables)
        chosen = {name: self._tables[name] for name in names}
        connection = await self._begin()
        try:
            await shadow.make(connection, names)
            at = await _end(connection)
            folded = await self._everything(connection, chosen)
            while len(late := await _touched(connection, at)) > SMALL:
                at = await _end(connection)
                folded += await self._fold(connection, chosen, late)
            folded += await self._swap_rows(connection, chosen, at)
            position = await _end(connection)
            await shadow.drop(connection)
        finally:
            await connection.close()
        log.info("rebuilt", tables=names, aggregates=folded, position=position)
        return Rebuilt(names, folded, position)

    async def projection(self, name: str) -> Rebuilt:
        """Rebuild one projection from the beginning of the log."""
        projection = self._projections[name]
        connection = await self._begin()
        try:
            await shadow.make(connection, projection.tables)
            await connection.execute(f"SET search_path = {shadow.SCHEMA}, public")
            position = 0
            while page := await read_page(self._log, self._aggregates, position, PAGE):
                async with connection.transaction():
                    await projection.apply(connection, page)
                position = page[-1].position
            position = await self._swap_projection(connection, projection, position)
            await shadow.drop(connection)
        finally:
            await connection.close()
        log.info("rebuilt", projection=name, position=position)
        return Rebuilt(tuple(projection.tables), 0, position)

    async def _begin(self) -> "asyncpg.Connection[Any]":
        connection = await self._connect()
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key("rebuild")):
            await connection.close()
            raise RebuildRunning("another rebuild of this service is under way")
        return connection

    async def _everything(self, connection: "asyncpg.Connection[Any]", tables: Mapping[str, sa.Table]) -> int:
        folded, after = 0, 0
        while page := await connection.fetch(
            "SELECT position, aggregate_id FROM events WHERE version = 1 AND position > $1 ORDER BY position LIMIT $2",
            after,
            PAGE,
        ):
            folded += await self._fold(connection, tables, [row["aggregate_id"] for row in page])
            after = page[-1]["position"]
        return folded

    async def _fold(
        self, connection: "asyncpg.Connection[Any]", tables: Mapping[str, sa.Table], ids: Sequence[UUID]
    ) -> int:
        for start in range(0, len(ids), PAGE):
            rows = await connection.fetch(
                "SELECT aggregate_id, version, topic, state FROM events WHERE aggregate_id = ANY($1::uuid[])"
                " ORDER BY aggregate_id, version",
                ids[start : start + PAGE],
            )
            histories: dict[UUID, list[StoredEvent]] = {}
            for row in rows:
                histories.setdefault(row["aggregate_id"], []).append(StoredEvent(*row))
            folded = [await self._aggregates.fold(history) for history in histories.values()]
            await self._store(connection, tables, (aggregate for aggregate in folded if aggregate is not None))
        return len(ids)

    async def _store(
        self, connection: "asyncpg.Connection[Any]", tables: Mapping[str, sa.Table], aggregates: Iterable[Aggregate]
    ) -> None:
        rows: dict[str, list[Any]] = {name: [] for name in tables}
        for aggregate in aggregates:
            for table, values in rows_of(self._model, aggregate):
                if table in rows:
                    rows[table].append(values)
        for name, values in rows.items():
            if values:
                json = orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS, default=plain).decode()
                await connection.execute(_upsert(tables[name]), json)

    async def _swap_rows(
        self, connection: "asyncpg.Connection[Any]", tables: Mapping[str, sa.Table], after: int
    ) -> int:
        for _ in range(self._tries):
            try:
                async with connection.transaction():
                    await connection.execute(f"SET LOCAL lock_timeout = '500ms'; SELECT pg_advisory_xact_lock({LOCK})")
                    late = await _touched(connection, after)
                    await self._fold(connection, tables, late)
                    await shadow.swap(connection, list(tables))
                return len(late)
            except asyncpg.LockNotAvailableError:
                await self._wait_for_readers()
        raise TablesInUse("the live tables are read without a pause; nothing was changed")

    async def _swap_projection(self, connection: "asyncpg.Connection[Any]", projection: Projection, after: int) -> int:
        for _ in range(self._tries):
            position = after
            try:
                async with connection.transaction():
                    await connection.execute("SET LOCAL lock_timeout = '500ms'")
                    await connection.execute(
                        "INSERT INTO projections(name, position) VALUES ($1, 0) ON CONFLICT DO NOTHING", projection.name
                    )
                    # the follower takes the same row first, so it stands still from here to the swap
                    await connection.execute(
                        "SELECT position FROM projections WHERE name = $1 FOR UPDATE", projection.name
                    )
                    while page := await read_page(self._log, self._aggregates, position, PAGE):
                        await projection.apply(connection, page)
                        position = page[-1].position
                    await shadow.swap(connection, projection.tables)
                    await connection.execute(
                        "UPDATE projections SET position = $2 WHERE name = $1", projection.name, position
                    )
                return position
            except asyncpg.LockNotAvailableError:
                await self._wait_for_readers()
        raise TablesInUse("the live tables are read without a pause; nothing was changed")

    async def _wait_for_readers(self) -> None:
        """Somebody holds a live table. Appends go on meanwhile: the lock went with the transaction."""
        log.info("rebuild_waits_for_tables")
        await asyncio.sleep(self._pause)


async def _end(connection: "asyncpg.Connection[Any]") -> int:
    position: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
    return position


async def _touched(connection: "asyncpg.Connection[Any]", after: int) -> list[UUID]:
    rows = await connection.fetch("SELECT DISTINCT aggregate_id FROM events WHERE position > $1", after)
    return [row["aggregate_id"] for row in rows]


def _upsert(table: sa.Table) -> str:
    columns = [f'"{c.name}"' for c in table.columns]
    keys = [f'"{c.name}"' for c in table.primary_key.columns]
    changes = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in keys)
    return (
        f'INSERT INTO {shadow.SCHEMA}."{table.name}" AS x ({", ".join(columns)}) SELECT {", ".join(columns)}'
        f' FROM json_populate_recordset(NULL::{shadow.SCHEMA}."{table.name}", $1::json)'
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes} WHERE excluded.version > x.version"
    )
