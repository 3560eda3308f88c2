"""One request to the outside: asked at most once where the provider cannot tell a repeat, else until it is proven.

planned → attempting → succeeded | failed | submitted | unknown, and unknown → succeeded, attempting or held. A new
attempt begins only where every earlier one is proven to have done nothing, or inside the validity of the provider's own
idempotency key, or because a person said so. A proven success of any attempt is taken in every state.

All instants are given: `at` is the business clock, `real_ms` real time in milliseconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from chassis.domain import Aggregate, Invalid, Refused, applies, derived_id
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
from chassis.effects.terms import Terms
from chassis.service import EffectChanged, Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown

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


def effect_id(service: str, kind: str, key: str) -> UUID:
    """The one effect of this kind with this business key."""
    return derived_id(service, "effect", kind, key)


class Effect(Aggregate, topic="chassis.Effect"):
    """See the module's guarantee."""

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

    @classmethod
    def plan(
        cls, service: str, kind: str, key: str, *, subject: UUID, body: Mapping[str, Any], at: datetime
    ) -> "Effect":
        """The intent, written in the deciding unit. `body` holds ids, no personal data."""
        plain = msgspec.to_builtins(body)  # what the provider gets is what the log gives back
        return cls.start(
            EffectPlanned, id=effect_id(service, kind, key), at=at, kind=kind, key=key, subject=subject, body=plain
        )

    def next_step(self, terms: Terms, *, at: datetime, real_ms: int) -> Step:
        """What is to be done now; NOTHING also means "not yet"."""
        if self.state is State.SUBMITTED:
            return Step.LAPSE if self.answer_by is not None and at >= self.answer_by else Step.NOTHING
        if self.wake_ms is None or real_ms < self.wake_ms:
            return Step.NOTHING
        if self.state is State.ATTEMPTING:
            return Step.LAPSE
        if self.state is State.UNKNOWN and not self.asked and self.look_ups < terms.look_ups:
            return Step.ASK
        if self.state in (State.PLANNED, State.UNKNOWN):
            return Step.ATTEMPT if self._may_attempt(terms, real_ms) else Step.HOLD
        return Step.NOTHING

    def _may_attempt(self, terms: Terms, real_ms: int) -> bool:
        if self.permitted:
            return True
        if self.attempt >= terms.attempts:
            return False
        return not self._in_doubt or self._key_is_honoured(terms, real_ms)

    @property
    def _in_doubt(self) -> bool:
        return bool(self.unproven) or self.state is State.UNKNOWN

    def _key_is_honoured(self, terms: Terms, real_ms: int) -> bool:
        if terms.idempotency is None or self.first_ms is None:
            return False
        return real_ms + _ms(terms.lease) < self.first_ms + _ms(terms.idempotency)

    def begin(self, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """Begin the next attempt; False where this is not the time or another worker has begun it."""
        if self.next_step(terms, at=at, real_ms=real_ms) is not Step.ATTEMPT:
            return False
        lease = real_ms + _ms(terms.lease)
        self.record(AttemptBegan, at=at, number=self.attempt + 1, began_ms=real_ms, lease_ms=lease)
        return True

    def lapse(self, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """A lease or an answer-by time has passed: the outcome is unknown."""
        if self.next_step(terms, at=at, real_ms=real_ms) is not Step.LAPSE:
            return False
        why = "NO_ANSWER" if self.state is State.SUBMITTED else "LEASE_ENDED"
        self.record(OutcomeUnknown, at=at, why=why, asked=False, wake_ms=real_ms)
        return True

    def ask(self, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """Begin a look-up; False where this is not the time or another worker has begun it."""
        if self.next_step(terms, at=at, real_ms=real_ms) is not Step.ASK:
            return False
        wake = real_ms + _ms(terms.call) + terms.pause_ms(self.look_ups + 1)
        self.record(LookUpBegan, at=at, number=self.look_ups + 1, wake_ms=wake)
        return True

    def hold(self, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """Leave it to a person, because no attempt may be made any more."""
        if self.next_step(terms, at=at, real_ms=real_ms) is not Step.HOLD:
            return False
        self.record(EffectHeld, at=at, why=self.why or "NO_ATTEMPT_LEFT")
        return True

    def hold_unsent(self, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """The owner's handler raised on an attempt that was about to begin: nothing is sent before a person looked."""
        if self.next_step(terms, at=at, real_ms=real_ms) is not Step.ATTEMPT:
            return False
        self.record(EffectHeld, at=at, why="OWNER_RAISED")
        return True

    def answered(self, attempt: int, answer: ProviderAnswer, terms: Terms, *, at: datetime, real_ms: int) -> bool:
        """What the provider said to one attempt, however late it comes."""
        if isinstance(answer, Succeeded):
            return self._succeed(attempt, answer, at)
        if attempt != self.attempt or self.state not in (State.ATTEMPTING, State.UNKNOWN, State.HELD):
            return False
        doubt_elsewhere = bool(self.unproven - {attempt}) and terms.idempotency is None
        if isinstance(answer, Failed) and not doubt_elsewhere:
            return self._fail(attempt, answer, at)
        if self.state is State.HELD:  # a person is looking at it: only a proof of the whole changes anything
            return False
        if isinstance(answer, Failed):  # this attempt did nothing, but an earlier one may have done it
            self.record(EffectHeld, at=at, why=answer.reason)
        elif isinstance(answer, NotDone):
            wake = real_ms + terms.pause_ms(self.attempt)
            self.record(AttemptCameToNothing, at=at, attempt=attempt, why=answer.reason, wake_ms=wake)
        elif isinstance(answer, Submitted):
            self._submit(attempt, answer, at)
        elif self.state is State.ATTEMPTING:
            wake = real_ms + terms.pause_ms(self.attempt)
            self.record(OutcomeUnknown, at=at, why=answer.reason, asked=False, wake_ms=wake)
        else:
            return False
        return True

    def looked_up(self, attempt: int, answer: ProviderAnswer | None, *, at: datetime, real_ms: int) -> bool:
        """What a look-up after `attempt` gave. "Absent" is no proof: the first sender may still be on its way."""
        if isinstance(answer, Succeeded):
            return self._succeed(0, answer, at)
        if self.state is not State.UNKNOWN or attempt != self.attempt:
            return False
        if isinstance(answer, Failed):
            return self._fail(0, answer, at)
        if isinstance(answer, Submitted):
            self._submit(self.attempt, answer, at)
            return True
        why = self.why if answer is None else answer.reason
        self.record(OutcomeUnknown, at=at, why=why, asked=True, wake_ms=real_ms)
        return True

    def prove(self, answer: Succeeded | Failed | Unknown, *, at: datetime) -> bool:
        """A fact from outside about this effect."""
        if isinstance(answer, Succeeded):
            return self._succeed(0, answer, at)
        if isinstance(answer, Failed):
            return self._fail(0, answer, at)
        if self.state is State.SUBMITTED or (self.state is State.UNKNOWN and not self.asked):
            self.record(OutcomeUnknown, at=at, why=answer.reason, asked=True, wake_ms=0)
            return True
        return False

    def decide(self, outcome: str, *, by: str, why: str, at: datetime, reference: str = "") -> None:
        """A person settles a held effect."""
        if outcome not in ("succeeded", "failed", "retry"):
            raise Invalid("outcome", "a held effect is settled as succeeded, failed or retry")
        if not why.strip():
            raise Invalid("reason", "say why")
        if self.state is not State.HELD:
            raise EffectNotHeld(f"the effect is {self.state}", state=self.state)
        self.record(PersonDecided, at=at, by=by, outcome=outcome, why=why, reference=reference)

    def lose_trust(self, *, at: datetime, since_ms: int) -> bool:
        """After a restore: whatever is not final may have gone on after the backup was taken."""
        if self.state in FINAL or self.why == "RESTORED":
            return False
        self.record(TrustLost, at=at, why="RESTORED", since_ms=since_ms)
        return True

    def changed(self) -> EffectChanged:
        """The present state, as its owner is told."""
        return EffectChanged(
            kind=self.kind,
            key=self.key,
            subject=self.subject,
            body=self.body,
            state=self.state.value,
            attempt=self.attempt,
            reason=self.why,
            reference=self.reference,
            facts=self.facts,
        )

    def owner_not_told(self, why: str, *, at: datetime) -> None:
        self.record(OwnerNotTold, at=at, why=why)

    def owner_told(self, *, at: datetime) -> None:
        if self.untold:
            self.record(OwnerTold, at=at)

    def _succeed(self, attempt: int, answer: Succeeded, at: datetime) -> bool:
        if self.state is State.SUCCEEDED:
            return False
        self.record(EffectSucceeded, at=at, attempt=attempt, reference=answer.reference, facts=dict(answer.facts))
        return True

    def _fail(self, attempt: int, answer: Failed, at: datetime) -> bool:
        if self.state in FINAL:
            return False
        self.record(EffectFailed, at=at, attempt=attempt, why=answer.reason, facts=dict(answer.facts))
        return True

    def _submit(self, attempt: int, answer: Submitted, at: datetime) -> None:
        reference = answer.reference or self.reference
        self.record(RequestSubmitted, at=at, attempt=attempt, reference=reference, answer_by=answer.answer_by)

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


def milliseconds(real: datetime) -> int:
    """A real instant as milliseconds since 1970."""
    return (real - EPOCH) // MILLISECOND


def _ms(span: timedelta) -> int:
    return span // MILLISECOND
