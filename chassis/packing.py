"""Turns a batch of units into the arguments of the append function.

It also finds what two units of one batch touch both. That is the one thing the function cannot see for
itself, and a read-write overlap that is not reported here is silent: `tests/unit/chassis/test_packing.py`
holds it against a one-by-one judge.
"""

from base64 import b64encode
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from chassis.schema.append_sql import ARGUMENTS
from chassis.unit import Judgement, ParkedRow, Unit, Verdict

TAKES = -1


@dataclass(slots=True)
class Overlaps:
    """Groups of units that touch one key. A group is only made for keys that two units touch.

    An entry (unit, group, kind): kind > 0 refuses the unit with that verdict when the group is taken,
    `TAKES` lets the unit, if accepted, take the group.
    """

    entries: list[tuple[int, int, int, int]] = field(default_factory=list)
    _seen: dict[Hashable, int] = field(default_factory=dict)  # -unit: touched by that unit alone; > 0: group
    _groups: int = 0

    def checks(self, unit: int, key: Hashable, verdict: Verdict) -> None:
        """`unit` is refused when an accepted earlier unit has taken `key`."""
        held = self._seen.get(key)
        if held is not None and held != -unit:
            self.entries.append((unit, 0, self._group(key, held), int(verdict)))

    def takes(self, unit: int, key: Hashable) -> None:
        """`unit` writes `key`."""
        held = self._seen.get(key)
        if held is None:
            self._seen[key] = -unit
        elif held != -unit:
            self.entries.append((unit, 1, self._group(key, held), TAKES))

    def owns(self, unit: int, key: Hashable, verdict: Verdict) -> None:
        """Only one accepted unit of the batch may have `key`."""
        self.checks(unit, key, verdict)
        self.takes(unit, key)

    def _group(self, key: Hashable, held: int) -> int:
        if held > 0:
            return held
        self._groups += 1
        self._seen[key] = self._groups
        self.entries.append((-held, 1, self._groups, TAKES))
        return self._groups

    def arrays(self) -> tuple[list[int], list[int], list[int]]:
        """Unit, group and kind, by unit, each unit's checks before what it takes."""
        ordered = sorted(self.entries)
        return [e[0] for e in ordered], [e[2] for e in ordered], [e[3] for e in ordered]


def overlaps(units: Sequence[Unit]) -> Overlaps:
    """Find every key that two or more of `units` touch, at least one of them writing."""
    found = Overlaps()
    if len(units) < 2:
        return found
    for n, unit in enumerate(units, 1):
        for aggregate in unit.reads:
            found.checks(n, aggregate, Verdict.OVERTAKEN)
        for event in unit.events:
            found.takes(n, event.aggregate_id)
        if unit.request is not None:
            found.owns(n, ("request", unit.request.key), Verdict.REPLAYED)
        for known in unit.inbox:
            found.owns(n, ("inbox", known), Verdict.KNOWN)
        for fence in unit.fences:
            found.owns(n, ("fence", fence.source, fence.partition), Verdict.FENCE)
        for timer in unit.timers:
            found.owns(n, ("timer", timer.subject, timer.kind, timer.key), Verdict.OVERTAKEN)
        for key in unit.not_behind:
            found.checks(n, ("parked key", key), Verdict.KEY_PARKED)
        for parked in unit.parked:
            if parked.ordered_key is not None:
                found.takes(n, ("parked key", parked.ordered_key))
        for subject, _ in unit.generations:
            found.checks(n, ("person", subject), Verdict.ERASED)
        for subject, _ in unit.forgotten:
            found.takes(n, ("person", subject))
        for gone in unit.unparked:
            found.owns(n, ("unparked", gone), Verdict.UNPARKED)
    return found


