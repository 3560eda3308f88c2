"""A fire that raised is set aside with its reason, seen by operators, and fires again only when one of them says so.

It is set aside under its generation: one that its aggregate arms anew meanwhile is a new question and fires as usual.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.domain import Refused
from chassis.wake import CHANNEL


class TimerNotAside(Refused):
    """This timer is not set aside (any more)."""

    reason = "TIMER_NOT_SET_ASIDE"


@dataclass(frozen=True, slots=True)
class AsideTimer:
    """A timer whose fire raised."""

    kind: str
    subject: UUID
    key: str
    generation: int
    due_at: datetime
    reason: str
    detail: str
    failed_at: datetime


_STILL_ARMED = (
    "SELECT FROM timers t WHERE t.subject = f.subject AND t.kind = f.kind AND t.key = f.key"
    " AND t.generation = f.generation"
)


class AsideTimers:
    """The timers of one service that are set aside."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

    async def put(self, timer: AsideTimer) -> None:
        """Set a timer aside; of two leaders that both failed the later reason stays."""
        await self._pool.execute(
            "INSERT INTO failed_timers(kind, subject, key, generation, due_at, reason, detail, failed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (subject, kind, key) DO UPDATE SET"
            " generation = $4, due_at = $5, reason = $6, detail = $7, failed_at = $8",
            timer.kind,
            timer.subject,
            timer.key,
            timer.generation,
            timer.due_at,
            timer.reason,
            timer.detail,
            timer.failed_at,
        )

    async def listed(self, *, limit: int = 500) -> list[AsideTimer]:
        """Those that still wait for somebody, the longest set aside first."""
        rows = await self._pool.fetch(
            "SELECT kind, subject, key, generation, due_at, reason, detail, failed_at FROM failed_timers f"
            f" WHERE EXISTS ({_STILL_ARMED}) ORDER BY failed_at LIMIT $1",
            limit,
        )
        return [AsideTimer(**dict(row)) for row in rows]

    async def redrive(self, kind: str, subject: UUID, key: str) -> None:
        """Let it fire again, at once. Raises TimerNotAside."""
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(
                "DELETE FROM failed_timers f WHERE kind = $1 AND subject = $2 AND key = $3"
                f" AND EXISTS ({_STILL_ARMED}) RETURNING 1",
                kind,
                subject,
                key,
            )
            if gone is None:
                raise TimerNotAside("this timer is not set aside", kind=kind, subject=subject, key=key)
            await connection.execute("SELECT pg_notify($1, 'timers')", CHANNEL)

    async def tidy(self) -> None:
        """Drop rows of timers that were cleared or armed anew since."""
        await self._pool.execute(f"DELETE FROM failed_timers f WHERE NOT EXISTS ({_STILL_ARMED})")
