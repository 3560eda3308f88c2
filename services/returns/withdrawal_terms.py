"""The law of withdrawal as data, with the public holidays of each country.

Guarantee: what is loaded is whole; a country's holidays are computed when it is first asked about, and for a country
nobody knows there are none.
"""

from datetime import date, datetime
from functools import cache
from importlib import resources

import yaml

from chassis.holidays import public_holidays
from services.returns.domain.withdrawal import ExceptedGoods, Place, WithdrawalLaw

_YEARS_AHEAD = 3
"""A period that begins in a year ends within so many: the longest is one year and fourteen days."""


def withdrawal_law() -> WithdrawalLaw:
    """The law every shop is under."""
    path = resources.files("services.returns").joinpath("data", "withdrawal.yaml")
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return WithdrawalLaw(
        version=data["version"],
        countries=frozenset(data["countries"]),
        withdraw_days=int(data["withdraw_days"]),
        send_back_days=int(data["send_back_days"]),
        repay_days=int(data["repay_days"]),
        informed=bool(data["informed"]),
        uninformed_years=int(data["uninformed_years"]),
        warn_days=int(data["warn_days"]),
        days_after_withholding=int(data["days_after_withholding"]),
        sources=dict(data["sources"]),
        exceptions=tuple(
            ExceptedGoods(
                entry["kind"], entry["source"], tuple(entry.get("conditions", ())), tuple(entry.get("tags", ()))
            )
            for entry in data["exceptions"]
        ),
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
