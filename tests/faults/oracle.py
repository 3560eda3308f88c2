"""One judge for every fault: reads stores and topics from outside and says everything that does not hold.

It trusts no service and no answer of one but the acknowledgements handed to it: what was acknowledged must be stored,
once; the log must be gapless and in order; read models and timers must equal a fold of the log by the service's own
model; the public topics must hold what the log published, once after dropping repeated ids, in order by key; and every
partition must be read to its end. An empty list of complaints is a pass.
"""

# long: one judge, one promise after the other

import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.aggregates import Aggregates
from chassis.codec import Codec
from chassis.domain import Aggregate, derived_id
from chassis.effects.effect import Effect
from chassis.effects.read_model import rows as effect_rows
from chassis.grpc.access import Call, Principal, Rule
from chassis.grpc.commands import request_key
from chassis.inbox import lags
from chassis.kafka_meta import KafkaAccess
from chassis.keys import KeyRing
from chassis.keys.store import open_key_store
from chassis.log import Log
from chassis.outbox import read_headers
from chassis.schema import row_tables
from chassis.service import Model, Receipt
from chassis.unit import StoredEvent

SHOWN = 5
"""So many examples of one complaint are told."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A command that was answered with a receipt. `changes` is False for one that may find nothing to do."""

    service: str
    subject: str
    method: str
    request_id: str
    receipt_id: str
    version: int
    changes: bool = True


@dataclass(frozen=True, slots=True)
class Published:
    """A fact that the broker acknowledged, once or more often."""

    topic: str
    ce_source: str
    ce_id: str
    ce_type: str


@dataclass(frozen=True, slots=True)
class Place:
    """One service as it stands on disk: its model, what it reads from Kafka, and how to reach all of it."""

    model: Model
    reads: frozenset[str]
    database_url: str
    keys_url: str
    kek: str
    kafka: KafkaAccess
    may_repeat: frozenset[str] = frozenset()
    """Events that may rightly stand in one aggregate twice with the same content."""

    @property
    def name(self) -> str:
        return self.model.name


async def judge(place: Place, commands: Iterable[Acknowledged] = (), facts: Iterable[Published] = ()) -> list[str]:
    """Every sentence that does not hold of this service; none is a pass."""
    async with _opened(place) as (pool, aggregates):
        log = [StoredEvent(*row[1:]) for row in await pool.fetch(_EVENTS)]
        found = [
            *await _log(pool),
            *await _commands(pool, log, [c for c in commands if c.service == place.name]),
            *_once(log, place.may_repeat),
            *_in_order(log),
            *await _facts(pool, [f for f in facts if f.topic in place.reads]),
            *await _folds(pool, place.model, aggregates, log),
            *await _published(pool, place.kafka, place.name),
            *await _read_to_the_end(pool, place),
        ]
    return [f"{place.name}: {sentence}" for sentence in found]


_EVENTS = "SELECT position, aggregate_id, version, topic, state FROM events ORDER BY position"


@asynccontextmanager
async def _opened(place: Place) -> "AsyncIterator[tuple[asyncpg.Pool[Any], Aggregates]]":
    pool = await asyncpg.create_pool(place.database_url, min_size=1, max_size=4)
    store = await open_key_store(place.keys_url, place.name, base64.b64decode(place.kek))
    ring = KeyRing(pool, store)
    try:
        yield pool, Aggregates(Log(pool), Codec(place.model.aggregates, ring), ring)
    finally:
        await store.close()
        await pool.close()


async def _log(pool: "asyncpg.Pool[Any]") -> list[str]:
    """Positions have no hole, versions of each aggregate run from 1 without one."""
    count, low, high = (await pool.fetch("SELECT count(*), min(position), max(position) FROM events"))[0]
    found = []
    if count and (low, high) != (1, count):
        found.append(f"{count} events stand at positions {low} to {high}")
    broken = await pool.fetch(
        "SELECT aggregate_id, count(*), min(version), max(version) FROM events"
        " GROUP BY 1 HAVING min(version) <> 1 OR max(version) <> count(*)"
    )
    return found + _some("aggregates have versions missing or twice", broken)


