"""SIGKILL of every process at every step of the way of a case, under load; then the oracle is asked."""

import random

import pytest

from tests.faults.world import HANG, PROCESSES, Kill, World

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600)]

COMMITS = ("before-commit", "after-commit")
STEPS = {
    "shipping_issues": COMMITS,
    "shipping_issues.consumer": (*COMMITS, "before-offset-commit"),
    "shipping_issues.relay": ("after-publish", "before-position"),
    "shipping_issues.timers": COMMITS,
    "shipping_issues.effects": COMMITS,
    "notifications": COMMITS,
    "returns": COMMITS,
}
"""Where each process is killed: every step that its roles have."""


def test_every_process_is_killed_at_every_step_it_has() -> None:
    """The plan leaves out no process and no failpoint there is."""
    import chassis.failpoints as points

    names = [name.strip() for name in str(points.__doc__).rpartition("Names in use:")[2].strip(" .\n").split(",")]
    assert set(STEPS) == set(PROCESSES)
    assert {point for points in STEPS.values() for point in points} == set(names)


@pytest.mark.asyncio(loop_scope="package")
async def test_processes_killed_at_every_step_come_back(world: World, rounds: int, seed: str) -> None:
    """Every process dies where it is told to, comes back, and lag returns to zero."""
    rng = random.Random(f"{seed}/kills")
    for number in range(1, rounds + 1):
        plans = [[Kill(process, step, rng.randint(1, 6)) for step in steps] for process, steps in STEPS.items()]
        healed = await world.under_load(f"kills, round {number}", *(world.kill_in_turn(p) for p in plans), at_least=6)
        assert healed.kills == sum(len(steps) for steps in STEPS.values())
        assert healed.seconds < HANG
