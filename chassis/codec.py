"""Events to stored bytes and back.

It keeps the semantics of the `eventsourcing` mapper (explicit TOPIC, `class_version`, `upcast_vN_vM`) with a
codec compiled once per event class. A topic or version this build does not know raises `Blocked`: such an
event is never skipped and never parked. Personal fields are sealed under their subject's key with the
event's identity as associated data, so a ciphertext copied elsewhere does not open.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any, Protocol, cast, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.utils import get_topic

from chassis.domain import Aggregate, Event, Personal
from chassis.domain.aggregate import PersonalDataErased
from chassis.effects.effect import Effect
from chassis.errors import Blocked
from chassis.unit import StoredEvent

RESERVED = ("originator_id", "originator_version", "timestamp", "originator_topic")


class Keys(Protocol):
    """Seals and opens personal text; raises KeysNeeded for a subject whose keys are not in memory."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        """The key generation used and the sealed text; generation 0 where the subject was erased."""
        ...

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        """The text, or None where the key is gone."""
        ...

    async def load(self, subjects: frozenset[str]) -> None:
        """Bring the keys of `subjects` into memory, making a first key where there is none."""
        ...

    def drop(self, subjects: frozenset[str]) -> None:
        """Forget what is in memory of `subjects`: the next use loads them again."""
        ...


@dataclass(frozen=True, slots=True)
class _Compiled:
    cls: type[Event]
    shape: type[msgspec.Struct]
    names: tuple[str, ...]
    version: int
    topic: str


class Encoded(msgspec.Struct):
    """A stored event with the key generations that sealed it and the subjects that are erased already."""

    event: StoredEvent
    generations: Sequence[tuple[str, int]] = ()
    erased: Set[str] = frozenset()


class _HoldsPersonal(Exception):
    """There is something to seal."""


def _plain(value: Any) -> Any:
    if isinstance(value, Personal):
        raise _HoldsPersonal
    raise TypeError(f"{type(value).__name__} cannot be stored in an event")


_PLAIN = msgspec.json.Encoder(enc_hook=_plain)
"""For events without personal text, which are nearly all: nothing is made for what they do not hold."""


class Codec:
    """Knows every event class of one service, and the kernel's own."""

    def __init__(self, aggregates: Iterable[type[Aggregate]], keys: Keys) -> None:
        self._keys = keys
        self._by_topic: dict[str, _Compiled] = {}
        self._by_class: dict[type[Event], _Compiled] = {}
        known: list[type[Aggregate]] = [*aggregates, Effect]
        for event_class in {c for a in known for c in a.event_classes()} | {PersonalDataErased}:
            compiled = _compile(event_class)
            self._by_topic[compiled.topic] = self._by_class[event_class] = compiled

    @property
    def topics(self) -> frozenset[str]:
        """Every event topic this build reads."""
        return frozenset(self._by_topic)

    def encode(self, event: Event, meta: Mapping[str, str]) -> Encoded:
        """One event with `meta` (who and what caused it)."""
        compiled, values = self._by_class[type(event)], event.__dict__
        state: dict[str, Any] = {"t": values["timestamp"], "m": meta} if meta else {"t": values["timestamp"]}
        if compiled.version > 1:
            state["v"] = compiled.version
        if (opened_as := values.get("originator_topic")) is not None:
            state["o"] = opened_as
        state["d"] = {name: values[name] for name in compiled.names}
        id, version = values["originator_id"], values["originator_version"]
        try:
            return Encoded(StoredEvent(id, version, compiled.topic, _PLAIN.encode(state)))
        except _HoldsPersonal:
            raw, generations, erased = self._sealed(state, _aad(id, version))
        return Encoded(StoredEvent(id, version, compiled.topic, raw), generations, erased)

    def _sealed(self, state: dict[str, Any], aad: bytes) -> tuple[bytes, list[tuple[str, int]], set[str]]:
        """The bytes with what is personal sealed, the generations used, and who is erased already."""
        generations: list[tuple[str, int]] = []
        erased: set[str] = set()
        counter = 0

        def hook(value: Any) -> Any:
            nonlocal counter
            if not isinstance(value, Personal):
                raise TypeError(f"{type(value).__name__} cannot be stored in an event")
            if value.text is None:
                return {"p": value.subject}
            place, counter = counter, counter + 1
            generation, sealed = self._keys.seal(value.subject, aad + place.to_bytes(2, "big"), value.text)
            if generation == 0:  # the subject was erased: the fact stays, the text does not
                erased.add(value.subject)
                return {"p": value.subject}
            if (value.subject, generation) not in generations:
                generations.append((value.subject, generation))
            return {"p": value.subject, "g": generation, "n": place, "c": b64encode(sealed).decode()}

        return msgspec.json.encode(state, enc_hook=hook), generations, erased

    def decode(self, stored: StoredEvent) -> Event:
        """The event as the domain knows it today. Raises Blocked or KeysNeeded."""
        compiled = self._by_topic.get(stored.topic)
        if compiled is None:
            raise Blocked(f"event type {stored.topic} is unknown to this build")
        raw = msgspec.json.decode(stored.state)
        version = raw.get("v", 1)
        if version > compiled.version:
            raise Blocked(f"event type {stored.topic} version {version} is newer than this build's {compiled.version}")
        data = raw["d"]
        while version < compiled.version:
            getattr(compiled.cls, f"upcast_v{version}_v{version + 1}")(data)
            version += 1
        aad = _aad(stored.aggregate_id, stored.version)

        def hook(kind: type, value: Any) -> Any:
            if kind is not Personal:
                raise TypeError(f"{kind} cannot be read from an event")
            text = None
            if "c" in value:
                sealed = b64decode(value["c"])
                text = self._keys.open(value["p"], value["g"], aad + value["n"].to_bytes(2, "big"), sealed)
            return Personal(value["p"], text)

        shape = msgspec.convert(data, compiled.shape, dec_hook=hook)
        event = object.__new__(compiled.cls)
        state = event.__dict__
        state["originator_id"] = stored.aggregate_id
        state["originator_version"] = stored.version
        state["timestamp"] = _instant(raw["t"])
        if "o" in raw:
            state["originator_topic"] = raw["o"]
        for name in compiled.names:
            state[name] = getattr(shape, name)
        return event

    @staticmethod
    def meta(stored: StoredEvent) -> dict[str, str]:
        """Who and what caused a stored event."""
        return dict(msgspec.json.decode(stored.state).get("m", {}))


def _compile(event_class: type[Event]) -> _Compiled:
    hints = get_type_hints(event_class)
    names: list[str] = []
    shape: list[Any] = []
    for f in dataclass_fields(cast(Any, event_class)):
        if f.name in RESERVED:
            continue
        names.append(f.name)
        if f.default is not MISSING:
            shape.append((f.name, hints[f.name], f.default))
        elif f.default_factory is not MISSING:
            shape.append((f.name, hints[f.name], msgspec.field(default_factory=f.default_factory)))
        else:
            shape.append((f.name, hints[f.name]))
    struct = msgspec.defstruct(event_class.__name__, shape, kw_only=True)
    return _Compiled(
        event_class, struct, tuple(names), getattr(event_class, "class_version", 1), get_topic(event_class)
    )


def _aad(aggregate: UUID, version: int) -> bytes:
    return aggregate.bytes + version.to_bytes(4, "big")


def _instant(text: str) -> datetime:
    return msgspec.convert(text, datetime)
