"""What a record is to its subscription, found out once and without ever raising."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from aiokafka import ConsumerRecord

from chassis.cloudevents import CORRELATION, Arrived, Headers, Unreadable, pack_headers, read, shop_of, unpack_headers
from chassis.domain import derived_id
from chassis.grpc.validation import InvalidRequest, validate
from chassis.service import Record, RecordHandler, Subscription
from chassis.telemetry import about

log = structlog.get_logger(__name__)

MAX_DETAIL = 2000
MAX_NAME = 500
MAX_CORRELATION = 128
TIMESTAMP = "aftercare-broker-timestamp"
"""Last of the headers stored with a parked record: when a record without `ce_time` was written."""


class Fate(Enum):
    """What can become of a record before anybody has decided on it."""

    DECIDE = auto()
    IGNORE = auto()  # a type of the shop's that this service does not consume: counted and listed
    PASS = auto()  # a known type of ours that is of no interest here
    BLOCK = auto()  # a type of ours that only a newer build knows: it must not be passed over
    PARK = auto()  # cannot be read


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record is parked. `reason` is for programs, `detail` for people and free of personal data."""

    reason: str
    detail: str


BEHIND = Refusal("BEHIND_PARKED", "an earlier record with this key is parked")


@dataclass(eq=False, slots=True)
class Entry:
    """One record on its way.

    `refusal` is set once it is known that it must be parked, `blocked_by` once it is known that it must wait.
    `term` is the one of its partition's place when it was read.
    """

    arrived: Arrived
    source: str
    fate: Fate
    inbox_id: UUID | None
    ordered_key: UUID | None
    ce_type: str
    record: Record[Any] | None = None
    handler: RecordHandler | None = None
    refusal: Refusal | None = None
    blocked_by: str = ""
    term: int = 0
    parked_as: UUID | None = None
    _digest: bytes | None = None

    @property
    def parked_id(self) -> UUID:
        """What it is parked under: its place in the topic, unless it is parked already."""
        if self.parked_as is None:
            self.parked_as = derived_id("parked", self.source, str(self.arrived.partition), str(self.arrived.offset))
        return self.parked_as

    @property
    def place(self) -> str:
        at = self.arrived
        return f"{at.topic}/{at.partition}/{at.offset}"

    @property
    def correlation(self) -> str:
        """The story it belongs to: its sender's, or one that begins with it."""
        told = self.arrived.attribute(CORRELATION) if CORRELATION in self.arrived.named else None
        return (told or self.arrived.attribute("ce_id") or "")[:MAX_CORRELATION]

    @property
    def digest(self) -> bytes:
        """See `digest_of`; most records never need it."""
        if self._digest is None:
            self._digest = digest_of(self.arrived)
        return self._digest

    @property
    def shop_id(self) -> str:
        return printable(shop_of(self.arrived, self.record.message if self.record else None), MAX_NAME)

    @property
    def headers(self) -> bytes:
        """The headers as they are stored beside a parked record."""
        timestamp = str(self.arrived.timestamp).encode()
        return pack_headers((*self.arrived.headers, (TIMESTAMP, timestamp)))


class about_record(about):
    """Inside this block log lines name a record, and the case and request it tells of."""

    __slots__ = ("_entry",)

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def named(self) -> Mapping[str, object]:
        entry = self._entry
        message = entry.record and entry.record.message
        return {
            "case": getattr(message, "case_id", ""),
            "request": getattr(message, "request_id", "") or getattr(message, "request_key", ""),
            "correlation": entry.correlation,
            "record": entry.place,
        }


class Reader:
    """Reads the records of one subscription."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription

    def read(self, arrived: Arrived, source: str) -> Entry:
        """The entry of a record; `source` names the topic's own id, so a recreated topic's records are others."""
        subscription, ce_type = self.subscription, arrived.ce_type
        found = subscription.handlers.get(ce_type)
        entry = Entry(
            arrived=arrived,
            source=source,
            fate=Fate.DECIDE,
            inbox_id=arrived.inbox_id,
            ordered_key=self._ordered_key(arrived) if subscription.ordered else None,
            ce_type=ce_type if found is not None else printable(ce_type, MAX_NAME),
        )
        if found is not None:
            self._decode(entry, *found)
        elif not ce_type:
            entry.fate, entry.refusal = Fate.PARK, Refusal("NOT_A_CLOUDEVENT", "the record does not tell its type")
        elif not subscription.ordered:
            entry.fate = Fate.IGNORE
        elif ce_type in subscription.known:
            entry.fate = Fate.PASS
        else:
            entry.fate, entry.blocked_by = Fate.BLOCK, f"type {entry.ce_type} is unknown to this build"
        return entry

    @staticmethod
    def _decode(entry: Entry, message_class: Any, handler: RecordHandler) -> None:
        try:
            entry.record = read(entry.arrived, message_class)
            validate(entry.record.message)
            entry.handler = handler
        except Unreadable as unreadable:
            entry.fate = Fate.PARK
            entry.refusal = Refusal(unreadable.reason, printable(unreadable.detail, MAX_DETAIL))
        except InvalidRequest as invalid:
            entry.fate = Fate.PARK
            entry.refusal = Refusal("INVALID_MESSAGE", printable(str(invalid), MAX_DETAIL))

    def _ordered_key(self, arrived: Arrived) -> UUID:
        # a record without a key can follow anything in its partition
        key = f"partition {arrived.partition}" if arrived.key is None else arrived.key.hex()
        return derived_id("inbox.key", self.subscription.topic, key)


def arrived(topic: str, record: ConsumerRecord[Any, Any]) -> Arrived:
    """A polled record under the name the code knows its topic by."""
    headers: Any = record.headers  # values may be null, whatever aiokafka says
    return Arrived(topic, record.partition, record.offset, record.timestamp, record.key, tuple(headers), record.value)


def digest_of(arrived: Arrived) -> bytes:
    """Equal for two records that say the same in the same bytes; what a transport adds (traces) does not count."""
    said = sorted((n, raw or b"") for n, raw in arrived.named.items() if n == "content-type" or n.startswith("ce_"))
    return sha256(pack_headers((*said, ("key", arrived.key), ("value", arrived.value)))).digest()


def unstow(packed: bytes) -> tuple[Headers, int]:
    """The headers a parked record arrived with, and the broker's timestamp."""
    *headers, (_, timestamp) = unpack_headers(packed)
    return tuple(headers), int(timestamp or b"-1")


def printable(text: str, length: int) -> str:
    """Text that PostgreSQL takes whatever it was made from: no NUL, no lone surrogate, not too long."""
    return text[:length].replace("\x00", "\ufffd").encode(errors="replace").decode()


def tell_taken(topic: str, entries: Sequence[Entry]) -> None:
    """Log, where somebody wants to know that much, which offsets of which partitions were handed over."""
    if not entries or not logging.getLogger(__name__).isEnabledFor(logging.DEBUG):
        return
    spans: dict[int, tuple[int, int]] = {}
    for entry in entries:
        place = entry.arrived
        spans[place.partition] = (spans.get(place.partition, (place.offset, 0))[0], place.offset)
    log.debug("records_taken", topic=topic, spans=spans)
