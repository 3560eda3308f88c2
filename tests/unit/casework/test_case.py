"""What every case does with its shared commands."""

from uuid import UUID

import pytest

from casework import next_action, tell
from casework.errors import CaseIsClosed
from casework.events import (
    CaseAssigned,
    CaseClosed,
    CaseEscalated,
    NoteAdded,
    PromiseMissed,
    ServiceLevelBreached,
    ServiceLevelWarned,
)
from chassis.domain import Personal
from tests.unit.casework.example import HOUR, NINE, PLAN, ExampleCase, opened


def test_assigning_twice_records_once() -> None:
    """Nothing new, nothing written."""
    case = opened()
    case.assign("ann", by="bob", at=NINE)
    case.assign("ann", by="bob", at=NINE)
    assert [type(event) for event in case.collect_events()] == [CaseAssigned]
    assert case.assignee == "ann"


def test_a_closed_case_takes_notes_but_no_assignment() -> None:
    """The refusal names when and how it was closed, and nothing is written."""
    case = opened()
    case.close("solved", "", by="ann", at=NINE)
    case.note(UUID(int=3), "the neighbour has it", by="ann", at=NINE)
    assert [type(event) for event in case.collect_events()] == [CaseClosed, NoteAdded]
    with pytest.raises(CaseIsClosed) as refused:
        case.assign("bob", by="ann", at=NINE)
    assert refused.value.facts == {"closed_at": NINE.isoformat(), "outcome": "solved"}
    assert case.collect_events() == []


def test_a_note_is_personal_and_its_story_line_tells_nothing_of_it() -> None:
    """The text belongs to the customer; the line names only the author."""
    case = opened()
    case.note(UUID(int=3), "her mother is ill", by="ann", at=NINE)
    (event,) = case.collect_events()
    assert isinstance(event, NoteAdded)
    line = tell(event, {})
    assert case.notes[0].text == Personal("shop/C-1", "her mother is ill")
    assert line.text == "ann wrote a note" and "mother" not in repr(line)


def test_erasing_the_customer_empties_notes_and_messages() -> None:
    """What is left says that something was written, not what."""
    case = opened()
    case.note(UUID(int=3), "secret", by="ann", at=NINE)
    case.customer_wrote("m-1", "email", "secret", written_at=NINE, at=NINE)
    case.promise(UUID(int=4), NINE + HOUR, "secret", by="ann", at=NINE)
    case.erase_personal_data("shop/C-1", at=NINE)
    texts = [
        case.notes[0].text,
        case.messages["m-1"].text,
        case.promises[UUID(int=4)].text,
    ]
    assert texts == [Personal("shop/C-1", None)] * 3


def test_a_missed_promise_is_recorded_once_and_escalates() -> None:
    """The alarm fires at its instant, not before, and not again."""
    case = opened()
    case.promise(UUID(int=4), NINE + HOUR, "I will call", by="ann", at=NINE)
    case.collect_events()
    case.raise_alarms(at=NINE)
    case.raise_alarms(at=NINE + HOUR)
    case.raise_alarms(at=NINE + 2 * HOUR)
    assert [type(event) for event in case.collect_events()] == [
        PromiseMissed,
        CaseEscalated,
    ]
    assert case.queue == "escalations" and case.alarms() == []


def test_a_kept_promise_raises_nothing() -> None:
    """Kept in time, its alarm is gone."""
    case = opened()
    case.promise(UUID(int=4), NINE + HOUR, "I will call", by="ann", at=NINE)
    case.keep_promise(UUID(int=4), by="ann", at=NINE)
    assert case.alarms() == []


def test_a_goal_warns_and_breaches_once_each() -> None:
    """First response: goal two hours, warning half an hour before."""
    case = opened()
    case.set_plan(PLAN, at=NINE)
    case.customer_wrote("m-1", "email", "where is it?", written_at=NINE, at=NINE)
    case.collect_events()
    assert case.clocks.next_due() == NINE + 2 * HOUR
    for _ in range(2):
        case.raise_alarms(at=NINE + HOUR * 1.5)
        case.raise_alarms(at=NINE + HOUR * 2)
    events = case.collect_events()
    assert [type(event) for event in events] == [
        ServiceLevelWarned,
        ServiceLevelBreached,
        CaseEscalated,
    ]


def test_an_automatic_reply_does_not_stop_first_response() -> None:
    """Only a person's answer does."""
    case = opened()
    case.set_plan(PLAN, at=NINE)
    case.customer_wrote("m-1", "email", "where is it?", written_at=NINE, at=NINE)
    case.answer("m-2", "email", "we got your mail", by="system", automatic=True, at=NINE)
    assert case.clocks.next_due() == NINE + 2 * HOUR
    case.answer("m-3", "email", "I am looking", by="ann", at=NINE + HOUR)
    first = case.clocks.of("first_response")
    assert first is not None and first.fulfilled_at == NINE + HOUR


def test_an_action_is_offered_by_the_command_itself() -> None:
    """Allowed and refused come from trying it on a copy; the case itself is untouched."""

    def assign(case: ExampleCase) -> None:
        case.assign("ann", by="ann", at=NINE)

    case = opened()
    assert next_action(case, "Assign", "take it", assign, why="nobody has it").allowed
    assert case.collect_events() == []
    case.close("solved", "", by="ann", at=NINE)
    refused = next_action(case, "Assign", "take it", assign)
    assert (refused.allowed, refused.reason) == (False, "CASE_IS_CLOSED")
