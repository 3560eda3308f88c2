"""A stack of all four services, on servers of its own: its database is put back, its topics are deleted."""

import fcntl
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from infra.demo.stage import Stage
from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE
from tests.faults.recovery.drill import Drill, stack_at

FOLDER = Path(__file__).parents[3] / ".local" / "recovery"


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def drill(seed: str) -> AsyncIterator[Drill]:
    """Everything up and quiet; the business clock stands."""
    FOLDER.parent.mkdir(exist_ok=True)  # a fresh clone has none
    with pytest.MonkeyPatch.context() as patch, (FOLDER.parent / "recovery.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        patch.delenv(POSTGRES_VARIABLE, raising=False)  # somebody else's servers are not for this
        patch.delenv(KAFKA_VARIABLE, raising=False)
        stack_at(FOLDER).down()
        shutil.rmtree(FOLDER)
        async with Stage(stack_at(FOLDER)) as stage:
            await stage.set_clock(datetime.now(UTC) + timedelta(days=1), rate=0.0)
            yield Drill(stage, seed)
