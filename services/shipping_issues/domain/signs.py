"""What is known of a parcel's whereabouts, folded by event time.

Guarantee: the result depends on the set of signs alone. A sign with an earlier event time never
downgrades; a later contrary fact (redelivery, back to sender) counts; a plain scan after the delivery does
not undo it; what comes back to its sender was not delivered.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.shipping_issues.domain.values import (
    DELIVERED,
    EXCEPTION,
    OUT_FOR_DELIVERY,
    READY_FOR_PICKUP,
    REDELIVERY,
    RETURNED,
    RETURNING,
    STATUSES,
    UNKNOWN,
)

_RANK = {status: rank for rank, status in enumerate(STATUSES)}


class Sign(NamedTuple):
    """One fact about where the parcel is. A tuple, because each fact about a parcel makes all of its signs anew."""

    at: datetime
    key: str
    status: str
    sub_status: str = ""
    responsibility: str = "unknown"
    place: str = ""
    by_carrier: bool = True


def _order(sign: Sign) -> tuple[datetime, int, str]:
    """By event time; at one instant by how far along it is; then by key, so that it is never arbitrary."""
    return sign.at, _RANK[sign.status], sign.key


class Whereabouts(NamedTuple):
    """Where the parcel is, as far as anybody knows."""

    status: str = UNKNOWN
    sub_status: str = ""
    responsibility: str = "unknown"
    since: datetime | None = None
    sign_key: str = ""
    last_sign_at: datetime | None = None
    last_carrier_sign_at: datetime | None = None
    last_place: str = ""
    delivered_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Delivered, or back with its sender."""
        return self.status in (DELIVERED, RETURNED)


def fold_signs(signs: Iterable[Sign], *, is_return: bool) -> Whereabouts:
    """The whereabouts after all `signs`; a return parcel is never "delivered", it comes back."""
    ordered = sorted(signs, key=_order)
    now = Whereabouts()
    for sign in ordered:
        now = _after(now, sign, is_return)
    return now._replace(
        last_sign_at=ordered[-1].at if ordered else None,
        last_carrier_sign_at=next((sign.at for sign in reversed(ordered) if sign.by_carrier), None),
        last_place=next((sign.place for sign in reversed(ordered) if sign.place), ""),
    )


def fold_later(now: Whereabouts, sign: Sign, *, is_return: bool) -> Whereabouts:
    """The whereabouts after one sign more, which is later than every sign `now` was folded from: most facts are."""
    after = _after(now, sign, is_return)
    return Whereabouts(
        after.status,
        after.sub_status,
        after.responsibility,
        after.since,
        after.sign_key,
        sign.at,
        sign.at if sign.by_carrier else now.last_carrier_sign_at,
        sign.place or now.last_place,
        after.delivered_at,
    )


def _after(now: Whereabouts, sign: Sign, is_return: bool) -> Whereabouts:
    status, sub_status = sign.status, sign.sub_status
    if status == UNKNOWN or now.status == RETURNED or not _counts_after_delivery(now, sign):
        return now
    coming_back = now.sub_status == RETURNING and sub_status != REDELIVERY
    if coming_back and status not in (DELIVERED, RETURNED):
        return now
    if status == DELIVERED and (is_return or coming_back):
        status = RETURNED
    delivered_at = sign.at if status == DELIVERED else None
    return Whereabouts(status, sub_status, sign.responsibility, sign.at, sign.key, delivered_at=delivered_at)


def _counts_after_delivery(now: Whereabouts, sign: Sign) -> bool:
    if now.status != DELIVERED:
        return True
    contrary = sign.status in (EXCEPTION, OUT_FOR_DELIVERY, READY_FOR_PICKUP, RETURNED)
    return contrary or sign.sub_status in (RETURNING, REDELIVERY)
