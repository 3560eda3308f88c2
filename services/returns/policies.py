"""Versioned policy data as domain values.

Guarantee: what is loaded is whole: an unknown kind of clause, a reason without a ground, an amount the
currency cannot express, or a parameter left out is an error that names its place.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any

import yaml
from babel.numbers import get_currency_precision

from casework.plans import plans_from
from casework.service_levels import ServicePlan
from chassis.domain import Invalid, Money
from chassis.holidays import public_holidays
from services.returns.domain.policy import Clause, ClauseKind, Ground, Policy, Reason, RoleLimit, Terms

_YEARS = range(2024, 2036)

_NEEDED: Mapping[ClauseKind, tuple[str, ...]] = {
    ClauseKind.WINDOW: ("clock", "end", "days"),
    ClauseKind.FINAL_SALE: (),
    ClauseKind.CONDITION: ("accepted",),
    ClauseKind.AUTOMATIC_APPROVAL: ("up_to",),
    ClauseKind.CONFORMITY: ("years", "source"),
}


def default_policy() -> Policy:
    """The policy a shop starts with."""
    return load_policy(_text("default.yaml"))


def service_plans() -> dict[str, ServicePlan]:
    """How fast people answer, by country."""
    data = yaml.safe_load(_text("service_levels.yaml"))
    return plans_from(data, "returns", lambda country: public_holidays(country, _YEARS))


def load_policy(text: str) -> Policy:
    """A policy from its YAML text, or `Invalid` naming what is wrong."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid("policy", str(error)) from error
    if not isinstance(data, dict):
        raise Invalid("policy", "a policy is a mapping")
    try:
        return Policy(
            id=str(data["id"]),
            version=str(data["version"]),
            clauses=tuple(_clause(clause) for clause in data["clauses"]),
            reasons=tuple(Reason(str(code), Ground(ground)) for code, ground in data["reasons"].items()),
            limits=tuple(_limits(data["limits"])),
            gesture_budgets=tuple(money(amount) for amount in data["gesture_budget"]),
            without_goods=tuple(str(role) for role in data["refund_without_goods"]),
            terms=Terms(**data.get("terms", {})),
        )
    except KeyError as error:
        raise Invalid("policy", f"{error.args[0]} is missing") from error
    except (TypeError, ValueError) as error:
        raise Invalid("policy", str(error)) from error


def _text(name: str) -> str:
    return resources.files("services.returns").joinpath("data", name).read_text(encoding="utf-8")


def money(text: str) -> Money:
    """``12.34 EUR``, ``500 JPY`` or ``1.250 KWD`` in minor units."""
    number, _, currency = str(text).partition(" ")
    try:
        minor = Decimal(number).scaleb(get_currency_precision(currency))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
    if not currency or minor != minor.to_integral_value():
        raise ValueError(f"{text!r} is no amount of {currency or 'a currency'}")
    return Money(int(minor), currency)


def _clause(data: Mapping[str, Any]) -> Clause:
    kind = ClauseKind(data["kind"])
    parameters = {
        name: tuple(str(v) for v in value) if isinstance(value, list) else (str(value),)
        for name, value in data.items()
        if name not in ("id", "kind", "source")
    }
    for name in _NEEDED[kind]:
        if name not in data:
            raise ValueError(f"clause {data['id']}: {name} is missing")
    if kind is ClauseKind.WINDOW and (data["clock"], data["end"]) != ("delivery", "request"):
        raise ValueError(f"clause {data['id']}: a window runs from delivery to request")
    if kind is ClauseKind.AUTOMATIC_APPROVAL:
        amounts = [money(amount) for amount in data["up_to"]]
        parameters["up_to"] = tuple(f"{amount.currency}={amount.minor}" for amount in amounts)
    return Clause(str(data["id"]), kind, parameters, str(data.get("source", "")))


def _limits(data: Mapping[str, Mapping[str, Mapping[str, list[str]]]]) -> list[RoleLimit]:
    found = []
    for role, actions in data.items():
        for action, spans in actions.items():
            days = {amount.currency: amount for amount in map(money, spans["day"])}
            for per_order in map(money, spans["order"]):
                if per_order.currency not in days:
                    raise ValueError(f"limits of {role} {action}: no day limit in {per_order.currency}")
                found.append(RoleLimit(role, action, per_order, days[per_order.currency]))
    return found
