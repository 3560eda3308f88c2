"""What a service gives the chassis: one value, built in its bootstrap, with everything by name.

The shapes in here are the only ones a service and the kernel share.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import Message
from sqlalchemy import MetaData

from chassis.domain import Aggregate, Event

if TYPE_CHECKING:
    from chassis.work import Work

M = TypeVar("M", bound=Message)


class PublicEvent(msgspec.Struct, frozen=True):
    """A message for other services. Its type is the message's full proto name."""

    topic: str
    key: str
    message: Message
    shop_id: str


class Row(msgspec.Struct, frozen=True):
    """A read-model row: a pure function of the aggregate after the unit. `values` holds plain JSON values,
    UUIDs and datetimes, and always the primary key columns and `version` (the aggregate's)."""

    table: str
    values: Mapping[str, Any]


class WantedTimer(msgspec.Struct, frozen=True):
    """The aggregate wants to be asked at `due_at`. `key` tells timers of one kind apart."""

    kind: str
    due_at: datetime
    key: str = ""


@dataclass(frozen=True, slots=True)
class FiredTimer:
    """A due timer on its way to the aggregate."""

    kind: str
    subject: UUID
    key: str
    due_at: datetime


class Receipt(msgspec.Struct, frozen=True):
    """The small result of an accepted command, stored for its repeats: ids and figures, never personal data."""

    id: str
    version: int = 0
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)


@dataclass(slots=True)  # not frozen: one is made of every record, and a frozen one takes three times as long to make
class Record(Generic[M]):
    """One fact from Kafka, decoded. `occurred_at` is CloudEvents `time`, or the broker's timestamp without one.
    Nobody changes it."""

    message: M
    ce_id: str
    ce_source: str
    ce_type: str
    occurred_at: datetime
    topic: str
    partition: int
    offset: int
    key: bytes | None


RecordHandler = Callable[["Work", Record[Any]], Awaitable[None]]

LostRequests = Mapping[str, tuple[type[Message], RecordHandler]]
"""After a restore: what to make of our own requests to the outside that no effect stands for, by their type."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic this service reads. `handlers`: CloudEvents type (= proto full name) -> (message class, handler).

    `ordered`: our own topics, where a parked record holds back what follows with its key. `known`: types of an
    ordered topic that are known and of no interest here; any other type there blocks the partition. On an unordered
    topic a type without handler is counted and ignored. `about` names the aggregates that a message's handler will ask
    for, as far as the message tells: a batch loads them with one query. It is a hint, and what it leaves out costs a
    query of its own.
    """

    topic: str
    ordered: bool
    handlers: Mapping[str, tuple[type[Message], RecordHandler]]
    known: frozenset[str] = frozenset()
    about: Callable[[Any], Iterable[UUID]] | None = None


TimerHandler = Callable[["Work", FiredTimer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of an effect, committed before the provider is called. `idempotency_key` is the same for every
    attempt of one effect."""

    kind: str
    key: str
    subject: UUID
    body: Mapping[str, Any]
    number: int
    idempotency_key: str
    first_attempt_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The provider proved that it did it."""

    reference: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider proved that it did not and will not do it."""

    reason: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotDone:
    """The provider proved that this attempt did nothing, and it may be tried again (no connection, "try later"). From
    a look-up it means "absent", which proves nothing: the first sender may still be on its way. `ours`: nothing is
    wrong with the provider, which may not even have been called."""

    reason: str
    ours: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have been done."""

    reason: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """Handed over (a request on Kafka was acknowledged); the answer comes as a fact, or `answer_by` passes."""

    answer_by: datetime
    reference: str = ""


ProviderAnswer = Succeeded | Failed | NotDone | Unknown | Submitted


class Provider(Protocol):
    """An adapter of the outside, called by role `effects` only, never inside a transaction."""

    idempotency: timedelta | None
    """How long the provider honours our idempotency key; None where it has none."""

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Do it. An exception counts as `Unknown`."""
        ...

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """Ask what became of it. None: this provider cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class EffectChanged:
    """What became of an effect, told to its owner inside the unit that records it. `state` is one of
    attempting, submitted, succeeded, failed, unknown, held."""

    kind: str
    key: str
    subject: UUID
    body: Mapping[str, Any]
    state: str
    attempt: int
    reason: str
    reference: str
    facts: Mapping[str, str]


EffectHandler = Callable[["Work", EffectChanged], Awaitable[None]]


def _no_rows(aggregate: Aggregate) -> Iterable[Row]:
    return ()


def _no_events(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    return ()


def _no_timers(aggregate: Aggregate) -> Iterable[WantedTimer]:
    return ()


@dataclass(frozen=True, slots=True)
class Model:
    """The part of a service that turns aggregates into what is stored beside their events."""

    name: str
    aggregates: Sequence[type[Aggregate]]
    read_model: MetaData
    rows: Callable[[Aggregate], Iterable[Row]] = _no_rows
    publish: Callable[[Event, Aggregate], Iterable[PublicEvent]] = _no_events
    timers: Callable[[Aggregate], Iterable[WantedTimer]] = _no_timers
