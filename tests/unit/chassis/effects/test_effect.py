"""Every transition of an effect: what is asked for, what is believed, and what is left to a person."""

# long: every transition of one state machine, in the order of its life

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.domain import Invalid
from chassis.effects.effect import Effect, effect_id
from chassis.effects.events import EffectPlanned
from chassis.effects.states import EffectNotHeld, State, Step
from chassis.effects.terms import Terms
from chassis.service import Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASE = UUID(int=7)
KEYLESS = Terms(None)
KEYED = Terms(timedelta(hours=24))
SECOND, HOUR = 1000, 3_600_000
REAL = 1_000_000 * SECOND
LEASE = 45 * SECOND


def planned() -> Effect:
    return Effect.plan("returns", "refund", "case-7/1", subject=CASE, body={"amount": 500, "case": CASE}, at=NOON)


def attempting(terms: Terms = KEYLESS, real_ms: int = REAL) -> Effect:
    effect = planned()
    assert effect.begin(terms, at=NOON, real_ms=real_ms)
    return effect


def submitted() -> Effect:
    effect = attempting(KEYED)
    effect.answered(1, Submitted(NOON + timedelta(hours=1), "r-1"), KEYED, at=NOON, real_ms=REAL)
    return effect


def unknown(terms: Terms = KEYLESS) -> Effect:
    effect = attempting(terms)
    assert effect.lapse(terms, at=NOON, real_ms=REAL + LEASE)
    return effect


def held() -> Effect:
    effect = unknown()
    assert effect.looked_up(1, NotDone("ABSENT"), at=NOON, real_ms=REAL + LEASE)
    assert effect.hold(KEYLESS, at=NOON, real_ms=REAL + LEASE)
    return effect


def succeeded() -> Effect:
    effect = attempting()
    effect.answered(1, Succeeded("p-1"), KEYLESS, at=NOON, real_ms=REAL)
    return effect


def failed() -> Effect:
    effect = attempting()
    effect.answered(1, Failed("CARD_CLOSED"), KEYLESS, at=NOON, real_ms=REAL)
    return effect


EVERY_STATE: dict[str, Callable[[], Effect]] = {
    "planned": planned,
    "attempting": attempting,
    "submitted": submitted,
    "unknown": unknown,
    "held": held,
    "failed": failed,
}


def test_an_intent_has_the_id_of_its_business_key_and_plain_values() -> None:
    """The same kind and key are one effect; the provider gets what the log gives back."""
    effect = planned()
    assert effect.id == effect_id("returns", "refund", "case-7/1") == planned().id
    assert effect.body == {"amount": 500, "case": str(CASE)}
    assert isinstance(effect.pending_events[0], EffectPlanned)


def test_a_planned_effect_is_attempted_at_once_under_a_lease() -> None:
    effect = planned()
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL) is Step.ATTEMPT
    effect = attempting()
    assert (effect.state, effect.attempt, effect.wake_ms) == (State.ATTEMPTING, 1, REAL + LEASE)
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL + LEASE - 1) is Step.NOTHING
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL + LEASE) is Step.LAPSE


def test_a_second_worker_does_not_begin_again() -> None:
    effect = attempting()
    assert not effect.begin(KEYLESS, at=NOON, real_ms=REAL)
    assert effect.attempt == 1


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [
        (Succeeded("p-1"), State.SUCCEEDED, ""),
        (Failed("CARD_CLOSED"), State.FAILED, "CARD_CLOSED"),
        (NotDone("BUSY"), State.PLANNED, "BUSY"),
        (Unknown("TIMEOUT"), State.UNKNOWN, "TIMEOUT"),
        (Submitted(NOON), State.SUBMITTED, ""),
    ],
)
def test_each_answer_to_an_attempt_leads_to_its_state(answer: ProviderAnswer, state: State, why: str) -> None:
    effect = attempting()
    assert effect.answered(1, answer, KEYLESS, at=NOON, real_ms=REAL)
    assert (effect.state, effect.why) == (state, why)


