"""Returns killed between asking a provider and writing down what it answered: nothing is paid twice or forgotten."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.parts import Parts
from tests.faults.conftest import ALL, ROUNDS
from tests.faults.paying import MONEY_STEPS, till

pytestmark = [pytest.mark.timeout(7200)]

Record = Callable[[str, object], None]

FULL, SHORT = 50, 1
ORDERS = 4
"""Of each provider, in each run."""


def runs() -> int:
    return int(os.environ.get(ROUNDS) or (FULL if os.environ.get(ALL) == "all" else SHORT))


@pytest.mark.fault(21, short=True)
async def test_killed_between_call_and_record_no_refund_is_made_twice_or_forgotten(
    parts: Parts, run_id: str, tmp_path: Path, seed: str, record_property: Record
) -> None:
    """Each run has new orders of both providers, who misbehave as the seed says, and a kill at one step; what the
    providers' own books say is one refund for each order, or none where it failed, or a person holds it."""
    steps = [MONEY_STEPS[n % len(MONEY_STEPS)] for n in range(runs())]
    if len(steps) == SHORT:
        steps = ["after-call"]  # where a provider has done it and nobody here knows
    ends: dict[str, int] = {}
    async with till(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.") as found:
        every: list[str] = []
        for number, step in enumerate(steps):
            rng = random.Random(f"{seed}/money/{number}")
            every += await found.round(rng, step, ORDERS)
            assert await found.wrong_with(every) == [], f"seed {seed}, run {number} at {step}"
        for state in (await found.effects(every)).values():
            ends[state] = ends.get(state, 0) + 1
        asked = sum(found.stripe.asked.values()) + sum(found.kafka.asked.values())
        assert found.kills == len(steps)
        assert len(every) == ORDERS * 2 * len(steps) == sum(ends.values())
    record_property("rounds", len(steps))
    record_property("kills", found.kills)
    record_property("refunds", ends)
    record_property("times a provider was asked", asked)