async def _commands(
    pool: "asyncpg.Pool[Any]", log: Sequence[StoredEvent], commands: Sequence[Acknowledged]
) -> list[str]:
    """Each acknowledged command's receipt is stored, and its events are there."""
    keys = {_key(command): command for command in commands}
    rows = await pool.fetch("SELECT key, result FROM requests WHERE key = ANY($1::uuid[])", list(keys))
    stored = {row["key"]: msgspec.json.decode(row["result"], type=Receipt) for row in rows}
    lost = [command.request_id for key, command in keys.items() if key not in stored]
    other = [
        (command.request_id, stored[key].id, stored[key].version)
        for key, command in keys.items()
        if key in stored and (stored[key].id, stored[key].version) != (command.receipt_id, command.version)
    ]
    causes = {Codec.meta(event).get("cause", "") for event in log}
    empty = [c.request_id for c in commands if c.changes and f"request:{c.request_id}" not in causes]
    return [
        *_some("acknowledged commands are lost", lost),
        *_some("stored receipts are not those that were answered", other),
        *_some("acknowledged commands left no event", empty),
        *([f"{len(rows)} receipts are stored for {len(keys)} commands"] if len(rows) > len(keys) else []),
    ]


def _key(command: Acknowledged) -> UUID:
    principal = Principal(command.subject, frozenset())
    rule = Rule(frozenset(), own_only_for_customer=False, mutates=True)
    return request_key(Call(principal, command.method, rule, command.request_id, ""))


def _once(log: Sequence[StoredEvent], may_repeat: frozenset[str]) -> list[str]:
    """No command has left the same event twice, and no aggregate holds one fact twice."""
    by_command: Counter[tuple[str, UUID, str]] = Counter()
    by_content: Counter[tuple[UUID, str, bytes]] = Counter()
    for event in log:
        cause = Codec.meta(event).get("cause", "")
        content = msgspec.json.encode(msgspec.json.decode(event.state)["d"])
        if cause.startswith("request:"):
            by_command[cause, event.aggregate_id, event.topic] += 1
        if event.topic not in may_repeat and not event.topic.startswith("chassis."):
            by_content[event.aggregate_id, event.topic, content] += 1
    return [
        *_some("commands have had more than one effect", [key for key, n in by_command.items() if n > 1]),
        *_some("facts stand more than once", [key for key, n in by_content.items() if n > 1]),
    ]


def _in_order(log: Sequence[StoredEvent]) -> list[str]:
    """Records took effect on each aggregate in the order they stand in their partition."""
    highest: dict[tuple[UUID, str], int] = {}
    late = []
    for event in log:
        kind, _, record = Codec.meta(event).get("cause", "").partition(":")
        if kind == "record":
            partition, _, offset = record.rpartition("/")
            last = highest.get((event.aggregate_id, partition), -1)
            if int(offset) < last:
                late.append((record, last))
            highest[event.aggregate_id, partition] = max(int(offset), last)
    return _some("records took effect after later ones of their partition", late)


async def _facts(pool: "asyncpg.Pool[Any]", facts: Sequence[Published]) -> list[str]:
    """Each published fact was applied or discarded once, is parked, or is of a type that is listed as ignored."""
    ids = {derived_id("inbox", fact.ce_source, fact.ce_id): fact for fact in facts}
    asked = list(ids)
    known = Counter(row["id"] for row in await pool.fetch("SELECT id FROM inbox WHERE id = ANY($1::uuid[])", asked))
    parked = {row[0] for row in await pool.fetch("SELECT inbox_id FROM parked WHERE inbox_id = ANY($1::uuid[])", asked)}
    ignored = {tuple(row) for row in await pool.fetch("SELECT topic, ce_type FROM ignored_types")}
    lost = [
        (fact.topic, fact.ce_id)
        for id, fact in ids.items()
        if not known[id] and id not in parked and (fact.topic, fact.ce_type) not in ignored
    ]
    return [
        *_some("published facts are lost", lost),
        *_some("facts are in the inbox twice", [ids[id].ce_id for id, n in known.items() if n > 1]),
    ]


async def _folds(
    pool: "asyncpg.Pool[Any]", model: Model, aggregates: Aggregates, log: Sequence[StoredEvent]
) -> list[str]:
    """Read models and timers are what a fold of the log gives."""
    histories: dict[UUID, list[StoredEvent]] = {}
    for event in log:
        histories.setdefault(event.aggregate_id, []).append(event)
    rows: dict[str, list[Mapping[str, Any]]] = {table.name: [] for table in row_tables(model.read_model)}
    wanted: dict[tuple[str, UUID, str], Any] = {}
    unfolded = []
    for id, history in histories.items():
        try:
            aggregate = await aggregates.fold(history)
        except Exception as error:
            unfolded.append((id, repr(error)))
            continue
        assert aggregate is not None
        for row in _rows(model, aggregate):
            rows[row.table].append(row.values)
        wanted |= {(timer.kind, id, timer.key): timer.due_at for timer in model.timers(aggregate)}
    found = _some("aggregates cannot be folded", unfolded)
    for table, expected in rows.items():
        found += await _compare(pool, table, expected)
    armed = {(r["kind"], r["subject"], r["key"]): r["due_at"] for r in await pool.fetch("SELECT * FROM timers")}
    now = await pool.fetchval("SELECT coalesce((SELECT origin + (now() - set_at) * rate FROM clock), now())")
    return [
        *found,
        *_some("timers are wanted and not armed", [k for k, due in wanted.items() if k not in armed and due > now]),
        *_some("timers are armed and not wanted", [key for key in armed if key not in wanted]),
        *_some("timers are armed too late", [key for key, due in wanted.items() if key in armed and armed[key] > due]),
    ]


