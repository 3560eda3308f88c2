"""P7: how a command and a page of a queue change from 10,000 to 1,000,000 cases.

Two processes of the service with a database each, asked in turn, so that both see the same machine. The cases are
copies in SQL of what the service itself wrote for one real case: its events, its row, its timers. The one parcel and
the one order stay shared. A command is always on a case that its process has not seen yet, so it is loaded from the
log. A page is of the open cases, one in ten, going on from page to page; or of the fifty cases of one agent.
"""

import argparse
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from hashlib import md5
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg
import grpc
from aftercare.shipping_issues.v1 import service_pb2 as pb

from bench.copies import multiply
from bench.figure import Figure, ratio_figure
from bench.run import run
from bench.stand import SERVICE, WHOLE, Stand, Waits, standing, wait_call
from infra.local.databases import ServiceDatabase, clone, drop, with_database
from infra.local.parts import Parts
from infra.local.stack import service

LARGE = True
MANY, FEW = 1_000_000, 10_000
A_ROUND = 150
PAGE = 50
LIST = "/aftercare.shipping_issues.v1.ShippingIssuesService/ListCases"
KINDS = (
    ("P7", "a command on a case not seen before"),
    ("P7b", "a page of the open cases"),
    ("P7c", "a page of one agent's cases"),
)

Ask = Callable[[], Awaitable[object]]


async def measure(parts: Parts, rounds: int, *, many: int = MANY, few: int = FEW) -> Sequence[Figure]:
    """One call of the small store, one of the large, and so on, for each kind."""
    async with standing(parts, name="p7") as stand, AsyncExitStack() as left:
        small = await _stored(stand, parts, few, many)
        left.push_async_callback(drop, parts.postgres_url, small.name)
        sides = []
        for name, database, cases in (("few", small, few), ("many", stand.database, many)):
            api = service(SERVICE, "api", f"{SERVICE}_{name}").told(
                AFTERCARE_RATE_LIMIT="0", AFTERCARE_DATABASE_URL=database.runtime_url
            )
            stand.stack.start(api, stand.environment)
            left.callback(stand.stack.stop, api)
            channel = await left.enter_async_context(grpc.aio.insecure_channel(stand.address(api)))
            sides.append(_kinds(channel, stand.metadata(), cases, calls=A_ROUND * (rounds + 1)))
        read: list[list[tuple[list[float], list[float]]]] = [[] for _ in KINDS]
        for n in range(rounds + 1):
            for taken, of_few, of_many in zip(read, *sides, strict=True):
                pair = await _in_turn(of_few, of_many)
                if n:  # the first round warms up
                    taken.append(pair)
    against = f"{many:,} cases / {few:,}"
    return [_figure(id, f"{name}, p50: {against}", taken) for (id, name), taken in zip(KINDS, read, strict=True)]


async def _in_turn(*asks: Ask) -> tuple[list[float], list[float]]:
    taken: tuple[list[float], list[float]] = ([], [])
    for n in range(A_ROUND):
        sides = list(zip(taken, asks, strict=True))
        for times, ask in sides if n % 2 else reversed(sides):  # the first of two finds colder caches of the machine
            began = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - began)
    return taken


def _figure(id: str, name: str, read: Sequence[tuple[list[float], list[float]]]) -> Figure:
    few, many = ([t * 1e3 for one in read for t in one[side]] for side in (0, 1))
    return ratio_figure(
        id,
        name,
        [median(large) / median(small) for small, large in read],
        [median(large) * 1e3 for _, large in read],
        goal=1.1,
        floor="the same process on the smaller store, call by call in turn",
        unit="ms",
        less_is_better=True,
        parts=(
            ("p99_ms", quantiles(many, n=100)[98]),
            ("few_p50_ms", median(few)),
            ("few_p99_ms", quantiles(few, n=100)[98]),
        ),
    )


