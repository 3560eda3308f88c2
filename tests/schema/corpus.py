"""The golden corpus: one stored event of every class and version ever released, as bytes that are never edited.

``python -m tests.schema.corpus`` adds what is missing, and only that.
"""

import dataclasses
import enum
import importlib
import json
import types
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from casework.calendars import CLOSED, Shift, WorkingCalendar
from chassis.codec import RESERVED, Codec
from chassis.domain import Aggregate, Event, Personal
from chassis.effects.effect import Effect
from chassis.service import Model
from chassis.unit import StoredEvent

GOLDEN = Path(__file__).parent / "golden"
SERVICES = ("returns", "shipping_issues", "quality_complaints", "notifications")
ID = UUID("01890000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


class OpenKeys:
    """Seals by adding the identity it is bound to, so that the corpus can be read by eye."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        return 1, aad + text.encode()

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        if not sealed.startswith(aad):
            raise ValueError("sealed for another place")
        return sealed[len(aad) :].decode()

    async def load(self, subjects: frozenset[str]) -> None: ...

    def drop(self, subjects: frozenset[str]) -> None: ...


def model(service: str) -> Model:
    """The model of a service, from its composition root."""
    found: Model = importlib.import_module(f"services.{service}.bootstrap").SERVICE.model
    return found


def codec(service: str) -> Codec:
    """The service's codec, with keys that hide nothing."""
    return Codec([*model(service).aggregates, Effect], OpenKeys())


def event_classes(service: str) -> dict[str, type[Event]]:
    """Every event class a service stores, by topic."""
    aggregates: list[type[Aggregate]] = [*model(service).aggregates, Effect]
    return {c.TOPIC: c for a in aggregates for c in a.event_classes()}


def file_of(service: str, topic: str, version: int) -> Path:
    """Where the golden event of a class and version is kept."""
    return GOLDEN / service / f"{topic}.v{version}.json"


def example(event_class: type[Event]) -> Event:
    """An event with a plain value in every field, made from its annotations."""
    hints = get_type_hints(event_class)
    values: dict[str, Any] = {"originator_id": ID, "originator_version": 1, "timestamp": AT}
    for f in dataclasses.fields(event_class):
        if f.name == "originator_topic":
            values[f.name] = "example.Aggregate"
        elif f.name not in RESERVED:
            values[f.name] = value_of(hints[f.name], f.name)
    return event_class(**values)


def value_of(hint: Any, name: str) -> Any:
    """A plain value of an annotated type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return value_of(next(a for a in arguments if a is not type(None)), name)
    if origin in (tuple, list, set, frozenset):
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return tuple(value_of(a, name) for a in arguments)
        return origin([value_of(arguments[0], name)])
    if origin is dict or str(origin).endswith("Mapping"):
        return {value_of(arguments[0], "key"): value_of(arguments[1], name)}
    if hasattr(hint, "__supertype__"):
        return value_of(hint.__supertype__, name)
    if hint is Personal:
        return Personal("C-1", f"personal {name}")
    if hint is Any:
        return f"any {name}"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    if dataclasses.is_dataclass(hint) and hint not in _PLAIN:
        inner = get_type_hints(hint)
        made: Any = hint
        return made(**{f.name: value_of(inner[f.name], f.name) for f in dataclasses.fields(hint) if f.init})
    return _PLAIN[hint](name)


def _calendar(name: str) -> WorkingCalendar:
    return WorkingCalendar(f"a {name}", "Europe/Berlin", (Shift(540, 1020),) * 5 + (CLOSED,) * 2, (AT.date(),))


_PLAIN: dict[Any, Any] = {
    str: lambda name: "EUR" if name == "currency" else f"a {name}",
    int: lambda name: 7,
    bool: lambda name: True,
    float: lambda name: 0.5,
    bytes: lambda name: b"bytes",
    datetime: lambda name: AT,
    date: lambda name: AT.date(),
    timedelta: lambda name: timedelta(hours=1),
    UUID: lambda name: ID,
    Decimal: lambda name: Decimal("0.19"),
    WorkingCalendar: _calendar,  # refuses a week that is not one
}


def write_missing() -> list[Path]:
    """Add a golden file for every class and version that has none."""
    written = []
    for service in SERVICES:
        known = codec(service)
        for topic, event_class in event_classes(service).items():
            path = file_of(service, topic, getattr(event_class, "class_version", 1))
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                stored = known.encode(example(event_class), {"by": "someone", "cause": "golden"}).event
                path.write_text(json.dumps(json.loads(stored.state), indent=1, sort_keys=True) + "\n")
                written.append(path)
    return written


def read(path: Path) -> StoredEvent:
    """A golden event as it would stand in the log."""
    topic, _, _ = path.stem.rpartition(".v")
    return StoredEvent(ID, 1, topic, path.read_bytes())


if __name__ == "__main__":
    for made in write_missing():
        print(f"added {made.relative_to(GOLDEN)}")
