"""Working time is added and measured by the same rule, across weekends, holidays and changed clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework import Shift, WorkingCalendar

BERLIN = WorkingCalendar(
    "berlin",
    "Europe/Berlin",
    (Shift(480, 1080),) * 5 + (Shift(0, 0),) * 2,
    holidays=(date(2026, 4, 6),),
)


def test_a_span_jumps_over_the_weekend_and_the_holiday() -> None:
    """Friday 17:00 plus two hours ends on Tuesday, because Monday is Easter Monday."""
    friday = datetime(2026, 4, 3, 15, 0, tzinfo=UTC)
    assert BERLIN.end_after(friday, timedelta(hours=2)) == datetime(2026, 4, 7, 7, 0, tzinfo=UTC)


def test_no_time_is_worked_at_night() -> None:
    """From closing to opening nothing counts."""
    assert BERLIN.worked_between(
        datetime(2026, 3, 2, 17, 0, tzinfo=UTC), datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    ) == timedelta(0)


def test_a_day_with_changed_clock_has_its_real_length() -> None:
    """A round-the-clock calendar counts 23 hours on the day the clock goes forward."""
    always = WorkingCalendar("always", "Europe/Berlin", (Shift(0, 1440),) * 7)
    assert always.worked_between(
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
    ) == timedelta(hours=23)


def test_a_calendar_that_is_never_open_is_refused() -> None:
    """It could only ever answer "never"."""
    with pytest.raises(ValueError, match="never open"):
        WorkingCalendar("shut", "UTC", (Shift(0, 0),) * 7)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    minutes=st.integers(min_value=0, max_value=20_000),
)
def test_what_is_added_is_what_is_measured(start: datetime, minutes: int) -> None:
    """worked_between(start, end_after(start, span)) is the span."""
    begin, span = start.replace(tzinfo=UTC), timedelta(minutes=minutes)
    assert BERLIN.worked_between(begin, BERLIN.end_after(begin, span)) == span
