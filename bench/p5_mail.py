"""P5: from an exception published to its mail accepted by the mail server, at low load, against the same hops bare.

The hops: produce, consume, commit, produce, consume, commit, SMTP. The floor is aiokafka, asyncpg and aiosmtplib in one
process, with the exception's own bytes, one row a commit, a mail server's connection that stays open and the bytes of a
mail that the services wrote. It decides nothing, drops no duplicate and renders nothing. Both are timed by the clock of
this machine: from just before the producer is called to when the same mailbox has the whole mail.
"""

import asyncio
import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiosmtplib
import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.figure import Figure, ratio_figure
from bench.run import run
from bench.stand import Stand, harmed, standing
from infra.local.mailbox import INDEX
from infra.local.parts import Parts
from infra.local.stack import MAILBOX, service
from infra.shop_simulator.bus import Bus, Fact, payload
from infra.shop_simulator.catalogue import Person, customer_record

LARGE = False
A_ROUND = 25
WARM = 5
PATIENCE = 60.0
SHORTEST, LONGEST = 0.05, 0.25
"""Pauses between two samples, so that everybody has gone to sleep before the next."""

Send = Callable[[], Awaitable[float]]


class Post:
    """What the mailbox wrote down, read on from where the last look ended."""

    def __init__(self, folder: Path) -> None:
        self._index = folder / INDEX
        self._read = self._index.stat().st_size if self._index.exists() else 0
        self._arrived: dict[str, tuple[float, str]] = {}

    async def arrival(self, recipient: str) -> tuple[float, str]:
        """When this one's first mail was there, and the file it is kept in."""
        deadline = time.monotonic() + PATIENCE
        while recipient not in self._arrived:
            self._look()
            if time.monotonic() > deadline:
                raise TimeoutError(f"no mail for {recipient} within {PATIENCE:.0f} s")
            await asyncio.sleep(0.003)
        return self._arrived[recipient]

    def _look(self) -> None:
        if not self._index.exists():
            return
        with self._index.open("rb") as lines:
            lines.seek(self._read)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                mail = json.loads(line)
                at = datetime.fromisoformat(mail["received_at"]).timestamp()
                for recipient in mail["recipients"]:
                    self._arrived.setdefault(recipient, (at, mail["file"]))


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """One of ours, one bare, and so on, each after the other has arrived."""
    run, rng = secrets.token_hex(3), random.Random(5)
    components = (MAILBOX, service("shipping_issues"), service("notifications"))
    async with (
        standing(parts, *components, name="p5") as stand,
        Bus(parts.kafka_bootstrap, topic_prefix=stand.stack.topic_prefix) as bus,
    ):
        mail = stand.stack.layout.mail
        post = Post(mail)
        people = [_person(run, n) for n in range(WARM + rounds * A_ROUND)]
        damaged = await _known(stand, bus, people)
        last = ""

        async def ours() -> float:
            nonlocal last
            who, fact = people.pop(), damaged.pop()
            began = time.time()
            await bus.publish(fact)
            at, last = await post.arrival(who.email)
            return at - began

        for _ in range(WARM):
            await ours()
        async with _bare(stand, run, payload(damaged[0]), (mail / last).read_bytes(), post) as bare:
            for _ in range(WARM):
                await bare()
            read = [await _round(ours, bare, rng) for _ in range(rounds)]
    return [_figure(read)]


async def _round(ours: Send, bare: Send, rng: random.Random) -> tuple[list[float], list[float]]:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(A_ROUND):
        for times, send in zip(taken, (ours, bare), strict=True):
            await asyncio.sleep(rng.uniform(SHORTEST, LONGEST))
            times.append(await send())
    return taken


