"""What may be wrong with a parcel, and from when: the three silences, the promise, and the exceptions.

Guarantee: the answer is a pure function of the parcel and the rules. Each watch names the instant from
which it holds and the fact it rests on; a rule speaks once on one basis, so a timer that fires again, or a
scan told twice, finds nothing new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.shipping_issues.domain.guidelines import (
    AWAITING_PICKUP,
    ESTIMATE_SLIPPED,
    LATE_TO_SHIP,
    LEAD_TIME_EXCEEDED,
    NO_FIRST_SCAN,
    PROMISE_AT_RISK,
    PROMISE_MISSED,
    STALLED,
    CarrierRules,
)
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import (
    CREATED,
    EXCEPTION,
    EXCEPTIONS,
    HANDED_OVER,
    IN_TRANSIT,
    OUT_FOR_DELIVERY,
    READY_FOR_PICKUP,
    RETURN,
    RETURNING,
    UNKNOWN,
)

_ON_ITS_WAY = (HANDED_OVER, IN_TRANSIT, OUT_FOR_DELIVERY, EXCEPTION, UNKNOWN)
_AT_THE_DOOR = (OUT_FOR_DELIVERY, READY_FOR_PICKUP)


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule that speaks at `due_at` unless the parcel gives news before."""

    finding: str
    due_at: datetime
    basis: str
    text: str
    responsibility: str
    noticed_by: str


def watches(parcel: Shipment, rules: CarrierRules) -> list[Watch]:
    """Every rule that has not spoken yet on its present basis, soonest first. A parcel whose customer is not known
    yet has nobody to be told: it waits for its order."""
    if not parcel.live or parcel.direction == RETURN or not parcel.customer_id:
        return []
    found = [watch for watch in _all(parcel, rules) if not parcel.was_found(watch.finding, watch.basis)]
    return sorted(found, key=lambda watch: (watch.due_at, watch.finding))


def _all(parcel: Shipment, rules: CarrierRules) -> Iterator[Watch]:
    for report in parcel.reports.values():
        text = f"{report.noticed_by} reported {_words(report.finding)} at {_at(report.at)}"
        yield Watch(report.finding, report.at, f"report:{report.id}", text, "unknown", report.noticed_by)
    if not parcel.whereabouts.is_over and not parcel.order_cancelled:
        yield from _silence(parcel, rules)
        yield from _promise(parcel, rules)
        yield from _exceptions(parcel, rules)


def _silence(parcel: Shipment, rules: CarrierRules) -> Iterator[Watch]:
    where, handed = parcel.whereabouts, parcel.handed_over_at
    last = where.last_carrier_sign_at
    if handed is not None and last is None:
        due = rules.calendar.end_after(_from(parcel, handed), rules.no_first_scan)
        text = f"no scan {_span(rules.no_first_scan)} of {rules.name}'s working time after hand-over at {_at(handed)}"
        yield Watch(NO_FIRST_SCAN, due, f"handed_over:{_at(handed)}", text, "carrier", "timer")
    elif last is not None and where.status in _ON_ITS_WAY and where.sub_status != RETURNING:
        allowed = rules.silence_allowed(where.sub_status)
        due = rules.calendar.end_after(_from(parcel, last), allowed)
        text = f"no sign for {_span(allowed)} of {rules.name}'s working time since {_at(last)}"
        yield Watch(STALLED, due, f"last_sign:{_at(last)}", text, "carrier", "timer")


def _promise(parcel: Shipment, rules: CarrierRules) -> Iterator[Watch]:
    where, promised, handed = parcel.whereabouts, parcel.promised_by, parcel.handed_over_at
    not_shipped = handed is None and where.status in (CREATED, UNKNOWN) and where.last_carrier_sign_at is None
    if not_shipped and parcel.ship_by is not None:
        text = f"not handed to {rules.name or 'the carrier'} by {_at(parcel.ship_by)}, as promised"
        yield Watch(
            LATE_TO_SHIP, _from(parcel, parcel.ship_by), f"ship_by:{_at(parcel.ship_by)}", text, "retailer", "timer"
        )
    if promised is None:
        if handed is not None and where.status not in _AT_THE_DOOR:
            due = rules.calendar.end_after(_from(parcel, handed), rules.lead_time)
            text = f"not delivered {_span(rules.lead_time)} of {rules.name}'s working time after {_at(handed)}"
            yield Watch(LEAD_TIME_EXCEEDED, due, f"handed_over:{_at(handed)}", text, "carrier", "timer")
        return
    basis = f"promised_by:{_at(promised)}"
    estimate = parcel.carrier_estimate
    if where.status not in _AT_THE_DOOR:
        if estimate is not None and estimate.delivery_by > promised:
            text = f"the carrier expects it at {_at(estimate.delivery_by)}, after the promise of {_at(promised)}"
            due = _from(parcel, estimate.said_at)
            yield Watch(ESTIMATE_SLIPPED, due, f"estimate:{_at(estimate.delivery_by)}", text, "carrier", "scan")
        if not not_shipped or parcel.ship_by is None:
            text = f"not out for delivery {_span(rules.at_risk_before)} before the promise of {_at(promised)}"
            due = _from(parcel, promised - rules.at_risk_before)
            yield Watch(PROMISE_AT_RISK, due, basis, text, "carrier", "timer")
    if where.status != READY_FOR_PICKUP:
        text = f"not delivered by {_at(promised)}, as promised"
        yield Watch(PROMISE_MISSED, _from(parcel, promised), basis, text, "carrier", "timer")


def _exceptions(parcel: Shipment, rules: CarrierRules) -> Iterator[Watch]:
    where = parcel.whereabouts
    if where.since is None:
        return
    if where.status == READY_FOR_PICKUP:
        text = f"ready for pickup since {_at(where.since)}, not collected for {_span(rules.pickup)}"
        due = _from(parcel, where.since + rules.pickup)
        yield Watch(AWAITING_PICKUP, due, where.sign_key, text, "consignee", "timer")
    elif where.status == EXCEPTION and where.sub_status in EXCEPTIONS:
        told_by = "shop" if where.sign_key.startswith("told:") else "scan"
        text = f"{_words(where.sub_status)} at {_at(where.since)}" + (
            f" in {where.last_place}" if where.last_place else ""
        )
        due = _from(parcel, where.since)
        yield Watch(where.sub_status, due, where.sign_key, text, where.responsibility, told_by)


def _from(parcel: Shipment, instant: datetime) -> datetime:
    return max(instant, parcel.watched_from) if parcel.watched_from else instant


def _at(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC")


def _span(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} hours"


def _words(name: str) -> str:
    return name.replace("_", " ")
