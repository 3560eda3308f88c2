"""P10: due timers fired as commands, and what five million timers that are not yet due cost them.

The timers are those that real parcels on their way armed, made due before their time: each fire asks the parcel, finds
nothing to say, and is armed again for its day. That is what most fires are, for a scan leaves the row where it is. A
fire is a whole command: decision, unit, stored answer, row. Two databases of the same service take turns, one with and
one without the timers that wait.
"""

import asyncio
import gc
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg

from bench.consuming import consume
from bench.figure import Figure, ratio_figure
from bench.meter import READER, WRITER, Meter, sessions
from bench.place import Place, place, stores_of
from bench.run import run
from bench.shipments import lives
from chassis.runtime.process import context_of
from chassis.runtime.stores import Stores
from chassis.timers import Timers
from infra.local.databases import with_database
from infra.local.parts import Parts

LARGE = True
NOT_DUE = 5_000_000
PARCELS = 1_500
PATIENCE = 300.0
DELIVERED = b"Delivered"


@dataclass(frozen=True, slots=True)
class Took:
    """One round: fires a second, and microseconds of processor a fire of this process and of PostgreSQL."""

    rate: float
    own: float
    postgres: float


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two databases, with its process's parts open."""

    here: Place
    stores: Stores
    admin: "asyncpg.Connection[Any]"

    async def fill(self, waiting: int) -> None:
        """Parcels on their way with their timers, and `waiting` timers of nobody, due in a year and later."""
        records = lives(PARCELS, 1, now=datetime.now(UTC))
        under_way = [r for r in records if not any(name == "ce_type" and DELIVERED in value for name, value in r[2])]
        await consume(self.here, self.stores, under_way)
        if waiting:
            await self.admin.execute(_WAITING, waiting)
        await self.admin.execute("VACUUM ANALYZE timers")

    async def fire(self) -> Took:
        """From the moment all are due to the moment none is, by the role as it runs."""
        wiring = self.here.definition.wire(context_of(self.here.settings, self.stores))
        role = Timers(
            self.stores.connect, self.stores.pool, self.stores.units, wiring.timer_handlers, self.stores.clock
        )
        running = asyncio.create_task(role.run())
        try:
            async with asyncio.timeout(PATIENCE):
                while not role.leads:
                    await asyncio.sleep(0.001)
                url = with_database(self.here.parts.postgres_url, self.here.database.name)
                backends = await sessions(url, WRITER, READER)
                await self.admin.execute("VACUUM timers")
                async with self.admin.transaction():
                    count = int((await self.admin.execute(_DUE_NOW)).split()[-1])
                    await self.admin.execute("SELECT pg_notify('aftercare', 'timers')")
                meter = Meter(backends)
                while await self.admin.fetchval("SELECT EXISTS (SELECT FROM timers WHERE due_at <= now())"):
                    await asyncio.sleep(0.02)
                took = Took(count / meter.seconds(), meter.own() / count * 1e6, meter.postgres() / count * 1e6)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert await self.admin.fetchval("SELECT count(*) FROM failed_timers") == 0
        return took


async def measure(parts: Parts, rounds: int, *, not_due: int = NOT_DUE) -> Sequence[Figure]:
    """Both databases are asked in every round."""
    async with AsyncExitStack() as stack:
        sides = [await _side(stack, parts) for _ in range(2)]
        for side, waiting in zip(sides, (0, not_due), strict=True):
            await side.fill(waiting)
            await side.fire()
        gc.collect()
        gc.freeze()
        measured = [(await sides[0].fire(), await sides[1].fire()) for _ in range(rounds)]
        [fires] = [await sides[0].admin.fetchval("SELECT count(*) FROM timers WHERE kind = 'watch'")]
    alone, among = zip(*measured, strict=True)
    rates = [one.rate for one in alone]
    return [
        ratio_figure(
            "P10", "timers due, fired as commands", rates, rates, unit="fires/s", goal=5_000, floor="absolute",
            parts=[("our µs a fire", median(one.own for one in alone)),
                   ("PostgreSQL's µs a fire", median(one.postgres for one in alone))],
            note=f"{fires} timers a round; each asks its parcel and is armed again",
        ),
        ratio_figure(
            "P10b", "fires a second beside timers not yet due / without them",
            [b.rate / a.rate for a, b in measured], [b.rate for _, b in measured], unit="fires/s", goal=0.95,
            floor="the same fires in a database without them",
            parts=[("our µs a fire", median(one.own for one in among)),
                   ("PostgreSQL's µs a fire", median(one.postgres for one in among))],
            note=f"{not_due} timers not yet due",
        ),
    ]  # fmt: skip


async def _side(stack: AsyncExitStack, parts: Parts) -> Side:
    here = await stack.enter_async_context(place(parts, "shipping_issues"))
    stores = await stack.enter_async_context(stores_of(here))
    admin = await asyncpg.connect(with_database(parts.postgres_url, here.database.name))
    stack.push_async_callback(admin.close)
    return Side(here, stores, admin)


_WAITING = """
INSERT INTO timers(kind, subject, key, due_at, generation)
SELECT 'watch', md5(n::text)::uuid, 'STALLED', now() + interval '1 year' + n * interval '1 second', 1
FROM generate_series(1, $1::int8) n
"""

_DUE_NOW = """
UPDATE timers SET due_at = now() - interval '1 hour' + random() * interval '30 minutes', generation = generation + 1
WHERE kind = 'watch' AND due_at < now() + interval '11 months'
"""


if __name__ == "__main__":
    run("P10", measure, not_due=NOT_DUE)
