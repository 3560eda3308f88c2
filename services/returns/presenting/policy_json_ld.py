"""A policy in schema.org's words: `MerchantReturnPolicy` as JSON-LD.

Guarantee: what a clause says and schema.org has no words for is left out, never bent.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from services.returns.domain.policy import Clause, ClauseKind, Policy
from services.returns.domain.policy.speaking import LABEL_FEE
from services.returns.presenting.policy_page import concerns

_SCHEMA = "https://schema.org/"
_REFUND_TYPES = {"refund": "FullRefund", "exchange": "ExchangeRefund", "store_credit": "StoreCreditRefund"}
_CONDITIONS = {
    "sealed": "NewCondition",
    "opened": "NewCondition",
    "used": "UsedCondition",
    "damaged": "DamagedCondition",
}


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
    return concerns(clause, country) and not clause.scope.keys() - {"grounds", "countries", "not_countries"}


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
