"""Working time: how much of it lies between two instants, and when a span of it will be over.

Guarantee: `worked_between(a, end_after(a, span)) == span` for every span, across nights, weekends,
holidays and changes of the clock.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60
_FURTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Shift:
    """Opening hours of one weekday in minutes after local midnight; equal ends mean closed."""

    opens: int
    closes: int


CLOSED = Shift(0, 0)
ALL_DAY = Shift(0, MINUTES_A_DAY)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Opening hours of a week (Monday first) in one time zone, less its holidays."""

    name: str
    time_zone: str
    week: tuple[Shift, ...]
    holidays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError(f"calendar {self.name} needs seven weekdays, has {len(self.week)}")
        if any(later <= earlier for earlier, later in pairwise(self.holidays)):
            raise ValueError(f"the holidays of calendar {self.name} are not in order")
        if not any(shift.closes > shift.opens for shift in self.week):
            raise ValueError(f"calendar {self.name} is never open")

    def near(self, instant: datetime, days: int = 120) -> "WorkingCalendar":
        """The same calendar with the holidays around `instant` only, small enough to lie in an event."""
        first, last = (
            (instant - timedelta(days=days)).date(),
            (instant + timedelta(days=days)).date(),
        )
        return replace(self, holidays=tuple(day for day in self.holidays if first <= day <= last))

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; zero where `end` is not later."""
        total = timedelta()
        for opens, closes in self._shifts(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def __hash__(self) -> int:
        # all of a year's holidays would be hashed for each question that `_end_after` remembers the answer of
        return hash((self.name, self.time_zone, len(self.holidays), self.holidays[:1]))

    def end_after(self, start: datetime, span: timedelta) -> datetime:
        """The first instant at which `span` of working time has passed since `start`."""
        return start if span <= timedelta() else _end_after(self, start, span)

    def _end_after(self, start: datetime, span: timedelta) -> datetime:
        left = span
        for opens, closes in self._shifts(start):
            begins = max(opens, start)
            here = closes - begins
            if here >= left:
                return begins + left
            left -= max(here, timedelta())
        raise ValueError(f"{span} of working time does not end within {_FURTHEST} in calendar {self.name}")

    def local_date(self, instant: datetime) -> date:
        """The calendar day at this place."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def _shifts(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.time_zone)
        day = start.astimezone(zone).date()
        last = day + _FURTHEST
        while day <= last:
            shift = self.week[day.weekday()]
            if shift.closes > shift.opens and not self._is_holiday(day):
                yield _instant(day, shift.opens, zone), _instant(day, shift.closes, zone)
            day += timedelta(days=1)

    def _is_holiday(self, day: date) -> bool:
        place = bisect_left(self.holidays, day)
        return place < len(self.holidays) and self.holidays[place] == day


@lru_cache(maxsize=8192)  # the same few days are asked for over and over, by every parcel and every case
def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minutes, MINUTES_A_DAY)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), tzinfo=zone)
    return local.astimezone(UTC)


@lru_cache(
    maxsize=4096
)  # the clocks of a case stand still while it is decided on, and each decision asks for their ends
def _end_after(calendar: WorkingCalendar, start: datetime, span: timedelta) -> datetime:
    return calendar._end_after(start, span)


ALWAYS = WorkingCalendar("always", "UTC", (ALL_DAY,) * 7)
