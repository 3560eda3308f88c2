"""Lists in pages by a key that keeps its place while rows come and go, and their filters.

A page token is opaque. It belongs to the rest of its request: with another filter, or changed by hand, it is refused.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol, cast
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from chassis.domain import Invalid

KeyPart = str | int | datetime | UUID | None

DEFAULT_SIZE = 50
LARGEST_SIZE = 500

_NOT_OURS = "this is no next_page_token of the same list with the same filter"
_TERM = re.compile(r'\s*(?P<field>[a-z_]+)\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*')
_AND = re.compile(r"AND\b")


class BadPageToken(Invalid):
    """The token was not given out for this request."""

    reason = "BAD_PAGE_TOKEN"


class BadFilter(Invalid):
    """The filter does not read `field = "value"` joined by AND, or names a field that cannot be filtered by."""

    reason = "BAD_FILTER"


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for. `after` is the key of the last row of the page before."""

    size: int
    after: tuple[KeyPart, ...] | None
    fingerprint: bytes

    def behind(self, *kinds: type) -> tuple[KeyPart, ...] | None:
        """The key to go on behind, its parts of these kinds; `BadPageToken` for one that no list of these gave out."""
        key = self.after
        if key is None:
            return None
        if len(key) != len(kinds) or not all(_is_a(kind, part) for kind, part in zip(kinds, key, strict=True)):
            raise BadPageToken("page_token", _NOT_OURS)
        return key

    def next_token(self, last: Sequence[KeyPart]) -> str:
        """The token of the page after the row whose key is `last`."""
        body = msgspec.msgpack.encode([_packed(part) for part in last])
        return urlsafe_b64encode(_sum(self.fingerprint, body) + body).decode().rstrip("=")


class _Paged(Protocol):
    page_size: int
    page_token: str


def page_of(request: Message, *, default: int = DEFAULT_SIZE) -> Page:
    """The page a List request asks for, or `BadPageToken`."""
    asked = cast(_Paged, request)
    rest = type(request)()
    rest.CopyFrom(request)
    rest.ClearField("page_size")
    rest.ClearField("page_token")
    name = request.DESCRIPTOR.full_name.encode()
    fingerprint = blake2b(name + b"\0" + rest.SerializeToString(deterministic=True), digest_size=16).digest()
    size = min(asked.page_size or default, LARGEST_SIZE)
    return Page(
        size,
        _key_of(asked.page_token, fingerprint) if asked.page_token else None,
        fingerprint,
    )


def parse_filter(text: str, fields: Collection[str]) -> Mapping[str, str]:
    """`field = "value"` joined by AND, each of `fields` at most once; values may escape a quote as ``\\"``."""
    found: dict[str, str] = {}
    place = 0
    while text[place:].strip():
        term = _TERM.match(text, place)
        if term is None:
            raise BadFilter(
                "filter",
                f'cannot be read at {text[place:][:40]!r}: write field = "value" joined by AND',
            )
        field = term["field"]
        if field not in fields:
            raise BadFilter(
                "filter",
                f"{field} is no field to filter by: there are {', '.join(sorted(fields))}",
            )
        if field in found:
            raise BadFilter("filter", f"{field} is given twice")
        found[field] = re.sub(r"\\(.)", r"\1", term["value"])
        place = term.end()
        if place < len(text):
            joined = _AND.match(text, place)
            if joined is None or not text[joined.end() :].strip():
                raise BadFilter(
                    "filter",
                    f'cannot be read at {text[place:][:40]!r}: write field = "value" joined by AND',
                )
            place = joined.end()
    return found


def _key_of(token: str, fingerprint: bytes) -> tuple[KeyPart, ...]:
    refused = BadPageToken("page_token", _NOT_OURS)
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body = raw[8:]
        if raw[:8] != _sum(fingerprint, body):
            raise refused
        return tuple(_unpacked(part) for part in msgspec.msgpack.decode(body))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise refused from None


def _is_a(kind: type, part: KeyPart) -> bool:
    if isinstance(part, int) and not -(2**63) <= part < 2**63:
        return False
    return type(part) is kind and not (isinstance(part, str) and "\0" in part)


def _sum(fingerprint: bytes, body: bytes) -> bytes:
    return blake2b(body, key=fingerprint, digest_size=8).digest()


def _packed(part: KeyPart) -> object:
    return {"u": part.bytes} if isinstance(part, UUID) else part


def _unpacked(part: object) -> KeyPart:
    return UUID(bytes=part["u"]) if isinstance(part, dict) else cast(KeyPart, part)
