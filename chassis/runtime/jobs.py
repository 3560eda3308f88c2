"""Jobs run once and end; they are given the migration role, which no running process has."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from chassis.effects.desk import EffectDesk
from chassis.errors import KernelError
from chassis.keys import Erasures
from chassis.keys.store import open_key_store
from chassis.leader import Connect
from chassis.log import UNREACHABLE
from chassis.maintain import Maintain
from chassis.rebuild import Rebuild
from chassis.recovery.again import forget_positions, from_the_beginning
from chassis.recovery.journal import lost_records, unfinished
from chassis.recovery.lost import as_lost, ends_of, told_since, unknown_events, unknown_requests
from chassis.recovery.recovered import after_catching_up, caught_up
from chassis.recovery.report import write_report
from chassis.recovery.restored import KafkaNow, NotANewIncarnation, after_restore
from chassis.runtime.definition import ServiceDefinition
from chassis.runtime.process import context_of
from chassis.runtime.stores import CannotStart, as_named, kek_of, open_stores
from chassis.settings import Settings

log = structlog.get_logger(__name__)

Job = Callable[[ServiceDefinition, Settings, Sequence[str]], Coroutine[Any, Any, int]]


async def migrate(definition: ServiceDefinition, settings: Settings, _: Sequence[str]) -> int:
    """bring the database and the key store to what this build needs"""
    from chassis.migrations import migrate as apply_migrations  # alembic is for this job alone

    runtime_role = urlsplit(settings.database_url.get_secret_value()).username
    if not runtime_role:
        raise CannotStart("AFTERCARE_DATABASE_URL names no user: it must name the run-time role")
    try:
        await (await _connect(settings)()).close()  # SQLAlchemy's refusal would not say which setting is wrong
        await apply_migrations(definition.versions, migration_url=_migration_url(settings), runtime_role=runtime_role)
        keys = await open_key_store(settings.keys_url.get_secret_value(), definition.model.name, kek_of(settings))
        try:
            with as_named("AFTERCARE_KEYS_URL"):
                await keys.install()
        finally:
            await keys.close()
    except UNREACHABLE as error:
        raise CannotStart(f"the database cannot be reached: {error!r}") from None
    log.info("migrated", service=definition.model.name, revision=definition.newest_migration())
    return 0


async def rebuild(definition: ServiceDefinition, settings: Settings, names: Sequence[str]) -> int:
    """make read models and projections anew from the log; all of them, or those named"""
    connect = _connect(settings)
    async with open_stores(definition, settings) as stores:
        projections = definition.wire(context_of(settings, stores)).projections
        tables = set(definition.model.read_model.tables) - {t for p in projections for t in p.tables}
        unknown = sorted(set(names) - tables - {p.name for p in projections})
        if unknown:
            raise CannotStart(f"there is no {', '.join(unknown)}: there are {', '.join(sorted(tables))}")
        job = Rebuild(connect, definition.model, stores.log, stores.aggregates, projections)
        try:
            if chosen := [name for name in sorted(tables) if not names or name in names]:
                await job.rows(chosen if names else None)
            for projection in projections:
                if not names or projection.name in names:
                    await job.projection(projection.name)
        except KernelError as error:
            log.error("rebuild_failed", error=str(error))
            return 1
    return 0


async def maintain(definition: ServiceDefinition, settings: Settings, _: Sequence[str]) -> int:
    """make partitions ahead, drop old ones, expire parked records; run it daily"""
    try:
        await Maintain(_connect(settings)).run()
    except (KernelError, *UNREACHABLE) as error:
        log.error("maintain_failed", error=str(error))
        return 1
    return 0


async def restored(definition: ServiceDefinition, settings: Settings, names: Sequence[str]) -> int:
    """first job on a restored database; takes the backup's instant, in UTC, and a file for the list of what is lost"""
    backup_at, file = _instant_and_file(names)
    connect = _connect(settings)
    async with open_stores(definition, settings) as stores:
        context = context_of(settings, stores)
        wiring = definition.wire(context)
        stores.units.effect_handlers = wiring.effect_handlers
        desk = EffectDesk(stores.units, stores.pool)
        erasures = Erasures(stores.units, stores.pool, stores.key_store, stores.keys)
        service, life = definition.model.name, settings.incarnation
        try:
            ends = await ends_of(context.kafka, [s.topic for s in wiring.subscriptions])
            told = await told_since(context.kafka, service, backup_at)
            events = [as_lost(seen) for seen in await unknown_events(stores.pool, told, life)]
            done = await after_restore(
                connect,
                desk,
                erasures,
                backup_at=backup_at,
                incarnation=life,
                clock_at=stores.clock.now,
                kafka=KafkaNow(ends, events),
            )
        except NotANewIncarnation as error:
            raise CannotStart(str(error)) from None
        except (KernelError, KafkaError, *UNREACHABLE) as error:
            log.error("restored_failed", error=repr(error))
            return 1
    write_report(file, service, life, done.lost)
    return 0


