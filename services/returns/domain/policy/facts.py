"""What a decision about one unit rests on, and the same as a decision records it.

Guarantee: what was recorded can be read back; what an older record does not hold is told apart from what was not so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from casework.amounts import written
from chassis.domain import Money
from services.returns.domain.policy.values import Ground

RECORDED = "3"
"""The version of the names below, kept in each record under `facts`."""

_FIRST = frozenset(
    "sku category tags final_sale reason ground stated_condition possession_at asked_at country time_zone paid"
    " asked_total".split()
)
"""What the first version recorded."""

_THIRD = frozenset("bundle bundle_title bundle_missing not_received_before".split())
"""What the second did not yet."""

NOT_DELIVERED = "not delivered"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Everything a decision about one unit rests on. `asked_at` is when the customer asked.

    `possession_at` is when the unit's own line was delivered, `last_possession_at` when the last of the order was;
    None before. `withdraw_by` and `liable_by` are the law's own last local days, as far as they were recorded.
    `returns_before` are the days of the customer's earlier returns, as far as a policy had asked for them;
    `not_received_before` those on which they reported a delivered parcel as not received. `bundle` is the code of the
    bundle it is a part of, `bundle_missing` what would have to come with it, each by id and title.
    """

    unit_id: str
    sku: str
    category: str
    tags: tuple[str, ...]
    final_sale: bool
    reason: str
    ground: Ground
    stated_condition: str
    possession_at: datetime | None
    asked_at: datetime
    country: str
    time_zone: str
    paid: Money
    asked_total: Money
    placed_at: datetime | None = None
    dispatched_at: datetime | None = None
    last_possession_at: datetime | None = None
    channel: str = ""
    tenders: tuple[str, ...] = ()
    tier: str = ""
    gift: bool = False
    remedy: str = "refund"
    proofs: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    returns_before: tuple[date, ...] = ()
    not_received_before: tuple[date, ...] = ()
    language: str = ""
    handed_back_at: datetime | None = None
    received_back_at: datetime | None = None
    withdraw_by: date | None = None
    liable_by: date | None = None
    bundle: str = ""
    bundle_title: str = ""
    bundle_missing: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """The same by name, for the record of the decision; what is empty is left out, but for the first version's."""
        texts = {name: _text(getattr(self, name)) for name in _NAMES}
        texts["possession_at"] = texts["possession_at"] or NOT_DELIVERED
        return {name: text for name, text in texts.items() if name in _FIRST or text not in ("", "false")}

    @classmethod
    def recorded(cls, unit_id: str, named: Mapping[str, str]) -> "UnitFacts":
        """The facts as a decision recorded them."""
        values = {name: _READERS[name](text) for name, text in named.items() if text and name in _READERS}
        return cls(unit_id=unit_id, **{**_EMPTY, **values})


_NAMES = tuple(f.name for f in fields(UnitFacts) if f.name != "unit_id")


def unrecorded(version: str) -> frozenset[str]:
    """The facts that a record of that version says nothing of."""
    return {RECORDED: frozenset(), "2": _THIRD}.get(version, frozenset(_NAMES) - _FIRST)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Money():
            return written(value)
        case tuple():
            return ",".join(_text(part).replace("%", "%25").replace(",", "%2C") for part in value)
        case datetime() | date():
            return value.isoformat()
        case Ground():
            return value.value
        case _:
            return str(value)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("%2C", ",").replace("%25", "%") for word in text.split(","))


def _money(text: str) -> Money:
    minor, _, currency = text.partition(" ")
    return Money(int(minor), currency)


def _days(text: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(day) for day in text.split(","))


def _possession(text: str) -> datetime | None:
    return None if text == NOT_DELIVERED else datetime.fromisoformat(text)


_STRINGS = "sku category reason stated_condition country time_zone channel tier remedy language bundle bundle_title"
_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(_STRINGS.split(), str),
    **dict.fromkeys("tags tenders proofs signals bundle_missing".split(), _words),
    **dict.fromkeys("final_sale gift".split(), "true".__eq__),
    **dict.fromkeys("paid asked_total".split(), _money),
    **dict.fromkeys("asked_at placed_at dispatched_at handed_back_at received_back_at".split(), datetime.fromisoformat),
    **dict.fromkeys("possession_at last_possession_at".split(), _possession),
    "ground": Ground,
    **dict.fromkeys("withdraw_by liable_by".split(), date.fromisoformat),
    **dict.fromkeys("returns_before not_received_before".split(), _days),
}
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys("sku category reason stated_condition country".split(), ""),
    "tags": (),
    "final_sale": False,
    "possession_at": None,
    "ground": Ground.REMORSE,
    "time_zone": "UTC",
}
