"""A topic and an empty outbox for each test, and relays that send from it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import pytest
from aiokafka import ConsumerRecord

from chassis.ids import new_id
from chassis.kafka_meta import KafkaAccess
from chassis.leader import Leader
from chassis.relay import Relay
from chassis.unit import OutboxRow, StoredEvent, Unit, Verdict
from infra.local.parts import Parts
from tests.integration.chassis.conftest import Core, ExampleDatabase
from tests.integration.chassis.kafka import Broker, broker, eventually

KEYS = [f"case-{n}".encode() for n in range(7)]


@dataclass(slots=True)
class World:
    """One test's topic and database."""

    topic: str
    kafka: Broker
    core: Core
    db: "asyncpg.Connection[Any]"
    url: str

    def relay(self, **more: Any) -> Relay:
        leader = Leader(self.connect, "relay", retry_every=0.05, ping_every=0.5, idle_limit=3.0)
        return Relay(self.connect, self.core.pool, self.kafka.access, leader=leader, retry=0.05, **more)

    async def connect(self) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(self.url)

    async def publish(self, *values: bytes, topic: str | None = None, each: int = 1) -> None:
        """Store one event per group of `each` public messages, in one unit each."""
        for n in range(0, len(values), each):
            id = new_id()
            rows = [
                OutboxRow(0, rank, topic or self.topic, _key(value), _headers(value), value)
                for rank, value in enumerate(values[n : n + each])
            ]
            event = StoredEvent(id, 1, "example.Account.Opened", b"{}")
            judgement = await self.core.writer.submit(Unit(reads={id: 0}, events=[event], outbox=rows))
            assert judgement.verdict is Verdict.ACCEPTED

    async def position(self) -> int:
        return int(await self.db.fetchval("SELECT position FROM relay"))

    async def caught_up(self, within: float = 20.0) -> None:
        async def done() -> bool:
            return bool(await self.position() == await self.db.fetchval("SELECT max(position) FROM outbox"))

        await eventually(done, "relay caught up", within)


def _key(value: bytes) -> bytes:
    return KEYS[sum(value) % len(KEYS)]


def _headers(value: bytes) -> bytes:
    return msgspec.json.encode({"ce_id": f"id-{value[:40].decode()}", "ce_type": "t", "ce_incarnation": "1"})


@pytest.fixture
async def world(
    parts: Parts, topic_prefix: str, core: Core, db: "asyncpg.Connection[Any]", example_database: ExampleDatabase
) -> AsyncIterator[World]:
    topic = f"out-{secrets.token_hex(3)}"
    await db.execute(
        "DELETE FROM outbox; UPDATE relay SET position = (SELECT coalesce(max(position), 0) FROM events), n = 0"
    )
    async with broker(KafkaAccess(parts.kafka_bootstrap, topic_prefix)) as kafka:
        await kafka.make(topic, partitions=3)
        yield World(topic, kafka, core, db, example_database.url)
        if await kafka.exists(topic):
            await kafka.admin.delete_topics([kafka.access.topic(topic)])


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def by_key(records: list[ConsumerRecord[Any, Any]]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for record in records:
        assert record.key is not None and record.value is not None
        found.setdefault(record.key, []).append(record.value)
    return found


def first_occurrences(values: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(values))


def expected(values: list[bytes]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for value in values:
        found.setdefault(_key(value), []).append(value)
    return found
