"""The law as data (`data/law.yaml`), with the public holidays of each country.

Guarantee: it is written once; the law's own flows and the linter of policies are given the same figures. What is loaded
is whole; a country's holidays are computed when it is first asked about, and for a country nobody knows there are none.
"""

from datetime import date, datetime
from functools import cache
from typing import Any

import yaml

from chassis.holidays import public_holidays
from services.returns.domain.conformity import ConformityLaw, NationalRule
from services.returns.domain.law import Place
from services.returns.domain.withdrawal import ExceptedGoods, WithdrawalLaw
from services.returns.domain.withdrawal.law import CONSUMER, TRADER
from services.returns.policies import data

_YEARS_AHEAD = 5
"""A period that begins in a year ends within so many: a liability of three years, and one for a repair."""


@cache
def _law() -> Any:
    return yaml.safe_load(data("law.yaml"))


def withdrawal_law() -> WithdrawalLaw:
    """The right to withdraw from a distance contract."""
    own = _law()["withdrawal"]
    if own["return_cost"] not in (TRADER, CONSUMER):
        raise ValueError(f"law.yaml: return_cost is {own['return_cost']!r}, neither {TRADER} nor {CONSUMER}")
    return WithdrawalLaw(
        version=_law()["version"],
        countries=frozenset(_law()["countries"]),
        withdraw_days=int(own["withdraw_days"]),
        send_back_days=int(own["send_back_days"]),
        repay_days=int(own["repay_days"]),
        informed=bool(own["informed"]),
        uninformed_years=int(own["uninformed_years"]),
        warn_days=int(own["warn_days"]),
        days_after_withholding=int(own["days_after_withholding"]),
        sources=dict(own["sources"]),
        exceptions=tuple(
            ExceptedGoods(
                entry["kind"], entry["source"], tuple(entry.get("conditions", ())), tuple(entry.get("tags", ()))
            )
            for entry in own["exceptions"]
        ),
        return_cost=own["return_cost"],
    )


def conformity_law() -> ConformityLaw:
    """What the seller answers for when goods lack conformity."""
    own = _law()["conformity"]
    extension, second_hand = own["repair_extension"], own["second_hand"]
    return ConformityLaw(
        version=_law()["version"],
        countries=frozenset(_law()["countries"]),
        liability_years=int(own["liability_years"]),
        presumption_years=int(own["presumption_years"]),
        extension_years=int(extension["years"]),
        extension_from=extension["contracts_from"],
        second_hand_tag=second_hand["tag"],
        second_hand_years=int(second_hand["years"]),
        second_hand_countries=frozenset(second_hand["countries"]),
        national={
            country: NationalRule(
                int(rule.get("liability_years", own["liability_years"])),
                int(rule.get("presumption_years", own["presumption_years"])),
                bool(rule.get("suspended_while_repaired", False)),
                rule["source"],
            )
            for country, rule in own["member_states"].items()
        },
        attempts=int(own["attempts"]),
        answer_days=int(own["answer_days"]),
        put_right_days=int(own["put_right_days"]),
        workshop_days=int(own["workshop_days"]),
        repay_days=int(own["repay_days"]),
        wait_days=int(own["wait_days"]),
        warn_days=int(own["warn_days"]),
        sources=dict(own["sources"]),
    )


def place_of(country: str, zone: str, at: datetime) -> Place:
    """A customer's place, with the holidays that periods around an instant may meet."""
    return Place(country, zone, _holidays(country, at.year))


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(public_holidays(country, range(year - 1, year + _YEARS_AHEAD)))
    except NotImplementedError:
        return frozenset()
