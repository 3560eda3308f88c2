"""Periods in days by Regulation 1182/71: local days, days of rest, changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.returns.domain.law.period import deadline, end_of_day, is_working_day, last_day, local_day
from services.returns.law_terms import place_of, withdrawal_law

DAY = timedelta(days=1)
LAW = withdrawal_law()
ZONES = ("Europe/Berlin", "Europe/Lisbon", "Europe/Helsinki", "Atlantic/Azores", "Africa/Ceuta", "UTC")
days = st.dates(date(2024, 1, 1), date(2034, 12, 31))
holidays = st.sets(days, max_size=400).map(frozenset)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))


@given(days, st.integers(0, 60), holidays)
def test_a_period_ends_on_the_first_working_day_that_is_late_enough(
    event: date, length: int, rest: frozenset[date]
) -> None:
    """Never a day too few, never on a day of rest, and no earlier working day would have done."""
    last = last_day(event, length, rest)
    assert last >= event + length * DAY
    assert is_working_day(last, rest)
    between = [event + n * DAY for n in range(1, (last - event).days + 1)]
    working = [day for day in between if is_working_day(day, rest)]
    assert length < 2 or len(working) >= 2
    earlier = [day for day in working[:-1] if day >= event + length * DAY]
    assert length < 2 or all(working.index(day) < 1 for day in earlier)


@given(days, days, st.integers(0, 60), holidays)
def test_who_has_the_goods_later_has_time_no_shorter(
    one: date, other: date, length: int, rest: frozenset[date]
) -> None:
    first, second = sorted((one, other))
    assert last_day(first, length, rest) <= last_day(second, length, rest)


@given(days, st.integers(0, 60), holidays, days)
def test_another_holiday_never_shortens_a_period(
    event: date, length: int, rest: frozenset[date], another: date
) -> None:
    assert last_day(event, length, rest) <= last_day(event, length, rest | {another})


@given(instants, st.sampled_from(ZONES), holidays)
def test_a_period_is_over_with_the_last_local_hour(event: datetime, zone: str, rest: frozenset[date]) -> None:
    """The last microsecond of the last local day is in time, the next is not, across changes of the clock too."""
    until = deadline(event, 14, zone, rest)
    just = until.ends_at - timedelta(microseconds=1)
    assert local_day(just, zone) == until.last_day
    assert local_day(until.ends_at, zone) == until.last_day + DAY
    assert (until.covers(just), until.covers(until.ends_at)) == (True, False)
    assert (until.moved_from is None) == (until.last_day == local_day(event, zone) + 14 * DAY)


@given(instants, st.sampled_from(ZONES))
def test_the_hour_of_the_event_does_not_matter_only_its_local_day(event: datetime, zone: str) -> None:
    later = event.astimezone(ZoneInfo(zone)).replace(hour=23, minute=59).astimezone(UTC)
    if local_day(later, zone) == local_day(event, zone):
        assert deadline(event, 14, zone, ()) == deadline(later, 14, zone, ())


@pytest.mark.parametrize(
    ("possession", "last", "ends_at", "moved_from"),
    [
        # An ordinary fortnight.
        ("2026-03-02T09:00Z", "2026-03-16", "2026-03-16T23:00Z", None),
        # The clock goes forward on 29 March: the last day ends an hour earlier in UTC.
        ("2026-03-17T09:00Z", "2026-03-31", "2026-03-31T22:00Z", None),
        # Half past eleven at night in UTC is the next day in Berlin.
        ("2026-03-02T23:30Z", "2026-03-17", "2026-03-17T23:00Z", None),
        # A Saturday moves to Monday.
        ("2026-02-28T09:00Z", "2026-03-16", "2026-03-16T23:00Z", "2026-03-14"),
        # Good Friday, the weekend and Easter Monday: it ends on Tuesday, and the clock has changed meanwhile.
        ("2026-03-20T09:00Z", "2026-04-07", "2026-04-07T22:00Z", "2026-04-03"),
        # Christmas: the 25th is a Friday, the 26th a Saturday.
        ("2026-12-11T09:00Z", "2026-12-28", "2026-12-28T23:00Z", "2026-12-25"),
    ],
)
def test_the_right_of_withdrawal_in_germany(possession: str, last: str, ends_at: str, moved_from: str | None) -> None:
    """Fourteen local days, by the calendar of 2026."""
    at = datetime.fromisoformat(possession)
    until = LAW.period(at, place_of("DE", "Europe/Berlin", at))
    assert until.last_day == date.fromisoformat(last)
    assert until.ends_at == datetime.fromisoformat(ends_at)
    assert until.moved_from == (date.fromisoformat(moved_from) if moved_from else None)


def test_each_member_state_has_holidays_of_its_own() -> None:
    """Assumption is a day of rest in Austria; a Tuesday of May in Ireland is none, a Monday is."""
    august = datetime(2025, 8, 1, 9, tzinfo=UTC)
    assert LAW.period(august, place_of("AT", "Europe/Vienna", august)).last_day == date(2025, 8, 18)
    assert LAW.period(august, place_of("NL", "Europe/Amsterdam", august)).last_day == date(2025, 8, 15)
    april = datetime(2026, 4, 20, 9, tzinfo=UTC)
    assert LAW.period(april, place_of("IE", "Europe/Dublin", april)).last_day == date(2026, 5, 5)


def test_every_member_state_of_the_data_has_holidays() -> None:
    """A country whose holidays nobody knows would end periods too early without a word."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    assert {country for country in LAW.countries if not place_of(country, "UTC", at).holidays} == set()
    assert len(LAW.countries) == 27


def test_who_was_not_informed_has_a_year_more() -> None:
    """Twelve months after the end of the initial period, moved off the weekend as well."""
    from dataclasses import replace

    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    place = place_of("DE", "Europe/Berlin", at)
    until = replace(LAW, informed=False).period(at, place)
    assert (until.last_day, until.moved_from) == (date(2027, 3, 16), None)


def test_a_day_may_have_twenty_three_or_twenty_five_hours() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)):
        assert end_of_day(day, "Europe/Berlin") - end_of_day(day - DAY, "Europe/Berlin") == timedelta(hours=hours)
