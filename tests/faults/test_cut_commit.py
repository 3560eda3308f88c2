"""Fault 6: the connection to PostgreSQL is cut around COMMIT, under load, through gRPC on a whole service.

Whether a batch was stored cannot be told from its lost answer. Callers are told the truth all the same, and whoever
sends again under his request id gets the first result: one order, one effect.
"""

import asyncio
import random
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.faults.callers import Callers
from tests.faults.cutter import ANSWERED, MOMENTS, SENT, Cutter, cutter
from tests.faults.rig import Small

pytestmark = [pytest.mark.timeout(600)]

Note = Callable[[str, object], None]


def through(url: str, port: int) -> str:
    """The same database, by way of the cutter."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"))


@pytest.mark.fault(6, short=True)
async def test_a_request_sent_again_after_a_cut_commit_gets_the_first_result(
    small: Small, rounds: int, seed: str, record_property: Note
) -> None:
    """Each round cuts one batch: before it was forwarded, after, and when its answer was there; some recoveries too."""
    rng = random.Random(f"{seed}/cuts")
    server = urlsplit(small.database.runtime_url)
    assert server.hostname is not None and server.port is not None
    async with cutter(server.hostname, server.port) as between:
        url = through(small.database.runtime_url, between.own_port)
        process = await small.start("all", DATABASE_URL=url)
        async with Callers(small, [process], seed, impatient=0.2) as callers:
            enough = asyncio.Event()
            load = asyncio.ensure_future(callers.run(enough, at_least=40 * rounds))
            cuts = asyncio.ensure_future(_cut(between, rng, rounds))
            await asyncio.wait({load, cuts}, return_when=asyncio.FIRST_COMPLETED)
            await cuts
            enough.set()
            await load
        await small.settled()
        assert await process.ready()
    assert await small.judged() == []
    assert sum(between.cuts.values()) == rounds * len(MOMENTS) + rounds // 3
    record_property("rounds", rounds)
    record_property("cuts", dict(between.cuts))
    record_property("recoveries cut", between.recoveries_cut)
    record_property("commands acknowledged", len(small.commands))
    record_property("sent again", callers.sent_again)


async def _cut(between: Cutter, rng: random.Random, rounds: int) -> None:
    """Every third round nobody gets through for longer than callers are kept waiting: they are told UNAVAILABLE."""
    for number in range(rounds):
        for moment in rng.sample(MOMENTS, len(MOMENTS)):
            await asyncio.sleep(rng.random() * 0.1)
            async with asyncio.timeout(60):
                await between.cut(moment, spoil_recovery=rng.random() < 0.4)
        if number % 3 == 2:
            await between.cut(rng.choice((SENT, ANSWERED)))
            between.closed = True
            await asyncio.sleep(6)
            between.closed = False
