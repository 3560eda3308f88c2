"""One world for all faults, on servers of its own: killing them must disturb no other test."""

import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from infra.demo.stage import Stage
from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE
from tests.faults.load import Load
from tests.faults.world import SERVICES, World, armed_from_the_start, stack_at

FOLDER = Path(__file__).parents[2] / ".local" / "faults"
ROUNDS = "AFTERCARE_FAULT_ROUNDS"
SEED = "AFTERCARE_FAULT_SEED"

_worlds: list[World] = []


@pytest.fixture(scope="package")
def rounds() -> int:
    """How often every fault is made; `make faults` asks for more than `make test`."""
    return int(os.environ.get(ROUNDS, "1"))


@pytest.fixture(scope="package")
def seed() -> str:
    """Decides what is loaded and where each process dies; printed, so that a failure can be made again."""
    return os.environ.get(SEED) or secrets.token_hex(3)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def world(seed: str) -> AsyncIterator[World]:
    """Everything up, and nothing killed yet."""
    FOLDER.parent.mkdir(exist_ok=True)  # a fresh clone has none
    with pytest.MonkeyPatch.context() as patch, (FOLDER.parent / "faults.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        patch.delenv(POSTGRES_VARIABLE, raising=False)  # somebody else's servers are not for killing
        patch.delenv(KAFKA_VARIABLE, raising=False)
        stack_at(FOLDER).down()
        shutil.rmtree(FOLDER)
        armed = armed_from_the_start(seed)
        async with Stage(stack_at(FOLDER, armed), services=SERVICES) as stage:
            await stage.set_clock(datetime.now(UTC) + timedelta(days=1))
            found = World(stage, Load(stage, seed), armed=armed)
            _worlds.append(found)
            yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The report of a run that was asked for: what was done, and how long healing took."""
    if ROUNDS not in os.environ:
        return
    for found in _worlds:
        load = found.load
        terminalreporter.section("faults")
        terminalreporter.write_line(
            f"seed {load.seed}: {len(load.commands)} commands acknowledged, {len(load.facts)} facts published,"
            f" {load.sent_again} times sent again after no answer"
        )
        for kill in found.killed:
            terminalreporter.write_line(f"  killed {kill}")
        for healed in found.healed:
            terminalreporter.write_line(
                f"  {healed.what}: {healed.kills} kills, lag 0 again {healed.seconds:.1f} s after the load"
            )
