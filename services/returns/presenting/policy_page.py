"""A policy for customers: as a page, and as schema.org `MerchantReturnPolicy` (JSON-LD).

Guarantee: everything on the page is read from the clauses that decide; what one cannot say in schema.org's words is
left out of the JSON-LD, never bent.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from babel.numbers import get_currency_precision
from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from casework.amounts import spoken
from chassis.domain import Money
from services.returns.domain.policy import Clause, ClauseKind, Policy
from services.returns.domain.policy.sentences import own_words
from services.returns.domain.policy.speaking import LABEL_FEE
from services.returns.policies import data

_SCHEMA = "https://schema.org/"
_CLOCKS = {
    "delivery": "delivery",
    "last_delivery": "delivery of the last goods of the order",
    "order": "the day of the order",
    "dispatch": "the day it was sent",
    "notice": "the day you tell us",
}
_ACTS = {"request": "ask", "hand_over": "send it back", "receipt": "let it reach us"}
_REFUND_TYPES = {"refund": "FullRefund", "exchange": "ExchangeRefund", "store_credit": "StoreCreditRefund"}
_CONDITIONS = {
    "sealed": "NewCondition",
    "opened": "NewCondition",
    "used": "UsedCondition",
    "damaged": "DamagedCondition",
}


def page(policy: Policy, language: str, country: str) -> str:
    """A whole page of HTML."""
    sections = [
        (kind.value.replace("_", " "), lines)
        for kind in ClauseKind
        if (lines := _lines(policy, kind, language, country))
    ]
    terms = policy.terms
    return _template().render(policy=policy, sections=sections, terms=terms, language=language, country=country)


@cache
def _template() -> Template:
    return ImmutableSandboxedEnvironment(autoescape=True).from_string(data("policy_page.html"))


def _lines(policy: Policy, kind: ClauseKind, language: str, country: str) -> list[dict[str, str]]:
    if kind in (ClauseKind.SIGNAL, ClauseKind.AUTOMATIC_APPROVAL, ClauseKind.REVIEW, ClauseKind.GRADING):
        return []  # how the shop works inside is not a promise to customers
    return [
        {"text": own_words(clause, language) or _plain(clause), "for": _bound(clause), "source": clause.source}
        for clause in policy.clauses
        if clause.kind is kind and _concerns(clause, country)
    ]


def _concerns(clause: Clause, country: str) -> bool:
    if not country:
        return True
    return country in (clause.texts("countries") or (country,)) and country not in clause.texts("not_countries")


def _plain(clause: Clause) -> str:
    match clause.kind:
        case ClauseKind.WINDOW:
            act = _ACTS[clause.text("end", "request")]
            return f"You have {clause.number('days')} days from {_CLOCKS[clause.text('clock')]} to {act}."
        case ClauseKind.SEASON:
            return f"You have time until {clause.text('until')} at least."
        case ClauseKind.CONDITION:
            return f"It comes back {_either(clause.texts('accepted'))}."
        case ClauseKind.HYGIENE | ClauseKind.DIGITAL:
            return f"It comes back only {_either(clause.texts('accepted') or ('sealed',))}."
        case ClauseKind.FINAL_SALE:
            return "What is sold as final sale does not come back."
        case ClauseKind.PERISHABLE:
            return clause.text("why") or "Perishable goods do not come back."
        case ClauseKind.MADE_TO_MEASURE:
            return clause.text("why") or "What was made for you does not come back."
        case ClauseKind.EXCLUSION:
            return clause.text("why") or "This does not come back."
        case ClauseKind.HAZARDOUS:
            return clause.text("why") or "Dangerous goods: we arrange with you how they come back."
        case ClauseKind.REMEDIES:
            return f"You can choose: {_either(clause.texts('allowed'))}."
        case ClauseKind.BUNDLE:
            how = {"whole": "whole only, unless a part is faulty", "parts": "whole or in parts"}
            return f"What was sold as a bundle comes back {how[clause.text('returns')]}."
        case ClauseKind.PROOF:
            return f"Please add: {_either(clause.texts('needs'))}."
        case ClauseKind.FEE:
            return _fee(clause)
        case ClauseKind.REFUND_AT:
            when = {"first_scan": "when the carrier has it", "receipt": "when it has reached us"}
            return f"You get your money {when.get(clause.text('at'), 'when we have looked at it')}."
        case ClauseKind.RETURNLESS:
            return f"Below {_either(_amounts(clause, 'below'))} you keep it."
        case ClauseKind.CONFORMITY:
            return f"If it is faulty, you have {clause.number('years')} years, whatever else is written here."
        case ClauseKind.WITHDRAWAL:
            days = clause.number("days")
            return f"You may withdraw within {days} days without a reason, whatever else is written here."
        case ClauseKind.CHANGE:
            what = {"cancel": "cancel it", "swap": "swap it for another variant", "tender": "pay otherwise"}
            until = "it is packed" if clause.text("until") == "open" else "it leaves our house"
            return f"You may ask us to {what[clause.text('action')]} until {until}."
        case ClauseKind.GIFT_RETURN:
            return f"Who was given it may return it with the gift receipt, for: {_either(clause.texts('remedies'))}."
        case _:
            return ""


def _fee(clause: Clause) -> str:
    name = (
        "The way back"
        if clause.text("name") == LABEL_FEE
        else f"{clause.text('name').replace('_', ' ').capitalize()} fee"
    )
    amount = f"{clause.text('percent')} %" if clause.texts("percent") else _either(_amounts(clause, "amount"))
    waived = [*clause.texts("waived_tiers"), *clause.texts("waived_reasons"), *clause.texts("waived_remedies")]
    return f"{name}: {amount}{f'; not for {_either(waived)}' if waived else ''}."


def _amounts(clause: Clause, name: str) -> list[str]:
    return [spoken(Money(int(minor), code)) for code, _, minor in (v.partition("=") for v in clause.texts(name))]


def _either(words: Iterable[str]) -> str:
    listed = [word.replace("_", " ") for word in words]
    return f"{', '.join(listed[:-1])} or {listed[-1]}" if len(listed) > 1 else "".join(listed)


def _bound(clause: Clause) -> str:
    said = []
    for name, given in clause.scope.items():
        if name in ("grounds", "countries", "price_from", "price_below", "gift"):
            continue
        word = f"{'not ' if name.startswith('not_') else ''}{name.removeprefix('not_').replace('_', ' ')}"
        said.append(f"{word}: {_either(given)}")
    return "; ".join(said)


def json_ld(policy: Policy, country: str, url: str) -> str:
    """The policy in schema.org's words: a clause that is bound to some goods is on the page only."""
    general = [clause for clause in policy.clauses if _general(clause, country)]
    window = _longest(c for c in general if c.kind is ClauseKind.WINDOW)
    listed: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MerchantReturnPolicy",
        "name": f"{policy.id} {policy.version}",
        "applicableCountry": [country] if country else _countries(policy),
        "returnPolicyCategory": f"{_SCHEMA}MerchantReturnFiniteReturnWindow"
        if window
        else f"{_SCHEMA}MerchantReturnUnspecified",
        "merchantReturnDays": window.number("days") if window else None,
        "merchantReturnLink": url or None,
        "returnMethod": f"{_SCHEMA}{'KeepProduct' if _has(general, ClauseKind.RETURNLESS) else 'ReturnByMail'}",
        **_fees(general, "remorse", ""),
        **_fees(general, "defect", "itemDefect"),
        **_fees(general, "remorse", "customerRemorse"),
        "refundType": _refund_types(general),
        "itemCondition": _item_conditions(general),
        "restockingFee": _restocking(general),
        "returnPolicySeasonalOverride": [_season(c) for c in policy.clauses if c.kind is ClauseKind.SEASON],
    }
    return json.dumps({name: value for name, value in listed.items() if value not in (None, [], "")}, indent=2)


