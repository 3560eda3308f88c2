"""The only part of a service that calls the outside.

Every process with this role works on the same queue without a leader: to begin an attempt is to commit it, and of two
that try one finds the effect already begun. What happens afterwards to the process, the provider or the network ends as
`unknown`, never as a second call nobody asked for.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from chassis.clock import Clock
from chassis.effects.carrier import WAITS, Carrier
from chassis.effects.circuit import Circuits
from chassis.effects.terms import Terms
from chassis.leader import Connect
from chassis.service import Provider
from chassis.units import Units
from chassis.wake import Wake

log = structlog.get_logger(__name__)

LONGEST_NAP = 1.0
TURN_LIMIT = 60.0

# what is paused is not called; that a lease or an answer-by time has passed is still noted
_OPEN = (
    "e.kind = $1 AND e.id <> ALL($4::uuid[]) AND (e.state IN ('attempting', 'submitted')"
    " OR NOT EXISTS (SELECT FROM paused_effects p WHERE p.kind IN ($1, '*')))"
)
_QUEUE = (
    f"(SELECT e.id FROM effects e WHERE e.wake_at <= $2 AND {_OPEN} ORDER BY e.wake_at LIMIT $5) UNION ALL"
    f" (SELECT e.id FROM effects e WHERE e.answer_by <= $3 AND {_OPEN} ORDER BY e.answer_by LIMIT $5) LIMIT $5"
)
_ENDING = "e.kind = $1 AND e.id <> ALL($4::uuid[]) AND e.state IN ('attempting', 'submitted')"
_LAPSES = (
    f"(SELECT e.id FROM effects e WHERE e.wake_at <= $2 AND {_ENDING} ORDER BY e.wake_at LIMIT $5) UNION ALL"
    f" (SELECT e.id FROM effects e WHERE e.answer_by <= $3 AND {_ENDING} ORDER BY e.answer_by LIMIT $5) LIMIT $5"
)
_NEXT_CALL = (
    "SELECT e.id FROM effects e WHERE e.kind = $1 AND e.wake_at <= $2 AND e.id <> ALL($3::uuid[])"
    " AND e.state IN ('planned', 'unknown') AND NOT EXISTS (SELECT FROM paused_effects p WHERE p.kind IN ($1, '*'))"
    " ORDER BY e.wake_at LIMIT 1"
)


class EffectRole:
    """Takes up what is due from the queue. Each kind has room of its own: a slow provider delays nobody else's."""

    def __init__(
        self,
        connect: Connect,
        pool: "asyncpg.Pool[Any]",
        units: Units,
        providers: Mapping[str, Provider],
        clock: Clock,
        *,
        terms: Mapping[str, Terms] | None = None,
        concurrency: int = 16,
        circuits: Circuits | None = None,
    ) -> None:
        self._connect, self._pool, self._clock, self._circuits = connect, pool, clock, circuits
        self._longest = {kind: (terms or {}).get(kind, Terms(p.idempotency)).lease for kind, p in providers.items()}
        self._carrier = Carrier(units, providers, clock, terms, circuits)
        self._concurrency = concurrency
        self._running: dict[str, dict[UUID, asyncio.Task[None]]] = {kind: {} for kind in providers}
        self._stopping = False
        self._wake = Wake("effects", "clock")
        self._turned_at = time.monotonic()
        self.trouble = ""

    async def run(self) -> None:
        """Work on the queue until `stop`; a lost connection is made anew."""
        try:
            while not self._stopping:
                await self._work()
            await self.idle()
        finally:
            for task in self._tasks():  # cancelled from outside: what was begun becomes unknown
                task.cancel()

    async def stop(self) -> None:
        """Begin nothing new, and let what was begun come to its answer."""
        self._stopping = True
        self._wake.set()
        await self.idle()

    async def idle(self) -> None:
        """Return when nothing that was taken up is still going on."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    def not_ready(self) -> str:
        """Why the queue is not worked on, empty while it is."""
        return self.trouble

    def not_alive(self) -> str:
        """Why the process should be restarted, empty while it should not."""
        age = time.monotonic() - self._turned_at
        return f"the effects' last turn was {age:.0f} s ago" if age > TURN_LIMIT and not self._stopping else ""

    async def turn(self) -> int:
        """Take up what is due. Returns how many effects that are."""
        self._turned_at = time.monotonic()
        taken = 0
        if self._circuits is not None:
            await self._circuits.look(frozenset(self._running))
        for kind, running in self._running.items():
            room = self._concurrency - len(running)
            if room > 0:
                taken += await self._take_up(kind, running, room)
        self.trouble = ""
        return taken

    async def _take_up(self, kind: str, running: "dict[UUID, asyncio.Task[None]]", room: int) -> int:
        closed = self._circuits is None or not self._circuits.is_open(kind)
        queue = _QUEUE if closed else _LAPSES
        rows = await self._pool.fetch(queue, kind, self._clock.real_now(), self._clock.now(), list(running), room)
        if self._circuits is not None and not closed and self._circuits.may_be_tried(kind):
            rows = [*rows, *await self._the_try(self._circuits, kind, running)]
        for row in rows:
            running[row["id"]] = asyncio.create_task(self._carry(row["id"], kind, running))
        return len(rows)

    async def _the_try(
        self, circuits: Circuits, kind: str, running: "dict[UUID, asyncio.Task[None]]"
    ) -> "list[asyncpg.Record]":
        """The one call that finds out whether a provider works again, where there is one to make."""
        rows = await self._pool.fetch(_NEXT_CALL, kind, self._clock.real_now(), list(running))
        return rows if rows and await circuits.take_the_try(kind, longest=self._longest[kind]) else []

    async def _work(self) -> None:
        connection: asyncpg.Connection[Any] | None = None
        try:
            async with asyncio.timeout(5):
                connection = await self._connect()
            await self._wake.listen(connection)
            while not self._stopping and not connection.is_closed():
                await self.turn()
                await self._wake.sleep(LONGEST_NAP)
        except WAITS as error:
            self.trouble = repr(error)
            log.warning("effects_wait", error=self.trouble)
            await asyncio.sleep(LONGEST_NAP / 2)
        finally:
            if connection is not None:
                connection.terminate()

    def _tasks(self) -> "list[asyncio.Task[None]]":
        return [task for running in self._running.values() for task in running.values()]

    async def _carry(self, id: UUID, kind: str, running: "dict[UUID, asyncio.Task[None]]") -> None:
        try:
            await self._carrier.step(id, kind)
        except WAITS as error:
            self.trouble = f"{kind}: {error!r}"
            log.warning("effect_waits", effect=str(id), kind=kind, error=repr(error))
        except Exception:
            log.exception("effect_step_failed", effect=str(id), kind=kind)
        finally:
            del running[id]
            self._wake.set()