def test_an_ended_lease_is_unknown_and_asks_before_anything_else() -> None:
    effect = unknown()
    assert (effect.state, effect.why) == (State.UNKNOWN, "LEASE_ENDED")
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL + LEASE) is Step.ASK


def test_absent_at_a_provider_without_keys_is_left_to_a_person() -> None:
    """The first sender may still be on its way."""
    effect = held()
    assert (effect.state, effect.why) == (State.HELD, "ABSENT")
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL + 1000 * HOUR) is Step.NOTHING


@pytest.mark.parametrize("answer", [None, NotDone("ABSENT"), Unknown("ABSENT")])
def test_absent_at_a_provider_with_keys_is_attempted_again_inside_their_validity(
    answer: ProviderAnswer | None,
) -> None:
    effect = unknown(KEYED)
    effect.looked_up(1, answer, at=NOON, real_ms=REAL + LEASE)
    assert effect.next_step(KEYED, at=NOON, real_ms=REAL + LEASE) is Step.ATTEMPT
    assert effect.begin(KEYED, at=NOON, real_ms=REAL + LEASE)
    assert (effect.attempt, effect.first_ms) == (2, REAL)


def test_a_key_that_would_expire_during_the_lease_is_not_used() -> None:
    effect = unknown(KEYED)
    effect.looked_up(1, None, at=NOON, real_ms=REAL + LEASE)
    last = REAL + 24 * HOUR - LEASE
    assert effect.next_step(KEYED, at=NOON, real_ms=last - 1) is Step.ATTEMPT
    assert effect.next_step(KEYED, at=NOON, real_ms=last) is Step.HOLD


def test_validity_counts_from_the_first_attempt_not_from_the_last() -> None:
    effect = unknown(KEYED)
    effect.looked_up(1, None, at=NOON, real_ms=REAL + LEASE)
    effect.begin(KEYED, at=NOON, real_ms=REAL + 23 * HOUR)
    effect.lapse(KEYED, at=NOON, real_ms=REAL + 24 * HOUR)
    effect.looked_up(2, None, at=NOON, real_ms=REAL + 24 * HOUR)
    assert effect.next_step(KEYED, at=NOON, real_ms=REAL + 24 * HOUR) is Step.HOLD


@pytest.mark.parametrize(
    ("answer", "state"), [(Succeeded("p-1"), State.SUCCEEDED), (Failed("NEVER_SEEN"), State.FAILED)]
)
def test_a_look_up_that_proves_something_ends_it(answer: ProviderAnswer, state: State) -> None:
    effect = unknown()
    effect.looked_up(1, answer, at=NOON, real_ms=REAL + LEASE)
    assert effect.state is state


