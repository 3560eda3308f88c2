"""The append function and the one that the histories of `tests/unit/model` run on say and write the same."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import new_id
from chassis.packing import pack
from chassis.schema import row_tables
from chassis.unit import Fence, OutboxRow, ParkedRow, RequestRow, StoredEvent, TimerRow, Unit, Verdict
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import MODEL
from tests.unit.model.store import Store

Db: TypeAlias = "asyncpg.Connection[Any]"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = [UUID(int=n, version=4) for n in range(1, 6)]
PEOPLE = [f"s1/{n}" for n in range(8)]
TABLES = [t.name for t in row_tables(MODEL.read_model)]
BATCHES = 150


class Maker:
    """Units that fit what is stored more often than not, and otherwise miss it in one way or another."""

    def __init__(self, rng: random.Random, store: Store) -> None:
        self._rng, self._store = rng, store

    def unit(self) -> Unit:
        rng = self._rng
        writes = self._some(IDS, 2)
        reads = {i: max(self._store.head(i) + self._off(), 0) for i in {*writes, *self._some(IDS, 1)}}
        events = [StoredEvent(i, reads[i] + n, "t", b"x") for i in writes for n in range(1, rng.randint(2, 3))]
        rows = [
            {"id": i, "version": reads[i] + self._off() + 1, "total": rng.randint(0, 9), "owner": None} for i in writes
        ]
        return Unit(
            reads=reads,
            events=events,
            outbox=[OutboxRow(n, 0, "out", b"k", b"{}", e.state) for n, e in enumerate(events)],
            rows={"accounts": rows} if rows else {},
            timers=[
                TimerRow("k", i, "", rng.choice([None, NOON + timedelta(hours=rng.randint(0, 9))]), rng.randint(1, 9))
                for i in self._some(IDS, 1)
            ],
            request=RequestRow(i[0], rng.choice(IDS[:2]), b"r") if (i := self._some(IDS, 1)) else None,
            inbox=[UUID(int=rng.randint(1, 200)) for _ in range(rng.choice([0, 0, 1]))],
            fences=[self._fence(n) for n in self._some([0, 1], 1)],
            parked=[self._parked(i) for i in self._some(IDS, 1)],
            unparked=self._some([*self._store.parked, new_id()], 1),
            not_behind=self._some(IDS, 1),
            generations=[(p, rng.randint(1, 2)) for p in self._some(PEOPLE, 1)],
            mentions=[(p, rng.choice(IDS)) for p in self._some(PEOPLE, 1)],
            forgotten=[(rng.choice(PEOPLE), "by")] if rng.random() < 0.03 else [],
            ignored=[("t", rng.choice("ab"), rng.randint(1, 3))] if rng.random() < 0.2 else [],
        )

    def _some(self, among: list[Any], most: int) -> list[Any]:
        return self._rng.sample(among, self._rng.choice([0, 0, 0, *range(1, most + 1)]))

    def _off(self) -> int:
        return self._rng.choice([0] * 12 + [-1, 1])

    def _fence(self, partition: int) -> Fence:
        at = self._store.tracking.get(("s", partition), 0) + self._off()
        return Fence("s", partition, at, at + self._rng.randint(0, 3))

    def _parked(self, key: UUID) -> ParkedRow:
        known = self._rng.random() < 0.2 and self._store.parked
        id = self._rng.choice(list(self._store.parked)) if known else new_id()
        ordered = key if self._rng.random() < 0.7 else None
        return ParkedRow(id, "t", 0, 1, b"k", ordered, None, "t", "s", self._rng.choice("AB"), "", b"h", None, NOON)


async def test_the_append_in_memory_judges_and_writes_like_the_real_one(
    example_database: ExampleDatabase, db: Db
) -> None:
    rng, store, writer = random.Random(11), Store(MODEL.read_model), new_id()
    store.register(writer)
    await db.execute("SELECT register_writer($1)", writer)
    maker, call, met = Maker(rng, store), None, Counter[Verdict]()
    for seq in range(1, BATCHES + 1):
        units = [maker.unit() for _ in range(rng.randint(1, 6))]
        arguments = pack(_without_twins(units), writer=writer, seq=seq, day=NOON.date(), tables=TABLES)
        if call is None:
            marks = ", ".join(f"${n}" for n in range(1, len(arguments) + 1))
            call = await db.prepare(f"SELECT * FROM append({marks})")
        real, made_up = await call.fetchrow(*arguments), store.append(arguments)
        assert real is not None
        assert (real["status"], real["base"]) == (made_up["status"], made_up["base"]), seq
        assert _details(real) == _details(made_up), seq
        met.update(Verdict(code) for code in made_up["status"] or [0] * len(units))
    assert met.keys() == set(Verdict)
    assert await _stored(db) == _written(store)


async def test_recovery_in_memory_tells_and_burns_like_the_real_one(example_database: ExampleDatabase, db: Db) -> None:
    store, writer = Store(MODEL.read_model), new_id()
    store.register(writer)
    await db.execute("SELECT register_writer($1)", writer)
    for seq in (1, 1, 2):
        real = await db.fetchrow("SELECT * FROM recover($1, $2)", writer, seq)
        assert real is not None
        assert dict(real) == dict(store.recover(writer, seq)), seq


def _without_twins(units: list[Unit]) -> list[Unit]:
    """Two units that park one record cannot come from two consumers: the partition's fence keeps them apart."""
    seen: set[UUID] = set()
    for unit in units:
        unit.parked = [p for p in unit.parked if p.id not in seen]
        seen.update(p.id for p in unit.parked)
    return units


