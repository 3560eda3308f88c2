"""Service plans from plain data: calendars of desks, goals by target, one plan per country.

Guarantee: a plan that is loaded is whole; holidays come from whoever knows them, so that this stays pure.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from casework.calendars import Shift, WorkingCalendar
from casework.service_levels import ServiceLevel, ServicePlan

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT = "default"


def plans_from(
    data: Mapping[str, Any], service: str, holidays_of: Callable[[str], Iterable[date]]
) -> dict[str, ServicePlan]:
    """Plans by country, and `default`. `holidays_of` gives the public holidays of a country."""
    calendars = {
        name: WorkingCalendar(
            name,
            entry["time_zone"],
            tuple(_shift(entry["open"].get(day)) for day in DAYS),
            tuple(sorted(holidays_of(entry["holidays"]))) if entry.get("holidays") else (),
        )
        for name, entry in data["calendars"].items()
    }
    plans = {
        country: ServicePlan(
            name=f"{service}.{country}",
            version=data["version"],
            calendar=calendars[entry["calendar"]],
            levels=tuple(ServiceLevel(name, level["goal"], level["warn"]) for name, level in entry["levels"].items()),
        )
        for country, entry in data["plans"].items()
    }
    if DEFAULT not in plans:
        raise ValueError(f"there is no plan named {DEFAULT}")
    return plans


def plan_of(plans: Mapping[str, ServicePlan], country: str) -> ServicePlan:
    """The service levels at the customer's place."""
    return plans.get(country, plans[DEFAULT])


def _shift(text: str | None) -> Shift:
    if text is None:
        return Shift(0, 0)
    opens, _, closes = text.partition("-")
    return Shift(_minutes(opens), _minutes(closes))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