def test_a_look_up_that_is_not_answered_is_repeated_with_growing_pauses_and_then_left_to_a_person() -> None:
    effect, real, pauses = unknown(), REAL + LEASE, []
    while effect.next_step(KEYLESS, at=NOON, real_ms=real) is Step.ASK:
        assert effect.ask(KEYLESS, at=NOON, real_ms=real)
        assert effect.wake_ms is not None
        pauses.append((effect.wake_ms - real) // SECOND)
        real = effect.wake_ms
    assert pauses == [17, 19, 23, 31, 47, 79]
    assert effect.next_step(KEYLESS, at=NOON, real_ms=real) is Step.HOLD


def test_an_old_look_up_says_nothing_about_a_newer_attempt() -> None:
    effect = unknown(KEYED)
    effect.looked_up(1, None, at=NOON, real_ms=REAL + LEASE)
    effect.begin(KEYED, at=NOON, real_ms=REAL + LEASE)
    effect.lapse(KEYED, at=NOON, real_ms=REAL + 2 * LEASE)
    assert not effect.looked_up(1, Unknown("ABSENT"), at=NOON, real_ms=REAL + 2 * LEASE)
    assert not effect.asked


def test_a_look_up_may_find_it_still_under_way() -> None:
    effect = unknown()
    effect.looked_up(1, Submitted(NOON + timedelta(hours=1)), at=NOON, real_ms=REAL + LEASE)
    assert (effect.state, effect.answer_by) == (State.SUBMITTED, NOON + timedelta(hours=1))


def test_an_attempt_that_did_nothing_is_repeated_after_a_growing_pause_even_without_keys() -> None:
    effect, real, pauses = planned(), REAL, []
    for number in range(1, 5):
        assert effect.begin(KEYLESS, at=NOON, real_ms=real)
        effect.answered(number, NotDone("BUSY"), KEYLESS, at=NOON, real_ms=real)
        assert effect.wake_ms is not None
        assert effect.next_step(KEYLESS, at=NOON, real_ms=effect.wake_ms - 1) is Step.NOTHING
        pauses.append((effect.wake_ms - real) // SECOND)
        real = effect.wake_ms
    assert pauses == [2, 4, 8, 16]


def test_a_provider_with_keys_that_is_down_is_tried_with_growing_pauses_for_hours() -> None:
    """Neither hammered nor given up within minutes: sixteen attempts take about five hours."""
    effect, real, pauses = planned(), REAL, []
    while effect.next_step(KEYED, at=NOON, real_ms=real) is Step.ATTEMPT:
        effect.begin(KEYED, at=NOON, real_ms=real)
        effect.answered(effect.attempt, Unknown("502"), KEYED, at=NOON, real_ms=real)
        assert effect.wake_ms is not None
        pauses.append((effect.wake_ms - real) // SECOND)
        real = effect.wake_ms
        effect.looked_up(effect.attempt, None, at=NOON, real_ms=real)
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600, 3600, 3600]
    assert effect.next_step(KEYED, at=NOON, real_ms=real) is Step.HOLD


def test_pauses_do_not_grow_beyond_the_longest() -> None:
    assert [KEYLESS.pause_ms(n) for n in (0, 1, 12, 13, 1000)] == [2000, 2000, 3_600_000, 3_600_000, 3_600_000]


def test_attempts_that_all_did_nothing_end_with_a_person() -> None:
    effect, real, terms = planned(), REAL, Terms(None, attempts=2)
    for number in (1, 2):
        effect.begin(terms, at=NOON, real_ms=real)
        effect.answered(number, NotDone("BUSY"), terms, at=NOON, real_ms=real)
        real += HOUR
    assert effect.hold(terms, at=NOON, real_ms=real)
    assert (effect.state, effect.why) == (State.HELD, "BUSY")


def test_a_late_proof_that_nothing_was_done_reopens_what_is_unknown() -> None:
    effect = unknown()
    assert effect.answered(1, NotDone("LATE"), KEYLESS, at=NOON, real_ms=REAL + LEASE)
    assert (effect.state, effect.unproven) == (State.PLANNED, frozenset())


def test_what_a_person_looks_at_is_not_reopened_by_the_machine() -> None:
    effect = held()
    assert not effect.answered(1, NotDone("LATE"), KEYLESS, at=NOON, real_ms=REAL)
    assert not effect.answered(1, Unknown("TIMEOUT"), KEYLESS, at=NOON, real_ms=REAL)
    assert effect.state is State.HELD


@pytest.mark.parametrize("start", EVERY_STATE.values(), ids=EVERY_STATE.keys())
def test_a_proven_success_of_any_attempt_is_taken_in_every_state(start: Callable[[], Effect]) -> None:
    by_answer, by_fact = start(), start()
    assert by_answer.answered(1, Succeeded("p-1", {"fee": "3"}), KEYLESS, at=NOON, real_ms=REAL)
    assert by_fact.prove(Succeeded("p-1", {"fee": "3"}), at=NOON)
    for effect in (by_answer, by_fact):
        assert (effect.state, effect.reference, effect.facts) == (State.SUCCEEDED, "p-1", {"fee": "3"})
        assert (effect.wake_ms, effect.answer_by) == (None, None)


@pytest.mark.parametrize("start", [planned, attempting, submitted, unknown, held])
def test_a_failure_proven_by_a_fact_ends_what_is_not_final(start: Callable[[], Effect]) -> None:
    effect = start()
    assert effect.prove(Failed("REFUSED"), at=NOON)
    assert (effect.state, effect.why) == (State.FAILED, "REFUSED")


def test_what_succeeded_stays_succeeded() -> None:
    effect = succeeded()
    assert not effect.prove(Failed("REFUSED"), at=NOON)
    assert not effect.prove(Succeeded("other"), at=NOON)
    assert not effect.answered(1, Failed("REFUSED"), KEYLESS, at=NOON, real_ms=REAL)
    assert not effect.lose_trust(at=NOON, since_ms=REAL)
    assert (effect.state, effect.reference) == (State.SUCCEEDED, "p-1")


def test_an_answer_to_an_older_attempt_proves_only_success() -> None:
    effect = unknown(KEYED)
    effect.looked_up(1, None, at=NOON, real_ms=REAL + LEASE)
    effect.begin(KEYED, at=NOON, real_ms=REAL + LEASE)
    for answer in (Failed("X"), NotDone("X"), Unknown("X"), Submitted(NOON)):
        assert not effect.answered(1, answer, KEYED, at=NOON, real_ms=REAL + LEASE)
    assert (effect.state, effect.attempt) == (State.ATTEMPTING, 2)


def test_a_failure_after_an_attempt_in_doubt_is_left_to_a_person_where_there_are_no_keys() -> None:
    effect = held()
    effect.decide("retry", by="ann", why="the carrier says no", at=NOON)
    effect.begin(KEYLESS, at=NOON, real_ms=REAL + HOUR)
    assert effect.answered(2, Failed("CARD_CLOSED"), KEYLESS, at=NOON, real_ms=REAL + HOUR)
    assert (effect.state, effect.why) == (State.HELD, "CARD_CLOSED")


def test_silence_after_a_submitted_request_is_unknown_by_the_business_clock() -> None:
    effect = submitted()
    due = NOON + timedelta(hours=1)
    assert effect.next_step(KEYED, at=due - timedelta(seconds=1), real_ms=REAL + 1000 * HOUR) is Step.NOTHING
    assert effect.lapse(KEYED, at=due, real_ms=REAL)
    assert (effect.state, effect.why, effect.answer_by) == (State.UNKNOWN, "NO_ANSWER", None)
    assert effect.next_step(KEYED, at=due, real_ms=REAL) is Step.ASK


def test_a_request_told_to_be_absent_is_sent_again_under_the_same_key_and_not_asked_again() -> None:
    effect = submitted()
    assert effect.prove(Unknown("ABSENT"), at=NOON)
    assert not effect.prove(Unknown("ABSENT"), at=NOON)
    assert effect.next_step(KEYED, at=NOON, real_ms=REAL) is Step.ATTEMPT
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL) is Step.HOLD


def test_requests_that_are_never_answered_end_with_a_person() -> None:
    effect, at, real = submitted(), NOON, REAL
    for _ in range(KEYLESS.look_ups):
        at += timedelta(hours=1)
        assert effect.lapse(KEYLESS, at=at, real_ms=real)
        assert effect.ask(KEYLESS, at=at, real_ms=real)
        effect.looked_up(1, Submitted(at + timedelta(hours=1)), at=at, real_ms=real)
    at += timedelta(hours=1)
    effect.lapse(KEYLESS, at=at, real_ms=real)
    assert effect.next_step(KEYLESS, at=at, real_ms=real) is Step.HOLD


@pytest.mark.parametrize(
    ("outcome", "state"), [("succeeded", State.SUCCEEDED), ("failed", State.FAILED), ("retry", State.PLANNED)]
)
def test_a_person_settles_what_is_held(outcome: str, state: State) -> None:
    effect = held()
    effect.decide(outcome, by="ann", why="seen at the provider", at=NOON, reference="p-9")
    assert (effect.state, effect.why) == (state, "seen at the provider")


def test_a_person_orders_one_attempt_and_no_more() -> None:
    effect = held()
    effect.decide("retry", by="ann", why="nothing arrived", at=NOON)
    assert effect.begin(KEYLESS, at=NOON, real_ms=REAL + HOUR)
    assert effect.attempt == 2
    effect.answered(2, NotDone("BUSY"), KEYLESS, at=NOON, real_ms=REAL + HOUR)
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL + 2 * HOUR) is Step.HOLD


