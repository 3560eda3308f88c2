"""Fault 17: two relays that believe they lead, a leader that is paused, and a broker that refuses one record.

Whatever happens to who sends, the first occurrences of a key's events arrive in order and none is missing; repeats
carry the same id. A record the broker refuses is never passed over: it shows as the reason, and what follows waits.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.leader import Leader, lock_key
from chassis.outbox import read_headers
from chassis.relay import Relay
from infra.local.databases import with_database
from infra.local.parts import Parts
from tests.faults.callers import Callers
from tests.faults.oracle import read_all
from tests.faults.rig import Running, Small, until
from tests.faults.small.wiring import OURS

pytestmark = [pytest.mark.timeout(600)]

Note = Callable[[str, object], None]


class Usurper(Leader):
    """Believes that it leads, whoever does."""

    async def run(self, lead: Any) -> None:
        self.leads = True
        while True:
            connection = await self._connect()
            try:
                await lead(connection)
            finally:
                connection.terminate()


async def repeats(small: Small) -> int:
    """Records that came more often than once."""
    ids = Counter(dict(record.headers)["ce_id"] for record in await read_all(small.kafka, OURS))
    return sum(n - 1 for n in ids.values())


@pytest.mark.fault(17)
async def test_two_relays_that_both_send_reorder_and_lose_nothing(
    small: Small, rounds: int, seed: str, record_property: Note
) -> None:
    """Two usurpers beside the service's own relay, all three at once, begun anew again and again under load."""
    process = await small.start("all")

    async def connect() -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(small.database.runtime_url)

    async with Callers(small, [process], seed) as callers, small.connected(small.database.runtime_url) as pool:
        for number in range(rounds):
            relays = [
                Relay(connect, pool, small.kafka, page=3 + 4 * n + number, leader=Usurper(connect, "relay"))
                for n in range(2)
            ]
            sending = [asyncio.ensure_future(relay.run()) for relay in relays]
            await callers.some(40)
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        await small.settled()
    assert await small.judged() == []
    repeated = await repeats(small)
    assert repeated > 0, "they never sent the same"
    record_property("rounds", rounds)
    record_property("records sent again", repeated)


@pytest.mark.fault(17)
async def test_a_paused_leader_loses_the_lead_and_does_no_harm_when_it_wakes(
    small: Small, parts: Parts, server_rounds: int, seed: str, record_property: Note
) -> None:
    """SIGSTOP of the process that leads: its lock is freed within its time-out, the other sends what piled up."""
    api, consumer = await small.start("api"), await small.start("consumer")
    relays = [await small.start("relay") for _ in range(2)]
    paused = []
    superuser = with_database(parts.postgres_url, small.database.name)  # who else may see from where a session comes
    async with Callers(small, [api], seed) as callers, small.connected(superuser) as db:
        for _ in range(server_rounds):
            leader: Running = await until("somebody leads", lambda: _leader(db, relays))
            leader.send(signal.SIGSTOP)
            began = asyncio.get_running_loop().time()
            try:
                load = asyncio.ensure_future(callers.some(60))

                async def taken(before: Running = leader) -> bool:
                    return await _leader(db, relays) not in (None, before)

                await until("another one leads", taken)
                paused.append(round(asyncio.get_running_loop().time() - began, 1))
                await load
                await small.settled()
            finally:
                leader.send(signal.SIGCONT)
            await callers.some(20)
        await small.settled()
        assert await consumer.ready()
    assert await small.judged() == []
    record_property("rounds", len(paused))
    record_property("another led after, s", paused)
    record_property("records sent again", await repeats(small))


async def _leader(db: Any, processes: list[Running]) -> Running | None:
    """Which process holds the relay's lock, found by the port its session comes from."""
    key = lock_key("relay") & 0xFFFF_FFFF_FFFF_FFFF
    port = await db.fetchval(
        "SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"
        " AND l.granted AND l.classid = $1 AND l.objid = $2 AND a.datname = current_database()",
        key >> 32,
        key & 0xFFFF_FFFF,
    )
    for one in processes:
        held = psutil.Process(one.process.pid).net_connections("tcp")
        if port is not None and any(c.laddr.port == port for c in held):
            return one
    return None


@pytest.mark.fault(17)
async def test_a_record_the_broker_refuses_holds_back_what_follows_until_somebody_mends_it(
    small: Small, seed: str, record_property: Note
) -> None:
    """What stands before it leaves, though in one batch with it; commands go on; raising the limit lets all of it go.

    Other partitions' part of the page it stood in may have left as well: their keys know nothing of it.

    Nothing passes over it by itself: a consumer could never tell that something is missing.
    """
    api = await small.start("api")
    consumer = await small.start("consumer")
    async with Callers(small, [api], seed) as callers, small.connected() as db:
        for number in range(40):
            await callers.command(f"{seed}-b{number % 7}", f"{seed}-b{number}")
        long = await callers.command("L" * 90, "l" * 60)
        for number in range(40, 80):
            await callers.command(f"{seed}-b{number % 7}", f"{seed}-b{number}")
        rows = await db.fetch("SELECT position, key, headers, value FROM outbox ORDER BY position, n")
        sizes = {row["position"]: _size(callers.producer, row) for row in rows}
        (largest, at), (second, _) = sorted(((size, at) for at, size in sizes.items()), reverse=True)[:2]
        assert largest > second + 50
        await _limit(small, (largest + second) // 2)
        relay = await small.start("relay", wait=False)  # it is never ready before it is mended

        async def told() -> bool:
            return f"position {at} to {OURS}" in await relay.reasons()

        await until("the relay says which record cannot leave", told)
        status, _ = await relay.said("/livez")
        assert status == 200
        await callers.command(f"{seed}-b0", f"{seed}-afterwards")
        arrived = {record.value for record in await read_all(small.kafka, OURS)}
        waiting = await db.fetch("SELECT value FROM outbox WHERE position = $1 OR position > $2", at, max(sizes))
        assert len(waiting) == 2
        assert arrived >= {row["value"] for row in rows if row["position"] < at}
        assert arrived.isdisjoint(row["value"] for row in waiting)
        assert await db.fetchval("SELECT position FROM relay") == max(p for p in sizes if p < at)
        await _limit(small, 1_000_000)
        await until("the relay is ready", relay.ready)
        await small.settled()
        assert await consumer.ready()
    assert long in small.commands
    assert await small.judged() == []
    record_property("rows that waited", sum(position >= at for position in sizes) + 1)


def _size(producer: AIOKafkaProducer, row: Any) -> int:
    """What the broker weighs: a batch of this record alone."""
    batch = producer.create_batch()
    batch.append(timestamp=None, key=row["key"], value=row["value"], headers=read_headers(row["headers"]))
    return int(batch.size())


async def _limit(small: Small, most: int) -> None:
    admin = AIOKafkaAdminClient(**small.kafka.connection())
    await admin.start()
    try:
        changed = {"max.message.bytes": str(most)}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, small.kafka.topic(OURS), changed)])
    finally:
        await admin.close()
