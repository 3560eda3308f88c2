"""Reading the log: events, heads and stored results. Nothing here writes."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from chassis.errors import StoreUnavailable
from chassis.unit import StoredEvent

UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    TimeoutError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,  # "cannot switch to state": its server was killed in the middle of a statement
)
"""What a lost, refused or restarting server looks like from asyncpg."""

READ_SESSION = {"plan_cache_mode": "force_generic_plan", "jit": "off", "application_name": "aftercare-reader"}


async def as_it_is(_: object) -> None:
    """Gives a session back to its pool. Nobody changes a session beyond his transaction, and resetting what was not
    changed would cost a round trip for each statement, as much as the statement."""


async def read_pool(dsn: str, *, size: int = 8) -> "asyncpg.Pool[Any]":
    """A pool for reads. Sessions give up a statement after ten seconds."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        reset=as_it_is,
        command_timeout=10,
        server_settings={**READ_SESSION, "statement_timeout": "10000"},
    )


class Log:
    """The service's one log of events, gapless by position and contiguous by aggregate."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self.pool = pool

    async def events(self, aggregate: UUID, after: int = 0) -> list[StoredEvent]:
        """Events of one aggregate above version `after`, in order."""
        rows = await self._fetch(
            "SELECT version, topic, state FROM events WHERE aggregate_id = $1 AND version > $2 ORDER BY version",
            aggregate,
            after,
        )
        return [StoredEvent(aggregate, row[0], row[1], row[2]) for row in rows]

    async def histories(self, aggregates: Iterable[UUID]) -> dict[UUID, list[StoredEvent]]:
        """Every event of each of `aggregates`, in order; nothing of one that is not in the log."""
        rows = await self._fetch(
            "SELECT e.aggregate_id, e.version, e.topic, e.state FROM unnest($1::uuid[]) a(id)"
            " JOIN events e ON e.aggregate_id = a.id ORDER BY e.aggregate_id, e.version",
            list(aggregates),
        )
        found: dict[UUID, list[StoredEvent]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(StoredEvent(row[0], row[1], row[2], row[3]))
        return found

    async def heads(self, aggregates: Iterable[UUID]) -> dict[UUID, int]:
        """The stored version of each aggregate; 0 where there is none."""
        asked = list(aggregates)
        rows = await self._fetch(
            "SELECT a.id, coalesce(h.version, 0) FROM unnest($1::uuid[]) a(id) LEFT JOIN LATERAL ("
            "SELECT version FROM events e WHERE e.aggregate_id = a.id ORDER BY version DESC LIMIT 1) h ON true",
            asked,
        )
        return {row[0]: row[1] for row in rows}

    async def result(self, request: UUID) -> tuple[UUID, bytes] | None:
        """Body hash and result of an accepted command."""
        rows = await self._fetch("SELECT body, result FROM requests WHERE key = $1", request)
        return (rows[0][0], rows[0][1]) if rows else None

    async def known(self, inbox_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of `inbox_ids` that were applied or discarded before."""
        rows = await self._fetch(
            "SELECT i.id FROM unnest($1::uuid[]) i(id) WHERE EXISTS (SELECT 1 FROM inbox b WHERE b.id = i.id)",
            inbox_ids,
        )
        return frozenset(row[0] for row in rows)

    async def follow(self, after: int, *, limit: int = 1000) -> list[tuple[int, StoredEvent]]:
        """Events above position `after` in log order, at most `limit`."""
        rows = await self._fetch(
            "SELECT position, aggregate_id, version, topic, state FROM events WHERE position > $1 "
            "ORDER BY position LIMIT $2",
            after,
            limit,
        )
        return [(row[0], StoredEvent(row[1], row[2], row[3], row[4])) for row in rows]

    async def all(self) -> AsyncIterator[tuple[int, StoredEvent]]:
        """The whole log in order, in pages."""
        position = 0
        while page := await self.follow(position):
            for entry in page:
                yield entry
            position = page[-1][0]

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        try:
            return await self.pool.fetch(sql, *arguments)
        except UNREACHABLE as error:
            raise StoreUnavailable(f"the store cannot be read: {error!r}") from error
