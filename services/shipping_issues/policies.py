"""Loads versioned data into domain values.

Guarantee: what is loaded is whole. A finding without a guideline, an unknown status, calendar or remedy
stops the start with the file and the entry named.
"""

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any

import yaml

from casework import ServiceLevel, ServicePlan, Shift, WorkingCalendar, limits_from
from chassis.holidays import public_holidays
from services.shipping_issues.domain.guidelines import (
    AWAITING_PICKUP,
    CARRIER_CLAIM,
    CORRECT_ADDRESS,
    ESTIMATE_SLIPPED,
    LATE_TO_SHIP,
    LEAD_TIME_EXCEEDED,
    NO_FIRST_SCAN,
    NOT_RECEIVED,
    PROMISE_AT_RISK,
    PROMISE_MISSED,
    REDELIVER,
    REFUND,
    RESHIP,
    STALLED,
    WAIT,
    CarrierRules,
    Carriers,
    ClaimRule,
    FindingGuideline,
    Guidelines,
    Rules,
)
from services.shipping_issues.domain.values import EXCEPTIONS, STATUSES, NeutralStatus

Data = Mapping[str, Any]

FINDINGS = EXCEPTIONS | {
    NO_FIRST_SCAN,
    STALLED,
    LEAD_TIME_EXCEEDED,
    ESTIMATE_SLIPPED,
    PROMISE_AT_RISK,
    PROMISE_MISSED,
    LATE_TO_SHIP,
    AWAITING_PICKUP,
    NOT_RECEIVED,
}
REMEDIES = frozenset({WAIT, CORRECT_ADDRESS, REDELIVER, RESHIP, REFUND, CARRIER_CLAIM})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEARS = range(2024, 2036)


def load_rules() -> Rules:
    """The rules that come with this build."""
    guidelines, levels = _read("guidelines.yaml"), _read("service_levels.yaml")
    limits = _read("limits.yaml")
    return Rules(
        carriers=carriers_from(_read("carriers.yaml")),
        guidelines=guidelines_from(guidelines),
        limits=limits_from(limits["version"], limits["roles"]),
        plans=plans_from(levels),
        answer_within=timedelta(hours=guidelines["answer_within_hours"]),
        approval_within=timedelta(hours=guidelines["approval_within_hours"]),
    )


def carriers_from(data: Data) -> Carriers:
    """Carrier tables; what a carrier leaves out is the default's."""
    calendars = {name: _calendar(name, entry) for name, entry in data["calendars"].items()}
    default = data["default"]
    return Carriers(
        version=data["version"],
        default=_carrier(default, default, calendars),
        by_name={name: _carrier(entry, default, calendars) for name, entry in data["carriers"].items()},
    )


def guidelines_from(data: Data) -> Guidelines:
    """Guidelines of every finding there is."""
    entries = data["findings"]
    if missing := FINDINGS - entries.keys():
        raise ValueError(f"guidelines.yaml has no entry for {', '.join(sorted(missing))}")
    for name, entry in entries.items():
        if unknown := (set(entry["proposals"]) | set(entry["choices"])) - REMEDIES:
            raise ValueError(f"guidelines.yaml: {name} names unknown remedies {', '.join(sorted(unknown))}")
        if hidden := set(entry["choices"]) - set(entry["proposals"]):
            raise ValueError(
                f"guidelines.yaml: {name} offers customers what agents may not do: {', '.join(sorted(hidden))}"
            )
    return Guidelines(
        data["version"],
        {
            name: FindingGuideline(
                finding=name,
                trouble=entry["trouble"],
                proposals=tuple(entry["proposals"]),
                choices=tuple(entry["choices"]),
                expect=timedelta(hours=entry["expect_hours"]) if "expect_hours" in entry else None,
                why=dict(entry["proposals"]),
            )
            for name, entry in entries.items()
        },
    )


def plans_from(data: Data) -> dict[str, ServicePlan]:
    """Service plans by country, and `default`."""
    calendars = {name: _calendar(name, entry) for name, entry in data["calendars"].items()}
    return {
        country: ServicePlan(
            name=f"shipping_issues.{country}",
            version=data["version"],
            calendar=calendars[entry["calendar"]],
            levels=tuple(
                ServiceLevel(target, level["goal"], level["warn"]) for target, level in entry["levels"].items()
            ),
        )
        for country, entry in data["plans"].items()
    }


def _carrier(entry: Data, default: Data, calendars: Mapping[str, WorkingCalendar]) -> CarrierRules:
    def hours(name: str) -> timedelta:
        return timedelta(hours=entry.get(name, default[name]))

    codes = {**default["codes"], **entry["codes"]}
    claim = entry.get("claim")
    return CarrierRules(
        name=entry["name"],
        calendar=calendars[entry["calendar"]],
        codes={code.upper(): _meaning(entry["name"], code, meaning) for code, meaning in codes.items()},
        no_first_scan=hours("no_first_scan_hours"),
        stalled=hours("stalled_hours"),
        stalled_in={
            sub_status: timedelta(hours=span)
            for sub_status, span in entry.get("stalled_in_hours", default["stalled_in_hours"]).items()
        },
        lead_time=hours("lead_time_hours"),
        at_risk_before=hours("at_risk_before_hours"),
        pickup=hours("pickup_hours"),
        claim=ClaimRule(**claim) if claim else None,
        source=entry["source"],
    )


def _meaning(carrier: str, code: str, entry: Data) -> NeutralStatus:
    meaning = NeutralStatus(**entry)
    if meaning.status not in STATUSES:
        raise ValueError(f"carriers.yaml: {carrier} maps {code} to the unknown status {meaning.status!r}")
    return meaning


def _calendar(name: str, entry: Data) -> WorkingCalendar:
    country = entry.get("holidays")
    days = public_holidays(country, _YEARS) if country else ()
    week = tuple(_shift(entry["open"].get(day)) for day in _DAYS)
    return WorkingCalendar(name, entry["time_zone"], week, days)


def _shift(text: str | None) -> Shift:
    if text is None:
        return Shift(0, 0)
    opens, _, closes = text.partition("-")
    return Shift(_minutes(opens), _minutes(closes))


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _read(name: str) -> Data:
    text = files("services.shipping_issues").joinpath("data", name).read_text(encoding="utf-8")
    data: Data = yaml.safe_load(text)
    return data
