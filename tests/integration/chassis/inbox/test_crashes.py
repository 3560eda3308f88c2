"""A consumer that is killed at the worst moment loses nothing and doubles nothing."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.inbox.conftest import World, fact, running
from tests.integration.chassis.kafka import eventually

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["before-commit=kill@2", "after-commit=kill@2", "before-offset-commit=kill"])
async def test_a_killed_consumer_leaves_each_record_applied_once(
    world: World, example_database: ExampleDatabase, failpoint: str
) -> None:
    """Killed around a commit or before the group's offset is told: the next one goes on where PostgreSQL says."""
    notes = [str(n) for n in range(20)]
    await world.send(*(fact(world.name(), note=note) for note in notes))
    access = world.kafka.access
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.chassis.inbox.child",
        example_database.url,
        access.bootstrap,
        access.topic_prefix,
        world.topic,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "AFTERCARE_FAILPOINTS": failpoint},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:

        async def died() -> bool:
            return child.returncode is not None

        await eventually(died, f"killed at {failpoint}", within=40)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == -signal.SIGKILL
    inbox = world.inbox()
    async with running(inbox):
        await world.reach(20, inboxes=[inbox])
    assert await world.notes() == notes
