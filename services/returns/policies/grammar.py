"""Which parameters each kind of clause has, and what their values may be.

Guarantee: everything a clause may say is in these tables; whatever else is written in a policy is refused by name.
"""
# long: one table, read beside the readers of its values

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from chassis.domain import Money
from services.returns.domain.policy import ClauseKind, Ground
from services.returns.domain.policy.changing import ACTIONS, ASKED_BY, OVERTAKEN, SHIPPING, UNTIL
from services.returns.domain.policy.customer import KEPT, NOT_RECEIVED, SERIAL
from services.returns.domain.policy.gifts import FOR_RECIPIENTS
from services.returns.domain.policy.grading import MARKS
from services.returns.domain.policy.values import LAW, SCOPES
from services.returns.domain.policy.windows import CLOCKS, ENDS
from services.returns.policies import checklists
from services.returns.policies.places import At

CONDITIONS = ("sealed", "opened", "used", "damaged", "incomplete")
REMEDIES = ("refund", "exchange", "replacement", "repair", "store_credit", "price_reduction")
SIGNALS = (
    SERIAL,
    NOT_RECEIVED,
    "wrong_item",
    "serial_mismatch",
    "lot_mismatch",
    "weight_mismatch",
    "empty_box",
    "condition_mismatch",
)

BUNDLE_RETURNS = ("whole", "parts")

_CURRENCY = re.compile("^[A-Z]{3}$")

Read = Callable[[At], tuple[str, ...]]
"""The values of one parameter as a clause keeps them; what is wrong is told at its place."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kind of clause."""

    read: Read
    needed: bool = False


def money(text: str) -> Money:
    """``12.34 EUR``, ``500 JPY`` or ``1.250 KWD`` in minor units."""
    number, _, currency = str(text).partition(" ")
    try:
        minor = Decimal(number).scaleb(get_currency_precision(currency))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
    if not _CURRENCY.match(currency) or minor != minor.to_integral_value():
        raise ValueError(f"{text!r} is no amount of {currency or 'a currency'}")
    return Money(int(minor), currency)


def texts(at: At) -> tuple[str, ...]:
    """One or more words."""
    found = tuple(item.text() for item in at.items())
    if not found:
        at.wrong("EMPTY", "this list is empty: leave it out, or name something")
    return found


def one(at: At) -> tuple[str, ...]:
    """One word or sentence."""
    return (at.text(),)


def amounts(at: At) -> tuple[str, ...]:
    """One amount for each currency, as minor units."""
    found: dict[str, str] = {}
    for item in at.items():
        amount = amount_at(item)
        if amount is not None and amount.currency in found:
            item.wrong("TWICE", f"{amount.currency} is there twice")
        elif amount is not None:
            found[amount.currency] = f"{amount.currency}={amount.minor}"
    return tuple(found.values())


def amount_at(at: At) -> Money | None:
    """One amount that is not negative."""
    try:
        amount = money(at.text())
    except ValueError as error:
        at.wrong("NOT_AN_AMOUNT", f"{error}: write it as 12.50 EUR")
        return None
    if amount.minor < 0:
        at.wrong("OUT_OF_RANGE", f"{at.text()} is below zero")
    return amount


def whole(least: int, most: int) -> Read:
    """A whole number within bounds."""

    def read(at: At) -> tuple[str, ...]:
        text = at.text()
        if not re.fullmatch(r"-?\d{1,9}", text):
            at.wrong("NOT_A_NUMBER", f"{text!r} is no whole number")
        elif not least <= int(text) <= most:
            at.wrong("OUT_OF_RANGE", f"{text} is not between {least} and {most}")
        else:
            return (text,)
        return ()

    return read


def percent(at: At) -> tuple[str, ...]:
    """A share of the price, with at most two decimals."""
    text = at.text().removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text) or Decimal(text) > 100:
        at.wrong("OUT_OF_RANGE", f"{text!r} is no percentage between 0 and 100 with two decimals at most")
        return ()
    return (text,)


def yes_no(at: At) -> tuple[str, ...]:
    """true or false."""
    text = at.text().lower()
    if text not in ("true", "false", "yes", "no"):
        at.wrong("NOT_A_CHOICE", f"{text!r} is neither true nor false")
        return ()
    return ("true" if text in ("true", "yes") else "false",)


def choice(*words: str) -> Read:
    """One of these words."""

    def read(at: At) -> tuple[str, ...]:
        return _chosen(at, words)

    return read


def choices(*words: str) -> Read:
    """One or more of these words."""

    def read(at: At) -> tuple[str, ...]:
        return tuple(word for item in at.items() for word in _chosen(item, words))

    return read


def day(at: At) -> tuple[str, ...]:
    """``2026-11-15``, or ``11-15`` of every year."""
    text = at.text()
    try:
        date.fromisoformat(text if text.count("-") == 2 else f"2028-{text}")  # a year that has the 29th of February
    except ValueError:
        at.wrong("NOT_A_DAY", f"{text!r} is no day: write 2026-11-15, or 11-15 for every year")
        return ()
    return (text,)


def countries(at: At) -> tuple[str, ...]:
    """Countries by their two letters."""
    found = []
    for item in at.items():
        text = item.text()
        if not re.fullmatch("[A-Z]{2}", text):
            item.wrong("NOT_A_COUNTRY", f"{text!r} is no country: write its two letters, as DE")
        found.append(text)
    return tuple(found)


def languages(at: At) -> tuple[str, ...]:
    """What the customer is told, by language; without one it is English."""
    if not at.is_mapping:
        return (f"en={at.text()}",)
    return tuple(f"{language}={said.text()}" for language, said in at.entries())


