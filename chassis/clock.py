"""Two clocks that are never mixed up.

`now()` is the business clock: every instant in an event and every due time comes from it. `real_now()` is the
machine's clock, for leases, tokens, retention and network time-outs. In production they are the same. Where driving is
allowed (demonstration, tests) the business clock is one row in the service's database, read before the process does
anything, on NOTIFY and at least every second, so a restarted process is never behind. It only goes forward.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import structlog

from chassis.domain import Invalid, Refused
from chassis.leader import Connect
from chassis.log import UNREACHABLE
from chassis.wake import CHANNEL, Session, Wake

log = structlog.get_logger(__name__)

PAYLOAD = "clock"
LONGEST_NAP = 1.0


class ClockNotDriven(Refused):
    """This process follows the machine's clock; nobody may move it."""

    reason = "CLOCK_NOT_DRIVEN"


class ClockGoesForward(Refused):
    """Business time that has passed stays passed: stored events already carry it."""

    reason = "CLOCK_GOES_FORWARD"


class DrivenClockFound(Exception):
    """The database's clock was driven, but this process may not follow a driven clock: it must not start."""


class Clock(Protocol):
    """What everybody is given. Both instants are UTC."""

    def now(self) -> datetime: ...

    def real_now(self) -> datetime: ...

    async def wait_until(self, due: datetime) -> None:
        """Return when the business clock has reached `due`, also when it is moved there."""
        ...

    async def drive(self, connection: Session, *, to: datetime | None, rate: float | None) -> "Reading":
        """Move the clock of this service's database, or refuse."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """The row: the business clock stood at `origin` when the real one stood at `set_at`, and runs at `rate`."""

    origin: datetime
    set_at: datetime
    rate: float

    def at(self, real: datetime) -> datetime:
        return self.origin + self.rate * (real - self.set_at)

    def real_wait(self, due: datetime, real: datetime) -> float:
        """Real seconds until `due`; infinite on a clock that stands still."""
        missing = (due - self.at(real)).total_seconds()
        if missing <= 0:
            return 0.0
        return missing / self.rate if self.rate > 0 else float("inf")


def machine_now() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class MachineClock:
    """Production: business time is real time."""

    def now(self) -> datetime:
        return machine_now()

    def real_now(self) -> datetime:
        return machine_now()

    async def wait_until(self, due: datetime) -> None:
        while (missing := (due - machine_now()).total_seconds()) > 0:
            await asyncio.sleep(min(missing, 60.0))

    async def drive(self, connection: Session, *, to: datetime | None, rate: float | None) -> Reading:
        raise ClockNotDriven("this installation follows the machine's clock (DRIVEN_CLOCK is not set)")


class DrivenClock:
    """Follows the row in the database; before anybody has driven it, the machine's clock."""

    def __init__(self, real_now: Callable[[], datetime] = machine_now) -> None:
        self._real_now = real_now
        self._reading: Reading | None = None
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        real = self._real_now()
        return self._reading.at(real) if self._reading else real

    def real_now(self) -> datetime:
        return self._real_now()

    async def wait_until(self, due: datetime) -> None:
        while self.now() < due:
            moved = self._moved
            real = self._real_now()
            wait = self._reading.real_wait(due, real) if self._reading else (due - real).total_seconds()
            try:
                async with asyncio.timeout(min(wait, 60.0)):
                    await moved.wait()
            except TimeoutError:
                pass

    async def read(self, connection: Session) -> None:
        """Take over what the database says now."""
        row = await connection.fetchrow("SELECT origin, set_at, rate FROM clock")
        reading = Reading(row["origin"], row["set_at"], row["rate"]) if row else None
        if reading != self._reading:
            self._reading = reading
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def drive(self, connection: Session, *, to: datetime | None, rate: float | None) -> Reading:
        """Set the clock to `to` (default: where it stands) and let it run at `rate` (default: as it runs)."""
        if rate is not None and not 0 <= rate <= 1_000_000:
            raise Invalid("rate", "a clock runs forward, at most a million times as fast")
        if to is not None and to.tzinfo is None:
            raise Invalid("to", "an instant carries its zone")
        async with connection.transaction():
            # of two drivers the second builds on the first
            await connection.execute("LOCK TABLE clock IN EXCLUSIVE MODE")
            await self.read(connection)
            real, old = self._real_now(), self._reading
            stands = old.at(real) if old else real
            if to is not None and to < stands:
                raise ClockGoesForward(f"the clock stands at {stands.isoformat()}", clock=stands.isoformat())
            reading = Reading(to or stands, real, rate if rate is not None else (old.rate if old else 1.0))
            await connection.execute(
                "INSERT INTO clock(origin, set_at, rate) VALUES ($1, $2, $3)"
                " ON CONFLICT (only_row) DO UPDATE SET origin = $1, set_at = $2, rate = $3",
                reading.origin,
                reading.set_at,
                reading.rate,
            )
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, PAYLOAD)
        await self.read(connection)
        return reading

    async def follow(self, connect: Connect) -> None:
        """Read on NOTIFY and at least every second, for ever; a lost connection is made anew."""
        while True:
            connection: asyncpg.Connection[Any] | None = None
            try:
                async with asyncio.timeout(5):
                    connection = await connect()
                wake = Wake(PAYLOAD)
                await wake.listen(connection)
                while True:
                    async with asyncio.timeout(5):
                        await self.read(connection)
                    await wake.sleep(LONGEST_NAP)
            except (*UNREACHABLE, asyncpg.PostgresError) as lost:
                log.warning("clock_unread", error=repr(lost))
                await asyncio.sleep(LONGEST_NAP / 2)
            finally:
                if connection is not None:
                    connection.terminate()


@asynccontextmanager
async def open_clock(connect: Connect, *, driven: bool, environment: str) -> AsyncIterator[Clock]:
    """The clock of this process, read once before anybody sees it and followed until the end.

    Raises ValueError for a driven clock in production and `DrivenClockFound` where the database's clock was driven
    and this process would not follow it.
    """
    if driven and environment == "production":
        raise ValueError("DRIVEN_CLOCK is refused in production")
    connection = await connect()
    try:
        clock = DrivenClock()
        await clock.read(connection)
        found = await connection.fetchval("SELECT EXISTS (SELECT FROM clock)")
    finally:
        await connection.close()
    if not driven:
        if found:
            raise DrivenClockFound("this database's clock was driven: set DRIVEN_CLOCK=1, or use a fresh database")
        yield MachineClock()
        return
    following = asyncio.create_task(clock.follow(connect), name="clock")
    try:
        yield clock
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
