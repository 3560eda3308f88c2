"""The state space of returns, walked at random: every invariant holds after every step.

AFTERCARE_EXPLORE=100000 walks that many steps and writes what was reached into docs/exploration.md.
"""

import os

from hypothesis import HealthCheck, settings

from tests.unit.returns.exploring.machine import Exploration

STEPS = int(os.environ.get("AFTERCARE_EXPLORE", "0"))
EACH = 50

Exploration.TestCase.settings = settings(
    max_examples=max(STEPS // EACH, 40),
    stateful_step_count=EACH,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestExploration = Exploration.TestCase
