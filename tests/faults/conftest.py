"""One world for all faults, on servers of its own: killing them must disturb no other test."""

import asyncio
import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from infra.demo.stage import Stage
from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE, Parts
from tests.faults import report
from tests.faults.load import Load
from tests.faults.rig import Small, small_service
from tests.faults.world import SERVICES, World, stack_at

FOLDER = Path(__file__).parents[2] / ".local" / "faults"
ALL = "AFTERCARE_FAULTS"
"""`all`: every fault, as often as docs/faults.md says. Without it: the short forms that `make test` makes."""
ROUNDS = "AFTERCARE_FAULT_ROUNDS"
SEED = "AFTERCARE_FAULT_SEED"
FAILPOINT_ROUNDS, SERVER_ROUNDS = 20, 3
CALLS_AT_ONCE = 64
LAST = ("test_verdict.py", "test_oracle.py")
"""Judge what all the faults have left, and only then break it by hand."""

_SEED = os.environ.get(SEED) or secrets.token_hex(3)
_worlds: list[World] = []
_seen: dict[str, report.Seen] = {}


def _wants_all() -> bool:
    return os.environ.get(ALL) == "all"


def _rounds(full: int) -> int:
    return int(os.environ.get(ROUNDS) or (full if _wants_all() else 1))


@pytest.fixture(scope="package")
def rounds() -> int:
    """How often a fault at a failpoint inside a process is made."""
    return _rounds(FAILPOINT_ROUNDS)


@pytest.fixture(scope="package")
def server_rounds() -> int:
    """How often a fault of a server, a session or the network is made."""
    return _rounds(SERVER_ROUNDS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The judges come last. `make test` makes the short forms only; the others belong to `make faults`."""
    here = Path(__file__).parent
    ours = [item for item in items if item.path.parent == here]
    places = iter(sorted(ours, key=lambda item: LAST.index(item.path.name) if item.path.name in LAST else -1))
    items[:] = [next(places) if item.path.parent == here else item for item in items]
    if _wants_all():
        return
    long = [i for i in items if (m := i.get_closest_marker("fault")) is not None and not m.kwargs.get("short")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the outcome of each fault's tests; `record_property` adds figures, and `rounds` how often it was made."""
    told = yield
    mark = item.get_closest_marker("fault")
    if mark is not None and (told.when == "call" or told.failed):
        notes = {str(name): value for name, value in told.user_properties}
        was = _seen.get(item.nodeid)
        failed = told.failed or (was is not None and was.outcome == "failed")
        outcome = "failed" if failed else "not run" if notes.get("not run") else "passed"
        _seen[item.nodeid] = report.Seen(int(mark.args[0]), outcome, told.duration, report.now(), _SEED, notes)
    return told


def pytest_sessionfinish() -> None:
    """The document is made by a full run; a short one leaves it alone."""
    if _wants_all() and _seen:
        report.keep(_seen)
        report.write()


@pytest.fixture(scope="package")
def seed() -> str:
    """Decides what is loaded and where each process dies; reported, so that a failure can be made again."""
    return _SEED


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
        # callers that wait for an answer must not keep others from asking
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CALLS_AT_ONCE))
        async with Stage(stack_at(FOLDER), services=SERVICES) as stage:
            await stage.set_clock(datetime.now(UTC) + timedelta(days=1))
            found = World(stage, Load(stage, seed))
            _worlds.append(found)
            yield found


@pytest_asyncio.fixture
async def small(parts: Parts, run_id: str, tmp_path: Path) -> AsyncIterator[Small]:
    """The small service on the servers of the run, with a database and topics of this test's own."""
    async with small_service(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.") as found:
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The report of a run that was asked for: what was done, and how long healing took."""
    if not _wants_all():
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
