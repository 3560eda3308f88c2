"""P9: the relay from outbox to broker-acknowledged, against a bare idempotent producer of the same records.

The backlog is the relay's hard case: what has piled up while Kafka was away. The floor has every record in memory,
puts them into `create_batch` batches by partition and waits for all acknowledgements; it reads no outbox, stores no
position and decodes no headers.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from bench.figure import Figure, ratio_figure
from bench.meter import READER, Meter, sessions
from bench.place import Place, place, stores_of
from bench.run import run
from chassis.outbox import read_headers
from chassis.relay import Relay
from chassis.relay.sender import BATCH_BYTES
from chassis.runtime.stores import Stores
from infra.local.databases import with_database
from infra.local.parts import Parts

LARGE = False
BACKLOG = 200_000
TOPIC = "aftercare.shipping_issues.events.v1"
CASES = 5_000


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Each round puts the relay back to the beginning of the same backlog."""
    async with place(parts, "shipping_issues") as here, stores_of(here) as stores:
        admin = await asyncpg.connect(with_database(parts.postgres_url, here.database.name))
        try:
            await admin.execute(_FILL, BACKLOG, TOPIC, CASES, _headers(), datetime.now(UTC).date())
            await admin.execute("VACUUM ANALYZE outbox")
            rows = await admin.fetch("SELECT key, headers, value FROM outbox ORDER BY position, n")
            records = [(row["key"], read_headers(row["headers"]), row["value"]) for row in rows]
            gc.collect()
            gc.freeze()  # as a real process does: the floor's own records are nothing that collections should look at
            measured = []
            for _ in range(rounds):
                await admin.execute("UPDATE relay SET position = 0, n = 0")
                measured.append((await _relay(here, stores, admin), await _bare(here, records)))
        finally:
            await admin.close()
    ratios = [bare[0] / ours[0] for ours, bare in measured]
    return [
        ratio_figure(
            "P9", "relay, a backlog of 200,000 / bare batched producer",
            ratios, [BACKLOG / ours[0] for ours, _ in measured], unit="records/s", goal=0.5, stretch=0.7,
            floor="create_batch and send_batch of the same records, idempotent, acks=all",
            parts=[
                ("our µs a record", median(ours[1] for ours, _ in measured)),
                ("PostgreSQL's µs a record", median(ours[2] for ours, _ in measured)),
                ("bare µs a record", median(bare[1] for _, bare in measured)),
            ],
        )
    ]  # fmt: skip


async def _relay(here: Place, stores: Stores, admin: "asyncpg.Connection[Any]") -> tuple[float, float, float]:
    """From the moment it leads to the moment the last position is stored."""
    relay = Relay(stores.connect, stores.pool, here.access)
    running = asyncio.create_task(relay.run())
    try:
        while not relay.leads:
            await asyncio.sleep(0.001)
        meter = Meter(await sessions(with_database(here.parts.postgres_url, here.database.name), READER))
        while await admin.fetchval("SELECT position FROM relay") < BACKLOG:
            await asyncio.sleep(0.02)
        return meter.seconds(), meter.own() / BACKLOG * 1e6, meter.postgres() / BACKLOG * 1e6
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _bare(here: Place, records: Sequence[tuple[bytes, list[tuple[str, bytes]], bytes]]) -> tuple[float, float]:
    producer = AIOKafkaProducer(
        **here.access.connection(), acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    topic, choose = here.access.topic(TOPIC), DefaultPartitioner()
    try:
        partitions = sorted(await producer.partitions_for(topic))
        where = {key: int(choose(key, partitions, partitions)) for key, _, _ in records}
        meter, building, sent = Meter(), dict[int, Any](), []
        for key, headers, value in records:
            partition = where[key]
            batch = building.get(partition)
            if batch is None:
                batch = building[partition] = producer.create_batch()
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                batch.close()
                sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch = building[partition] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        for partition, batch in building.items():
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*sent)
        return meter.seconds(), meter.own() / len(records) * 1e6
    finally:
        await producer.stop()


def _headers() -> bytes:
    """As `chassis.outbox` stores them."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return msgspec.json.encode(
        {
            "ce_specversion": "1.0",
            "ce_id": "0c1f3a54-8d4c-8f7c-9d2e-3b1f5a7c9e01.17.0",
            "ce_source": "/aftercare/shipping_issues",
            "ce_type": "aftercare.shipping_issues.v1.ShippingIssueUpdated",
            "ce_time": now,
            "ce_shopid": "bench",
            "ce_incarnation": "1",
            "content-type": "application/protobuf",
        }
    )


_FILL = """
INSERT INTO outbox(position, n, topic, key, headers, value, day)
SELECT p, 0, $2::text, convert_to(md5((p % $3::int8)::text)::uuid::text, 'UTF8'), $4::bytea,
  decode(repeat(md5(p::text), 8), 'hex'), $5::date
FROM generate_series(1, $1::int8) p
"""


if __name__ == "__main__":
    run("P9", measure)
