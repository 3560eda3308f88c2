"""Fault 14: the disk of the database is full, under load, on a whole service and a server of its own.

Two disks, since PostgreSQL behaves differently: where tables cannot grow it says so and undoes the statement; where its
log cannot grow it ends, and comes back only with room. Either way callers are told to come again, nothing acknowledged
is lost, and the service recovers by itself.
"""

# long: one fault on a world of its own

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from infra.local.account import Placement, placement
from infra.local.failures import StartFailed
from infra.local.layout import LOCAL, Layout
from infra.local.parts import Parts
from infra.local.postgres import Postgres
from infra.local.profile import Profile
from infra.local.state import State
from tests.faults.callers import Callers
from tests.faults.rig import Running, Small, small_service, until

pytestmark = [pytest.mark.timeout(900)]

Note = Callable[[str, object], None]
FOLDER = LOCAL / "full-disk"
DURABLE = Profile(
    "full-disk",
    durable=True,
    heap=(),
    # no checkpoint of its own accord: each would free the log it is to run out of; and the one that is asked for gives
    # the room back, instead of keeping it for files to come: the filler would be too small to be worth taking away
    postgres_settings={
        "shared_buffers": "48MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "1h",
        "wal_recycle": "off",
    },
)
MEGABYTES = 112
CLEAN = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}
"""What callers are told to send again (docs/operations.md). Only a deadline of their own has no reason."""


class NoSmallDisk(Exception):
    """This account may not mount one."""


@contextmanager
def small_disk(at: Path, owner: Placement) -> Iterator[Path]:
    """A disk of a few megabytes, and gone afterwards."""
    subprocess.run(["umount", "-l", str(at)], check=False, capture_output=True)  # of a run that was killed
    at.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", str(at)]
    try:
        made = subprocess.run(["mount", *options], check=False, capture_output=True, text=True)
    except OSError as error:
        raise NoSmallDisk(str(error)) from error
    if made.returncode:
        raise NoSmallDisk(made.stderr.strip())
    try:
        inside = at / "pg"
        inside.mkdir(mode=0o700)
        owner.own(inside)
        yield inside
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)
        at.rmdir()


def fill(disk: Path) -> Path:
    """Take what is left; deleting the file gives it back."""
    filler = disk.parent / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass
    return filler


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, durable, not started."""
    layout = Layout.at(FOLDER)
    found = Postgres(layout, State(layout.state), DURABLE)
    found.stop()
    found.erase()
    yield found
    found.stop(patience=20)
    found.erase()
    shutil.rmtree(FOLDER, ignore_errors=True)


def where(server: Postgres) -> Placement:
    return placement(server.layout.postgres, server.state.value("postgres_data"))


@pytest.fixture
async def alone(server: Postgres, parts: Parts, tmp_path: Path) -> AsyncIterator[Small]:
    """The small service with its databases there; only Kafka is the run's."""
    server.start()
    async with small_service(tmp_path, server.url(), parts.kafka_bootstrap, f"disk{secrets.token_hex(3)}.") as found:
        yield found
        await found.close()
        if not server.answers():
            server.start()


async def _told_off(callers: Callers, process: Running) -> None:
    """Until callers have been refused for a while and the process says why it takes no more."""

    async def refused() -> bool:
        return sum(callers.answers.values()) > 20 and bool(await process.reasons())

    await until("callers are refused and the process is not ready", refused)
    status, _ = await process.said("/livez")
    assert status == 200


@pytest.mark.fault(14)
async def test_a_full_disk_is_told_to_callers_and_outlived(
    alone: Small, server: Postgres, server_rounds: int, seed: str, record_property: Note
) -> None:
    """Tables cannot grow: commands answer UNAVAILABLE, the process is not ready, and goes on once there is room."""
    place = where(server)
    rounds = []
    try:
        with small_disk(place.data.parent / "small-disk", place) as disk:
            await _move(alone, server, disk)
            process = await alone.start("all")
            # connected before: a new session may want to write a file of its own
            async with Callers(alone, [process], seed) as callers, alone.connected() as db:
                await callers.some(60)
                for _ in range(server_rounds):
                    enough = asyncio.Event()
                    load = asyncio.ensure_future(callers.run(enough))
                    filler = fill(disk)
                    callers.answers.clear()
                    await _told_off(callers, process)
                    await asyncio.sleep(2)
                    assert {code for code, _ in callers.answers} <= CLEAN
                    assert all(reason or code == "DEADLINE_EXCEEDED" for code, reason in callers.answers)
                    writers = await db.fetchval("SELECT count(*) FROM writers")
                    filler.unlink()
                    began = asyncio.get_running_loop().time()
                    await until("ready again", process.ready)
                    rounds.append((round(asyncio.get_running_loop().time() - began, 1), dict(callers.answers)))
                    enough.set()
                    await load
                    assert writers < 20, "each try to store took room of its own"
            await alone.settled()
            assert await alone.judged() == []
            await alone.close()
            await _move(alone, server, None)
    except NoSmallDisk as cannot:
        record_property("not run", f"no small disk: {cannot}")
        return
    record_property("rounds", server_rounds)
    record_property("ready again after, s", [seconds for seconds, _ in rounds])
    record_property("answers while full", [{"/".join(k): n for k, n in told.items()} for _, told in rounds])


