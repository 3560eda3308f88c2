"""What may be wrong with a parcel, and from when: the three silences, the promise, and the exceptions.

Guarantee: the answer is a pure function of the parcel and the rules. Each watch names the instant from
which it holds and the fact it rests on; a rule speaks once on one basis, so a timer that fires again, or a
scan told twice, finds nothing new.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

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


FOREVER = datetime.max.replace(tzinfo=UTC)

Said = tuple[str | datetime | timedelta, ...]


class Watch(NamedTuple):
    """A rule that speaks at `due_at` unless the parcel gives news before.

    Every fact about a parcel asks for its watches and next to none of them ever speaks: a tuple is made in a third of
    a dataclass's time, and `said` and what it rests on are put into words only for the watch that does speak.
    """

    finding: str
    due_at: datetime
    rests_on: Said
    said: Said
    responsibility: str
    noticed_by: str

    @property
    def basis(self) -> str:
        """The fact it rests on: it speaks once on one basis."""
        return "".join(map(_worded, self.rests_on))

    @property
    def text(self) -> str:
        """Why it speaks, for people."""
        return "".join(map(_worded, self.said))


def watches(parcel: Shipment, rules: CarrierRules, *, by: datetime = FOREVER) -> list[Watch]:
    """Every rule that has not spoken yet on its present basis and is due by then, soonest first. A parcel whose
    customer is not known yet has nobody to be told: it waits for its order."""
    if not parcel.live or parcel.direction == RETURN or not parcel.customer_id:
        return []
    found = list(_all(parcel, rules, by))
    if parcel.found:
        found = [watch for watch in found if not parcel.was_found(watch.finding, watch.basis)]
    found.sort(key=_soonest)
    return found


def _soonest(watch: Watch) -> tuple[datetime, str]:
    return watch.due_at, watch.finding


def _all(parcel: Shipment, rules: CarrierRules, by: datetime) -> Iterator[Watch]:
    for report in parcel.reports.values():
        if report.at <= by:
            said = (report.noticed_by, " reported ", _words(report.finding), " at ", report.at)
            yield Watch(report.finding, report.at, ("report:", report.id), said, "unknown", report.noticed_by)
    if not parcel.whereabouts.is_over and not parcel.order_cancelled:
        yield from _silence(parcel, rules, by)
        yield from _promise(parcel, rules, by)
        yield from _exceptions(parcel, rules, by)


def _silence(parcel: Shipment, rules: CarrierRules, by: datetime) -> Iterator[Watch]:
    where, handed = parcel.whereabouts, parcel.handed_over_at
    last = where.last_carrier_sign_at
    if handed is not None and last is None:
        if due := _over(parcel, rules, handed, rules.no_first_scan, by):
            said = ("no scan ", rules.no_first_scan, " of ", rules.name, "'s working time after hand-over at ", handed)
            yield Watch(NO_FIRST_SCAN, due, ("handed_over:", handed), said, "carrier", "timer")
    elif last is not None and where.status in _ON_ITS_WAY and where.sub_status != RETURNING:
        allowed = rules.silence_allowed(where.sub_status)
        if due := _over(parcel, rules, last, allowed, by):
            said = ("no sign for ", allowed, " of ", rules.name, "'s working time since ", last)
            yield Watch(STALLED, due, ("last_sign:", last), said, "carrier", "timer")


def _promise(parcel: Shipment, rules: CarrierRules, by: datetime) -> Iterator[Watch]:
    said: Said
    where, promised, handed = parcel.whereabouts, parcel.promised_by, parcel.handed_over_at
    not_shipped = handed is None and where.status in (CREATED, UNKNOWN) and where.last_carrier_sign_at is None
    ship_by = parcel.ship_by if not_shipped else None
    if ship_by is not None and (due := _from(parcel, ship_by)) <= by:
        said = ("not handed to ", rules.name or "the carrier", " by ", ship_by, ", as promised")
        yield Watch(LATE_TO_SHIP, due, ("ship_by:", ship_by), said, "retailer", "timer")
    if promised is None:
        if handed is None or where.status in _AT_THE_DOOR:
            return
        if over := _over(parcel, rules, handed, rules.lead_time, by):
            said = ("not delivered ", rules.lead_time, " of ", rules.name, "'s working time after ", handed)
            yield Watch(LEAD_TIME_EXCEEDED, over, ("handed_over:", handed), said, "carrier", "timer")
        return
    basis = ("promised_by:", promised)
    if where.status not in _AT_THE_DOOR:
        estimate = parcel.carrier_estimate
        if estimate is not None and estimate.delivery_by > promised and (due := _from(parcel, estimate.said_at)) <= by:
            said = ("the carrier expects it at ", estimate.delivery_by, ", after the promise of ", promised)
            yield Watch(ESTIMATE_SLIPPED, due, ("estimate:", estimate.delivery_by), said, "carrier", "scan")
        if ship_by is None and (due := _from(parcel, promised - rules.at_risk_before)) <= by:
            said = ("not out for delivery ", rules.at_risk_before, " before the promise of ", promised)
            yield Watch(PROMISE_AT_RISK, due, basis, said, "carrier", "timer")
    if where.status != READY_FOR_PICKUP and (due := _from(parcel, promised)) <= by:
        said = ("not delivered by ", promised, ", as promised")
        yield Watch(PROMISE_MISSED, due, basis, said, "carrier", "timer")


def _exceptions(parcel: Shipment, rules: CarrierRules, by: datetime) -> Iterator[Watch]:
    where = parcel.whereabouts
    if where.since is None:
        return
    if where.status == READY_FOR_PICKUP:
        if (due := _from(parcel, where.since + rules.pickup)) <= by:
            said = ("ready for pickup since ", where.since, ", not collected for ", rules.pickup)
            yield Watch(AWAITING_PICKUP, due, (where.sign_key,), said, "consignee", "timer")
    elif where.status == EXCEPTION and where.sub_status in EXCEPTIONS and (due := _from(parcel, where.since)) <= by:
        told_by = "shop" if where.sign_key.startswith("told:") else "scan"
        place = (" in ", where.last_place) if where.last_place else ()
        said = (_words(where.sub_status), " at ", where.since, *place)
        yield Watch(where.sub_status, due, (where.sign_key,), said, where.responsibility, told_by)


def _over(parcel: Shipment, rules: CarrierRules, since: datetime, allowed: timedelta, by: datetime) -> datetime | None:
    """When that much of the carrier's working time has passed, None where not by then: it never passes faster than
    time, so that hardly any fact has to ask the calendar."""
    start = _from(parcel, since)
    if by is not FOREVER and start + allowed > by:
        return None
    due = rules.calendar.end_after(start, allowed)
    return due if due <= by else None


def _from(parcel: Shipment, instant: datetime) -> datetime:
    return max(instant, parcel.watched_from) if parcel.watched_from else instant


def _worded(part: str | datetime | timedelta) -> str:
    if isinstance(part, str):
        return part
    return _at(part) if isinstance(part, datetime) else _span(part)


def _at(instant: datetime) -> str:
    return f"{instant.isoformat(' ', 'minutes')[:16]} UTC"


def _span(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} hours"


def _words(name: str) -> str:
    return name.replace("_", " ")