def _details(row: Any) -> list[tuple[Any, ...]]:
    told = zip(row["x_u"] or (), row["x_n"] or (), row["x_b"] or (), strict=True)
    return sorted(told, key=repr)


async def _stored(db: Db) -> dict[str, Any]:
    queries = {
        "events": "SELECT aggregate_id, version, topic, state FROM events ORDER BY position",
        "outbox": "SELECT position, n, topic, key, headers, value FROM outbox ORDER BY position, n",
        "accounts": "SELECT id, version, total FROM accounts",
        "timers": "SELECT subject, kind, key, due_at, generation FROM timers",
        "inbox": "SELECT id FROM inbox",
        "requests": "SELECT key, body, result FROM requests",
        "tracking": "SELECT source, partition, position FROM tracking",
        "parked": "SELECT id, ordered_key, reason FROM parked",
        "order of the parked": "SELECT id FROM parked ORDER BY seq",
        "parked_keys": "SELECT ordered_key FROM parked_keys",
        "settled": "SELECT id, how FROM settled_parked",
        "generations": "SELECT subject, generation, ended_at IS NOT NULL FROM personal_generations",
        "mentions": "SELECT subject, aggregate_id FROM personal_mentions",
        "erasures": "SELECT subject, asked_by FROM erasures",
        "ignored": "SELECT topic, ce_type, seen FROM ignored_types",
    }
    found = {name: [tuple(row) for row in await db.fetch(query)] for name, query in queries.items()}
    return {name: rows if "ORDER" in queries[name] else set(rows) for name, rows in found.items()}


def _written(store: Store) -> dict[str, Any]:
    outbox = [tuple(row[c] for c in ("position", "n", "topic", "key", "headers", "value")) for row in store.outbox]
    accounts = orjson.loads(orjson.dumps(list(store.rows["accounts"].values())))
    return {
        "events": [(e.aggregate_id, e.version, e.topic, e.state) for e in store.events],
        "outbox": outbox,
        "accounts": {(UUID(a["id"]), a["version"], a["total"]) for a in accounts},
        "timers": {(*key, *timer) for key, timer in store.timers.items()},
        "inbox": {(id,) for id in store.inbox},
        "requests": {(key, *request) for key, request in store.requests.items()},
        "tracking": {(*place, position) for place, position in store.tracking.items()},
        "parked": {(r["id"], r["ordered_key"], r["reason"]) for r in store.parked.values()},
        "order of the parked": [(r["id"],) for r in sorted(store.parked.values(), key=lambda r: r["seq"])],
        "parked_keys": {(key,) for key in store.parked_keys},
        "settled": set(store.settled.items()),
        "generations": {(*key, ended) for key, ended in store.generations.items()},
        "mentions": store.mentions,
        "erasures": {(e["subject"], e["asked_by"]) for e in store.erasures.values()},
        "ignored": {(*key, seen) for key, seen in store.ignored.items()},
    }
