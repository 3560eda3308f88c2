"""Fault 20: two builds of the service on one log and one topic, under load.

The newer writes a newer version of a known event, an event of a new kind, and a new public event on our own topic. The
earlier passes over none of it: it answers UNAVAILABLE, its consumer waits, it is not ready, and it parks nothing. When
it ends, the newer one goes on with everything.
"""

import asyncio
import signal
from collections.abc import Callable
from functools import partial

import pytest

from tests.faults.callers import Callers
from tests.faults.rig import EARLIER, NEWER, Running, Small, until
from tests.faults.small.wiring import CLOSE

pytestmark = [pytest.mark.timeout(600)]

Note = Callable[[str, object], None]


@pytest.mark.fault(20)
async def test_the_earlier_build_waits_and_the_newer_goes_on(
    small: Small, server_rounds: int, seed: str, record_property: Note
) -> None:
    """A roll-out that is taken back and made again: each time the earlier build stands beside what it cannot read."""
    earlier = await small.start("all", build=EARLIER)
    reasons: list[str] = []
    async with Callers(small, [earlier], seed) as callers:
        await callers.some(60)
        await small.settled()
        newer = await small.start("all", build=NEWER)
        for number in range(server_rounds):
            if number:
                earlier = await small.start("all", build=EARLIER, wait=False)
                await until("the earlier build answers", partial(_answers, earlier.http))
            callers.processes = [earlier, newer]
            load = asyncio.ensure_future(callers.some(120))
            mine = Callers(small, [newer], f"{seed}-{number}")
            mine.producer = callers.producer
            for n in range(callers.accounts):
                await mine.command(f"{seed}-{n}", f"{CLOSE}{seed}-{number}-{n}")

            await until("the earlier build says what it waits for", partial(_blocked, earlier))
            reasons.append(await earlier.reasons())
            assert (await earlier.said("/livez"))[0] == 200
            await load
            callers.processes = [newer]
            assert await earlier.end(signal.SIGTERM) == 0
            await callers.some(40)
            await small.settled()
            await until("the newer build is ready", newer.ready)
    async with small.connected() as db:
        assert await db.fetchval("SELECT count(*) FROM parked") == 0
        assert await db.fetchval("SELECT count(*) FROM ignored_types") == 0
    assert callers.answers["UNAVAILABLE", "NEWER_VERSION_NEEDED"] > 0
    assert {code for code, _ in callers.answers} == {"UNAVAILABLE"}
    assert await small.judged() == []
    record_property("rounds", server_rounds)
    record_property("calls the earlier build could not answer", callers.answers["UNAVAILABLE", "NEWER_VERSION_NEEDED"])
    record_property("it said", reasons[-1])


async def _blocked(earlier: Running) -> bool:
    return "this build" in await earlier.reasons()


async def _answers(address: str) -> bool:
    """Whether something listens there."""
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True