@pytest.mark.parametrize("start", [planned, attempting, submitted, unknown, succeeded, failed])
def test_a_person_settles_nothing_but_what_is_held(start: Callable[[], Effect]) -> None:
    effect = start()
    version = effect.version
    with pytest.raises(EffectNotHeld):
        effect.decide("succeeded", by="ann", why="I think so", at=NOON)
    assert effect.version == version


def test_a_person_says_why_and_chooses_a_known_outcome() -> None:
    effect = held()
    with pytest.raises(Invalid):
        effect.decide("succeeded", by="ann", why="  ", at=NOON)
    with pytest.raises(Invalid):
        effect.decide("maybe", by="ann", why="x", at=NOON)
    assert effect.state is State.HELD


@pytest.mark.parametrize("start", [planned, attempting, submitted, unknown, held])
def test_after_a_restore_what_is_not_final_is_unknown_and_never_repeated_without_keys(
    start: Callable[[], Effect],
) -> None:
    effect = start()
    assert effect.lose_trust(at=NOON, since_ms=REAL - HOUR)
    assert not effect.lose_trust(at=NOON, since_ms=REAL - HOUR)
    assert effect.state is State.UNKNOWN
    effect.looked_up(effect.attempt, NotDone("ABSENT"), at=NOON, real_ms=REAL)
    assert effect.next_step(KEYLESS, at=NOON, real_ms=REAL) is Step.HOLD


