"""P4: shipment events from Kafka to durable state, against reading the records and appending the same rows, no more.

The floor is the serial one: the time of a bare `getmany` over the same records, plus the time of one bare statement
per batch that inserts the very rows our units held (events, inbox ids, timers, read-model rows, positions) into a twin
of the database, under the same indexes. What lies above it is everything a decision needs: decoding and validating,
aggregates, private copies, timers and rows derived, fences and versions checked.
"""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.figure import Figure, ratio_figure
from bench.meter import READER, WRITER, Meter, sessions
from bench.place import Place, place, stores_of
from bench.run import run
from bench.shipments import FACTS_OF_A_PARCEL, TOPIC, lives, produce
from chassis.inbox import Inbox
from chassis.packing import plain
from chassis.runtime.process import context_of
from chassis.runtime.stores import Stores
from chassis.unit import Judgement, Unit
from infra.local.databases import clone, drop, with_database
from infra.local.parts import Parts

LARGE = False
PARCELS = 1500
POLL = 1000
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Took:
    """One measured pass: seconds, and microseconds of processor a record of this process and of PostgreSQL."""

    seconds: float
    own: float
    postgres: float


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """Fresh parcels in every round; the three passes of a round follow one another."""
    async with place(parts, "shipping_issues") as here:
        twin = await clone(parts.postgres_url, here.database, f"{here.database.name}_twin")
        try:
            async with stores_of(here) as stores:
                await _one(here, stores, twin.name, seed=0, parcels=PARCELS // 5)
                gc.collect()
                gc.freeze()
                measured = [await _one(here, stores, twin.name, seed=n, parcels=PARCELS) for n in range(1, rounds + 1)]
        finally:
            await drop(parts.postgres_url, twin.name)
    records = PARCELS * FACTS_OF_A_PARCEL
    ours, read, append = zip(*measured, strict=True)
    ratios = [(r.seconds + a.seconds) / o.seconds for o, r, a in measured]
    return [
        ratio_figure(
            "P4", "shipment events, Kafka to durable state / serial floor",
            ratios, [records / o.seconds for o in ours], unit="events/s", goal=0.5, stretch=0.7,
            floor="bare getmany, then one bare insert per batch of the same rows",
            parts=[
                ("our µs an event", median(o.own for o in ours)),
                ("PostgreSQL's µs an event", median(o.postgres for o in ours)),
                ("getmany µs an event", median(r.own for r in read)),
                ("bare append: client µs an event", median(a.own for a in append)),
                ("bare append: PostgreSQL's µs an event", median(a.postgres for a in append)),
                ("floor events/s", median(records / (r.seconds + a.seconds) for _, r, a in measured)),
            ],
            note=f"{records} records of {PARCELS} parcels a round, one process",
        )
    ]  # fmt: skip


async def _one(here: Place, stores: Stores, twin: str, *, seed: int, parcels: int) -> tuple[Took, Took, Took]:
    topic = here.access.topic(TOPIC)
    starts = await _ends(here)
    records = lives(parcels, seed, now=datetime.now(UTC))
    await produce(here.access.bootstrap, topic, records)
    ends = await _ends(here)
    sent: list[Unit] = []
    ours = await _consume(here, stores, ends, len(records), sent)
    read = await _read(here, starts, len(records))
    append = await _append(here, twin, sent, len(records))
    return ours, read, append


async def _consume(here: Place, stores: Stores, ends: dict[int, int], count: int, sent: list[Unit]) -> Took:
    """From the moment the partitions are ours to the moment the last position is committed."""
    wiring = here.definition.wire(context_of(here.settings, stores))
    subscriptions = [s for s in wiring.subscriptions if s.topic == TOPIC]
    inbox = Inbox(
        "shipping_issues", subscriptions, access=here.access, units=stores.units, pool=stores.pool, build="bench"
    )
    [consumer] = inbox.consumers
    submit = stores.writer.submit

    def noted(unit: Unit) -> "asyncio.Future[Judgement]":
        sent.append(unit)
        return submit(unit)

    stores.writer.submit = noted  # type: ignore[method-assign]  # the floor writes what was really written
    backends = await sessions(with_database(here.parts.postgres_url, here.database.name), WRITER, READER)
    running = asyncio.create_task(inbox.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while not consumer.positions():
                await asyncio.sleep(0.001)
            meter = Meter(backends)
            while any(consumer.positions().get(n, 0) < end for n, end in ends.items()):
                await asyncio.sleep(0.002)
            took, own, postgres = meter.seconds(), meter.own(), meter.postgres()
    finally:
        stores.writer.submit = submit  # type: ignore[method-assign]
        await inbox.stop()
        await running
    assert inbox.not_ready() == "" and sum(len(unit.inbox) for unit in sent) == count
    return Took(took, own / count * 1e6, postgres / count * 1e6)


async def _read(here: Place, starts: dict[int, int], count: int) -> Took:
    """The same records, by the same client library, and nothing else."""
    topic = here.access.topic(TOPIC)
    consumer = AIOKafkaConsumer(**here.access.connection(), enable_auto_commit=False, auto_offset_reset="none")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, n) for n in starts])
        for n, offset in starts.items():
            consumer.seek(TopicPartition(topic, n), offset)
        meter, found = Meter(), 0
        while found < count:
            found += sum(len(some) for some in (await consumer.getmany(timeout_ms=500, max_records=POLL)).values())
        return Took(meter.seconds(), meter.own() / count * 1e6, 0.0)
    finally:
        await consumer.stop()


