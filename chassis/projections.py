"""Counts, rates and search that follow the log: every event is taken once and in order, by position.

A projection's writes and its position are one transaction, so a crash repeats nothing. Positions of the log are
gapless; a hole is an alarm, and the projection waits there. Two processes following at once are harmless: the position
is taken under a row lock and whoever finds it moved starts over.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import structlog

from chassis.aggregates import Aggregates
from chassis.domain import Event
from chassis.errors import KernelError
from chassis.leader import Connect
from chassis.log import UNREACHABLE, Log
from chassis.told import told
from chassis.wake import Session, Wake

log = structlog.get_logger(__name__)

LONGEST_NAP = 0.5
TURN_LIMIT = 60.0


class HoleInLog(KernelError):
    """The log lacks a position. Something was deleted, or written past the append: nobody may go on."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One event at its place in the log."""

    position: int
    event: Event


class Projection(Protocol):
    """What follows the log. `tables` are its own, filled by nobody else; a migration grants the run-time role the
    right to change them. SQL in `apply` names them without a schema: a rebuild runs it on shadow tables."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> Sequence[str]: ...

    async def apply(self, connection: Session, events: Sequence[Logged]) -> None:
        """Take events, in order, on a connection inside the transaction that moves the position."""
        ...


class Projections:
    """Keeps every projection of a service up with its log."""

    def __init__(
        self,
        connect: Connect,
        pool: "asyncpg.Pool[Any]",
        events: Log,
        aggregates: Aggregates,
        projections: Sequence[Projection],
        *,
        page: int = 500,
    ) -> None:
        self._connect, self._pool, self._log, self._aggregates = connect, pool, events, aggregates
        self._projections, self._page = projections, page
        self._turned_at = time.monotonic()
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Follow for ever; a lost connection is made anew."""
        wake = Wake("outbox", "effects", "timers")
        while True:
            connection: asyncpg.Connection[Any] | None = None
            try:
                async with asyncio.timeout(5):
                    connection = await self._connect()
                await wake.listen(connection)
                while not connection.is_closed():
                    if not await self.turn():
                        await wake.sleep(LONGEST_NAP)
            except UNREACHABLE as error:
                self._troubles["store"] = repr(error)
                await asyncio.sleep(LONGEST_NAP)
            finally:
                if connection is not None:
                    connection.terminate()

    def not_ready(self) -> str:
        """Why a projection stands still, empty while none does."""
        return "; ".join(f"{name}: {why}" for name, why in self._troubles.items())

    def not_alive(self) -> str:
        """Why the process should be restarted, empty while it should not."""
        age = time.monotonic() - self._turned_at
        return f"the projections' last turn was {age:.0f} s ago" if age > TURN_LIMIT else ""

    async def turn(self) -> bool:
        """Give each projection one page; True while one of them has more to read. One that fails delays no other."""
        more = False
        self._turned_at = time.monotonic()
        self._troubles.pop("store", None)
        for projection in self._projections:
            try:
                more |= await self._advance(projection) == self._page
                self._troubles.pop(projection.name, None)
            except (KernelError, *UNREACHABLE) as error:
                self._troubles[projection.name] = str(error)
                log.warning("projection_waits", projection=projection.name, error=repr(error))
            except Exception as error:
                self._troubles[projection.name] = told(error)
                log.exception("projection_failed", projection=projection.name)
        return more

    async def _advance(self, projection: Projection) -> int:
        position = await self._pool.fetchval("SELECT position FROM projections WHERE name = $1", projection.name)
        if position is None:
            await self._pool.execute(
                "INSERT INTO projections(name, position) VALUES ($1, 0) ON CONFLICT DO NOTHING", projection.name
            )
            position = 0
        page = await read_page(self._log, self._aggregates, position, self._page)
        if not page:
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            stands = await connection.fetchval(
                "SELECT position FROM projections WHERE name = $1 FOR UPDATE", projection.name
            )
            if stands == position:  # else another process was faster: the next turn starts where it stopped
                await projection.apply(connection, page)
                await connection.execute(
                    "UPDATE projections SET position = $2 WHERE name = $1", projection.name, page[-1].position
                )
        return len(page)


async def read_page(events: Log, aggregates: Aggregates, after: int, limit: int) -> list[Logged]:
    """The next events of the log, decoded. Raises HoleInLog, and Blocked for an event of a newer build."""
    entries = await events.follow(after, limit=limit)
    for n, (position, _) in enumerate(entries, after + 1):
        if position != n:
            raise HoleInLog(f"the log has no position {n}: the next one is {position}")
    decoded = await aggregates.decode(stored for _, stored in entries)
    return [Logged(position, event) for (position, _), event in zip(entries, decoded, strict=True)]