def test_after_a_restore_a_key_is_trusted_from_the_backup_on() -> None:
    """Attempts that only the lost part of the log knew were made after the backup."""
    effect = planned()
    effect.lose_trust(at=NOON, since_ms=REAL)
    effect.looked_up(0, None, at=NOON, real_ms=REAL)
    assert effect.next_step(KEYED, at=NOON, real_ms=REAL + 23 * HOUR) is Step.ATTEMPT
    assert effect.next_step(KEYED, at=NOON, real_ms=REAL + 24 * HOUR) is Step.HOLD


def test_an_attempt_its_owner_would_not_hear_of_is_held_unsent() -> None:
    effect = planned()
    assert effect.hold_unsent(KEYLESS, at=NOON, real_ms=REAL)
    effect.owner_not_told("KeyError", at=NOON)
    assert (effect.state, effect.attempt, effect.untold) == (State.HELD, 0, "KeyError")
    effect.owner_told(at=NOON)
    assert effect.untold == ""


def test_the_owner_is_told_everything_it_needs() -> None:
    change = failed().changed()
    assert (change.kind, change.key, change.subject, change.state) == ("refund", "case-7/1", CASE, "failed")
    assert (change.attempt, change.reason, change.reference, dict(change.facts)) == (1, "CARD_CLOSED", "", {})


def test_a_lease_must_outlive_its_call() -> None:
    with pytest.raises(ValueError, match="outlive"):
        Terms(None, call=timedelta(seconds=45))


def test_the_fold_gives_the_same_state_again() -> None:
    effect = held()
    effect.decide("retry", by="ann", why="x", at=NOON)
    events = effect.collect_events()
    again: Effect | None = None
    for event in events:
        again = event.mutate(again)
    assert again is not None
    assert {k: v for k, v in again.__dict__.items() if k != "_pending_events"} == {
        k: v for k, v in effect.__dict__.items() if k != "_pending_events"
    }
