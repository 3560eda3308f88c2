"""The catalogue and the shops' senders, read from versioned data; a mistake in the data stops the start.

Every entry names a template that exists in every language, so no trouble is met for the first time by a
missing file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from services.notifications.domain.catalogue import Catalogue, Entry

LOCALES = ("de", "en")
"""Languages that every template is written in; a customer of another one gets the shop's own."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS = """id event when trouble of expect distinguished_by template purpose urgency promise rather_twice settle
expires_after give_up_after"""
_NOT_REFUSABLE = frozenset({"safety", "law"})
_KNOWN = frozenset(_WORDS.split())


class BadCatalogue(ValueError):
    """The data cannot be worked with; names the entry and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes to a shop's customers, and how a person can be reached there."""

    name: str
    reply_to: str
    phone: str
    page: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Senders:
    """Every shop's sender; a shop without one of its own has the default."""

    default: Sender
    shops: Mapping[str, Sender]

    def of(self, shop_id: str) -> Sender:
        """The sender of one shop."""
        return self.shops.get(shop_id, self.default)


def data() -> Traversable:
    """Where the data that ships with the service lies."""
    return files("services.notifications") / "data"


def load_catalogue(source: Traversable | None = None) -> Catalogue:
    """The catalogue, checked against the templates."""
    root = source or data()
    raw = yaml.safe_load((root / "catalogue.yaml").read_text(encoding="utf-8"))
    entries = [_entry(item, raw.get("defaults", {})) for item in raw["entries"]]
    names = [entry.id for entry in entries]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadCatalogue(f"catalogue.yaml: {', '.join(sorted(twice))} stands there twice")
    for entry in entries:
        for locale in LOCALES if entry.template else ():
            if not (root / "templates" / locale / f"{entry.template}.txt").is_file():
                raise BadCatalogue(f"catalogue.yaml: {entry.id} needs templates/{locale}/{entry.template}.txt")
    return Catalogue(str(raw["version"]), entries)


def load_senders(source: Traversable | None = None) -> Senders:
    """The senders of all shops."""
    raw = yaml.safe_load(((source or data()) / "senders.yaml").read_text(encoding="utf-8"))
    default = raw["default"]
    shops = {shop: Sender(**{**default, **own}) for shop, own in (raw.get("shops") or {}).items()}
    return Senders(Sender(**default), shops)


def _entry(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> Entry:
    name = item.get("id", "?")
    if strange := set(item) - _KNOWN:
        raise BadCatalogue(f"catalogue.yaml: {name} has unknown words: {', '.join(sorted(strange))}")
    both = {**defaults, **item}
    expectation = both.get("expect", "")
    if bool(expectation) != bool(both.get("template")):
        raise BadCatalogue(f"catalogue.yaml: {name} needs both an expectation and a template, or neither")
    purpose = both["purpose"]
    return Entry(
        id=name,
        code=both["event"],
        when={
            fact: frozenset(_word(value) for value in (values if isinstance(values, list) else [values]))
            for fact, values in (both.get("when") or {}).items()
        },
        trouble=both["trouble"],
        trouble_of=both["of"],
        expectation=expectation,
        distinguished_by=tuple(both.get("distinguished_by", ())),
        template=both.get("template", ""),
        purpose=purpose,
        refusable=purpose not in _NOT_REFUSABLE,
        urgency=both["urgency"],
        promise=both.get("promise", ""),
        rather_twice=both["rather_twice"],
        settle=_span(name, both["settle"]),
        expires_after=_span(name, both["expires_after"]) if both.get("expires_after") else None,
        give_up_after=_span(name, both["give_up_after"]),
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _span(name: str, text: str) -> timedelta:
    unit = _UNITS.get(str(text)[-1:])
    if unit is None or not str(text)[:-1].isdecimal():
        raise BadCatalogue(f"catalogue.yaml: {name}: {text!r} is no span of time; write 15m, 4h or 2d")
    return timedelta(**{unit: int(str(text)[:-1])})
