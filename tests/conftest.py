"""Real PostgreSQL and real Kafka, started once; a database and a topic prefix for each test module.

With AFTERCARE_POSTGRES_URL and AFTERCARE_KAFKA in the environment those are used and nothing is started.
"""

import asyncio
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from infra.local import databases as local_databases
from infra.local.parts import Parts, running
from infra.local.topics import create_missing, read_topics

ROOT = Path(__file__).parents[1]

if sys.dont_write_bytecode:  # the run would compile every module it imports anew, each time
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(ROOT / ".local" / "bytecode")

# a busy machine is no reason to fail: by default Hypothesis times each example and the making of each input
hypothesis.settings.register_profile(
    "aftercare", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("aftercare")


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """The two servers. The last test run of this clone to leave stops them."""
    with running(ROOT / ".local" / "test", "tests", fresh=True) as found:
        yield found


@pytest.fixture(scope="session")
def run_id() -> str:
    """Tells the databases, roles and topics of this run from those of another on the same servers."""
    return f"t{os.getpid()}{secrets.token_hex(2)}"


@pytest.fixture(scope="module")
def topic_prefix(request: pytest.FixtureRequest, run_id: str) -> str:
    """The module's own topics begin with this."""
    module = re.sub(r"[^a-z0-9]+", "-", request.module.__name__.rpartition(".")[2].lower())
    return f"{run_id}.{module}."


@pytest.fixture(scope="module")
def topics(parts: Parts, topic_prefix: str) -> str:
    """Makes every topic under the module's prefix, three partitions each; returns the prefix."""
    asyncio.run(create_missing(parts.kafka_bootstrap, read_topics(), prefix=topic_prefix, partitions=3))
    return topic_prefix


class RunPasswords:
    """Passwords of the roles of one test run; the parts' own state when they are started here."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def password(self, role: str, /) -> str:
        return self._known.setdefault(role, secrets.token_urlsafe(12))


@pytest.fixture(scope="session")
def templates(parts: Parts, run_id: str) -> Iterator[dict[str, local_databases.ServiceDatabase]]:
    """One migrated database per service, never connected to by a test: modules get copies."""
    from chassis.migrations import migrate

    async def make() -> dict[str, local_databases.ServiceDatabase]:
        found = await local_databases.provide(parts.postgres_url, RunPasswords(), prefix=f"{run_id}_")
        for name, database in found.items():
            await migrate(
                ROOT / "services" / name / "migrations" / "versions",
                migration_url=database.migration_url,
                runtime_role=database.runtime_role,
            )
        return found

    found = asyncio.run(make())
    yield found
    asyncio.run(local_databases.drop(parts.postgres_url, *(d.name for d in found.values()), f"{run_id}_keys"))


@pytest.fixture(scope="module")
def databases(
    parts: Parts, templates: dict[str, local_databases.ServiceDatabase], run_id: str, request: pytest.FixtureRequest
) -> Iterator[dict[str, local_databases.ServiceDatabase]]:
    """The module's own copies of the four services' databases and of the key store."""
    tag = f"{run_id}_{secrets.token_hex(3)}"

    async def make() -> dict[str, local_databases.ServiceDatabase]:
        keys = f"{tag}_keys"
        await local_databases.clone_keys(parts.postgres_url, templates.values(), keys)
        return {
            name: await local_databases.clone(parts.postgres_url, template, f"{tag}_{name}", keys)
            for name, template in templates.items()
        }

    found = asyncio.run(make())
    yield found
    asyncio.run(local_databases.drop(parts.postgres_url, *(d.name for d in found.values()), f"{tag}_keys"))
