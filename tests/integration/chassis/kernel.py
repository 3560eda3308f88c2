"""One process of the example service with everything the roles need: real keys, a driven clock, effect handlers."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from chassis.aggregates import Aggregates
from chassis.clock import DrivenClock
from chassis.codec import Codec
from chassis.keys import KeyRing, KeyStore
from chassis.keys.store import open_key_store
from chassis.log import Log, read_pool
from chassis.units import Units
from chassis.writer import Writer
from infra.local.databases import with_database
from infra.local.parts import Parts
from tests.integration.chassis.example import MODEL

KEK = bytes(range(32))


@dataclass(slots=True)
class Ahead:
    """Lets a test pass real time without waiting for it."""

    by: timedelta = timedelta()

    def real_now(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass(slots=True)
class Kernel:
    """What one process of a service has in hand."""

    url: str
    writer: Writer
    units: Units
    log: Log
    pool: "asyncpg.Pool[Any]"
    store: KeyStore
    ring: KeyRing
    clock: DrivenClock
    codec: Codec
    aggregates: Aggregates
    ahead: Ahead

    @classmethod
    async def start(cls, url: str, keys_url: str) -> "Kernel":
        pool = await read_pool(url, size=4)
        store = await open_key_store(keys_url, MODEL.name, KEK)
        ring = KeyRing(pool, store)
        log, codec = Log(pool), Codec(MODEL.aggregates, ring)
        aggregates = Aggregates(log, codec, ring)
        writer = Writer(url, MODEL.read_model)
        await writer.start()
        ahead = Ahead()
        clock = DrivenClock(ahead.real_now)
        async with pool.acquire() as connection:
            await clock.read(connection)
        units = Units(
            MODEL,
            writer=writer,
            log=log,
            aggregates=aggregates,
            codec=codec,
            keys=ring,
            clock=clock,
            incarnation=1,
        )
        return cls(url, writer, units, log, pool, store, ring, clock, codec, aggregates, ahead)

    async def connect(self) -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(self.url)

    async def drive(self, *, to: datetime | None = None, rate: float | None = None) -> None:
        async with self.pool.acquire() as connection:
            await self.clock.drive(connection, to=to, rate=rate)

    async def stop(self) -> None:
        await self.writer.stop()
        await self.pool.close()
        await self.store.close()


@pytest.fixture(scope="module")
def key_database(parts: Parts, run_id: str) -> Iterator[str]:
    """An empty key store of its own; the address of its owner."""
    name = f"{run_id}_keys_{secrets.token_hex(3)}"
    url = with_database(parts.postgres_url, name)

    async def make() -> None:
        server = await asyncpg.connect(parts.postgres_url)
        await server.execute(f'CREATE DATABASE "{name}"')
        await server.close()
        inside = await asyncpg.connect(url)
        await inside.execute(f"CREATE SCHEMA {MODEL.name}")
        await inside.close()
        store = await open_key_store(url, MODEL.name, KEK)
        await store.install()
        await store.close()

    async def remove() -> None:
        server = await asyncpg.connect(parts.postgres_url)
        await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await server.close()

    asyncio.run(make())
    yield url
    asyncio.run(remove())


def fresh_kek() -> bytes:
    return os.urandom(32)
