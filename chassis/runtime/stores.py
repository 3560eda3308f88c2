"""Everything a process keeps open towards its databases, opened in order and closed in the opposite one.

A process waits a while for a database that cannot be reached, and refuses one that is not migrated, was restored since,
or whose personal data it could not read.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.aggregates import Aggregates
from chassis.clock import Clock, open_clock
from chassis.codec import Codec
from chassis.effects.effect import Effect
from chassis.keys import KeyRing, KeyStore
from chassis.keys.store import open_key_store
from chassis.log import UNREACHABLE, Log, read_pool
from chassis.recovery.journal import unfinished
from chassis.runtime.definition import ServiceDefinition
from chassis.settings import Settings
from chassis.units import Units
from chassis.writer import Writer

log = structlog.get_logger(__name__)

DURING_RECOVERY = frozenset({"consumer", "projections"})
"""Roles that decide nothing new and send nothing out."""

PATIENCE = 60.0
"""Seconds a starting process waits for its database."""

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


class CannotStart(Exception):
    """This process must not run on this database; the message says what to do."""


@contextmanager
def as_named(setting: str) -> Iterator[None]:
    """Inside, an address that its server or its driver refuses is told by the setting's name, and never repeated."""
    try:
        yield
    except asyncpg.ClientConfigurationError:
        raise CannotStart(f"{setting} cannot be used: the driver does not understand a part of it") from None
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CannotStart(
            f"{setting} is refused by its server ({type(error).__name__}): "
            "give the role and password it knows, or let this machine in"
        ) from None
    except asyncpg.InvalidCatalogNameError:
        raise CannotStart(f"{setting} names a database that its server does not have") from None


@dataclass(frozen=True, slots=True)
class Stores:
    """What the parts of a process share."""

    connect: Connect
    pool: "asyncpg.Pool[Any]"
    engine: AsyncEngine
    clock: Clock
    key_store: KeyStore
    keys: KeyRing
    codec: Codec
    log: Log
    aggregates: Aggregates
    writer: Writer
    units: Units


@asynccontextmanager
async def open_stores(definition: ServiceDefinition, settings: Settings) -> AsyncIterator[Stores]:
    """The stores of one process, or `CannotStart`."""
    dsn = settings.database_url.get_secret_value()

    async def connect() -> "asyncpg.Connection[Any]":
        name = f"aftercare-{definition.model.name}"
        return await asyncpg.connect(dsn, timeout=5, command_timeout=10, server_settings={"application_name": name})

    with as_named("AFTERCARE_DATABASE_URL"):
        await _wait_for_database(connect, definition, settings)
    async with AsyncExitStack() as stack:
        pool = await read_pool(dsn)
        stack.push_async_callback(pool.close)
        clock = await stack.enter_async_context(
            open_clock(connect, driven=settings.driven_clock, environment=settings.environment)
        )
        key_store = await _key_store(definition.model.name, settings)
        stack.push_async_callback(key_store.close)
        keys = KeyRing(pool, key_store)
        model = definition.model
        codec = Codec([*model.aggregates, Effect], keys)
        events = Log(pool)
        aggregates = Aggregates(events, codec, keys)
        writer = Writer(dsn, model.read_model)
        await writer.start()
        stack.push_async_callback(writer.stop)
        engine = _reading_engine(dsn)
        stack.push_async_callback(engine.dispose)
        units = Units(
            model,
            writer=writer,
            log=events,
            aggregates=aggregates,
            codec=codec,
            keys=keys,
            clock=clock,
            incarnation=settings.incarnation,
        )
        yield Stores(connect, pool, engine, clock, key_store, keys, codec, events, aggregates, writer, units)


def _reading_engine(dsn: str) -> AsyncEngine:
    """For queries only: a statement that would write is refused by the session, before any grant is asked."""
    return create_async_engine(
        make_url(dsn).set(drivername="postgresql+asyncpg"),
        pool_size=8,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=False,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "timeout": 5,
            "command_timeout": 10,
            "server_settings": {
                "application_name": "aftercare-queries",
                "default_transaction_read_only": "on",
                "statement_timeout": "10000",
                "jit": "off",
            },
        },
    )


def kek_of(settings: Settings) -> bytes:
    """The key-encryption key itself."""
    return base64.b64decode(settings.kek.get_secret_value())


async def _key_store(service: str, settings: Settings) -> KeyStore:
    store = await open_key_store(settings.keys_url.get_secret_value(), service, kek_of(settings))
    with as_named("AFTERCARE_KEYS_URL"):
        await store.check()
    return store


async def _wait_for_database(connect: Connect, definition: ServiceDefinition, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        try:
            connection = await connect()
            break
        except asyncpg.ClientConfigurationError:
            raise
        except UNREACHABLE as error:
            if loop.time() > deadline:
                raise CannotStart(f"the database cannot be reached: {error!r}") from None
            log.warning("waiting_for_database", error=repr(error))
            await asyncio.sleep(1)
    try:
        await _must_fit(connection, definition, settings)
    finally:
        await connection.close()


async def _must_fit(connection: "asyncpg.Connection[Any]", definition: ServiceDefinition, settings: Settings) -> None:
    command = f"python -m {definition.package} migrate"
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        raise CannotStart(f"the database is empty: run `{command}`")
    at = await connection.fetchval("SELECT max(version_num) FROM alembic_version") or ""
    needed = definition.newest_migration()
    if at < needed:
        raise CannotStart(f"the database is at migration {at}, this build needs {needed}: run `{command}`")
    number = await connection.fetchval("SELECT number FROM incarnation")
    if settings.incarnation < number:
        raise CannotStart(f"the database is at incarnation {number}: set AFTERCARE_INCARNATION to it")


async def must_be_recovered(
    pool: "asyncpg.Pool[Any]", package: str, settings: Settings, roles: Collection[str]
) -> None:
    """Beside an unfinished recovery only what brings it to its end may run; and nothing before it has begun."""
    number = await pool.fetchval("SELECT number FROM incarnation")
    if settings.incarnation > number:
        raise CannotStart(
            f"AFTERCARE_INCARNATION is {settings.incarnation} and the database is at {number}: "
            f"run `python -m {package} restored <instant of the backup>` first"
        )
    recovery = await unfinished(pool)
    if recovery is not None and not DURING_RECOVERY.issuperset(roles):
        raise CannotStart(
            f"the recovery of incarnation {recovery.incarnation} is not finished: "
            f"start role {' or '.join(sorted(DURING_RECOVERY))} only, and run `python -m {package} recovered`"
        )
