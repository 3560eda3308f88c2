"""Where an effect stands, what its events make of it, and the real clock it counts by. Nothing here decides."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate, Refused, applies
from chassis.effects.events import (
    AttemptBegan,
    AttemptCameToNothing,
    EffectFailed,
    EffectHeld,
    EffectPlanned,
    EffectSucceeded,
    LookUpBegan,
    OutcomeUnknown,
    OwnerNotTold,
    OwnerTold,
    PersonDecided,
    RequestSubmitted,
    TrustLost,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class State(StrEnum):
    """Where an effect stands."""

    PLANNED = "planned"
    ATTEMPTING = "attempting"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"


FINAL = frozenset({State.SUCCEEDED, State.FAILED})


class Step(StrEnum):
    """What the worker has to do next."""

    NOTHING = "nothing"
    ATTEMPT = "attempt"
    LAPSE = "lapse"
    ASK = "ask"
    HOLD = "hold"


class EffectNotHeld(Refused):
    """Only a held effect waits for a person."""

    reason = "EFFECT_NOT_HELD"


def milliseconds(real: datetime) -> int:
    """A real instant as milliseconds since 1970."""
    return (real - EPOCH) // MILLISECOND


class EffectFold(Aggregate):
    """The fold of an effect's events."""

    def __init__(self) -> None:
        self.kind = ""
        self.key = ""
        self.subject = UUID(int=0)
        self.body: dict[str, Any] = {}
        self.state = State.PLANNED
        self.attempt = 0
        self.unproven: frozenset[int] = frozenset()  # attempts that may have done it
        self.permitted = False  # a person ordered the next attempt
        self.first_ms: int | None = None  # when the provider may have seen our key first
        self.wake_ms: int | None = 0
        self.answer_by: datetime | None = None
        self.look_ups = 0
        self.asked = False
        self.why = ""
        self.reference = ""
        self.facts: dict[str, str] = {}
        self.untold = ""

    @applies(EffectPlanned)
    def _on_planned(self, event: EffectPlanned) -> None:
        self.kind, self.key, self.subject, self.body = event.kind, event.key, event.subject, event.body

    @applies(AttemptBegan)
    def _on_attempt_began(self, event: AttemptBegan) -> None:
        self.state, self.attempt, self.wake_ms = State.ATTEMPTING, event.number, event.lease_ms
        self.unproven |= {event.number}
        self.permitted, self.asked, self.look_ups, self.why = False, False, 0, ""
        self.first_ms = event.began_ms if self.first_ms is None else self.first_ms

    @applies(RequestSubmitted)
    def _on_submitted(self, event: RequestSubmitted) -> None:
        self.state, self.wake_ms, self.answer_by = State.SUBMITTED, None, event.answer_by
        self.reference, self.why = event.reference, ""

    @applies(EffectSucceeded)
    def _on_succeeded(self, event: EffectSucceeded) -> None:
        self._end(State.SUCCEEDED, "")
        self.reference = event.reference or self.reference
        self.facts = event.facts

    @applies(EffectFailed)
    def _on_failed(self, event: EffectFailed) -> None:
        self._end(State.FAILED, event.why)
        self.facts = event.facts

    @applies(AttemptCameToNothing)
    def _on_came_to_nothing(self, event: AttemptCameToNothing) -> None:
        self.state, self.wake_ms, self.why = State.PLANNED, event.wake_ms, event.why
        self.unproven -= {event.attempt}

    @applies(OutcomeUnknown)
    def _on_unknown(self, event: OutcomeUnknown) -> None:
        self.state, self.why, self.asked, self.wake_ms = State.UNKNOWN, event.why, event.asked, event.wake_ms
        self.answer_by = None

    @applies(LookUpBegan)
    def _on_look_up_began(self, event: LookUpBegan) -> None:
        self.look_ups, self.wake_ms = event.number, event.wake_ms

    @applies(EffectHeld)
    def _on_held(self, event: EffectHeld) -> None:
        self.state, self.wake_ms, self.answer_by, self.why = State.HELD, None, None, event.why

    @applies(PersonDecided)
    def _on_person_decided(self, event: PersonDecided) -> None:
        if event.outcome == "retry":
            self.state, self.permitted, self.wake_ms, self.why = State.PLANNED, True, 0, event.why
        else:
            self._end(State(event.outcome), event.why)
            self.reference = event.reference or self.reference

    @applies(TrustLost)
    def _on_trust_lost(self, event: TrustLost) -> None:
        self.state, self.why, self.asked, self.wake_ms = State.UNKNOWN, event.why, False, 0
        self.answer_by, self.permitted, self.look_ups = None, False, 0
        self.unproven |= {0}  # attempts that only the lost part of the log knew
        self.first_ms = event.since_ms if self.first_ms is None else self.first_ms

    @applies(OwnerNotTold)
    def _on_owner_not_told(self, event: OwnerNotTold) -> None:
        self.untold = event.why

    @applies(OwnerTold)
    def _on_owner_told(self, event: OwnerTold) -> None:
        self.untold = ""

    def _end(self, state: State, why: str) -> None:
        self.state, self.why, self.wake_ms, self.answer_by, self.permitted = state, why, None, None, False
