"""Jobs run once and end; they are given the migration role, which no running process has."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog

from chassis.keys.store import open_key_store
from chassis.log import UNREACHABLE
from chassis.migrations import migrate as apply_migrations
from chassis.runtime.definition import ServiceDefinition
from chassis.runtime.stores import CannotStart, kek_of
from chassis.settings import Settings

log = structlog.get_logger(__name__)

Job = Callable[[ServiceDefinition, Settings], Coroutine[Any, Any, int]]


def _migration_url(settings: Settings) -> str:
    if settings.migration_url is None:
        raise CannotStart("AFTERCARE_MIGRATION_URL is not set: a job runs under the migration role")
    return settings.migration_url.get_secret_value()


async def migrate(definition: ServiceDefinition, settings: Settings) -> int:
    """bring the database and the key store to what this build needs"""
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


JOBS: Mapping[str, Job] = {"migrate": migrate}