async def recovered(definition: ServiceDefinition, settings: Settings, names: Sequence[str]) -> int:
    """last job after a restore, beside role consumer; takes a file for the list of what is lost"""
    connect = _connect(settings)
    async with open_stores(definition, settings) as stores:
        context = context_of(settings, stores)
        wiring = definition.wire(context)
        stores.units.effect_handlers = wiring.effect_handlers
        service = definition.model.name
        try:
            recovery = await unfinished(stores.pool)
            if recovery is None:
                raise CannotStart(f"no recovery is open: run `python -m {definition.package} restored` after a restore")
            await caught_up(stores.pool, recovery)
            told = await told_since(context.kafka, service, recovery.backup_at)
            await after_catching_up(
                connect,
                stores.units,
                EffectDesk(stores.units, stores.pool),
                recovery,
                await unknown_requests(stores.pool, told, recovery.incarnation),
                handlers=wiring.lost_requests,
                hold_back=wiring.hold_back,
            )
            lost = await lost_records(stores.pool, recovery.incarnation)
        except (KernelError, KafkaError, *UNREACHABLE) as error:
            log.error("recovered_failed", error=repr(error))
            return 1
    write_report(_file(names), service, recovery.incarnation, lost)
    return 0


async def republish(definition: ServiceDefinition, settings: Settings, _: Sequence[str]) -> int:
    """send every public event that is kept again, after Kafka lost some; consumers drop what they have"""
    try:
        await from_the_beginning(_connect(settings))
    except (KernelError, *UNREACHABLE) as error:
        log.error("republish_failed", error=str(error))
        return 1
    return 0


async def reread(definition: ServiceDefinition, settings: Settings, names: Sequence[str]) -> int:
    """read topics again from their beginning, after Kafka lost the end of them; takes their names"""
    async with open_stores(definition, settings) as stores:
        context = context_of(settings, stores)
        known = {s.topic for s in definition.wire(context).subscriptions}
        if not names or not known.issuperset(names):
            raise CannotStart(f"say which of {', '.join(sorted(known))} to read again")
        try:
            await forget_positions(_connect(settings), context.kafka, names)
        except (KernelError, KafkaError, *UNREACHABLE) as error:
            log.error("reread_failed", error=repr(error))
            return 1
    return 0


def _instant_and_file(names: Sequence[str]) -> tuple[datetime, Path | None]:
    return _instant(names[:1]), _file(names[1:])


def _file(names: Sequence[str]) -> Path | None:
    if len(names) > 1:
        raise CannotStart(f"one file is enough: {', '.join(names)}")
    return Path(names[0]) if names else None


def _instant(names: Sequence[str]) -> datetime:
    try:
        (text,) = names
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CannotStart("say when the backup was taken, for instance 2026-11-22T04:00:00Z") from None
    if instant.tzinfo is None:
        raise CannotStart(f"{text} has no zone: write {text}Z for UTC")
    return instant


def _migration_url(settings: Settings) -> str:
    if settings.migration_url is None:
        raise CannotStart("AFTERCARE_MIGRATION_URL is not set: a job runs under the migration role")
    return settings.migration_url.get_secret_value()


def _connect(settings: Settings) -> Connect:
    dsn = _migration_url(settings)

    async def connect() -> "asyncpg.Connection[Any]":
        with as_named("AFTERCARE_MIGRATION_URL"):
            return await asyncpg.connect(dsn, timeout=5, server_settings={"application_name": "aftercare-job"})

    return connect


JOBS: Mapping[str, Job] = {
    "migrate": migrate,
    "rebuild": rebuild,
    "maintain": maintain,
    "restored": restored,
    "recovered": recovered,
    "republish": republish,
    "reread": reread,
}
WITH_NAMES = frozenset({"rebuild", "restored", "recovered", "reread"})
