"""Overlaps inside a batch: what the writer reports and SQL settles equals judging units one after another."""

import random
from datetime import UTC, datetime
from uuid import UUID

from chassis.packing import TAKES, overlaps
from chassis.unit import Fence, ParkedRow, RequestRow, StoredEvent, TimerRow, Unit, Verdict

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDS = [UUID(int=n) for n in range(1, 4)]
PEOPLE = ["anna", "ben"]
BATCHES = 2000


def one_by_one(units: list[Unit], doomed: set[int]) -> list[bool]:
    """The plain meaning of a batch: each unit meets what the accepted ones before it have written."""
    taken: set[object] = set()
    accepted = []
    for n, unit in enumerate(units):
        needs: set[object] = {*unit.reads}
        needs |= {("behind", k) for k in unit.not_behind} | {("person", s) for s, _ in unit.generations}
        owns: set[object] = {("fact", i) for i in unit.inbox} | {("gone", i) for i in unit.unparked}
        owns |= {("place", f.source, f.partition) for f in unit.fences}
        owns |= {("timer", t.subject, t.kind, t.key) for t in unit.timers}
        owns |= {("request", unit.request.key)} if unit.request else set()
        accepted.append(n not in doomed and not taken & (needs | owns))
        if accepted[-1]:
            taken |= owns | {e.aggregate_id for e in unit.events}
            taken |= {("behind", p.ordered_key) for p in unit.parked} | {("person", s) for s, _ in unit.forgotten}
    return accepted


def settled(units: list[Unit], doomed: set[int]) -> list[bool]:
    """What the SQL function does with the reported entries. `doomed` are refused for what is stored."""
    status = [Verdict.STALE if n in doomed else Verdict.ACCEPTED for n in range(len(units))]
    taken: set[int] = set()
    for u, group, kind in zip(*overlaps(units).arrays(), strict=True):
        if status[u - 1] is Verdict.ACCEPTED:
            if kind == TAKES:
                taken.add(group)
            elif group in taken:
                status[u - 1] = Verdict(kind)
    return [verdict is Verdict.ACCEPTED for verdict in status]


def some(rng: random.Random, among: list[UUID], most: int) -> list[UUID]:
    """None of them more often than not, so that what two units share is often the only thing they share."""
    return rng.sample(among, rng.choice([0, 0, 0, *range(1, most + 1)]))


def a_unit(rng: random.Random) -> Unit:
    writes = some(rng, IDS, 2)
    person = rng.choice([*PEOPLE, *[""] * 6])
    return Unit(
        reads=dict.fromkeys([*some(rng, IDS, 2), *writes], 0),
        events=[StoredEvent(i, 1, "t", b"") for i in writes],
        inbox=some(rng, IDS, 2),
        request=RequestRow(request[0], request[0], b"") if (request := some(rng, IDS, 1)) else None,
        fences=[Fence("s", i.int, 0, 1) for i in some(rng, IDS, 2)],
        timers=[TimerRow("k", i, "", NOON, 1) for i in some(rng, IDS, 1)],
        not_behind=some(rng, IDS, 1),
        parked=[
            ParkedRow(UUID(int=99), "t", 0, 0, None, i, None, "t", "s", "R", "", b"", None, NOON)
            for i in some(rng, IDS, 1)
        ],
        unparked=some(rng, IDS, 1),
        generations=[(person, 1)] if person else [],
        forgotten=[(rng.choice(PEOPLE), "by")] if rng.random() < 0.1 else [],
    )


def test_a_batch_is_judged_as_if_its_units_ran_one_after_another() -> None:
    """Whatever two units of a batch may both touch: whoever leaves one kind of overlap out is found here."""
    rng = random.Random(7)
    for _ in range(BATCHES):
        batch = [a_unit(rng) for _ in range(rng.randint(2, 7))]
        doomed = {n for n in range(len(batch)) if rng.random() < 0.15}
        assert settled(batch, doomed) == one_by_one(batch, doomed), (batch, doomed)


def test_a_lone_unit_overlaps_with_nothing() -> None:
    rng = random.Random(7)
    for _ in range(200):
        assert overlaps([a_unit(rng)]).entries == []
