"""The rules of complaints, read from versioned data; a mistake in the data stops the start and is named."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any

import yaml

from casework import ServiceLevel, ServicePlan, Shift, WorkingCalendar, limits_from
from chassis.holidays import public_holidays
from services.quality_complaints.domain.guidelines import Rules, SeverityGuideline
from services.quality_complaints.domain.values import REMEDIES, SEVERITIES

Data = Mapping[str, Any]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEARS = range(2024, 2036)


def load_rules() -> Rules:
    """The rules that come with this build."""
    guidelines, limits = _read("guidelines.yaml"), _read("limits.yaml")
    return Rules(
        version=guidelines["version"],
        severities=severities_from(guidelines),
        limits=limits_from(limits["version"], limits["roles"]),
        plans=plans_from(_read("service_levels.yaml")),
        answer_within=timedelta(hours=guidelines["answer_within_hours"]),
        approval_within=timedelta(hours=guidelines["approval_within_hours"]),
        verify_after=timedelta(days=guidelines["verify_after_days"]),
    )


def severities_from(data: Data) -> dict[str, SeverityGuideline]:
    """A guideline for every severity there is, naming remedies there are."""
    entries = data["severities"]
    if set(entries) != set(SEVERITIES):
        raise ValueError(f"guidelines.yaml must have exactly {', '.join(SEVERITIES)}, not {', '.join(entries)}")
    for name, entry in entries.items():
        if unknown := set(entry["proposals"]) - set(REMEDIES):
            raise ValueError(f"guidelines.yaml: {name} names unknown remedies {', '.join(sorted(unknown))}")
    return {
        name: SeverityGuideline(tuple(entry["proposals"]), entry["text"], entry["source"])
        for name, entry in entries.items()
    }


def plans_from(data: Data) -> dict[str, ServicePlan]:
    """Service plans by country, and `default`."""
    calendars = {name: _calendar(name, entry) for name, entry in data["calendars"].items()}
    return {
        country: ServicePlan(
            name=f"quality_complaints.{country}",
            version=data["version"],
            calendar=calendars[entry["calendar"]],
            levels=tuple(
                ServiceLevel(target, level["goal"], level["warn"]) for target, level in entry["levels"].items()
            ),
        )
        for country, entry in data["plans"].items()
    }


def _calendar(name: str, entry: Data) -> WorkingCalendar:
    country = entry.get("holidays")
    days = public_holidays(country, _YEARS) if country else ()
    return WorkingCalendar(name, entry["time_zone"], tuple(_shift(entry["open"].get(day)) for day in _DAYS), days)


def _shift(text: str | None) -> Shift:
    if text is None:
        return Shift(0, 0)
    opens, _, closes = text.partition("-")
    return Shift(_minutes(opens), _minutes(closes))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _read(name: str) -> Data:
    text = files("services.quality_complaints").joinpath("data", name).read_text(encoding="utf-8")
    data: Data = yaml.safe_load(text)
    return data
