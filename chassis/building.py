"""From a decision to its unit: events encoded, public events mapped, read-model rows and timers derived.

Pure: the same decision gives the same unit. Raises KeysNeeded while personal keys are missing.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis.codec import Codec, Encoded
from chassis.domain import Aggregate
from chassis.effects.effect import Effect
from chassis.effects.read_model import rows as effect_rows
from chassis.errors import KeysNeeded
from chassis.outbox import outbox_rows, public_id
from chassis.service import Model, WantedTimer
from chassis.unit import OutboxRow, StoredEvent, TimerRow, Unit
from chassis.work import Held, Work, pending

Causes = list[tuple[str, str]]

GENERATION_ROOM = 20
"""Bits below the version in a timer's generation, for re-arming without an event."""


def build(work: Work, model: Model, codec: Codec, incarnation: int) -> Unit:
    """Everything `work` decided, as one unit."""
    events: list[StoredEvent] = []
    outbox: list[OutboxRow] = []
    rows: dict[str, list[Any]] = {}
    timers: list[TimerRow] = []
    generations: dict[tuple[str, int], None] = {}
    mentions: dict[tuple[str, UUID], None] = {}
    told_by = work.actor.id if work.actor.customer_id is None else "customer"  # a login may name a person
    for (aggregate, held), (causes, encoded) in _encoded(work, codec):
        for subject in {s for e in encoded for s in e.erased}:
            aggregate.forget(subject)
        for domain_event, stored, (cause, correlation) in zip(pending(aggregate), encoded, causes, strict=True):
            seen = codec.decode(stored.event) if stored.erased else domain_event
            if public := list(model.publish(seen, aggregate)):
                told = {"by": told_by, "cause": cause, "correlationid": public_id(correlation)}
                outbox += outbox_rows(model.name, incarnation, len(events), domain_event, public, told)
            events.append(stored.event)
            for use in stored.generations:
                generations[use] = None
                mentions[use[0], aggregate.id] = None
        for row in rows_of(model, aggregate):
            rows.setdefault(row[0], []).append(row[1])
        timers += _timers(work, aggregate, held, model)
    timers += _fired(work, timers)
    return Unit(
        reads=work.reads(),
        events=events,
        outbox=outbox,
        rows=rows,
        timers=timers,
        generations=list(generations),
        mentions=list(mentions),
        forgotten=[(subject, work.actor.id) for subject in sorted(work.forgotten)],
    )


def _encoded(work: Work, codec: Codec) -> list[tuple[tuple[Aggregate, Held], tuple[Causes, list[Encoded]]]]:
    """Each changed aggregate with its events' causes and bytes. Raises KeysNeeded once, for all that are missing: a
    batch of a thousand people must not be built a thousand times."""
    found: list[tuple[tuple[Aggregate, Held], tuple[Causes, list[Encoded]]]] = []
    missing: set[str] = set()
    for changed in work.changed():
        causes = work.causes(changed[0])
        encoded: list[Encoded] = []
        for event, (cause, _) in zip(pending(changed[0]), causes, strict=True):
            try:
                encoded.append(codec.encode(event, {"by": work.actor.id, "cause": cause}))
            except KeysNeeded as needed:
                missing |= needed.subjects
        found.append((changed, (causes, encoded)))
    if missing:
        raise KeysNeeded(frozenset(missing))
    return found


def rows_of(model: Model, aggregate: Aggregate) -> Iterable[tuple[str, Any]]:
    found = effect_rows(aggregate) if isinstance(aggregate, Effect) else model.rows(aggregate)
    return [(row.table, row.values) for row in found]


def _timers(work: Work, aggregate: Aggregate, held: Held, model: Model) -> list[TimerRow]:
    """Arm what is new or earlier, clear what is gone. A later due time is left to the fire, which asks again."""
    held.wanted = tuple(model.timers(aggregate))
    if held.wanted == held.timers:
        return []
    before = {(t.kind, t.key): t for t in held.timers}
    after = {(t.kind, t.key): t for t in held.wanted}
    generation = aggregate.version << GENERATION_ROOM
    changes = [
        TimerRow(kind, aggregate.id, key, t.due_at, generation)
        for (kind, key), t in after.items()
        if (kind, key) not in before or t.due_at < before[kind, key].due_at
    ]
    return changes + [TimerRow(k, aggregate.id, key, None, 0) for k, key in before if (k, key) not in after]


def _fired(work: Work, changes: list[TimerRow]) -> list[TimerRow]:
    """The fired timer's own row: re-armed for what the aggregate wants now, cleared where that is what was asked.

    After an outage, or when the machine's clock jumps, the next wish may be due already: it is asked at once.
    """
    fired = work.fired
    if fired is None:
        return []
    changes[:] = [t for t in changes if (t.kind, t.subject, t.key) != (fired.kind, fired.subject, fired.key)]
    aggregate = work.held(fired.subject)
    wanted: WantedTimer | None = None
    if aggregate is not None:
        wanted = next((t for t in work.wanted(fired.subject) if (t.kind, t.key) == (fired.kind, fired.key)), None)
    if wanted is None or (wanted.due_at <= work.now and wanted.due_at == fired.due_at):
        return [TimerRow(fired.kind, fired.subject, fired.key, None, 0)]
    assert aggregate is not None
    return [TimerRow(fired.kind, fired.subject, fired.key, wanted.due_at, aggregate.version << GENERATION_ROOM)]
