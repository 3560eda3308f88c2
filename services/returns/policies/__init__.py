"""Versioned policy data as domain values.

Guarantee: what is loaded is whole, and what is wrong is named with its line and column.
"""

from functools import cache
from importlib import resources

import yaml

from casework.plans import plans_from
from casework.service_levels import ServicePlan
from chassis.holidays import public_holidays
from services.returns.domain.policy import Policy
from services.returns.domain.policy.law import LawRule
from services.returns.policies.grammar import money
from services.returns.policies.linting import law_rules, lint
from services.returns.policies.reading import Draft, InvalidPolicy, read_policy

_YEARS = range(2024, 2036)

EXAMPLES = ("fashion", "electronics", "groceries", "marketplace", "refurbished")


def default_policy() -> Policy:
    """The policy a shop starts with."""
    return load_policy(default_text())


def default_text() -> str:
    """The same as it was written."""
    return data("default.yaml")


@cache
def example_text(name: str) -> str:
    """The policy of one of the example shops."""
    return data("examples", f"{name}.yaml")


def service_plans() -> dict[str, ServicePlan]:
    """How fast people answer, by country."""
    data_ = yaml.safe_load(data("service_levels.yaml"))
    return plans_from(data_, "returns", lambda country: public_holidays(country, _YEARS))


def load_policy(text: str) -> Policy:
    """A policy from its YAML text, or `InvalidPolicy` naming everything that is wrong."""
    draft = read_policy(text)
    if draft.policy is None:
        raise InvalidPolicy(draft.errors)
    return draft.policy


def law() -> tuple[LawRule, ...]:
    """What the law gives whatever a policy says."""
    return law_rules(data("law.yaml"))


def data(*path: str) -> str:
    """A file of the service's data."""
    return resources.files("services.returns").joinpath("data", *path).read_text(encoding="utf-8")


__all__ = [
    "EXAMPLES",
    "Draft",
    "InvalidPolicy",
    "data",
    "default_policy",
    "default_text",
    "example_text",
    "law",
    "lint",
    "load_policy",
    "money",
    "read_policy",
    "service_plans",
]
