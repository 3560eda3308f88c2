"""The broker is killed again and again, and is away for a minute: commands go on, and the log drains in order."""

import asyncio
from collections.abc import Callable

import pytest

from tests.faults.world import HANG, World

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(3600)]

Record = Callable[[str, object], None]

KILLS = 5
AWAY, LOOK_EVERY = 60.0, 10.0
UNSENT = "SELECT count(*) FROM outbox o, relay r WHERE (o.position, o.n) > (r.position, r.n)"


@pytest.mark.fault(3)
async def test_the_broker_killed_under_load_loses_nothing(
    world: World, server_rounds: int, record_property: Record
) -> None:
    """After each kill records flow again, through the same relay; the verdict finds them complete and in order."""
    relay = world.pid("shipping_issues.relay")

    async def kills() -> None:
        for n in range(KILLS):
            await world.kill_broker()
            facts, sent = len(world.load.facts), await sent_to(world)

            async def flows(facts: int = facts, sent: int = sent) -> bool:
                return len(world.load.facts) > facts and await sent_to(world) > sent

            await world.stage.until(f"records flow after kill {n + 1}", flows, patience=HANG)

    slowest = 0.0
    for number in range(1, server_rounds + 1):
        healed = await world.under_load(f"broker killed {KILLS} times, round {number}", kills(), at_least=6)
        slowest = max(slowest, healed.seconds)
    record_property("rounds", server_rounds)
    record_property("kills", KILLS * server_rounds)
    record_property("slowest healing", f"{slowest:.1f} s")
    assert world.pid("shipping_issues.relay") == relay
    assert await world.verdict() == []


async def sent_to(world: World) -> int:
    """How far the relay of shipping issues knows its public events to be on the broker."""
    return int(await world.stage.value("shipping_issues", "SELECT position FROM relay"))


@pytest.mark.fault(4)
async def test_commands_go_on_while_the_broker_is_away_and_the_log_drains_in_order(
    world: World, server_rounds: int, record_property: Record
) -> None:
    """In every ten seconds of the minute commands are acknowledged, and none has to be sent again."""
    await world.some_cases()
    load = world.load
    acknowledged: list[int] = []
    waiting: list[int] = []

    async def away() -> None:
        lost = sum(load.unanswered.values())
        await world.kill_server(world.servers.kafka.pid())
        for _ in range(int(AWAY / LOOK_EVERY)):
            before = len(load.commands)
            await asyncio.sleep(LOOK_EVERY)
            acknowledged.append(len(load.commands) - before)
        waiting.append(await world.stage.value("shipping_issues", UNSENT))
        assert sum(load.unanswered.values()) == lost
        await world.start_servers()

    for number in range(1, server_rounds + 1):
        await world.under_load(f"broker away for {AWAY:.0f} s, round {number}", away(), at_least=6, on_known=4)
    record_property("rounds", server_rounds)
    record_property("commands acknowledged meanwhile", sum(acknowledged))
    record_property("public events that waited", sum(waiting))
    assert min(acknowledged) > 0
    assert min(waiting) > 0
    assert await world.verdict() == []
