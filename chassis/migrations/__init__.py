"""Brings a service's database to the newest migration. Forward only, under a lock, in one transaction each."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

LOCK = 7_787
"""Advisory lock of migrations: of two jobs at once the second waits and finds nothing to do."""


def async_url(dsn: str) -> sa.URL:
    """A libpq style address as SQLAlchemy's asyncpg dialect wants it."""
    return make_url(dsn).set(drivername="postgresql+asyncpg")


async def migrate(versions: Path, *, migration_url: str, runtime_role: str) -> None:
    """Apply every missing migration of the folder `versions` under the migration role."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["runtime_role"] = runtime_role
    config.attributes["today"] = datetime.now(UTC).date()  # partitions follow real time
    engine = create_async_engine(async_url(migration_url))
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            await connection.run_sync(_upgrade, config)
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
