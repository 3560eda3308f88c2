"""A provider that keeps failing is tried by one call at a time; what waits keeps its attempts, nothing is doubled."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
import pytest

from chassis.effects.circuit import FIRST_PAUSE, LONGEST_PAUSE, TRIP_AFTER, Circuits
from chassis.effects.desk import EffectDesk
from chassis.effects.role import EffectRole
from chassis.effects.states import State
from chassis.effects.terms import Terms
from chassis.service import Attempt, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown
from chassis.telemetry import METRICS
from tests.integration.chassis.effects.test_effects import (
    DAY,
    START,
    Owner,
    Provider,
    effect,
    owner,
    planned,
    row,
    turn,
)
from tests.integration.chassis.kernel import Kernel

__all__ = ["owner"]  # the fixture

Db: TypeAlias = "asyncpg.Connection[Any]"
EAGER = Terms(DAY, first_pause=timedelta(0))
BUSY = NotDone("BUSY")


@dataclass
class Real:
    """Real time as the circuits see it; the test moves it."""

    at: datetime

    def real_now(self) -> datetime:
        return self.at


@pytest.fixture(autouse=True)
async def clean(kernel: Kernel, db: Db) -> None:
    await db.execute("DELETE FROM clock; DELETE FROM effects; DELETE FROM paused_effects; DELETE FROM effect_circuits")
    await kernel.clock.read(db)
    await kernel.drive(to=START, rate=0.0)


@pytest.fixture
def real(kernel: Kernel) -> Real:
    return Real(kernel.clock.real_now())


def guarded(kernel: Kernel, provider: Provider, real: Real, terms: Terms = EAGER) -> EffectRole:
    circuits = Circuits(kernel.pool, real)  # type: ignore[arg-type]  # only its real time is asked for
    return EffectRole(
        kernel.connect,
        kernel.pool,
        kernel.units,
        {"mail": provider},
        kernel.clock,
        terms={"mail": terms},
        circuits=circuits,
        concurrency=1,
    )


async def fails(running: EffectRole, times: int = TRIP_AFTER) -> None:
    for _ in range(times):
        assert await turn(running) == 1


def shown() -> float | None:
    return METRICS.registry.get_sample_value("aftercare_effect_circuit", {"kind": "mail"})


@pytest.mark.parametrize("answer", [BUSY, ConnectionError("away"), Unknown("CLOSED")])
async def test_calls_that_fail_one_after_the_other_open_the_circuit(
    kernel: Kernel, db: Db, owner: Owner, real: Real, answer: ProviderAnswer | Exception
) -> None:
    """Whatever way they fail; then nobody is called, no attempt is used up, and status and metrics say so."""
    for _ in range(TRIP_AFTER + 2):
        await planned(kernel)
    provider = Provider(*[answer] * TRIP_AFTER, keys=DAY)
    provider.look_ups = [None] * TRIP_AFTER
    running = guarded(kernel, provider, real)
    while len(provider.calls) < TRIP_AFTER:
        await turn(running)
    before = await db.fetch("SELECT id, state, attempt FROM effects ORDER BY id")
    for _ in range(3):
        assert await turn(running) == 0
    assert await db.fetch("SELECT id, state, attempt FROM effects ORDER BY id") == before
    assert (len(provider.calls), shown()) == (TRIP_AFTER, 1.0)
    (open_now,) = await db.fetch("SELECT kind, reason, open_until FROM effect_circuits")
    assert (open_now["kind"], open_now["open_until"]) == ("mail", real.at + FIRST_PAUSE)


async def test_one_call_tries_it_and_when_it_works_everything_goes_once(
    kernel: Kernel, db: Db, owner: Owner, real: Real
) -> None:
    """Two processes whose pause is over: one call between them; it succeeds, and all that waited is done, each once."""
    for _ in range(4):
        await planned(kernel)
    looked = asyncio.Event()

    async def works(attempt: Attempt) -> ProviderAnswer:
        await looked.wait()  # until both have looked
        return Succeeded("p")

    provider = Provider(*[BUSY] * TRIP_AFTER, works, *[Succeeded("p")] * 3)
    running = guarded(kernel, provider, real)
    other = guarded(kernel, provider, real)
    await fails(running)
    assert await turn(other) == 0
    real.at += FIRST_PAUSE
    taken = await asyncio.gather(running.turn(), other.turn())
    looked.set()
    assert sorted(taken) == [0, 1]
    await asyncio.gather(running.idle(), other.idle())
    assert len(provider.calls) == TRIP_AFTER + 1
    assert (await db.fetchval("SELECT count(*) FROM effect_circuits"), shown()) == (0, 0.0)
    while await turn(running) + await turn(other):
        pass
    succeeded = {call.key for call in provider.calls[TRIP_AFTER:]}
    assert len(succeeded) == 4 == len(provider.calls) - TRIP_AFTER
    assert await db.fetchval("SELECT count(*) FROM effects WHERE state = 'succeeded'") == 4


async def test_while_it_goes_on_failing_the_pause_doubles_to_its_longest(
    kernel: Kernel, db: Db, owner: Owner, real: Real
) -> None:
    """One call for each pause; nothing is given up by it."""
    await planned(kernel)
    provider = Provider(*[BUSY] * 20)
    running = guarded(kernel, provider, real, Terms(DAY, first_pause=timedelta(0), attempts=50))
    await fails(running)
    pauses = []
    for _ in range(6):
        until = await db.fetchval("SELECT open_until FROM effect_circuits")
        pauses.append(until - real.at)
        real.at = until
        assert [await turn(running), await turn(running)] == [1, 0]
    assert pauses == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(6)]
    assert len(provider.calls) == TRIP_AFTER + 6


async def test_a_try_whose_process_dies_is_made_again_by_another(
    kernel: Kernel, db: Db, owner: Owner, real: Real
) -> None:
    """Nobody waits for its answer longer than its lease."""
    await planned(kernel)
    provider = Provider(*[BUSY] * TRIP_AFTER, Succeeded())
    running = guarded(kernel, provider, real)
    await fails(running)
    real.at += FIRST_PAUSE
    dead = Circuits(kernel.pool, real)  # type: ignore[arg-type]  # as above
    assert await dead.take_the_try("mail", longest=EAGER.lease)
    assert await turn(running) == 0
    real.at += EAGER.lease
    assert await turn(running) == 1
    assert await db.fetchval("SELECT count(*) FROM effect_circuits") == 0


async def test_leases_and_answer_by_times_run_on_while_it_is_open(
    kernel: Kernel, db: Db, owner: Owner, real: Real
) -> None:
    """What was asked before and is not answered in time becomes unknown, as ever."""
    asked = await planned(kernel)
    provider = Provider(Submitted(START + DAY), *[BUSY] * TRIP_AFTER)
    running = guarded(kernel, provider, real)
    await turn(running)
    await planned(kernel)
    await fails(running)
    await kernel.drive(to=START + 2 * DAY, rate=0.0)
    assert await turn(running) == 1
    assert (await effect(kernel, asked)).state is State.UNKNOWN
    assert len(provider.calls) == 1 + TRIP_AFTER


async def test_what_is_no_trouble_of_the_provider_opens_nothing(
    kernel: Kernel, db: Db, owner: Owner, real: Real
) -> None:
    """What we hold back ourselves, refusals, and single failures between successes."""
    await planned(kernel)
    running = guarded(kernel, Provider(*[NotDone("OUT_OF_BAND", ours=True)] * 10), real)
    await fails(running, 10)
    await db.execute("DELETE FROM effects")
    for _ in range(3):
        await planned(kernel)
    mixed = Provider(*[BUSY] * (TRIP_AFTER - 1), Succeeded(), *[BUSY] * (TRIP_AFTER - 1), Succeeded(), Succeeded())
    running = guarded(kernel, mixed, real)
    while await turn(running):
        pass
    assert len(mixed.answers) == 0
    assert await db.fetchval("SELECT count(*) FROM effect_circuits") == 0


async def test_an_operator_has_it_tried_now(kernel: Kernel, db: Db, owner: Owner, real: Real) -> None:
    """`resume` takes the circuit away; a provider that still fails opens it again at once after as many calls."""
    id = await planned(kernel)
    provider = Provider(*[BUSY] * TRIP_AFTER, Succeeded())
    running = guarded(kernel, provider, real)
    await fails(running)
    assert await turn(running) == 0
    await EffectDesk(kernel.units, kernel.pool).resume("mail")
    assert await turn(running) == 1
    assert (await row(db, id))["state"] == "succeeded"
