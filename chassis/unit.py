"""What one decision writes, all of it or nothing.

A `Unit` is inert data: `work.py` builds it from a decision, `writer.py` sends many of them in one call of
the append function, which judges each as if they had run one after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec


class Verdict(IntEnum):
    """What the append function said of one unit. Everything but ACCEPTED wrote nothing."""

    ACCEPTED = 0
    FENCE = 1  # the partition's stored position is not the one this consumer knew
    KNOWN = 2  # an inbox id is already there
    REPLAYED = 3  # this request was accepted before with the same body
    REUSED = 4  # this request id was accepted before with another body
    STALE = 5  # an aggregate read is at another version
    OVERTAKEN = 6  # an earlier unit of the same batch wrote what this one read or writes
    KEY_PARKED = 7  # the record's key waits behind a parked record
    ERASED = 8  # a key generation used was ended: the person was forgotten meanwhile
    UNPARKED = 9  # the parked record this unit settles is gone: somebody settled it first


class StoredEvent(msgspec.Struct, frozen=True):
    """One event as it stands in the log, without its position."""

    aggregate_id: UUID
    version: int
    topic: str
    state: bytes


class OutboxRow(msgspec.Struct, frozen=True):
    """One public message; `event` is the ordinal of its event inside the unit, `n` its rank there."""

    event: int
    n: int
    topic: str
    key: bytes
    headers: bytes
    value: bytes


class TimerRow(msgspec.Struct, frozen=True):
    """Arms (`due_at` given) or clears (`due_at` None) the timer (kind, subject, key)."""

    kind: str
    subject: UUID
    key: str
    due_at: datetime | None
    generation: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A partition's position moves from `expected` to `position`, both the next offset to read.

    `expected` is 0 where nothing is stored yet.
    """

    source: str
    partition: int
    expected: int
    position: int


class RequestRow(msgspec.Struct, frozen=True):
    """An accepted command: its key, the hash of its body and the result a repeat receives."""

    key: UUID
    body: UUID
    result: bytes


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A record that could not be applied, set aside with its reason and its bytes."""

    id: UUID
    topic: str
    partition: int
    offset: int
    key: bytes | None
    ordered_key: UUID | None  # set on ordered topics: what follows with this key waits behind
    inbox_id: UUID | None
    ce_type: str
    shop_id: str
    reason: str
    detail: str
    headers: bytes
    value: bytes | None
    parked_at: datetime


@dataclass(eq=False, slots=True)
class Unit:
    """Everything one decision writes. Compared by identity."""

    reads: Mapping[UUID, int] = field(default_factory=dict)  # every aggregate read or written; 0 is absence
    events: Sequence[StoredEvent] = ()
    outbox: Sequence[OutboxRow] = ()
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)  # read-model table -> rows
    timers: Sequence[TimerRow] = ()
    request: RequestRow | None = None
    inbox: Sequence[UUID] = ()
    fences: Sequence[Fence] = ()
    parked: Sequence[ParkedRow] = ()
    unparked: Sequence[UUID] = ()  # parked records this unit applied or discarded
    not_behind: Sequence[UUID] = ()  # ordered keys that must have no parked record
    generations: Sequence[tuple[str, int]] = ()  # (subject, key generation) used to encrypt
    mentions: Sequence[tuple[str, UUID]] = ()  # (subject, aggregate) that now holds personal data
    forgotten: Sequence[tuple[str, str]] = ()  # (subject, who asked): no later unit may use a key of theirs
    ignored: Sequence[tuple[str, str, int]] = ()  # (topic, type, how many) passed over on purpose


class Judgement(msgspec.Struct, frozen=True):
    """The verdict on one unit.

    `first_position` where ACCEPTED with events; `result` where REPLAYED; `heads` (aggregate -> stored version)
    where STALE; `ids` (inbox ids or ordered keys already there) where KNOWN or KEY_PARKED; `positions` (one per
    refused fence, in the unit's order) where FENCE.
    """

    verdict: Verdict
    first_position: int = 0
    result: bytes = b""
    heads: Mapping[UUID, int] = msgspec.field(default_factory=dict)
    ids: frozenset[UUID] = frozenset()
    positions: Sequence[int] = ()
