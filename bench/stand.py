"""A service as it runs in production, with cases in it, and the bare server it is held against.

Both are processes of their own on the same loop and library; the service has its real PostgreSQL and Kafka.
"""

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import grpc
from aftercare.admin.v1 import admin_pb2
from aftercare.orders.v1 import shipments_pb2
from aftercare.shipping_issues.v1 import service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from bench.cpu import family
from infra.local.databases import ServiceDatabase
from infra.local.environment import Environment
from infra.local.layout import ROOT
from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE, Parts
from infra.local.stack import Component, service
from infra.local.supervisor import Stack
from infra.local.tokens import Issuer
from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import PRODUCTS, Person
from infra.shop_simulator.lives import Bought, about_parcel, order_record, parcel_record

SERVICE = "shipping_issues"
WAIT = "/aftercare.shipping_issues.v1.ShippingIssuesService/Wait"
STATUS = "/aftercare.admin.v1.AdminService/GetStatus"
WHOLE = service(SERVICE)
API_ONLY = service(SERVICE, "api")
SECOND_API = service(SERVICE, "api", f"{SERVICE}_second")
CONSUMER = service(SERVICE, "consumer", f"{SERVICE}_consumer")


@dataclass(slots=True)
class Stand:
    """The stack of one figure's module, up."""

    stack: Stack
    environment: Environment
    parts: Parts

    @property
    def database(self) -> ServiceDatabase:
        return self.environment.databases[SERVICE]

    def address(self, component: Component = WHOLE) -> str:
        return self.environment.grpc_address(component.name)

    def pid(self, component: Component = WHOLE) -> int:
        pid = self.stack.processes.pid(component.name)
        if pid is None:
            raise RuntimeError(f"{component.name} does not run")
        return pid

    def database_pids(self) -> list[int]:
        """The database server with its backends as they are now."""
        pid = self.parts.postgres.pid()
        return [] if pid is None else family(pid)

    def metadata(self, role: str = "agent") -> tuple[tuple[str, str], ...]:
        token = Issuer.at(self.stack.layout.tokens).issue("bench", [role])
        return (("authorization", f"Bearer {token}"),)

    async def open_cases(self, count: int, *, relayed: bool = True) -> list[str]:
        """Publish parcels that came to harm, and wait until each has its case and all is quiet; the cases' ids."""
        now = datetime.now(UTC)
        async with Bus(self.environment.kafka, topic_prefix=self.stack.topic_prefix) as bus:
            for start in range(0, count, 200):
                facts = [fact for n in range(start, min(start + 200, count)) for fact in _numbered(n, now)]
                await bus.publish(*facts)
        connection = await asyncpg.connect(self.database.runtime_url)
        try:
            while await connection.fetchval("SELECT count(*) FROM cases") < count:
                await asyncio.sleep(0.1)
            await self.quiet(relayed=relayed)
            return [str(row[0]) for row in await connection.fetch("SELECT id FROM cases ORDER BY id")]
        finally:
            await connection.close()

    async def quiet(self, *, relayed: bool = True) -> None:
        """Nothing of the preparation is left to do: all is read, and sent if a relay runs."""
        component = next(c for c in self.stack.components if c.name.startswith(SERVICE))
        before = -1
        async with grpc.aio.insecure_channel(self.address(component)) as channel:
            ask = channel.unary_unary(
                STATUS,
                request_serializer=admin_pb2.GetStatusRequest.SerializeToString,
                response_deserializer=admin_pb2.GetStatusResponse.FromString,
            )
            while True:
                told = await ask(admin_pb2.GetStatusRequest(), metadata=self.metadata("operator"))
                lag = sum(p.lag for p in told.partitions) if told.partitions else None
                waiting = told.unsent_outbox_rows if relayed else 0
                if lag == 0 and waiting == 0 and told.log_position == before:
                    return
                before = told.log_position
                await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def standing(parts: Parts, *components: Component, name: str = "stand") -> AsyncIterator[Stand]:
    """These processes on databases and topics of their own."""
    import os  # the one place that points a stack at servers that run already

    os.environ |= {POSTGRES_VARIABLE: parts.postgres_url, KAFKA_VARIABLE: parts.kafka_bootstrap}
    stack = Stack(
        ROOT / ".local" / "bench-services",
        [component.told(AFTERCARE_RATE_LIMIT="0") for component in components or (WHOLE,)],
        topic_prefix=f"bench.{name}.{uuid4().hex[:6]}.",
    )
    stack.down()
    try:
        yield Stand(stack, await asyncio.to_thread(stack.up), parts)
    finally:
        await asyncio.to_thread(stack.down)


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[tuple[str, int]]:
    """The bare server; its address and pid."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.echo", cwd=Path(ROOT), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        await process.wait()


def waits(cases: Sequence[str], rng: random.Random) -> "Waits":
    return Waits(cases, rng)


class Waits:
    """Orders to wait, case after case: each records events, moves timers, tells the world and the read model."""

    def __init__(self, cases: Sequence[str], rng: random.Random) -> None:
        self._cases, self._rng, self._n = cases, rng, 0
        self._now = int(datetime.now(UTC).timestamp())

    def next(self) -> pb.WaitRequest:
        self._n += 1
        by = Timestamp(seconds=self._now + 86_400 + self._rng.randrange(90 * 86_400))
        return pb.WaitRequest(
            request_id=str(uuid4()), case_id=self._cases[self._n % len(self._cases)], expect_by=by, reason="carrier"
        )


def wait_call(channel: grpc.aio.Channel) -> "grpc.aio.UnaryUnaryMultiCallable[pb.WaitRequest, pb.WaitResponse]":
    return channel.unary_unary(
        WAIT,
        request_serializer=pb.WaitRequest.SerializeToString,
        response_deserializer=pb.WaitResponse.FromString,
    )


def harmed(name: str, who: Person, now: datetime) -> list[Fact]:
    """An order, its parcel, and last the word that the parcel is damaged; each the only one of this name."""
    promised = now + timedelta(days=30)
    order = order_record(
        "bench-shop",
        f"O-{name}",
        who,
        (Bought(PRODUCTS[0], 1),),
        placed_at=now - timedelta(days=1),
        deliver_by=promised,
    )
    parcel = parcel_record(order, f"S-{name}", at=now - timedelta(hours=3), promised_by=promised)
    damaged = about_parcel(
        shipments_pb2.DeliveryException,
        order,
        f"S-{name}",
        at=now - timedelta(minutes=5),
        exception_key="1",
        carrier="dhl",
        exception="damaged",
    )
    return [Fact(message, f"{name}.{n}", "/shop/bench") for n, message in enumerate((order, parcel, damaged))]


def _numbered(number: int, now: datetime) -> list[Fact]:
    name = f"bench-{number}"
    return harmed(name, Person(f"C-{name}", "Kim", "Bench", "en", "IE", "Europe/Dublin"), now)
