"""What units came back for, how they ended, and how many of those sold came back.

Guarantee: counts of rows that follow from the log alone, over local days; nothing is counted twice, however often it
was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.domain import Invalid
from services.returns.domain.order.facts import require_zone
from services.returns.domain.policy import PolicyBook
from services.returns.read_model import return_units
from services.returns.sales import Sales

LONGEST_DAYS = 731
MOST_COUNTS = 10_000
BUCKETS = ("day", "week", "month")
ELSEWHERE = ("no_right", "out_of_time", "excepted", "nothing_owed")
"""What the law gives nothing for is asked of goodwill, or was given before: it counts in the return of it."""

_SOLD = """
SELECT s.sku, v.version, coalesce(sum(s.quantity), 0) AS sold
FROM sold_lines s JOIN unnest(cast(:names AS text[]), cast(:begins AS timestamptz[]), cast(:ends AS timestamptz[]))
  AS v(version, begins, ends) ON s.placed_at >= v.begins AND s.placed_at < v.ends
WHERE s.shop_id = :shop_id AND s.sku = ANY(cast(:skus AS text[])) AND s.placed_at >= :since AND s.placed_at < :until
GROUP BY 1, 2 ORDER BY 1, 2
"""
_BACK = """
SELECT s.sku, v.version, r.reason, count(*) AS asked, count(*) FILTER (WHERE r.goods = 'received') AS received,
  count(*) FILTER (WHERE r.money = 'settled') AS refunded
FROM (SELECT DISTINCT shop_id, order_id, sku, placed_at FROM sold_lines
      WHERE shop_id = :shop_id AND sku = ANY(cast(:skus AS text[])) AND placed_at >= :since AND placed_at < :until) s
JOIN unnest(cast(:names AS text[]), cast(:begins AS timestamptz[]), cast(:ends AS timestamptz[]))
  AS v(version, begins, ends) ON s.placed_at >= v.begins AND s.placed_at < v.ends
JOIN return_units r ON r.order_id = s.order_id AND r.shop_id = s.shop_id AND r.sku = s.sku
  AND r.authorisation <> ALL(cast(:elsewhere AS text[]))
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_POSITION = "SELECT coalesce((SELECT position FROM projections WHERE name = :name), 0)"
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole local days, first and last counted, as instants."""

    since: datetime
    until: datetime
    zone: str

    @classmethod
    def of(cls, first_day: str, last_day: str, zone: str) -> "Days":
        """From what a caller wrote, or `Invalid`."""
        name = zone or "UTC"
        require_zone(name)
        first, last = _day("first_day", first_day), _day("last_day", last_day)
        if last < first:
            raise Invalid("last_day", f"{last} is before {first}")
        if (last - first).days >= LONGEST_DAYS:
            raise Invalid("last_day", f"{last} is more than {LONGEST_DAYS} days after {first}")
        place = ZoneInfo(name)
        begin = datetime.combine(first, time(), place)
        end = datetime.combine(last + timedelta(days=1), time(), place)
        return cls(begin.astimezone(UTC), end.astimezone(UTC), name)


@dataclass(frozen=True, slots=True)
class Count:
    """Units of one article under one word within one bucket."""

    begins_on: date
    sku: str
    word: str
    units: int


@dataclass(slots=True)
class Rate:
    """One article under one version of the policy."""

    sku: str
    policy_version: str
    sold: int
    reasons: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Reason, asked, received, refunded."""

    @property
    def received_rate(self) -> str:
        """Received of sold, as a decimal fraction; empty where nothing was sold."""
        received = sum(one[2] for one in self.reasons)
        return str((Decimal(received) / self.sold).quantize(Decimal("0.0001"))) if self.sold else ""


class Statistics:
    """Reads for shops that want to know why things come back."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def counts(self, shop_id: str, sku: str, by: str, bucket: str, days: Days) -> tuple[list[Count], bool]:
        """Units by bucket, article and word; whether there are more than are told."""
        u = return_units.c
        at = u.asked_at if by == "reason" else u.found_at
        local = sa.func.timezone(days.zone, at)
        begins = sa.cast(sa.func.date_trunc(bucket or "week", local), sa.Date).label("begins_on")
        word = u[by].label("word")
        query = (
            sa.select(begins, u.sku, word, sa.func.count().label("units"))
            .where(u.shop_id == shop_id, at >= days.since, at < days.until, u[by] != "")
            .where(sa.not_(sa.and_(u.reason == "unannounced", u.authorisation == "cancelled")))
            .where(u.authorisation.not_in(ELSEWHERE))
            .group_by(sa.text("1"), u.sku, word)
            .order_by(sa.text("1"), u.sku, word)
            .limit(MOST_COUNTS + 1)
        )
        if sku:
            query = query.where(u.sku == sku)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        found = [Count(row.begins_on, row.sku, row.word, row.units) for row in rows[:MOST_COUNTS]]
        return found, len(rows) > MOST_COUNTS

    async def rates(self, shop_id: str, skus: Sequence[str], days: Days, book: PolicyBook) -> tuple[list[Rate], int]:
        """Each article under each version that governed its orders; how far what was sold is counted."""
        begins = [version.active_from or _FIRST for version in book.versions]
        given: dict[str, Any] = {
            "shop_id": shop_id,
            "skus": list(skus),
            "since": days.since,
            "until": days.until,
            "names": [version.policy.version for version in book.versions],
            "begins": begins,
            "ends": [*begins[1:], _LAST],
            "elsewhere": list(ELSEWHERE),
        }
        async with self._engine.connect() as connection:
            position = (await connection.execute(sa.text(_POSITION), {"name": Sales.name})).scalar_one()
            sold = (await connection.execute(sa.text(_SOLD), given)).all()
            back = (await connection.execute(sa.text(_BACK), given)).all()
        rates = {(row.sku, row.version): Rate(row.sku, row.version, int(row.sold)) for row in sold}
        for row in back:
            rates[row.sku, row.version].reasons.append((row.reason, row.asked, row.received, row.refunded))
        return list(rates.values()), int(position)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(name, f"{text} is no day of the calendar") from None
