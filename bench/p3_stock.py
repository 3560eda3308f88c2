"""A command on an existing case against the same on the stock `eventsourcing` application with its PostgreSQL recorder.

Ours writes everything that belongs to the command; the stock one writes the same two events and nothing else, from as
many threads as its pool has connections and with its cache of aggregates on, as its documentation suggests.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from eventsourcing.application import Application as StockApplication
from eventsourcing.domain import Aggregate as StockAggregate
from eventsourcing.domain import event

from bench.cpu import cpu_seconds
from bench.figure import Figure, ratio_figure
from bench.run import run
from bench.stand import WHOLE, Stand, standing
from chassis.runtime.stores import open_stores
from chassis.service import Receipt
from chassis.settings import Settings
from chassis.units import Units
from chassis.work import Actor, Work
from infra.local.databases import with_database
from infra.local.parts import Parts
from services.shipping_issues.application import Application
from services.shipping_issues.bootstrap import RULES, SERVICE

LARGE = False
CASES = 500
CALLERS = 64
THREADS = 16
SECONDS = 2.5
AGENT = Actor("bench", frozenset({"agent"}))


class StockCase(StockAggregate):
    """The part of a delivery case that an order to wait touches, written as the library's documentation writes one."""

    @event("Opened")
    def __init__(self, *, shop_id: str, order_id: str, customer_id: str, shipment_id: str, trouble: str) -> None:
        self.shop_id, self.order_id, self.customer_id = shop_id, order_id, customer_id
        self.shipment_id, self.trouble = shipment_id, trouble
        self.waiting_on, self.waits_until, self.reason = "agent", datetime.now(UTC), ""

    @event("WaitDecided")
    def decide_wait(self, expect_by: datetime, reason: str, by: str) -> None:
        self.waits_until, self.reason = expect_by, reason

    @event("WaitingOnChanged")
    def wait_on(self, whom: str, by: str) -> None:
        self.waiting_on = whom


class StockCases(StockApplication[UUID]):
    """The same use case."""

    def open(self, number: int) -> UUID:
        case = StockCase(
            shop_id="shop",
            order_id=f"O-{number}",
            customer_id=f"C-{number}",
            shipment_id=f"S-{number}",
            trouble="damaged",
        )
        self.save(case)
        return case.id

    def wait(self, case_id: UUID, expect_by: datetime) -> None:
        case: StockCase = self.repository.get(case_id)
        case.decide_wait(expect_by, "carrier", "bench")
        case.wait_on("carrier", "bench")
        self.save(case)


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Per round one stretch of each, in this one process, without gRPC on either side."""
    async with standing(parts, name="p3") as stand:
        cases = [UUID(case) for case in await stand.open_cases(CASES)]
        stand.stack.stop(WHOLE)
        stock = await asyncio.to_thread(_stock, parts)
        theirs = [await asyncio.to_thread(stock.open, number) for number in range(CASES)]
        read: list[tuple[float, float, float, float]] = []
        with ThreadPoolExecutor(THREADS) as threads:
            async with open_stores(SERVICE, _settings(stand)) as stores:
                app, rng = Application(RULES), random.Random(3)
                for _ in range(rounds):
                    floor = await _measured(stand, lambda end: _stock_calls(stock, theirs, threads, end))
                    ours = await _measured(stand, lambda end: _our_calls(stores.units, app, cases, rng, end))
                    read.append((*floor, *ours))
        stock.close()
    return [
        ratio_figure(
            "P3",
            "command on an existing case / stock eventsourcing",
            [ours / floor for floor, _, ours, _ in read],
            [ours for _, _, ours, _ in read],
            goal=8,
            stretch=15,
            floor=f"stock Application on its PostgreSQL recorder: same two events only, {THREADS} threads, cache on",
            unit="commands/s",
            parts=(
                ("cpu_us", median(cpu for *_, cpu in read)),
                ("stock_per_s", median(floor for floor, *_ in read)),
                ("stock_cpu_us", median(cpu for _, cpu, *_ in read)),
            ),
        )
    ]


async def _measured(stand: Stand, calls: Callable[[float], Awaitable[int]]) -> tuple[float, float]:
    """Calls a second, and the CPU of client and database together for each."""
    before, ours, began = cpu_seconds(stand.database_pids()), time.process_time(), time.perf_counter()
    answered = await calls(began + SECONDS)
    passed = time.perf_counter() - began
    cpu = time.process_time() - ours + cpu_seconds(stand.database_pids()) - before
    return answered / passed, cpu * 1e6 / answered


async def _our_calls(units: Units, app: Application, cases: list[UUID], rng: random.Random, end: float) -> int:
    answered = 0

    async def caller(n: int) -> None:
        nonlocal answered
        while time.perf_counter() < end:
            n, case = n + CALLERS, cases[n % len(cases)]
            expect_by = _some_day(rng)

            async def decide(work: Work, case: UUID = case, expect_by: datetime = expect_by) -> Receipt:
                return await app.wait(work, case, expect_by=expect_by, reason="carrier")

            await units.run(decide, actor=AGENT, cause="bench", request=(uuid4(), uuid4()), on=case)
            answered += 1

    await asyncio.gather(*(caller(n) for n in range(CALLERS)))
    return answered


async def _stock_calls(stock: StockCases, cases: list[UUID], threads: ThreadPoolExecutor, end: float) -> int:
    def caller(n: int) -> int:
        answered, rng = 0, random.Random(n)
        own = cases[n::THREADS]  # two threads on one case would refuse one another, and the stock one does not retry
        while time.perf_counter() < end:
            stock.wait(own[answered % len(own)], _some_day(rng))
            answered += 1
        return answered

    loop = asyncio.get_running_loop()
    return sum(await asyncio.gather(*(loop.run_in_executor(threads, caller, n) for n in range(THREADS))))


def _some_day(rng: random.Random) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=86_400 + rng.randrange(90 * 86_400))


def _settings(stand: Stand) -> Settings:
    told = stand.environment.service(SERVICE.model.name)
    return Settings(
        **{
            name.removeprefix("AFTERCARE_").lower(): value
            for name, value in told.items()
            if name.startswith("AFTERCARE_")
        }  # type: ignore[arg-type]  # as the environment would give them
    )


def _stock(parts: Parts) -> StockCases:
    url = urlsplit(with_database(parts.postgres_url, "postgres"))
    return StockCases(
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": "postgres",
            "POSTGRES_HOST": url.hostname or "127.0.0.1",
            "POSTGRES_PORT": str(url.port),
            "POSTGRES_USER": url.username or "",
            "POSTGRES_PASSWORD": url.password or "",
            "POSTGRES_POOL_SIZE": str(THREADS),
            "POSTGRES_MAX_OVERFLOW": str(THREADS),
            "AGGREGATE_CACHE_MAXSIZE": str(CASES * 2),
        }
    )


if __name__ == "__main__":
    run("P3", measure)