async def _append(here: Place, twin: str, units: Sequence[Unit], count: int) -> Took:
    """The rows of the same units into the twin: one prepared statement and one commit a unit, nothing checked."""
    connection = await asyncpg.connect(
        with_database(here.parts.postgres_url, twin),
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off", "synchronous_commit": "on"},
    )
    try:
        bare = await connection.prepare(_BARE)
        position = await connection.fetchval("SELECT coalesce(max(position), 0) FROM events")
        calls = []
        for unit in units:
            calls.append(_arguments(unit, position))
            position += len(unit.events)
        meter = Meter([connection.get_server_pid()])
        for arguments in calls:
            await bare.fetch(*arguments)
        return Took(meter.seconds(), meter.own() / count * 1e6, meter.postgres() / count * 1e6)
    finally:
        await connection.close()


_BARE = """
WITH e AS (
  INSERT INTO events(position, aggregate_id, version, topic, state)
  SELECT * FROM unnest($1::int8[], $2::uuid[], $3::int4[], $4::text[], $5::bytea[])),
i AS (INSERT INTO inbox(id, day) SELECT id, $7 FROM unnest($6::uuid[]) id),
t AS (
  INSERT INTO timers(kind, subject, key, due_at, generation)
  SELECT * FROM unnest($8::text[], $9::uuid[], $10::text[], $11::timestamptz[], $12::int8[])
  ON CONFLICT (subject, kind, key) DO UPDATE SET due_at = excluded.due_at, generation = excluded.generation),
c AS (
  DELETE FROM timers t USING unnest($13::text[], $14::uuid[], $15::text[]) c(kind, subject, key)
  WHERE t.subject = c.subject AND t.kind = c.kind AND t.key = c.key),
s AS (
  INSERT INTO shipments AS x SELECT * FROM json_populate_recordset(NULL::shipments, $16::json)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, customer_id = excluded.customer_id,
    carrier = excluded.carrier, tracking_number = excluded.tracking_number, status = excluded.status,
    live = excluded.live, updated_at = excluded.updated_at),
o AS (
  INSERT INTO orders AS x SELECT * FROM json_populate_recordset(NULL::orders, $17::json)
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, customer_id = excluded.customer_id, live = excluded.live)
INSERT INTO tracking(source, partition, position) SELECT * FROM unnest($18::text[], $19::int4[], $20::int8[])
ON CONFLICT (source, partition) DO UPDATE SET position = excluded.position
"""


def _arguments(unit: Unit, position: int) -> list[Any]:
    assert set(unit.rows) <= {"shipments", "orders"}, "the floor would write less than we do"
    armed: dict[Any, Any] = {}
    cleared: dict[Any, Any] = {}
    for t in unit.timers:
        (armed if t.due_at else cleared)[t.subject, t.kind, t.key] = t
    last = {
        table: list({row["id"]: row for row in unit.rows.get(table, ())}.values()) for table in ("shipments", "orders")
    }
    return [
        list(range(position + 1, position + len(unit.events) + 1)),
        *([getattr(e, name) for e in unit.events] for name in ("aggregate_id", "version", "topic", "state")),
        list(unit.inbox),
        datetime.now(UTC).date(),
        *([getattr(t, name) for t in armed.values()] for name in ("kind", "subject", "key", "due_at", "generation")),
        *([getattr(t, name) for t in cleared.values()] for name in ("kind", "subject", "key")),
        *(orjson.dumps(last[table], default=plain).decode() for table in ("shipments", "orders")),
        *([getattr(f, name) for f in unit.fences] for name in ("source", "partition", "position")),
    ]


async def _ends(here: Place) -> dict[int, int]:
    topic = here.access.topic(TOPIC)
    consumer = AIOKafkaConsumer(topic, **here.access.connection(), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = consumer.partitions_for_topic(topic) or set()
        found = await consumer.end_offsets([TopicPartition(topic, n) for n in partitions])
        return {tp.partition: end for tp, end in found.items()}
    finally:
        await consumer.stop()


if __name__ == "__main__":
    run("P4", measure)
