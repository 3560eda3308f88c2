"""Service levels are a fold: the same moments give the same clocks in whatever order they become known."""

from datetime import datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from casework.service_levels import Clocks, Moment, What, recompute
from tests.unit.casework.example import HOUR, NINE, OFFICE, PLAN

START = Clocks().under(PLAN)


def after(*moments: tuple[float, What]) -> Clocks:
    return reduce(
        Clocks.after,
        [Moment(NINE + HOUR * hours, what) for hours, what in moments],
        START,
    )


def test_a_detection_has_no_first_response() -> None:
    """A case the customer never wrote on runs no first-response clock."""
    first = after((0, What.OPENED)).of("first_response")
    assert first is not None and not first.is_open and first.due_at(OFFICE) is None


def test_first_response_runs_from_the_customers_message() -> None:
    """Two working hours from the message, not from the opening."""
    first = after((0, What.OPENED), (3, What.CUSTOMER_WROTE)).of("first_response")
    assert first is not None and first.due_at(OFFICE) == NINE + 5 * HOUR


def test_waiting_on_a_carrier_does_not_stop_the_clock() -> None:
    """Resolution is due as if nobody waited."""
    resolution = after((0, What.OPENED), (1, What.WAITS_ON_OTHERS)).of("resolution")
    assert resolution is not None and resolution.due_at(OFFICE) == NINE + 32 * HOUR  # 16 working hours: Tuesday 17:00


def test_waiting_on_the_customer_stops_the_clock() -> None:
    """Two hours of waiting move the resolution from Tuesday 17:00 to Wednesday 11:00."""
    clocks = after((0, What.OPENED), (1, What.WAITS_ON_CUSTOMER), (3, What.CUSTOMER_WROTE))
    resolution = clocks.of("resolution")
    assert resolution is not None and resolution.due_at(OFFICE) == NINE + 50 * HOUR


def test_a_second_message_runs_next_response_only_after_the_first_was_answered() -> None:
    """Before the first answer there is one clock, after it the other."""
    unanswered = after((0, What.OPENED), (0, What.CUSTOMER_WROTE), (1, What.CUSTOMER_WROTE))
    answered = after(
        (0, What.OPENED),
        (0, What.CUSTOMER_WROTE),
        (1, What.PERSON_ANSWERED),
        (2, What.CUSTOMER_WROTE),
    )
    before, later = unanswered.of("next_response"), answered.of("next_response")
    assert before is not None and not before.is_open
    assert later is not None and later.due_at(OFFICE) == NINE + 6 * HOUR


def test_a_late_answer_keeps_the_breach() -> None:
    """Fulfilled after its end, the clock still says when it was missed."""
    first = after((0, What.OPENED), (0, What.CUSTOMER_WROTE), (3, What.PERSON_ANSWERED)).of("first_response")
    assert first is not None and first.breached_at == NINE + 2 * HOUR and first.fulfilled_at == NINE + 3 * HOUR


moments = st.lists(
    st.builds(
        Moment,
        st.integers(min_value=0, max_value=60 * 24 * 5).map(lambda minutes: NINE + timedelta(minutes=minutes)),
        st.sampled_from(What),
    ),
    max_size=12,
)


@given(moments)
def test_recomputed_equals_incremental(history: list[Moment]) -> None:
    """Taking moments one by one in any order gives what folding all of them afresh gives."""
    assert reduce(Clocks.after, history, START) == recompute(PLAN, history)


@given(moments)
def test_a_plan_set_late_gives_the_same_clocks(history: list[Moment]) -> None:
    """It does not matter when the plan became known."""
    assert reduce(Clocks.after, history, Clocks()).under(PLAN) == recompute(PLAN, history)


@given(moments)
def test_resolution_counts_the_minutes_somebody_could_have_worked(
    history: list[Moment],
) -> None:
    """The clock's time spent equals a count of single minutes with the case open and not waiting on the customer."""
    ordered = sorted(history)
    resolution = recompute(PLAN, history).of("resolution")
    assert resolution is not None
    if resolution.cycle == 0:
        return
    counted, running, is_open, at = 0, False, False, datetime.min
    for index, moment in enumerate(ordered):
        if running:
            counted += int(OFFICE.worked_between(at, moment.at) / timedelta(minutes=1))
        match moment.what:
            case What.OPENED | What.REOPENED if not is_open:
                counted, running, is_open = 0, True, True
            case What.WAITS_ON_CUSTOMER:
                running = False
            case What.CUSTOMER_WROTE | What.WAITS_ON_OTHERS:
                running = is_open
            case What.CLOSED:
                running = is_open = False
            case _:
                pass
        at = moment.at
    spent = resolution.spent
    if resolution.running_since is not None:
        spent += OFFICE.worked_between(resolution.running_since, at)
    assert spent == timedelta(minutes=counted)


def test_ends_that_were_counted_once_are_those_of_each_clock_now() -> None:
    """What is remembered belongs to the value: the next moment's clocks are counted anew, and equal ones are equal."""
    asked = recompute(PLAN, [Moment(NINE, What.OPENED), Moment(NINE, What.CUSTOMER_WROTE)])
    first = asked.ends()
    later = asked.after(Moment(NINE + HOUR, What.PERSON_ANSWERED))
    for clocks in (asked, later):
        open_ones = [clock for clock in clocks.clocks if clock.is_open]
        assert clocks.ends() == tuple((c, c.warn_at(OFFICE), c.due_at(OFFICE)) for c in open_ones)
    assert later.ends() != first
    assert asked == recompute(PLAN, asked.moments)
