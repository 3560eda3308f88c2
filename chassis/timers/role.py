"""Fires due timers, each generation once.

The leader reads due rows without claiming them and runs the handler as a command whose request id is (timer,
generation). The command's own unit deletes or re-arms the row, and re-arming raises the generation; so a second leader,
a crash after the commit or a stopped leader that wakes up all end in the stored answer of the first. A kind without a
handler is left for the newer build that armed it.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from chassis.clock import Clock
from chassis.domain import DomainError, derived_id
from chassis.errors import Blocked, Contended, StoreUnavailable
from chassis.keys import WrongKek
from chassis.leader import Connect, Leader
from chassis.log import UNREACHABLE
from chassis.service import FiredTimer, Receipt, TimerHandler
from chassis.telemetry import METRICS, about
from chassis.timers.aside import AsideTimer, AsideTimers
from chassis.told import told
from chassis.units import Units
from chassis.wake import Wake
from chassis.work import SYSTEM, Work

log = structlog.get_logger(__name__)

LONGEST_NAP = 1.0
PAUSE = 0.1
"""Every append that arms a timer wakes the role, and most timers are due in days."""
TURN_LIMIT = 60.0
WAITS = (StoreUnavailable, Blocked, Contended, WrongKek, *UNREACHABLE)
"""Not the timer's fault: it stays due and is asked again."""

_DUE = (
    "SELECT kind, subject, key, due_at, generation FROM timers t WHERE due_at <= $1 AND kind = ANY($2::text[])"
    " AND NOT EXISTS (SELECT FROM failed_timers f WHERE f.subject = t.subject AND f.kind = t.kind AND f.key = t.key"
    " AND f.generation = t.generation) ORDER BY due_at LIMIT $3"
)


class Timers:
    """Campaigns for the lead of its service's timers and, as leader, fires what is due."""

    def __init__(
        self,
        connect: Connect,
        pool: "asyncpg.Pool[Any]",
        units: Units,
        handlers: Mapping[str, TimerHandler],
        clock: Clock,
        *,
        concurrency: int = 128,
        page: int = 500,
        leader: Leader | None = None,
    ) -> None:
        self._pool, self._units, self._handlers, self._clock = pool, units, handlers, clock
        self._page = page
        self._room = asyncio.Semaphore(concurrency)
        self._leader = leader or Leader(connect, "timers")
        self._turned_at = time.monotonic()
        self.aside = AsideTimers(pool)
        self.trouble = ""

    async def run(self) -> None:
        """Seek the lead and fire while leading, for ever."""
        await self._leader.run(self._lead)

    @property
    def leads(self) -> bool:
        return self._leader.leads

    def not_ready(self) -> str:
        """Why nothing fires, empty while it does. One that does not lead is ready: it stands by."""
        return self.trouble if self.leads else ""

    def not_alive(self) -> str:
        """Why the process should be restarted, empty while it should not."""
        age = time.monotonic() - self._turned_at
        return f"the timers' last turn was {age:.0f} s ago" if self.leads and age > TURN_LIMIT else ""

    async def fire_due(self) -> int:
        """Ask every timer that is due now, at most a page of them. Returns how many were answered."""
        rows = await self._pool.fetch(_DUE, self._clock.now(), list(self._handlers), self._page)
        with contextlib.suppress(*WAITS):  # a hint: each fire reads by itself what is not there, and is told why
            await self._units.aggregates.prefetch(row["subject"] for row in rows)
        answers = await asyncio.gather(*(self._fire(row) for row in rows))
        return sum(answers)

    async def _lead(self, connection: "asyncpg.Connection[Any]") -> None:
        wake = Wake("timers", "clock", pause=PAUSE)
        await wake.listen(connection)
        await self.aside.tidy()
        while True:
            self._turned_at = time.monotonic()
            if await self.fire_due() < self._page:
                await wake.sleep(LONGEST_NAP)

    async def _fire(self, row: Any) -> bool:
        fired = FiredTimer(row["kind"], row["subject"], row["key"], row["due_at"])
        request = derived_id(
            "timer", self._units.model.name, fired.kind, str(fired.subject), fired.key, str(row["generation"])
        )
        async with self._room:
            self._turned_at = time.monotonic()
            with about(case=fired.subject, request=request, correlation=request):
                return await self._ask(row, fired, request)

    async def _ask(self, row: Any, fired: FiredTimer, request: UUID) -> bool:
        handler = self._handlers[fired.kind]

        async def decide(work: Work) -> Receipt:
            await handler(work, fired)
            return Receipt(str(fired.subject))

        try:
            await self._units.run(
                decide,
                actor=SYSTEM,
                cause=f"timer:{fired.kind}",
                request=(request, request),
                on=fired.subject,
                fired=fired,
            )
        except WAITS as error:
            self.trouble = f"{fired.kind}: {error}"
            log.warning("timer_waits", kind=fired.kind, subject=str(fired.subject), error=repr(error))
            return False
        except Exception as error:
            await self._set_aside(row, error)
            return True
        self.trouble = ""
        METRICS.timers_fired.labels(fired.kind, "fired").inc()
        return True

    async def _set_aside(self, row: Any, error: Exception) -> None:
        reason = error.reason if isinstance(error, DomainError) else type(error).__name__
        log.error("timer_set_aside", kind=row["kind"], subject=str(row["subject"]), reason=reason, exc_info=error)
        METRICS.timers_fired.labels(row["kind"], "set_aside").inc()
        await self.aside.put(
            AsideTimer(
                kind=row["kind"],
                subject=row["subject"],
                key=row["key"],
                generation=row["generation"],
                due_at=row["due_at"],
                reason=reason,
                detail=(error.message if isinstance(error, DomainError) else told(error))[:2000],
                failed_at=self._clock.real_now(),
            )
        )
