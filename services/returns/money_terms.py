"""The shop's terms of money, as data.

Guarantee: what is loaded is whole; an unknown word or an amount the currency cannot express
is an error that names its place.
"""

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from chassis.domain import Invalid
from services.returns.domain.money_terms import Band, MoneyTerms
from services.returns.policies import money

PROVIDERS = frozenset({"stripe"})
_KNOWN = frozenset(
    {
        "refund_order",
        "promotions",
        "standard_shipping",
        "direct",
        "accounts",
        "per_hour",
        "no_way_back",
        "tender_gone",
        "credit_notes",
    }
)


def money_terms(path: Path | None = None) -> MoneyTerms:
    """The terms of a file, or those every shop starts with."""
    default = resources.files("services.returns").joinpath("data", "money.yaml")
    return load_money_terms((path or default).read_text(encoding="utf-8"))


def load_money_terms(text: str) -> MoneyTerms:
    """Terms from their YAML text, or `Invalid` naming what is wrong."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid("money_terms", str(error)) from error
    if not isinstance(data, dict) or (unknown := sorted(set(data) - _KNOWN)):
        raise Invalid("money_terms", f"{', '.join(unknown)} is unknown" if isinstance(data, dict) else "is no mapping")
    try:
        return _terms(data)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("money_terms", str(error)) from error


def _terms(data: dict[str, Any]) -> MoneyTerms:
    promotions = (data.get("promotions") or {}).items()
    return MoneyTerms(
        refund_order=tuple(str(kind) for kind in data.get("refund_order") or ()),
        promotions={str(code): tuple(money(amount) for amount in amounts) for code, amounts in promotions},
        standard_shipping=tuple(money(amount) for amount in data.get("standard_shipping") or ()),
        no_way_back=frozenset(map(str, data.get("no_way_back") or ())),
        tender_gone=frozenset(map(str, data.get("tender_gone") or ())),
        band=_band(data.get("per_hour") or {}),
        credit_notes=frozenset(map(str, data.get("credit_notes") or ())),
        accounts={str(name): str(code) for name, code in (data.get("accounts") or {}).items()},
        direct={_provider(name): frozenset(map(str, shops)) for name, shops in (data.get("direct") or {}).items()},
    )


def _band(data: dict[str, Any]) -> Band:
    if unknown := sorted(set(data) - {"count", "sum"}):
        raise ValueError(f"per_hour: {', '.join(unknown)} is unknown; it knows count and sum")
    return Band(int(data.get("count", 0)), tuple(money(amount) for amount in data.get("sum") or ()))


def _provider(name: object) -> str:
    if name not in PROVIDERS:
        raise ValueError(f"direct: {name} is no provider we can ask; there is {', '.join(sorted(PROVIDERS))}")
    return str(name)