def pack(units: Sequence[Unit], *, writer: UUID, seq: int, day: date, tables: Sequence[str]) -> list[Any]:
    """The argument list of one call for `units`; `tables` are the read-model tables in argument order."""
    a: dict[str, list[Any]] = {name: [] for name, _ in ARGUMENTS[4:-1]}
    rows: dict[str, tuple[list[int], list[Mapping[str, Any]]]] = {name: ([], []) for name in tables}
    parked: list[dict[str, Any]] = []
    position = 0
    for n, unit in enumerate(units, 1):
        for f in unit.fences:
            _put(a, "f", n, ("source", f.source), ("part", f.partition), ("from", f.expected), ("to", f.position))
        for known in unit.inbox:
            _put(a, "i", n, ("id", known))
        if (q := unit.request) is not None:
            _put(a, "q", n, ("key", q.key), ("body", q.body), ("result", q.result))
        for key in unit.not_behind:
            _put(a, "k", n, ("id", key))
        for subject, generation in unit.generations:
            _put(a, "g", n, ("subject", subject), ("generation", generation))
        for aggregate, version in unit.reads.items():
            _put(a, "r", n, ("id", aggregate), ("v", version))
        for e in unit.events:
            _put(a, "e", n, ("id", e.aggregate_id), ("v", e.version), ("topic", e.topic), ("state", e.state))
        for o in unit.outbox:
            _put(a, "o", n, ("e", position + o.event + 1), ("n", o.n), ("topic", o.topic), ("key", o.key))
            a["o_headers"].append(o.headers)
            a["o_value"].append(o.value)
        position += len(unit.events)
        for t in unit.timers:
            _put(a, "t", n, ("kind", t.kind), ("subject", t.subject), ("key", t.key), ("due", t.due_at))
            a["t_generation"].append(t.generation)
        for subject, aggregate in unit.mentions:
            _put(a, "m", n, ("subject", subject), ("id", aggregate))
        for gone in unit.unparked:
            _put(a, "u", n, ("id", gone))
        for subject, by in unit.forgotten:
            _put(a, "z", n, ("subject", subject), ("by", by))
        for topic, ce_type, seen in unit.ignored:
            _put(a, "n", n, ("topic", topic), ("type", ce_type), ("seen", seen))
        for table, values in unit.rows.items():
            numbers, listed = rows[table]
            numbers.extend([n] * len(values))
            listed.extend(values)
        parked.extend(_parked(n, p) for p in unit.parked)
    a["d_u"], a["d_g"], a["d_k"] = overlaps(units).arrays()
    arguments: list[Any] = [writer, seq, len(units), day, *a.values(), _json(parked) if parked else None]
    for numbers, listed in rows.values():
        arguments += (numbers, _json(listed) if listed else None)
    return arguments


def _put(a: dict[str, list[Any]], prefix: str, unit: int, *columns: tuple[str, Any]) -> None:
    a[f"{prefix}_u"].append(unit)
    for name, value in columns:
        a[f"{prefix}_{name}"].append(value)


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS, default=plain).decode()


def plain(value: object) -> str:
    """What orjson asks about values of a row it does not know."""
    if isinstance(value, UUID):  # an id that asyncpg read is of a subclass of its own, which orjson does not take
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _parked(unit: int, row: ParkedRow) -> dict[str, Any]:
    return {
        "u": unit,
        "id": row.id,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
        "key": _b64(row.key),
        "ordered_key": row.ordered_key,
        "inbox_id": row.inbox_id,
        "ce_type": row.ce_type,
        "shop_id": row.shop_id,
        "reason": row.reason,
        "detail": row.detail,
        "headers": _b64(row.headers),
        "value": _b64(row.value),
        "parked_at": row.parked_at,
    }


def _b64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def judge(units: Sequence[Unit], row: Any) -> list[Judgement]:
    """Read the function's answer: one judgement per unit, in order."""
    status, base = row["status"], row["base"]
    if status is None:
        out, at = [], base + 1
        for unit in units:
            out.append(Judgement(Verdict.ACCEPTED, first_position=at))
            at += len(unit.events)
        return out
    details: dict[int, list[tuple[int | None, bytes | None]]] = {}
    for u, number, raw in zip(row["x_u"] or (), row["x_n"] or (), row["x_b"] or (), strict=True):
        details.setdefault(u, []).append((number, raw))
    out, at = [], base + 1
    for n, (unit, code) in enumerate(zip(units, status, strict=True), 1):
        verdict = Verdict(code)
        if verdict is Verdict.ACCEPTED:
            out.append(Judgement(verdict, first_position=at))
            at += len(unit.events)
        else:
            out.append(_refused(verdict, details.get(n, [])))
    return _racers(units, out)


def _refused(verdict: Verdict, details: list[tuple[int | None, bytes | None]]) -> Judgement:
    if verdict is Verdict.REPLAYED:
        return Judgement(verdict, result=next((raw for _, raw in details if raw is not None), b""))
    if verdict is Verdict.STALE:
        return Judgement(verdict, heads={UUID(bytes=raw): number or 0 for number, raw in details if raw is not None})
    if verdict in (Verdict.KNOWN, Verdict.KEY_PARKED):
        return Judgement(verdict, ids=frozenset(UUID(bytes=raw) for _, raw in details if raw is not None))
    if verdict is Verdict.FENCE:
        return Judgement(verdict, positions=tuple(number or 0 for number, _ in details))
    return Judgement(verdict)


def _racers(units: Sequence[Unit], judged: list[Judgement]) -> list[Judgement]:
    """Of two units with one request id in a batch the second receives the first's result."""
    first = {
        u.request.key: u.request
        for u, j in zip(units, judged, strict=True)
        if u.request is not None and j.verdict is Verdict.ACCEPTED
    }
    for n, (unit, judgement) in enumerate(zip(units, judged, strict=True)):
        if judgement.verdict is Verdict.REPLAYED and unit.request is not None and unit.request.key in first:
            same = first[unit.request.key]
            judged[n] = (
                Judgement(Verdict.REPLAYED, result=same.result)
                if same.body == unit.request.body
                else Judgement(Verdict.REUSED)
            )
    return judged
