"""Periods in days as the law of the Union counts them: Regulation (EEC, Euratom) No 1182/71.

Guarantee: pure, and the only place that counts them, for the law's own flows and for a shop's policy. The day of the
event is not counted; a period ends with the last hour of its last local day; where that is a Saturday, a Sunday or a
public holiday it ends with the next working day; two working days lie in any period of two days or more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
_SATURDAY = 5
_LEAST_WORKING_DAYS = 2


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a period and the instant at which it is over. `moved_from`: the day it would have been."""

    last_day: date
    ends_at: datetime
    moved_from: date | None = None

    def covers(self, at: datetime) -> bool:
        """Whether something done then was in time."""
        return at < self.ends_at

    @property
    def text(self) -> str:
        """In words: the day, and from which it was moved."""
        moved = f", moved from {self.moved_from}, which is no working day" if self.moved_from else ""
        return f"{self.last_day}{moved}"


def local_day(at: datetime, zone: str) -> date:
    """The day it is at a place."""
    return at.astimezone(ZoneInfo(zone)).date()


def end_of_day(day: date, zone: str) -> datetime:
    """The instant at which a local day is over, however many hours it has."""
    after = day + DAY
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def years_after(day: date, years: int) -> date:
    """The same day some years later; the 28th where there is no 29th of February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Neither Saturday, Sunday nor public holiday (Article 2(2))."""
    return day.weekday() < _SATURDAY and day not in holidays


def off_days_of_rest(day: date, holidays: Collection[date]) -> date:
    """The next working day, where a period would end on a day of rest (Article 3(4))."""
    while not is_working_day(day, holidays):
        day += DAY
    return day


def last_day(event: date, days: int, holidays: Collection[date]) -> date:
    """The last day of a period of so many days after the day of an event (Article 3(1), (4) and (5))."""
    last = off_days_of_rest(event + days * DAY, holidays)
    while days >= _LEAST_WORKING_DAYS and _working_days(event, last, holidays) < _LEAST_WORKING_DAYS:
        last = off_days_of_rest(last + DAY, holidays)
    return last


def deadline(event: datetime, days: int, zone: str, holidays: Collection[date]) -> Deadline:
    """A period of whole local days after an event."""
    first = local_day(event, zone)
    return ending_on(last_day(first, days, holidays), first + days * DAY, zone)


def ending_on(last: date, planned: date, zone: str) -> Deadline:
    """A period by its last day and the one it had before it was moved."""
    return Deadline(last, end_of_day(last, zone), planned if planned != last else None)


def deadline_in_years(event: datetime, years: int, zone: str, holidays: Collection[date]) -> Deadline:
    """A period of years after an event: the same date (Article 3(2)(c)), moved off days of rest."""
    planned = years_after(local_day(event, zone), years)
    return ending_on(off_days_of_rest(planned, holidays), planned, zone)


def _working_days(event: date, last: date, holidays: Collection[date]) -> int:
    return sum(is_working_day(event + n * DAY, holidays) for n in range(1, (last - event).days + 1))
