"""A server that is there and says nothing: readiness tells, liveness does not, and everything goes on by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from infra.local import kafka
from tests.faults.kills import PROCESSES
from tests.faults.proxy import Proxy
from tests.faults.watched import Look
from tests.faults.world import HANG, World, mark

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(3600)]

Record = Callable[[str, object], None]

HOLE = 30.0
AT_MOST = 55.0
"""Seconds after which whoever has not noticed never will: turns are missed after sixty."""
DATABASE = ("AFTERCARE_DATABASE_URL", "AFTERCARE_KEYS_URL")
HEARS_KAFKA = {"returns", "shipping_issues.consumer", "shipping_issues.relay", "notifications"}


@pytest.mark.fault(10)
async def test_a_silent_kafka_is_told_by_readiness_and_heals(
    world: World, server_rounds: int, seed: str, record_property: Record
) -> None:
    """Those that speak with Kafka say so; the api stays ready and answers commands meanwhile."""
    await world.some_cases()
    told: dict[str, Mapping[str, str]] = {}
    acknowledged = 0
    async with through_kafka(world, seed) as proxy:
        for number in range(1, server_rounds + 1):
            before = len(world.load.commands)
            hole = black_hole(world, proxy, HEARS_KAFKA, told)
            await world.under_load(f"Kafka silent, round {number}", hole, at_least=6, on_known=4)
            acknowledged += len(world.load.commands) - before
            assert "shipping_issues" not in told
    record_property("rounds", server_rounds)
    record_property("commands acknowledged", acknowledged)
    record_property("readiness said", "; ".join(f"{name}: {dict(reasons)}" for name, reasons in sorted(told.items())))
    assert await world.verdict() == []


@pytest.mark.fault(10)
async def test_a_silent_postgres_is_told_by_readiness_and_heals(
    world: World, server_rounds: int, seed: str, record_property: Record
) -> None:
    """Every process says so; callers hear it or run into their own deadline, and get the first result afterwards."""
    await world.some_cases()
    told: dict[str, Mapping[str, str]] = {}
    before = sum(world.load.unanswered.values())
    async with through_postgres(world, seed) as proxy:
        for number in range(1, server_rounds + 1):
            hole = black_hole(world, proxy, set(PROCESSES), told)
            await world.under_load(f"PostgreSQL silent, round {number}", hole, at_least=6, on_known=4)
    again = sum(world.load.unanswered.values()) - before
    assert again > 0
    record_property("rounds", server_rounds)
    record_property("commands sent again", again)
    record_property("readiness said", "; ".join(f"{name}: {dict(reasons)}" for name, reasons in sorted(told.items())))
    assert await world.verdict() == []


@pytest.mark.fault(10)
async def test_an_assignment_listener_that_fails_lets_nothing_be_read_before_its_own_seek(
    world: World, rounds: int, record_property: Record
) -> None:
    """The listener of one topic raises once; its consumer starts afresh, and is handed records from its place on."""
    failures = 0
    for number in range(1, rounds + 1):
        since = mark()

        async def fail_once(since: str = since) -> None:
            world.arm("shipping_issues.consumer", "before-seek=raise@1")
            async with world.second("consumer"):  # a rebalance of every topic

                async def begun_again() -> bool:
                    told = world.told(since)
                    return any(a.at > f.at and a.topic == f.topic for f in told.failed for a in told.assigned)

                await world.stage.until("the consumer whose listener failed begins again", begun_again, patience=HANG)
            world.arm("shipping_issues.consumer")

        await world.under_load(f"a listener fails, round {number}", fail_once(), at_least=6)
        told = world.told(since)
        # the other may fail by itself when it leaves: what has no client any more is given no partition
        assert [f.process for f in told.failed].count("shipping_issues.consumer") == 1
        assert told.not_after_a_seek() == []
        assert told.gaps() == []
        failures += len(told.failed)
    record_property("rounds", rounds)
    record_property("listeners that failed", failures)
    assert await world.verdict() == []


async def black_hole(world: World, proxy: Proxy, must_notice: set[str], told: dict[str, Mapping[str, str]]) -> None:
    """Nothing comes through for a while; `told` gets what readiness said. All stay alive, and end up ready."""
    told.clear()
    pids = {name: world.pid(name) for name in PROCESSES}
    proxy.black_hole()
    began = time.monotonic()
    try:
        while (age := time.monotonic() - began) < HOLE or (not must_notice <= set(told) and age < AT_MOST):
            told.update(await unready(world))
            await asyncio.sleep(0.5)
    finally:
        proxy.heal()
    assert must_notice <= set(told), f"{must_notice - set(told)} stayed ready; others said {told}"

    async def all_ready() -> bool:
        return not await unready(world)

    await world.stage.until("all are ready again", all_ready, patience=HANG)
    assert {name: world.pid(name) for name in PROCESSES} == pids


async def unready(world: World) -> dict[str, Mapping[str, str]]:
    """Whoever is not ready, and why; all must be alive."""
    looks = [(name, path) for name in PROCESSES for path in ("/livez", "/readyz")]
    answers = await asyncio.gather(*(asyncio.to_thread(world.look, name, path) for name, path in looks))
    found: dict[tuple[str, str], Look] = dict(zip(looks, answers, strict=True))
    dead = {name: look for (name, path), look in found.items() if path == "/livez" and look.code != 200}
    assert dead == {}
    return {name: look.reasons for (name, path), look in found.items() if path == "/readyz" and look.code == 503}


@asynccontextmanager
async def through_kafka(world: World, seed: str) -> AsyncIterator[Proxy]:
    """Every process speaks with Kafka through a proxy, whose address the broker tells to whoever comes that way."""
    state = world.servers.state
    async with Proxy(state.port(kafka.THROUGH), seed) as proxy:
        state.remember(kafka.THROUGH, proxy.address)
        await world.kill_broker()
        try:
            async with told(world, lambda _: {"AFTERCARE_KAFKA": proxy.address}):
                yield proxy
                assert proxy.carried > 0
        finally:
            state.remember(kafka.THROUGH, "")
            await world.kill_broker()


@asynccontextmanager
async def through_postgres(world: World, seed: str) -> AsyncIterator[Proxy]:
    """Every process speaks with PostgreSQL through a proxy."""
    port = world.servers.state.port("postgres")
    async with Proxy(port, seed) as proxy:

        def variables(name: str) -> dict[str, str]:
            own = world.stage.environment.service(name.partition(".")[0])
            return {key: own[key].replace(f"@127.0.0.1:{port}/", f"@{proxy.address}/") for key in DATABASE}

        async with told(world, variables):
            yield proxy
            assert proxy.carried > 0


@asynccontextmanager
async def told(world: World, variables: Callable[[str], dict[str, str]]) -> AsyncIterator[None]:
    """Every process started anew with these variables, and without them afterwards."""

    await asyncio.gather(*(world.end(name) for name in PROCESSES))
    await asyncio.gather(*(world.start(name, told=variables(name)) for name in PROCESSES))
    try:
        yield
    finally:
        await asyncio.gather(*(world.end(name) for name in PROCESSES))
        await asyncio.gather(*(world.start(name) for name in PROCESSES))
