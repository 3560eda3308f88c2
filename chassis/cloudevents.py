"""CloudEvents 1.0 in Kafka's binary mode: whatever bytes arrive, reading them raises nothing but `Unreadable`.

Attributes travel as headers `ce_*`, the payload is a protobuf message or the same message as JSON, told
apart by `content-type`. Null and non-UTF-8 headers are legal in Kafka, so headers stay bytes until an
attribute is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from chassis.domain import derived_id_once
from chassis.service import Record
from chassis.texts import nul_in, nul_in_any

PROTOBUF = "application/protobuf"
_PROTOBUF_RAW = PROTOBUF.encode()
JSON = "application/json"
SHOP = "ce_shopid"
CORRELATION = "ce_correlationid"

Headers = tuple[tuple[str, bytes | None], ...]

_LONGEST_QUOTE = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """A record that no build can read as it stands. `reason` is stable, for programs."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)  # not frozen: one is made of every record, and a frozen one takes three times as long to make
class Arrived:
    """A record as Kafka gave it, under its logical topic name. Nothing in it has been looked at. Nobody changes it."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # milliseconds, -1 where the broker has none
    key: bytes | None
    headers: Headers
    value: bytes | None
    named: Mapping[str, bytes | None] = field(init=False, repr=False, compare=False)
    ce_type: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.named = dict(self.headers)
        self.ce_type = self.attribute("ce_type") or ""

    def attribute(self, name: str) -> str | None:
        """The last header of that name as text; None where it is missing, null, or not UTF-8."""
        raw = self.named.get(name)
        if raw is None:
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return None

    @property
    def inbox_id(self) -> UUID | None:
        """Names the fact, at whatever offset it stands; None where the record does not say which fact it is.

        One of our logs that was restored from a backup gives out the ids of its lost events again, for other events:
        its incarnation tells them apart.
        """
        source, fact = self.attribute("ce_source"), self.attribute("ce_id")
        if not source or not fact:
            return None
        if self.named.get("ce_incarnation", b"1") == b"1":
            return derived_id_once("inbox", source, fact)
        incarnation = self.attribute("ce_incarnation") or "1"
        if incarnation == "1":
            return derived_id_once("inbox", source, fact)
        return derived_id_once("inbox", source, fact, incarnation)


def read(arrived: Arrived, message_class: type[Message]) -> Record[Any]:
    """The record a handler gets, or `Unreadable`."""
    ce_id, ce_source, ce_type = arrived.attribute("ce_id"), arrived.attribute("ce_source"), arrived.ce_type
    if not ce_id or not ce_source or not ce_type:
        named = ("ce_id", ce_id), ("ce_source", ce_source), ("ce_type", ce_type)
        raise Unreadable("NOT_A_CLOUDEVENT", ", ".join(f"{name} {_brief(value)}" for name, value in named))
    if arrived.named.get("ce_specversion") != b"1.0":
        version = arrived.attribute("ce_specversion")
        raise Unreadable("NOT_A_CLOUDEVENT", f"ce_specversion {_brief(version)} is not 1.0")
    return Record(
        message=_message(arrived, message_class),
        ce_id=ce_id,
        ce_source=ce_source,
        ce_type=ce_type,
        occurred_at=_occurred_at(arrived),
        topic=arrived.topic,
        partition=arrived.partition,
        offset=arrived.offset,
        key=arrived.key,
    )


def shop_of(arrived: Arrived, message: Message | None = None) -> str:
    """The shop a record belongs to, as far as it can be told."""
    said = getattr(message, "shop_id", "") if message is not None else ""
    return said if isinstance(said, str) and said else arrived.attribute(SHOP) or ""


def pack_headers(headers: Headers) -> bytes:
    """Headers as one value for a database column, byte for byte recoverable."""
    return msgspec.msgpack.encode(headers)


def unpack_headers(packed: bytes) -> Headers:
    """What `pack_headers` packed."""
    return msgspec.msgpack.decode(packed, type=tuple[tuple[str, bytes | None], ...])


def headers_of(attributes: Mapping[str, str]) -> Headers:
    """Text attributes as Kafka headers."""
    return tuple((name, value.encode()) for name, value in attributes.items())


def _message(arrived: Arrived, message_class: type[Message]) -> Message:
    if arrived.value is None:
        raise Unreadable("NO_VALUE", "the record has no value")
    content_type = PROTOBUF
    if arrived.named.get("content-type") != _PROTOBUF_RAW:
        content_type = (arrived.attribute("content-type") or "").partition(";")[0].strip().lower()
    try:
        if content_type == PROTOBUF:
            message = message_class.FromString(arrived.value)
            return _storable(message, nul_in(message, arrived.value))
        if content_type == JSON:
            message = json_format.Parse(arrived.value.decode(), message_class(), ignore_unknown_fields=True)
            return _storable(message, nul_in_any(message))
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        # the parser's own words may quote the payload, and with it a person
        what = f"the value is not a {message_class.DESCRIPTOR.full_name} as {content_type}"
        raise Unreadable("UNDECODABLE", f"{what} ({type(error).__name__})") from error
    raise Unreadable("CONTENT_TYPE", f"{_brief(content_type)} is neither {PROTOBUF} nor {JSON}")


def _storable(message: Message, nul_in_field: str) -> Message:
    if nul_in_field:
        raise Unreadable("UNSTORABLE", f"{nul_in_field} holds the character NUL, which no text may")
    return message


def _brief(value: str | None) -> str:
    """As much of an attribute as tells what it is; it may be a megabyte of somebody's words."""
    return repr(value if value is None else value[:_LONGEST_QUOTE])


def _occurred_at(arrived: Arrived) -> datetime:
    said = arrived.attribute("ce_time")
    if said is None:
        return _EPOCH + timedelta(milliseconds=max(arrived.timestamp, 0))
    try:
        instant = datetime.fromisoformat(said)
        if instant.tzinfo is None:
            raise ValueError("an instant without its zone")
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("CE_TIME", f"{_brief(said)} is no instant with its zone") from error