def _kinds(channel: grpc.aio.Channel, metadata: Any, cases: int, *, calls: int) -> list[Ask]:
    rng = random.Random(7)
    waits = Waits([_case_id(n) for n in rng.sample(range(1, cases + 1), min(calls, cases))], rng)
    wait = wait_call(channel)
    list_cases: grpc.aio.UnaryUnaryMultiCallable[pb.ListCasesRequest, pb.ListCasesResponse] = channel.unary_unary(
        LIST,
        request_serializer=pb.ListCasesRequest.SerializeToString,
        response_deserializer=pb.ListCasesResponse.FromString,
    )
    token = ""

    async def command() -> object:
        return await wait(waits.next(), metadata=metadata)

    async def open_cases() -> object:
        nonlocal token
        request = pb.ListCasesRequest(page_size=PAGE, page_token=token, filter='state = "open"')
        page = await list_cases(request, metadata=metadata)
        if len(page.cases) != PAGE and not token:
            raise RuntimeError(f"the first page has {len(page.cases)} cases")
        token = page.next_page_token
        return page

    async def mine() -> object:
        agent = rng.randrange(_agents(cases))
        page = await list_cases(
            pb.ListCasesRequest(page_size=PAGE, filter=f'assignee = "agent-{agent}"'), metadata=metadata
        )
        if not page.cases:
            raise RuntimeError(f"agent-{agent} has no cases")
        return page

    return [command, open_cases, mine]


def _agents(cases: int) -> int:
    return max(cases // PAGE, 1)


def _case_id(number: int) -> str:
    return str(UUID(md5(f"case{number}".encode(), usedforsecurity=False).hexdigest()))


async def _stored(stand: Stand, parts: Parts, few: int, many: int) -> ServiceDatabase:
    """One real case, copied until the service's own database has `many` and another, which is returned, has `few`."""
    (case,) = await stand.open_cases(1)
    stand.stack.stop(WHOLE)
    url = with_database(parts.postgres_url, stand.database.name)
    await _copy(url, UUID(case), 1, few)
    small = await clone(parts.postgres_url, stand.database, f"{stand.database.name}_few")
    await _copy(url, UUID(case), few + 1, many)
    for name in (stand.database.name, small.name):
        connection = await asyncpg.connect(with_database(parts.postgres_url, name))
        try:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()
    return small


async def _copy(url: str, case: UUID, first: int, last: int) -> None:
    """As superuser: the run-time role could not, and the append takes units, not millions."""
    id = "md5('case' || g)::uuid"
    own = "md5(t.id::text || g)::uuid"
    connection = await asyncpg.connect(url)
    try:
        each = await connection.fetchval("SELECT count(*) FROM events WHERE aggregate_id = $1", case)
        end = await connection.fetchval("SELECT max(position) FROM events")
        await multiply(
            connection, "events", "t.aggregate_id", case, first, last,
            {"aggregate_id": id, "position": f"{end} + (g - {first}) * {each} + t.version"},
        )  # fmt: skip
        await multiply(
            connection, "cases", "t.id", case, first, last,
            {
                "id": id,
                "updated_at": "t.updated_at - g * interval '1 second'",
                "state": "CASE WHEN g % 10 = 0 THEN 'open' ELSE 'closed' END",
                "assignee": f"'agent-' || g % {_agents(last)}",
                **{name: f"t.{name} || '-' || g" for name in ("order_id", "customer_id", "shipment_id")},
            },
        )  # fmt: skip
        await multiply(connection, "timers", "t.subject", case, first, last, {"subject": id})
        await multiply(connection, "decisions", "t.case_id", case, first, last, {"id": own, "case_id": id})
        await multiply(connection, "personal_mentions", "t.aggregate_id", case, first, last, {"aggregate_id": id})
    finally:
        await connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--cases", type=int, nargs=2, default=(MANY, FEW), metavar=("MANY", "FEW"))
    asked, sys.argv[1:] = parser.parse_known_args()
    run("P7", partial(measure, many=asked.cases[0], few=asked.cases[1]))
