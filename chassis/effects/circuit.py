"""Stops calling a provider that keeps failing, and tries it again with one call at a time until it works.

Guarantee: it decides when a call begins, never what became of one. An effect that waits here keeps its state, its
attempts and its key, and leases and answer-by times run on. Of all processes one makes the call that tries a provider
again. What is open survives a restart, and shows in `status` and in the metrics.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from chassis.clock import Clock
from chassis.errors import StoreUnavailable
from chassis.log import UNREACHABLE
from chassis.service import NotDone, ProviderAnswer, Unknown
from chassis.telemetry import METRICS

log = structlog.get_logger(__name__)

TRIP_AFTER = 5
"""Calls of one kind that failed, one after the other, in one process."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=1)

_OPEN = """
INSERT INTO effect_circuits AS c (kind, opened, open_until, reason, since, trying)
VALUES ($1, 1, $2, $3, $4, false)
ON CONFLICT (kind) DO UPDATE SET reason = excluded.reason, opened = c.opened + c.trying::int, trying = false,
  open_until = CASE WHEN c.trying THEN $4 + least($5::interval, $6::interval * 2 ^ least(c.opened, 20))
    ELSE c.open_until END
RETURNING open_until
"""
_TRY = "UPDATE effect_circuits SET open_until = $2, trying = true WHERE kind = $1 AND open_until <= $3 RETURNING kind"


@dataclass
class Circuits:
    """The circuits of one process over what all of them share. Times are real ones."""

    pool: "asyncpg.Pool[Any]"
    clock: Clock
    open: dict[str, datetime] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    async def look(self, kinds: "frozenset[str]") -> None:
        """What is open now, whoever opened it."""
        rows = await self.pool.fetch("SELECT kind, open_until FROM effect_circuits")
        self.open = {row["kind"]: row["open_until"] for row in rows}
        for kind in kinds:
            METRICS.effect_circuit.labels(kind).set(int(kind in self.open))

    def is_open(self, kind: str) -> bool:
        """Whether calls of a kind do not simply begin."""
        return kind in self.open

    def may_be_tried(self, kind: str) -> bool:
        """Whether its pause is over: one call may find out whether it works."""
        return self.open[kind] <= self.clock.real_now()

    async def take_the_try(self, kind: str, *, longest: timedelta) -> bool:
        """Be the one that tries; nobody else does before `longest` has passed, or the call has ended."""
        now = self.clock.real_now()
        return bool(await self.pool.fetch(_TRY, kind, now + longest, now))

    async def told(self, kind: str, trouble: str) -> None:
        """A call came back: `trouble` is empty where the provider works. It is advice: a store that is away is none."""
        try:
            if trouble:
                await self._failed(kind, trouble)
            elif self.failed.pop(kind, 0) or kind in self.open:
                await self.close(kind)
        except (StoreUnavailable, *UNREACHABLE) as error:
            log.warning("circuit_not_told", kind=kind, error=repr(error))

    async def close(self, kind: str) -> None:
        """It works: calls begin as they are due."""
        self.failed.pop(kind, None)
        if await self.pool.fetch("DELETE FROM effect_circuits WHERE kind = $1 RETURNING kind", kind):
            log.info("circuit_closed", kind=kind)
        self.open.pop(kind, None)
        METRICS.effect_circuit.labels(kind).set(0)

    async def _failed(self, kind: str, trouble: str) -> None:
        self.failed[kind] = self.failed.get(kind, 0) + 1
        if kind not in self.open and self.failed[kind] < TRIP_AFTER:
            return
        now = self.clock.real_now()
        self.open[kind] = await self.pool.fetchval(
            _OPEN, kind, now + FIRST_PAUSE, trouble, now, LONGEST_PAUSE, FIRST_PAUSE
        )
        METRICS.effect_circuit.labels(kind).set(1)
        log.warning("circuit_open", kind=kind, reason=trouble, failed=self.failed[kind])


def trouble_of(answer: ProviderAnswer) -> str:
    """Why an answer says that the provider does not work; empty where it is the provider's word, whatever it says."""
    if isinstance(answer, Unknown):
        return answer.reason or "UNKNOWN"
    return (answer.reason or "NOT_DONE") if isinstance(answer, NotDone) and not answer.ours else ""
