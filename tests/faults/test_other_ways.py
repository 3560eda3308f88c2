"""Returns killed while credit or a transfer is asked for: neither is given twice, and no acknowledged one is lost."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.parts import Parts
from tests.faults.other_ways import OtherWays, ShopsBank
from tests.faults.paying import MONEY_STEPS, till
from tests.faults.test_paying import SHORT, runs

pytestmark = [pytest.mark.timeout(7200)]

Record = Callable[[str, object], None]
ORDERS = 2
"""Of each way, in each run."""


@pytest.mark.fault(21, short=True)
async def test_killed_while_credit_or_a_transfer_is_asked_for_neither_is_given_twice_or_forgotten(
    parts: Parts, run_id: str, tmp_path: Path, seed: str, record_property: Record
) -> None:
    """At every step, with a wallet and a bank that are silent, late, deaf, refuse, or say it twice: their own books
    have one payment for each return that succeeded and none for one that failed."""
    steps = [MONEY_STEPS[n % len(MONEY_STEPS)] for n in range(runs())]
    if len(steps) == SHORT:
        steps = ["after-call"]
    terms = {"no_way_back": ["invoice"], "tender_gone": []}
    ends: dict[str, int] = {}
    async with till(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.", terms) as found:
        ways = OtherWays(found, ShopsBank(found.bus))
        serving = asyncio.create_task(ways.shop.run("provider"))
        try:
            every: list[str] = []
            for number, step in enumerate(steps):
                rng = random.Random(f"{seed}/other/{number}")
                every += await ways.round(rng, step, ORDERS)
                assert await ways.wrong_with(every) == [], f"seed {seed}, run {number} at {step}"
            for state in (await ways.effects(every)).values():
                ends[state] = ends.get(state, 0) + 1
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        assert ways.kills == len(steps)
        assert len(every) == ORDERS * 2 * len(steps) == sum(ends.values())
    record_property("rounds", len(steps))
    record_property("kills", ways.kills)
    record_property("payments", ends)
    record_property("times a provider was asked", sum(ways.shop.asked.values()))