async def _move(small: Small, server: Postgres, disk: Path | None) -> None:
    """Put the service's database on this disk, or back."""
    session = await asyncpg.connect(server.url())
    if disk is not None:
        await session.execute(f"CREATE TABLESPACE small_disk LOCATION '{disk}'")
    space = "pg_default" if disk is None else "small_disk"
    await session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        small.database.name,
    )
    await session.execute(f'ALTER DATABASE "{small.database.name}" SET TABLESPACE {space}')
    if disk is None:
        await session.execute("DROP TABLESPACE small_disk")
    await session.close()


@pytest.mark.fault(14)
async def test_a_full_disk_of_the_log_ends_the_server_and_costs_nothing_acknowledged(
    alone: Small, server: Postgres, server_rounds: int, seed: str, record_property: Note
) -> None:
    """PostgreSQL ends, cannot start while it is full, and starts with room: the service has waited, and goes on."""
    place = where(server)
    healed = []
    try:
        with small_disk(place.data.parent / "small-disk", place) as disk:
            server.stop()
            log = _log_to(disk, place)
            server.start()
            process = await alone.start("all")
            async with Callers(alone, [process], seed) as callers:
                await callers.some(60)
                for _ in range(server_rounds):
                    enough = asyncio.Event()
                    load = asyncio.ensure_future(callers.run(enough))
                    filler = fill(disk)
                    callers.answers.clear()
                    await _use_up(server)
                    with pytest.raises(StartFailed):
                        await asyncio.to_thread(server.start)
                    await _told_off(callers, process)
                    assert {code for code, _ in callers.answers} <= CLEAN
                    assert all(reason or code == "DEADLINE_EXCEEDED" for code, reason in callers.answers)
                    filler.unlink()
                    await asyncio.to_thread(server.start)
                    began = asyncio.get_running_loop().time()
                    await until("ready again", process.ready)
                    healed.append(round(asyncio.get_running_loop().time() - began, 1))
                    enough.set()
                    await load
                    async with alone.connected(server.url()) as superuser:
                        await superuser.execute("CHECKPOINT")
            await alone.settled()
            assert await alone.judged() == []
            await alone.close()
            server.stop()
            _log_back(log, place)
    except NoSmallDisk as cannot:
        record_property("not run", f"no small disk: {cannot}")
        return
    record_property("rounds", server_rounds)
    record_property("ready again after, s", healed)


def _log_to(disk: Path, place: Placement) -> Path:
    """Let the server write its log there; where it is now."""
    shutil.copytree(place.data / "pg_wal", disk / "pg_wal")
    for path in (disk / "pg_wal", *(disk / "pg_wal").rglob("*")):
        place.own(path)
    (disk / "pg_wal").chmod(0o700)
    shutil.rmtree(place.data / "pg_wal")
    (place.data / "pg_wal").symlink_to(disk / "pg_wal")
    return disk / "pg_wal"


def _log_back(log: Path, place: Placement) -> None:
    (place.data / "pg_wal").unlink()
    shutil.copytree(log, place.data / "pg_wal")
    for path in (place.data / "pg_wal", *(place.data / "pg_wal").rglob("*")):
        place.own(path)
    (place.data / "pg_wal").chmod(0o700)


async def _use_up(server: Postgres) -> None:
    """Begin new files of the log until there is no room for one: the server ends."""

    async def gone() -> bool:
        try:
            session = await asyncpg.connect(server.url(), timeout=5)
            try:
                for _ in range(20):
                    await session.execute("SELECT pg_logical_emit_message(false, 'fill', 'x'), pg_switch_wal()")
            finally:
                session.terminate()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            return server.pid() is None
        return False

    await until("the server has ended", gone)
