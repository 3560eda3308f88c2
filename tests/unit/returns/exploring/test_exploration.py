"""The state space of returns, walked at random: every invariant holds after every step.

The same few thousand steps each time: a gate that walks anew each time refuses what it did not look at the day before.
AFTERCARE_EXPLORE=100000 walks that many, from seeds that are counted up, and writes
down in docs/exploration.md what was reached: `make explore`.
"""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.returns.exploring.machine import Exploration
from tests.unit.returns.exploring.reached import REACHED, write_down

STEPS = int(os.environ.get("AFTERCARE_EXPLORE", "0"))
EACH = 60
LONG = settings(
    max_examples=100,
    stateful_step_count=EACH,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    database=None,
)
SHORT = settings(LONG, max_examples=40, derandomize=True, phases=[Phase.generate])
"""Without a search for a shorter example, which takes minutes: `make explore` looks for one."""


@pytest.mark.timeout(0)
def test_every_invariant_holds_after_every_step() -> None:
    """Of a short walk that is always the same, or of a long one from seeds that are counted up."""
    began, used, seeds = time.monotonic(), time.process_time(), 0
    if not STEPS:
        run_state_machine_as_test(Exploration, settings=SHORT)
    while REACHED.steps < STEPS:
        seeds += 1
        run_state_machine_as_test(seed(seeds)(Exploration), settings=LONG)
        write_down(seeds, time.monotonic() - began, time.process_time() - used)
    assert REACHED.steps >= max(STEPS, 500) and REACHED.combinations
