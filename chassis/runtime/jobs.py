"""Jobs run once and end; they are given the migration role, which no running process has."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog

from chassis.effects.desk import EffectDesk
from chassis.errors import KernelError
from chassis.keys import Erasures
from chassis.keys.store import open_key_store
from chassis.leader import Connect
from chassis.log import UNREACHABLE
from chassis.maintain import Maintain
from chassis.rebuild import Rebuild
from chassis.restore import NotANewIncarnation, after_restore
from chassis.runtime.definition import ServiceDefinition
from chassis.runtime.process import context_of
from chassis.runtime.stores import CannotStart, kek_of, open_stores
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
        await apply_migrations(definition.versions, migration_url=_migration_url(settings), runtime_role=runtime_role)
        keys = await open_key_store(settings.keys_url.get_secret_value(), definition.model.name, kek_of(settings))
        try:
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
    """set right what a backup cannot know, after it was restored; takes the backup's instant, in UTC"""
    backup_at = _instant(names)
    connect = _connect(settings)
    async with open_stores(definition, settings) as stores:
        stores.units.effect_handlers = definition.wire(context_of(settings, stores)).effect_handlers
        desk = EffectDesk(stores.units, stores.pool)
        erasures = Erasures(stores.units, stores.pool, stores.key_store, stores.keys)
        try:
            await after_restore(connect, desk, erasures, backup_at=backup_at, incarnation=settings.incarnation)
        except NotANewIncarnation as error:
            raise CannotStart(str(error)) from None
        except (KernelError, *UNREACHABLE) as error:
            log.error("restored_failed", error=str(error))
            return 1
    return 0


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
        return await asyncpg.connect(dsn, timeout=5, server_settings={"application_name": "aftercare-job"})

    return connect


JOBS: Mapping[str, Job] = {"migrate": migrate, "rebuild": rebuild, "maintain": maintain, "restored": restored}
