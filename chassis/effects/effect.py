"""One request to the outside: asked at most once where the provider cannot tell a repeat, else until it is proven.

planned → attempting → succeeded | failed | submitted | unknown, and unknown → succeeded, attempting or held. A new
attempt begins only where every earlier one is proven to have done nothing, or inside the validity of the provider's own
idempotency key, or because a person said so. A proven success of any attempt is taken in every state.

All instants are given: `at` is the business clock, `real_ms` real time in milliseconds.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.domain import Invalid, derived_id
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
from chassis.effects.states import FINAL, MILLISECOND, EffectFold, EffectNotHeld, State, Step
from chassis.effects.terms import Terms
from chassis.service import EffectChanged, Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown


def effect_id(service: str, kind: str, key: str) -> UUID:
    """The one effect of this kind with this business key."""
    return derived_id(service, "effect", kind, key)


class Effect(EffectFold, topic="chassis.Effect"):
    """See the module's guarantee."""

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

    def stop(self, reason: str, *, at: datetime) -> bool:
        """End it where nothing of it is on its way: no attempt began, or each is proven to have done nothing."""
        return self.state is State.PLANNED and not self.unproven and self._fail(0, Failed(reason), at)

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


def _ms(span: timedelta) -> int:
    return span // MILLISECOND
