"""SIGKILL of every process at every step of a case's way, of one of two consumers in mid-batch, and of PostgreSQL."""

from collections.abc import Callable

import pytest

import chassis.failpoints
from tests.faults.kills import CONSUMERS, PROCESSES, STEPS, in_mid_batch, planned
from tests.faults.paying import MONEY_STEPS
from tests.faults.world import HANG, World, mark

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(7200)]

Record = Callable[[str, object], None]

BREAKS = {"before-seek"}
"""Places where something is made to fail instead: see test_black_holes.py."""
TIMES = 6


async def test_the_plan_leaves_out_no_process_and_no_failpoint() -> None:
    """A failpoint that nobody is killed at would prove nothing."""
    names = str(chassis.failpoints.__doc__).rpartition("Names in use:")[2].strip(" .\n").split(",")
    assert set(STEPS) == set(PROCESSES)
    killed = {point for points in STEPS.values() for point in points} | set(MONEY_STEPS)
    from_outside = {"in-call"}
    assert killed - from_outside | BREAKS == {name.strip() for name in names}


@pytest.mark.fault(1, short=True)
async def test_processes_killed_at_every_step_come_back_and_lag_returns_to_zero(
    world: World, rounds: int, seed: str, record_property: Record
) -> None:
    """Each dies where it is told to, and goes on where it was."""
    slowest = 0.0
    for number in range(1, rounds + 1):
        plans = planned(seed, number).values()
        healed = await world.under_load(f"kills, round {number}", *(world.kill_in_turn(p) for p in plans), at_least=6)
        assert healed.kills == sum(len(steps) for steps in STEPS.values())
        assert healed.seconds < HANG
        slowest = max(slowest, healed.seconds)
        if number % 5 == 0:
            assert await world.verdict() == [], f"round {number}"
    record_property("rounds", rounds)
    record_property("kills", rounds * sum(len(steps) for steps in STEPS.values()))
    record_property("slowest healing", f"{slowest:.1f} s")
    assert await world.verdict() == []


@pytest.mark.fault(2, short=True)
async def test_one_of_two_consumers_killed_in_mid_batch_is_redelivered_and_has_no_second_effect(
    world: World, server_rounds: int, rounds: int, seed: str, record_property: Record
) -> None:
    """What the dead one had been handed and not committed is handed to the other; the stores hold it once."""
    times = TIMES if rounds > 1 else 2
    redeliveries = 0
    for number in range(1, server_rounds + 1):
        async with world.second("consumer"):
            since = mark()
            what = f"a consumer of two killed {times} times, round {number}"
            kills = in_mid_batch(seed, number, times)
            healed = await world.under_load(what, world.kill_in_turn(kills), at_least=6)
        told = world.told(since)
        assert healed.kills == times
        assert told.gaps() == []
        assert {handed.process for handed in told.handed} == set(CONSUMERS)
        assert told.redeliveries() > 0
        redeliveries += told.redeliveries()
    record_property("rounds", server_rounds)
    record_property("kills", times * server_rounds)
    record_property("redeliveries", redeliveries)
    assert await world.verdict() == []


@pytest.mark.fault(5, short=True)
async def test_postgres_killed_under_load_loses_no_acknowledged_command(
    world: World, server_rounds: int, record_property: Record
) -> None:
    """Callers get UNAVAILABLE, send again under the same id, and then get the first result, however often they ask."""
    load = world.load
    await world.some_cases()

    async def kill() -> None:
        await world.kill_server(world.servers.postgres.pid())
        before = load.unanswered["UNAVAILABLE"]

        async def told() -> bool:
            return load.unanswered["UNAVAILABLE"] > before

        await world.stage.until("a command is answered with UNAVAILABLE", told, patience=HANG)
        await world.start_servers()

    unavailable, same = load.unanswered["UNAVAILABLE"], load.same_receipts
    for number in range(1, server_rounds + 1):
        what = f"PostgreSQL killed, round {number}"
        healed = await world.under_load(what, kill(), at_least=6, on_known=4)
        assert healed.seconds < HANG
    record_property("rounds", server_rounds)
    record_property("commands sent again after UNAVAILABLE", load.unanswered["UNAVAILABLE"] - unavailable)
    record_property("same receipt when asked once more", load.same_receipts - same)
    assert load.same_receipts > same
    assert await world.verdict() == []
