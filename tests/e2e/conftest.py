"""One stack for all journeys, with databases and topics of its own on the servers of the run.

Each test has a customer, orders and parcels that nobody else has. The business clock stands unless a test moves it, so
nothing happens between two tests; it never goes back.
"""

import asyncio
import fcntl
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import pytest_asyncio

from infra.demo.stage import COMPONENTS, Stage
from infra.local import databases
from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE, Parts
from infra.local.stack import Component
from infra.local.supervisor import Stack
from tests.e2e.shop import Shop

FOLDER = Path(__file__).parents[2] / ".local" / "e2e"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(parts: Parts, run_id: str) -> AsyncIterator[Stage]:
    """Four services, a mailbox and a shop that only answers, all of them real processes."""
    FOLDER.parent.mkdir(exist_ok=True)  # a fresh clone has none
    with pytest.MonkeyPatch.context() as patch, (FOLDER.parent / "e2e.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        patch.setenv(POSTGRES_VARIABLE, parts.postgres_url)
        patch.setenv(KAFKA_VARIABLE, parts.kafka_bootstrap)
        stack = Stack(FOLDER, asking_for_notes(), profile="tests", topic_prefix=f"{run_id}.e2e.", driven_clock=True)
        stack.down()
        shutil.rmtree(FOLDER)
        async with Stage(stack) as found:
            await found.set_clock(_workday(datetime.now(UTC)), rate=0.0)
            yield found
        made = found.environment.databases.values()
        keys = {database.keys_url.rpartition("/")[2] for database in made}
        await databases.drop(parts.postgres_url, *(database.name for database in made), *keys)


def asking_for_notes() -> tuple[Component, ...]:
    """The components of a stage whose shop is asked for credit notes, as its terms of money say."""
    terms = FOLDER.parent / "e2e-money.yaml"
    written = files("services.returns").joinpath("data", "money.yaml").read_text(encoding="utf-8")
    assert written.count("credit_notes: []") == 1
    terms.write_text(written.replace("credit_notes: []", "credit_notes: ['*']"), encoding="utf-8")
    returns = {"returns": {"AFTERCARE_MONEY_TERMS": str(terms)}}
    return tuple(component.told(**returns.get(component.name, {})) for component in COMPONENTS)


@pytest.fixture
def shop(stage: Stage, request: pytest.FixtureRequest) -> Shop:
    """The shop as this test knows it: every id in it begins with a tag of the test's own."""
    words = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_").lower())[:24].strip("-")
    return Shop(stage, f"{words}-{secrets.token_hex(2)}")


def _workday(now: datetime) -> datetime:
    """The next Monday, eight o'clock: carriers' silence is counted in their working time."""
    day = now + timedelta(days=7 - now.weekday())
    return day.replace(hour=8, minute=0, second=0, microsecond=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The stack belongs to the package's event loop, and so does every journey on it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and asyncio.iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)