def _chosen(at: At, words: tuple[str, ...]) -> tuple[str, ...]:
    text = at.text()
    if text not in words:
        at.wrong("NOT_A_CHOICE", f"{text!r} is none of {', '.join(words)}")
        return ()
    return (text,)


_SCOPE_READERS: Mapping[str, Read] = {
    **dict.fromkeys(SCOPES, texts),
    "grounds": choices(*(ground.value for ground in Ground)),
    "conditions": choices(*CONDITIONS),
    "countries": countries,
}
SCOPE: Mapping[str, Parameter] = {
    **{name: Parameter(read) for name, read in _SCOPE_READERS.items()},
    **{f"not_{name}": Parameter(read) for name, read in _SCOPE_READERS.items()},
    "gift": Parameter(yes_no),
    "placed_from": Parameter(day),
    "placed_until": Parameter(day),
    "price_from": Parameter(amounts),
    "price_below": Parameter(amounts),
}
"""What every clause may be bound to."""

COMMON: Mapping[str, Parameter] = {"priority": Parameter(whole(-100, 100)), "say": Parameter(languages)}

_WHY = {"why": Parameter(one)}
_ONLY_AS = {
    "accepted": Parameter(choices(*CONDITIONS)),
    "unknown": Parameter(choice("allow", "review", "refuse")),
}
_LAW = {"source": Parameter(one, needed=True)}

OWN: Mapping[ClauseKind, Mapping[str, Parameter]] = {
    ClauseKind.WINDOW: {
        "clock": Parameter(choice(*CLOCKS), needed=True),
        "end": Parameter(choice(*ENDS), needed=True),
        "days": Parameter(whole(0, 3660), needed=True),
    },
    ClauseKind.SEASON: {"until": Parameter(day, needed=True)},
    ClauseKind.FINAL_SALE: {"tags": Parameter(texts)},
    ClauseKind.CONDITION: {"accepted": Parameter(choices(*CONDITIONS), needed=True)},
    ClauseKind.HYGIENE: _ONLY_AS,
    ClauseKind.DIGITAL: _ONLY_AS,
    ClauseKind.PERISHABLE: _WHY,
    ClauseKind.MADE_TO_MEASURE: _WHY,
    ClauseKind.HAZARDOUS: _WHY,
    ClauseKind.EXCLUSION: _WHY,
    ClauseKind.REVIEW: _WHY,
    ClauseKind.AUTOMATIC_APPROVAL: {"up_to": Parameter(amounts, needed=True)},
    ClauseKind.RETURNLESS: {"below": Parameter(amounts, needed=True)},
    ClauseKind.REMEDIES: {
        "allowed": Parameter(choices(*REMEDIES), needed=True),
        "preferred": Parameter(choice(*REMEDIES)),
    },
    ClauseKind.FEE: {
        "name": Parameter(one, needed=True),
        "percent": Parameter(percent),
        "amount": Parameter(amounts),
        "per": Parameter(choice("unit", "return")),
        "waived_tiers": Parameter(texts),
        "waived_reasons": Parameter(texts),
        "waived_remedies": Parameter(choices(*REMEDIES)),
        "waived_from": Parameter(amounts),
    },
    ClauseKind.PROOF: {"needs": Parameter(texts, needed=True)},
    ClauseKind.REFUND_AT: {"at": Parameter(choice("first_scan", "receipt", "inspection"), needed=True)},
    ClauseKind.SIGNAL: {
        "signal": Parameter(choice(*SIGNALS), needed=True),
        "returns": Parameter(whole(1, KEPT - 1)),
        "reports": Parameter(whole(1, KEPT - 1)),
        "within_days": Parameter(whole(1, 365)),
    },
    ClauseKind.CHANGE: {
        "action": Parameter(choice(*ACTIONS), needed=True),
        "until": Parameter(choice(*UNTIL), needed=True),
        "per_order": Parameter(whole(1, 100)),
        "asked_by": Parameter(choices(*ASKED_BY)),
        "overtaken": Parameter(choice(*OVERTAKEN), needed=True),
        "answer_hours": Parameter(whole(1, 240), needed=True),
        "shipping": Parameter(choice(*SHIPPING)),
    },
    ClauseKind.GIFT_RETURN: {
        "remedies": Parameter(choices(*FOR_RECIPIENTS), needed=True),
        "tells_value": Parameter(yes_no),
    },
    ClauseKind.BUNDLE: {"returns": Parameter(choice(*BUNDLE_RETURNS), needed=True)},
    ClauseKind.GRADING: {
        "grades": Parameter(lambda at: checklists.grades(at, CONDITIONS), needed=True),
        "questions": Parameter(checklists.questions, needed=True),
        "photos": Parameter(texts),
        "record": Parameter(choices(*MARKS)),
    },
    ClauseKind.CONFORMITY: {"years": Parameter(whole(1, 30), needed=True), **_LAW},
    ClauseKind.WITHDRAWAL: {
        "days": Parameter(whole(14, 365), needed=True),
        "except": Parameter(choices("hygiene", "digital", "perishable", "made_to_measure")),
        "shops": Parameter(texts),
        **_LAW,
    },
}


def parameters_of(kind: ClauseKind) -> Mapping[str, Parameter]:
    """Everything a clause of this kind may say beside `id` and `kind`. The law is bound to countries and nothing else:
    no shop takes goods or customers out of it."""
    scope = {name: SCOPE[name] for name in ("countries", "not_countries")} if kind in LAW else SCOPE
    return {**scope, **COMMON, **OWN[kind]}