def _general(clause: Clause, country: str) -> bool:
    """It speaks of every article: nothing but ground and country binds it."""
    return _concerns(clause, country) and not clause.scope.keys() - {"grounds", "countries", "not_countries"}


def _has(clauses: Iterable[Clause], kind: ClauseKind) -> bool:
    return any(clause.kind is kind for clause in clauses)


def _longest(windows: Iterable[Clause]) -> Clause | None:
    asked = [w for w in windows if "remorse" in (w.texts("grounds") or ("remorse",))]
    return max(asked, key=lambda clause: clause.number("days"), default=None)


def _countries(policy: Policy) -> list[str]:
    return sorted({code for clause in policy.clauses for code in clause.texts("countries")})


def _fees(clauses: list[Clause], ground: str, prefix: str) -> Mapping[str, Any]:
    name = f"{prefix}ReturnFees" if prefix else "returnFees"
    label = next(
        (
            clause
            for clause in clauses
            if clause.kind is ClauseKind.FEE
            and clause.text("name") == LABEL_FEE
            and ground in (clause.texts("grounds") or (ground,))
        ),
        None,
    )
    if ground == "defect" and _has(clauses, ClauseKind.CONFORMITY):
        label = None  # by law free of charge
    if label is None:
        return {name: f"{_SCHEMA}FreeReturn"}
    amount = f"{prefix}ReturnShippingFeesAmount" if prefix else "returnShippingFeesAmount"
    return {name: f"{_SCHEMA}ReturnShippingFees", amount: [_monetary(v) for v in label.texts("amount")]}


def _restocking(clauses: list[Clause]) -> list[Any] | None:
    fee = next((c for c in clauses if c.kind is ClauseKind.FEE and c.text("name") != LABEL_FEE), None)
    if fee is None:
        return None
    # a share is written as a number of percent, an amount as MonetaryAmount
    return [float(fee.text("percent"))] if fee.texts("percent") else [_monetary(v) for v in fee.texts("amount")]


def _monetary(value: str) -> dict[str, Any]:
    currency, _, minor = value.partition("=")
    amount = Decimal(int(minor)).scaleb(-get_currency_precision(currency))
    return {"@type": "MonetaryAmount", "currency": currency, "value": str(amount)}


def _refund_types(clauses: list[Clause]) -> list[str]:
    clause = next((c for c in clauses if c.kind is ClauseKind.REMEDIES), None)
    allowed = clause.texts("allowed") if clause else ("refund",)
    return [f"{_SCHEMA}{_REFUND_TYPES[remedy]}" for remedy in allowed if remedy in _REFUND_TYPES]


def _item_conditions(clauses: list[Clause]) -> list[str]:
    clause = next((c for c in clauses if c.kind is ClauseKind.CONDITION), None)
    words = dict.fromkeys(_CONDITIONS[c] for c in (clause.texts("accepted") if clause else ()) if c in _CONDITIONS)
    return [f"{_SCHEMA}{word}" for word in words]


def _season(clause: Clause) -> dict[str, Any]:
    found = {"startDate": clause.text("placed_from"), "endDate": clause.text("placed_until")}
    return {
        "@type": "MerchantReturnPolicySeasonalOverride",
        **{name: value for name, value in found.items() if value.count("-") == 2},
        "returnPolicyCategory": f"{_SCHEMA}MerchantReturnFiniteReturnWindow",
    }
