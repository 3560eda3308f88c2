"""P12: a what-if over many recorded requests: decisions a second, memory, and what callers feel of it meanwhile.

The returns service answers gRPC in a process of its own, on its real database, with requests in it that it decided
itself, copied in SQL. The report comes over gRPC as an operator would have it. Against a tenth of the records, it has
to be linear: as many decisions a second, and no more memory but for the customers. A caller reads one case after the
other, with a what-if beside it and without, in turn.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg
import grpc
from aftercare.returns.v1 import policy_pb2 as pb
from aftercare.returns.v1 import service_pb2

from bench.copies import multiply
from bench.cpu import family, resident_bytes
from bench.figure import Figure, ratio_figure
from bench.run import run
from bench.stand import Stand, standing
from chassis.domain import Money
from chassis.runtime.stores import open_stores
from chassis.settings import load
from chassis.work import SYSTEM, Work
from infra.local.databases import with_database
from infra.local.parts import Parts
from infra.local.stack import service
from services.returns.application import Application
from services.returns.application.deciding import Item
from services.returns.bootstrap import SERVICE
from services.returns.domain.order import Delivery, OrderLine, OrderSnapshot, ShipmentFact
from services.returns.law_terms import conformity_law, place_of, withdrawal_law
from services.returns.money_terms import money_terms
from services.returns.policies import default_policy, default_text, example_text, service_plans

LARGE = False
MANY, TENTH = 100_000, 10_000
TEMPLATES = 10
CUSTOMERS = 25_000
SHOP, SMALL = "shop-many", "shop-tenth"
API = service("returns", "api")
WHAT_IF = "/aftercare.returns.v1.PolicyService/WhatIf"
GET_CASE = "/aftercare.returns.v1.ReturnsService/GetCase"
CALLS = 200


@dataclass(frozen=True, slots=True)
class Took:
    """One what-if: seconds, and the most memory its worker and the service had, in bytes."""

    seconds: float
    worker: int
    api: int


async def measure(parts: Parts, rounds: int, *, many: int = MANY, tenth: int = TENTH) -> Sequence[Figure]:
    """Small, large, small, large; then calls beside a large one and without."""
    async with standing(parts, API, name="p12") as stand:
        cases = await _stored(stand, many, tenth)
        async with grpc.aio.insecure_channel(stand.address(API)) as channel:
            await _what_if(stand, channel, SMALL, tenth)  # the first one warms up
            pairs = [
                (await _what_if(stand, channel, SMALL, tenth), await _what_if(stand, channel, SHOP, many))
                for _ in range(rounds)
            ]
            felt = [await _calls(stand, channel, cases, many) for _ in range(rounds)]
    rates = [(tenth / small.seconds, many / large.seconds) for small, large in pairs]
    grown = [(large.worker - small.worker) / 2**20 for small, large in pairs]
    return [
        ratio_figure(
            "P12",
            f"decisions a second, {many:,} records / {tenth:,}",
            [large / small for small, large in rates],
            [large for _, large in rates],
            goal=0.9,
            floor="the same on a tenth of them",
            unit="1/s",
            parts=(
                ("seconds", median(large.seconds for _, large in pairs)),
                ("worker_mib", median(large.worker / 2**20 for _, large in pairs)),
                ("worker_grown_mib", median(grown)),
                ("api_mib", median(large.api / 2**20 for _, large in pairs)),
            ),
        ),
        ratio_figure(
            "P12b",
            "a call beside a what-if, p50: with / without",
            [median(with_it) / median(without) for without, with_it in felt],
            [median(with_it) * 1e3 for _, with_it in felt],
            goal=1.5,
            floor="the same call without one",
            unit="ms",
            less_is_better=True,
            parts=(
                ("p99_ms", median(quantiles(with_it, n=100)[98] * 1e3 for _, with_it in felt)),
                ("p99_without_ms", median(quantiles(without, n=100)[98] * 1e3 for without, _ in felt)),
            ),
        ),
    ]


async def _what_if(stand: Stand, channel: grpc.aio.Channel, shop: str, expected: int) -> Took:
    began, worker, api = time.perf_counter(), 0, 0
    async for told in _asked(stand, channel, shop):
        pid = stand.pid(API)
        workers = [resident_bytes(one) for one in family(pid) if one != pid]
        worker, api = max(worker, *workers, 0), max(api, resident_bytes(pid))
        report = told.report
    if report.decisions != expected or not report.changed_units:
        raise RuntimeError(f"{report.decisions} of {expected} decided again, {report.changed_units} otherwise")
    return Took(time.perf_counter() - began, worker, api)


async def _asked(stand: Stand, channel: grpc.aio.Channel, shop: str) -> AsyncIterator[Any]:
    stub: Any = channel.unary_stream(
        WHAT_IF,
        request_serializer=pb.WhatIfRequest.SerializeToString,
        response_deserializer=pb.WhatIfResponse.FromString,
    )
    request = pb.WhatIfRequest(shop_id=shop, text=example_text("electronics"))
    async for told in stub(request, metadata=stand.metadata("supervisor")):
        yield told


async def _calls(
    stand: Stand, channel: grpc.aio.Channel, cases: Sequence[str], many: int
) -> tuple[list[float], list[float]]:
    """Times of calls without a what-if, then beside one."""
    without = await _times(stand, channel, cases[:CALLS])
    async with _beside(stand, channel):
        return without, await _times(stand, channel, cases[CALLS : 2 * CALLS])


@asynccontextmanager
async def _beside(stand: Stand, channel: grpc.aio.Channel) -> AsyncIterator[None]:
    begun = asyncio.Event()

    async def go() -> None:
        while True:
            async for told in _asked(stand, channel, SHOP):
                if told.decisions:
                    begun.set()

    running = asyncio.create_task(go())
    await begun.wait()
    try:
        yield
    finally:
        running.cancel()


async def _times(stand: Stand, channel: grpc.aio.Channel, cases: Sequence[str]) -> list[float]:
    stub: Any = channel.unary_unary(
        GET_CASE,
        request_serializer=service_pb2.GetCaseRequest.SerializeToString,
        response_deserializer=service_pb2.GetCaseResponse.FromString,
    )
    metadata, times = stand.metadata("agent"), []
    for case in cases:
        began = time.perf_counter()
        await stub(service_pb2.GetCaseRequest(case_id=case), metadata=metadata)
        times.append(time.perf_counter() - began)
    return times


async def _stored(stand: Stand, many: int, tenth: int) -> list[str]:
    """Some requests of each shop, decided by the service, copied until there are enough; ids of some real ones."""
    environment = stand.environment.job("returns")
    os.environ |= {name: value for name, value in environment.items() if name.startswith("AFTERCARE_")}
    settings = load(SERVICE.settings)
    made: dict[str, list[UUID]] = {}
    async with open_stores(SERVICE, settings) as stores:
        for shop in (SHOP, SMALL):
            made[shop] = [
                UUID(await stores.units.run(_asking(shop, n), actor=SYSTEM, cause="bench")) for n in range(TEMPLATES)
            ]
    url = with_database(stand.parts.postgres_url, stand.environment.databases["returns"].name)
    connection = await asyncpg.connect(url)
    try:
        for number, (shop, wanted) in enumerate(((SHOP, many), (SMALL, tenth))):
            for n, case in enumerate(made[shop]):
                await _copies(connection, case, wanted // TEMPLATES - 1, number * TEMPLATES + n)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return [str(case) for case in made[SHOP]] * (2 * CALLS // TEMPLATES)


def _asking(shop: str, n: int) -> Any:
    """An order with two lines, delivered some time ago, and a return of it."""
    laws: Any = {"law": withdrawal_law(), "conformity": conformity_law(), "place_of": place_of}
    app = Application(default_policy(), service_plans(), money_terms(), default_text(), **laws)

    async def ask(work: Work) -> str:
        order_id, delivered = f"o-{n}", work.now - timedelta(days=3 + 3 * n)
        lines = tuple(
            OrderLine(
                f"l{k}", f"sku-{k}", 2, Money(2_500 + 100 * k, "EUR"), category=("shoes", "drones")[k], tags=("new",)
            )
            for k in range(2)
        )
        order = OrderSnapshot(
            version=1,
            customer_id="c",
            placed_at=delivered - timedelta(days=3),
            country=("DE", "US")[n % 2],
            time_zone="Europe/Berlin",
            currency="EUR",
            lines=lines,
            channel="web",
        )
        await app.order_recorded(work, shop, order_id, order)
        await app.shipment_told(work, shop, order_id, ShipmentFact("p", delivered - timedelta(days=1), True))
        await app.delivery_told(work, shop, order_id, Delivery("p", "d", delivered))
        condition = ("sealed", "opened", "used", "")[n % 4]
        items = [Item("l0", 1, "too_small", (), condition), Item("l1", 1, ("changed_mind", "faulty")[n % 2])]
        receipt, _ = await app.request(work, shop, order_id, items)
        return receipt.id

    return ask


async def _copies(connection: "asyncpg.Connection[Any]", case: UUID, copies: int, number: int) -> None:
    """Ids rise with the copies, as those of real cases rise with time."""
    id = f"(lpad(to_hex(g), 8, '0') || '-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
    end = await connection.fetchval("SELECT max(position) FROM events")
    each = await connection.fetchval("SELECT count(*) FROM events WHERE aggregate_id = $1", case)
    await multiply(
        connection, "events", "t.aggregate_id", case, 1, copies,
        {"aggregate_id": id, "position": f"{end} + (g - 1) * {each} + t.version"},
    )  # fmt: skip
    await multiply(
        connection, "cases", "t.id", case, 1, copies,
        {"id": id, "customer_id": f"'customer-' || (g * {TEMPLATES} + {number}) % {CUSTOMERS}"},
    )  # fmt: skip


if __name__ == "__main__":
    run("P12", measure, many=MANY, tenth=TENTH)