def _figure(read: Sequence[tuple[list[float], list[float]]]) -> Figure:
    ours, bare = ([t * 1e3 for one in read for t in one[side]] for side in (0, 1))
    return ratio_figure(
        "P5",
        "exception published to mail accepted, p50 / the same hops bare",
        [median(mine) / median(theirs) for mine, theirs in read],
        [median(mine) * 1e3 for mine, _ in read],
        goal=1.5,
        stretch=1.2,
        floor="aiokafka, asyncpg and aiosmtplib in one process: two records, two commits, one mail",
        unit="ms",
        less_is_better=True,
        parts=(
            ("p99_ms", quantiles(ours, n=100)[98]),
            ("bare_p50_ms", median(bare)),
            ("bare_p99_ms", quantiles(bare, n=100)[98]),
            ("samples", len(ours)),
        ),
    )


def _person(run: str, number: int) -> Person:
    name = f"{run}-{number}"
    return Person(f"C-{name}", "Kim", f"Bench{name}", "en", "IE", "Europe/Dublin")


async def _known(stand: Stand, bus: Bus, people: Sequence[Person]) -> list[Fact]:
    """Tell of everybody and of their parcels, and wait until it is stored; what is still to happen to the parcels."""
    now, damaged = datetime.now(UTC), []
    for who in people:
        order, parcel, last = harmed(who.customer_id, who, now)
        await bus.publish(Fact(customer_record("bench-shop", who, at=now), source="/shop/bench"), order, parcel)
        damaged.append(last)
    for name, table in (("shipping_issues", "shipments"), ("shipping_issues", "orders"), ("notifications", "contacts")):
        connection = await asyncpg.connect(stand.environment.databases[name].runtime_url)
        try:
            while await connection.fetchval(f"SELECT count(*) FROM {table}") < len(people):
                await asyncio.sleep(0.1)
        finally:
            await connection.close()
    return damaged


@asynccontextmanager
async def _bare(stand: Stand, run: str, told: bytes, mail: bytes, post: Post) -> AsyncIterator[Send]:
    """The hops without anything in between; one call is one event on its way to one mail."""
    bootstrap, number = stand.parts.kafka_bootstrap, 0
    first, second = (f"{stand.stack.topic_prefix}bare.{n}" for n in (1, 2))
    async with AsyncExitStack() as left:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(topic, 1, 1) for topic in (first, second)])
        await admin.close()
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        left.push_async_callback(producer.stop)
        host, _, port = stand.environment.mailbox_address().rpartition(":")
        server = aiosmtplib.SMTP(hostname=host, port=int(port))
        await server.connect()
        left.callback(server.close)

        async def pass_on(key: bytes, value: bytes) -> None:
            await producer.send_and_wait(second, value, key=key)

        async def send(key: bytes, _: bytes) -> None:
            await server.sendmail("care@shop.example", [key.decode()], mail)

        for name, topic, act in (("shipping_issues", first, pass_on), ("notifications", second, send)):
            hop = await _Hop.ready(bootstrap, topic, _own_table(stand, name), act)
            left.push_async_callback(hop.close)

        async def once() -> float:
            nonlocal number
            number += 1
            recipient = f"bare.{run}.{number}@example.test"
            began = time.time()
            await producer.send_and_wait(first, told, key=recipient.encode())
            at, _ = await post.arrival(recipient)
            return at - began

        yield once


def _own_table(stand: Stand, name: str) -> str:
    return stand.environment.databases[name].migration_url


class _Hop:
    """Consume, commit, act: one record after another."""

    def __init__(self, consumer: Any, connection: "asyncpg.Connection[Any]", act: Any) -> None:
        self._consumer, self._connection, self._act = consumer, connection, act
        self._running = asyncio.create_task(self._run())

    @classmethod
    async def ready(cls, bootstrap: str, topic: str, database_url: str, act: Any) -> "_Hop":
        connection = await asyncpg.connect(database_url)
        await connection.execute("CREATE TABLE bare(key bytea, value bytea)")
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        return cls(consumer, connection, act)

    async def _run(self) -> None:
        insert = await self._connection.prepare("INSERT INTO bare VALUES ($1, $2)")
        async for record in self._consumer:
            await insert.fetch(record.key, record.value)
            await self._act(record.key, record.value)

    async def close(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self._consumer.stop()
        await self._connection.close()


if __name__ == "__main__":
    run("P5", measure)
