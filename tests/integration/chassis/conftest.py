"""A database of the example service for each test module, and the kernel's core on it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from chassis.aggregates import Aggregates
from chassis.codec import Codec
from chassis.log import Log, read_pool
from chassis.schema import statements
from chassis.units import Units
from chassis.writer import Writer
from infra.local.databases import with_database, with_role
from infra.local.parts import Parts
from tests.integration.chassis.example import MODEL


@dataclass(frozen=True, slots=True)
class ExampleDatabase:
    """`url` is the run-time role's, `owner_url` the superuser's."""

    url: str
    owner_url: str
    runtime_role: str


@pytest.fixture(scope="module")
def example_database(parts: Parts, run_id: str) -> Iterator[ExampleDatabase]:
    name = f"{run_id}_example_{secrets.token_hex(3)}"
    role = f"{name}_runtime"

    async def make() -> None:
        server = await asyncpg.connect(parts.postgres_url)
        await server.execute(f'CREATE DATABASE "{name}"')
        await server.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'example'")
        await server.close()
        inside = await asyncpg.connect(with_database(parts.postgres_url, name))
        for statement in statements(MODEL.read_model, runtime_role=role, today=datetime.now(UTC).date()):
            await inside.execute(statement)
        await inside.close()

    async def remove() -> None:
        server = await asyncpg.connect(parts.postgres_url)
        await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await server.execute(f'DROP ROLE "{role}"')
        await server.close()

    asyncio.run(make())
    yield ExampleDatabase(
        with_role(parts.postgres_url, role, "example", name), with_database(parts.postgres_url, name), role
    )
    asyncio.run(remove())


class PlainKeys:
    """Keys for tests that are not about keys: nothing is hidden, nobody is erased."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        return 1, aad + text.encode()

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        assert sealed.startswith(aad)
        return sealed[len(aad) :].decode()

    async def load(self, subjects: frozenset[str]) -> None:
        return None

    def drop(self, subjects: frozenset[str]) -> None:
        return None


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class Core:
    """One process' worth of the kernel: its own writer, cache and reader."""

    writer: Writer
    units: Units
    log: Log
    pool: "asyncpg.Pool[Any]"

    @classmethod
    async def start(cls, url: str) -> "Core":
        keys = PlainKeys()
        pool = await read_pool(url, size=4)
        log, codec = Log(pool), Codec(MODEL.aggregates, keys)
        aggregates = Aggregates(log, codec, keys)
        writer = Writer(url, MODEL.read_model)
        await writer.start()
        units = Units(
            MODEL,
            writer=writer,
            log=log,
            aggregates=aggregates,
            codec=codec,
            keys=keys,
            clock=RealClock(),
            incarnation=1,
        )
        return cls(writer, units, log, pool)

    async def stop(self) -> None:
        await self.writer.stop()
        await self.pool.close()


@pytest.fixture
async def core(example_database: ExampleDatabase) -> AsyncIterator[Core]:
    running = await Core.start(example_database.url)
    yield running
    await running.stop()


@pytest.fixture
async def other(example_database: ExampleDatabase) -> AsyncIterator[Core]:
    """A second process of the same service."""
    running = await Core.start(example_database.url)
    yield running
    await running.stop()


@pytest.fixture
async def db(example_database: ExampleDatabase) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(example_database.owner_url)
    yield connection
    await connection.close()
