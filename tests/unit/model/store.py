"""PostgreSQL as the kernel uses it, in memory: the append function, recovery, and the tables they fill.

`tests/integration/chassis/test_append_model.py` holds it against the real function, batch by batch and table by table.
"""

# long: it mirrors one SQL function, which only reads as a whole

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from chassis.schema import row_tables
from chassis.schema.append_sql import ARGUMENTS, row_arguments
from chassis.unit import StoredEvent, Verdict

FOREVER = 2147483647
"""The highest generation there can be: ended, it ends every other."""


class Fenced(Exception):
    """The writer's number is not the next one."""


@dataclass(slots=True)
class _Writer:
    seq: int = 0
    base: int | None = None
    status: list[int] | None = None


@dataclass(slots=True)
class Refusals:
    """The status of each unit so far, and the details that go with it."""

    status: list[int]
    details: list[tuple[int, int | None, bytes | None]] = field(default_factory=list)

    def refuse(
        self, unit: int, code: int, *, also: tuple[int, ...] = (), detail: tuple[int | None, bytes | None] | None
    ) -> None:
        """The first failing check wins; `also` are codes that a further detail may join."""
        if self.status[unit] in (0, *also):
            self.status[unit] = code
            if detail is not None:
                self.details.append((unit, *detail))


class Store:
    """One service's database."""

    def __init__(self, read_model: sa.MetaData) -> None:
        tables = row_tables(read_model)
        self._names = [name for name, _ in (*ARGUMENTS, *row_arguments(tables))]
        self._keys = {t.name: tuple(c.name for c in t.primary_key.columns) for t in tables}
        self.writers: dict[UUID, _Writer] = {}
        self.events: list[StoredEvent] = []
        self.by_aggregate: dict[UUID, list[StoredEvent]] = {}
        self.requests: dict[UUID, tuple[UUID, bytes]] = {}
        self.inbox: set[UUID] = set()
        self.outbox: list[dict[str, Any]] = []
        self.relay = (0, 0)
        self.tracking: dict[tuple[str, int], int] = {}
        self.timers: dict[tuple[UUID, str, str], tuple[Any, int]] = {}
        self.rows: dict[str, dict[tuple[Any, ...], Mapping[str, Any]]] = {t.name: {} for t in tables}
        self.parked: dict[UUID, dict[str, Any]] = {}
        self.parked_keys: set[UUID] = set()
        self.settled: dict[UUID, str] = {}
        self.redrives: dict[UUID, dict[str, Any]] = {}
        self.ignored: dict[tuple[str, str], int] = {}
        self.generations: dict[tuple[str, int], bool] = {}
        self.mentions: set[tuple[str, UUID]] = set()
        self.erasures: dict[str, dict[str, Any]] = {}
        self._parked_seq = 0
        self.verdicts: Counter[Verdict] = Counter()

    def head(self, aggregate: UUID) -> int:
        return len(self.by_aggregate.get(aggregate, ()))

    def register(self, writer: UUID) -> None:
        self.writers[writer] = _Writer()

    def recover(self, writer: UUID, seq: int) -> Mapping[str, Any]:
        """Burns the number unless it was used."""
        known = self.writers[writer]
        committed = known.seq == seq and known.base is not None
        if not committed and known.seq == seq - 1:
            known.seq, known.base, known.status = seq, None, None
        return {"committed": committed, "base": known.base, "status": known.status}

    def append(self, arguments: Sequence[Any]) -> Mapping[str, Any]:
        """The function of the same name: judge each unit by what is stored, and write those that are accepted."""
        a = dict(zip(self._names, arguments, strict=True))
        writer = self.writers[a["p_writer"]]
        if writer.seq != a["p_seq"] - 1:
            raise Fenced(f"writer fenced: at {writer.seq}, got {a['p_seq']}")
        judged = Refusals([0] * (a["p_n"] + 1))
        self._judge(a, judged)
        self._settle_overlaps(a, judged.status)
        base, accepted = len(self.events), judged.status
        self.verdicts.update(Verdict(code) for code in accepted[1:])
        writer.seq, writer.base = a["p_seq"], base
        writer.status = None if not any(accepted) else accepted[1:]
        if not all(accepted[1:]):
            self._write(a, accepted)
        details = judged.details
        return {
            "status": writer.status,
            "base": base,
            "x_u": [d[0] for d in details],
            "x_n": [d[1] for d in details],
            "x_b": [d[2] for d in details],
        }

    def _judge(self, a: Mapping[str, Any], judged: Refusals) -> None:
        fences = list(_columns(a, "f", "u", "source", "part", "from"))
        moved = {u for u, source, part, at in fences if self.tracking.get((source, part), 0) != at}
        for u, source, part, _ in fences:
            if u in moved:
                judged.refuse(u, 1, also=(1,), detail=(self.tracking.get((source, part), 0), None))
        for u, key, body in _columns(a, "q", "u", "key", "body"):
            if (known := self.requests.get(key)) is not None:
                same = known[0] == body
                judged.refuse(u, 3 if same else 4, detail=(None, known[1]) if same else None)
        for u, id in _columns(a, "u", "u", "id"):
            if id not in self.parked:
                judged.refuse(u, 9, detail=None)
        for u, id in _columns(a, "i", "u", "id"):
            if id in self.inbox:
                judged.refuse(u, 2, also=(2,), detail=(None, id.bytes))
        for u, key in _columns(a, "k", "u", "id"):
            if key in self.parked_keys:
                judged.refuse(u, 7, also=(7,), detail=(None, key.bytes))
        for u, subject, generation in _columns(a, "g", "u", "subject", "generation"):
            if any(ended and s == subject and g >= generation for (s, g), ended in self.generations.items()):
                judged.refuse(u, 8, detail=None)
        for u, id, version in _columns(a, "r", "u", "id", "v"):
            if (head := self.head(id)) != version:
                judged.refuse(u, 5, also=(5,), detail=(head, id.bytes))

    def _settle_overlaps(self, a: Mapping[str, Any], status: list[int]) -> None:
        taken: set[int] = set()
        for u, group, kind in _columns(a, "d", "u", "g", "k"):
            if status[u] == 0:
                if kind == -1:
                    taken.add(group)
                elif group in taken:
                    status[u] = kind

    def _write(self, a: Mapping[str, Any], status: list[int]) -> None:
        positions: dict[int, int] = {}
        for n, (u, id, version, topic, state) in enumerate(_columns(a, "e", "u", "id", "v", "topic", "state"), 1):
            if status[u] == 0:
                held = self.by_aggregate.setdefault(id, [])
                assert version == len(held) + 1, "the unique index on (aggregate, version) would refuse this"
                held.append(StoredEvent(id, version, topic, state))
                self.events.append(held[-1])
                positions[n] = len(self.events)
        for u, e, n, topic, key, headers, value in _columns(a, "o", "u", "e", "n", "topic", "key", "headers", "value"):
            if status[u] == 0:
                row = {"position": positions[e], "n": n, "topic": topic, "key": key, "headers": headers, "value": value}
                self.outbox.append(row)
        self._write_rows(a, status)
        timers = list(_columns(a, "t", "u", "kind", "subject", "key", "due", "generation"))
        for u, kind, subject, key, due, _ in timers:
            if status[u] == 0 and due is None:
                self.timers.pop((subject, kind, key), None)
        for u, kind, subject, key, due, generation in timers:
            if status[u] == 0 and due is not None:
                known = self.timers.get((subject, kind, key))
                raised = generation if known is None else max(generation, known[1] + 1)
                self.timers[subject, kind, key] = (due, raised)
        for u, id in _columns(a, "i", "u", "id"):
            if status[u] == 0:
                assert id not in self.inbox, "the inbox's key would refuse this"
                self.inbox.add(id)
        for u, key, body, result in _columns(a, "q", "u", "key", "body", "result"):
            if status[u] == 0:
                assert key not in self.requests, "the requests' key would refuse this"
                self.requests[key] = (body, result)
        self._write_people(a, status)
        for u, topic, kind, seen in _columns(a, "n", "u", "topic", "type", "seen"):
            if status[u] == 0:
                self.ignored[topic, kind] = self.ignored.get((topic, kind), 0) + seen
        self._write_parked(a, status)
        for u, source, part, to in _columns(a, "f", "u", "source", "part", "to"):
            if status[u] == 0:
                self.tracking[source, part] = to

    def _write_rows(self, a: Mapping[str, Any], status: list[int]) -> None:
        for table, keys in self._keys.items():
            listed = a[f"{table}_rows"]
            for u, values in zip(a[f"{table}_u"], orjson.loads(listed) if listed else (), strict=True):
                key = tuple(values[k] for k in keys)
                known = self.rows[table].get(key)
                if status[u] == 0 and (known is None or values["version"] > known["version"]):
                    self.rows[table][key] = values

    def _write_people(self, a: Mapping[str, Any], status: list[int]) -> None:
        for u, subject, generation in _columns(a, "g", "u", "subject", "generation"):
            if status[u] == 0:
                self.generations.setdefault((subject, generation), False)
        for u, subject, id in _columns(a, "m", "u", "subject", "id"):
            if status[u] == 0:
                self.mentions.add((subject, id))
        for u, subject, by in _columns(a, "z", "u", "subject", "by"):
            if status[u] == 0:
                self.generations.setdefault((subject, FOREVER), True)
                self.erasures.setdefault(subject, {"subject": subject, "asked_by": by, "finished": False})

    def _write_parked(self, a: Mapping[str, Any], status: list[int]) -> None:
        gone = [id for u, id in _columns(a, "u", "u", "id") if status[u] == 0]
        for id in gone:
            if self.parked.pop(id, None) is not None:
                asked = self.redrives.get(id)
                ordered = asked is not None and asked["outcome"] == ""
                if asked is not None and ordered:
                    asked["outcome"] = "done"
                self.settled[id] = asked["action"] if asked is not None and ordered else "released"
        if a["u_u"]:
            self.parked_keys &= {row["ordered_key"] for row in self.parked.values()}
        for row in orjson.loads(a["p_parked"]) if a["p_parked"] else ():
            if status[row["u"]] == 0:
                self._park(row)

    def _park(self, row: Mapping[str, Any]) -> None:
        id = UUID(row["id"])
        known = self.parked.get(id)
        if known is not None:
            known |= {"reason": row["reason"], "detail": row["detail"]}
        else:
            self._parked_seq += 1
            key = None if row["ordered_key"] is None else UUID(row["ordered_key"])
            self.parked[id] = {
                **{name: row[name] for name in ("topic", "partition", "offset", "ce_type", "reason", "detail")},
                **{name: None if row[name] is None else b64decode(row[name]) for name in ("key", "headers", "value")},
                "id": id,
                "ordered_key": key,
                "inbox_id": None if row["inbox_id"] is None else UUID(row["inbox_id"]),
                "seq": self._parked_seq,
            }
        if row["ordered_key"] is not None:
            self.parked_keys.add(UUID(row["ordered_key"]))


def _columns(a: Mapping[str, Any], prefix: str, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(a[f"{prefix}_{name}"] for name in names), strict=True)