def _rows(model: Model, aggregate: Aggregate) -> Iterable[Any]:
    return effect_rows(aggregate) if isinstance(aggregate, Effect) else model.rows(aggregate)


async def _compare(pool: "asyncpg.Pool[Any]", table: str, expected: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows as the append would store them beside rows as they are stored; PostgreSQL compares."""
    one_way = f"SELECT to_jsonb(a) AS r FROM {table} a"
    other_way = f"SELECT to_jsonb(b) AS r FROM json_populate_recordset(NULL::{table}, $1) b"
    raw = msgspec.json.encode(expected).decode()
    extra = await pool.fetch(f"{one_way} EXCEPT {other_way}", raw)
    missing = await pool.fetch(f"{other_way} EXCEPT {one_way}", raw)
    return [
        *_some(f"rows of {table} are not what the log says", [row["r"] for row in extra]),
        *_some(f"rows of {table} should be there by the log", [row["r"] for row in missing]),
    ]


async def _published(pool: "asyncpg.Pool[Any]", kafka: KafkaAccess, name: str) -> list[str]:
    """The topics hold every public event of the log once after dropping repeated ids, and in order by key.

    Beside them stands what a restore has listed as lost, and nothing else.
    """
    rows = await pool.fetch("SELECT topic, key, headers, value FROM outbox ORDER BY position, n")
    listed = {tuple(row) for row in await pool.fetch('SELECT topic, partition, "offset", ce_id FROM lost_records')}
    wanted: dict[tuple[str, bytes], list[tuple[str, bytes]]] = {}
    for row in rows:
        ce_id = _fact_of(dict(read_headers(row["headers"])))
        wanted.setdefault((row["topic"], row["key"]), []).append((ce_id, row["value"]))
    got: dict[tuple[str, bytes], dict[str, bytes]] = {}
    changed = []
    for topic in {topic for topic, _ in wanted}:
        for record in await read_all(kafka, topic):
            attributes = dict(record.headers)
            place = (topic, record.partition, record.offset, attributes["ce_id"].decode())  # a new topic counts anew
            if attributes["ce_source"] != f"/aftercare/{name}".encode() or place in listed:
                continue
            ce_id = _fact_of(attributes)
            first = got.setdefault((topic, record.key), {}).setdefault(ce_id, record.value)
            if first != record.value:
                changed.append((topic, ce_id))
    told = {place: list(records.items()) for place, records in got.items()}
    lost = [(t, k, i) for (t, k), events in wanted.items() for i, _ in events if i not in got.get((t, k), {})]
    never = [(t, k, i) for (t, k), records in got.items() for i in records if i not in dict(wanted.get((t, k), []))]
    lost_keys = {(t, k) for t, k, _ in lost}
    order = [place for place, events in wanted.items() if place not in lost_keys and told[place] != events]
    return [
        *_some("public events were not published", lost),
        *_some("records were published that no event stands for", never),
        *_some("repeats of a public event differ", changed),
        *_some("keys have their public events out of order", order),
    ]


def _fact_of(attributes: Mapping[str, bytes]) -> str:
    """The id of a public event; one of a later life of the log is another event than one of the first under that id."""
    return f"{attributes['ce_id'].decode()}/{attributes['ce_incarnation'].decode()}"


async def _read_to_the_end(pool: "asyncpg.Pool[Any]", place: Place) -> list[str]:
    found = await lags(place.kafka, pool, place.reads)
    return _some("partitions are not read to their end", [p for p in found if p.lag])


async def read_all(kafka: KafkaAccess, topic: str) -> list[ConsumerRecord]:
    """Everything a topic holds now, partition by partition."""
    consumer = AIOKafkaConsumer(**kafka.connection(), group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        name = kafka.topic(topic)
        await consumer._client._wait_on_metadata(name)
        places = [TopicPartition(name, n) for n in sorted(consumer.partitions_for_topic(name) or ())]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        records: list[ConsumerRecord] = []
        while not all([await consumer.position(tp) >= ends[tp] for tp in places]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records += batch
        return sorted(records, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


def _some(what: str, examples: Sequence[object]) -> list[str]:
    if not examples:
        return []
    shown = ", ".join(str(example) for example in examples[:SHOWN])
    return [f"{len(examples)} {what}: {shown}"]
