"""One message: it goes out at most once, and says for ever what became of it.

The one exception is named where it is planned: a message marked "rather twice than never" is tried again
after an attempt whose outcome is unknown, under the same Message-ID.
"""

from datetime import datetime, timedelta

from chassis.domain import Personal, subject_of
from services.notifications.domain.errors import NotSendable
from services.notifications.domain.events import (
    MessageAccepted,
    MessageBounced,
    MessageComplained,
    MessageDeferred,
    MessageHandedOver,
    MessageOutcomeUnknown,
    MessagePlanned,
    MessagePlannedAgain,
    MessageRendered,
    MessageSent,
    MessageSuppressed,
    ResendAsked,
)
from services.notifications.domain.message_state import MessageState
from services.notifications.domain.values import Facts, Notice, Rendering, Sending, State, Why, message_id

RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""Pause after the first, second, … deferral; the last one repeats until the catalogue gives up."""


class Message(MessageState, topic="notifications.Message"):
    """What one recipient is told about one expectation of one trouble."""

    @classmethod
    def plan(
        cls,
        notice: Notice,
        trouble: str,
        expectation: str,
        *,
        sending: Sending,
        due_at: datetime,
        expires_at: datetime | None,
        at: datetime,
    ) -> "Message":
        """The customer has to be told `expectation`, not before `due_at` and not after `expires_at`."""
        key = message_id(notice.shop_id, notice.customer_id, trouble, expectation)
        return cls.start(
            MessagePlanned,
            id=key,
            at=at,
            shop_id=notice.shop_id,
            customer_id=notice.customer_id,
            trouble=trouble,
            expectation=expectation,
            code=notice.code,
            order_id=notice.order_id,
            case_id=notice.case_id,
            cause=notice.cause,
            facts=notice.facts,
            sending=sending,
            due_at=due_at,
            expires_at=expires_at,
        )

    @property
    def waiting(self) -> bool:
        """Planned or deferred, and no attempt has begun: it can still be superseded or stopped."""
        return self.state in (State.PLANNED, State.DEFERRED)

    def plan_again(self, facts: Facts, *, due_at: datetime, expires_at: datetime | None, at: datetime) -> bool:
        """What it tells holds again. Nothing happens where it went out, or was kept back for another reason."""
        if self.state is not State.SUPPRESSED or self.why not in (Why.SUPERSEDED, Why.OVERTAKEN):
            return False
        self.record(MessagePlannedAgain, at=at, facts=facts, due_at=due_at, expires_at=expires_at)
        return True

    def is_due(self, now: datetime) -> bool:
        """An attempt may begin now."""
        return self.waiting and not self.handed_over and self.due_at is not None and self.due_at <= now

    def hand_over(self, *, at: datetime) -> int | None:
        """The number of the attempt that may begin now; None where nothing is due."""
        if not self.is_due(at) or self.expire(at=at):
            return None
        self.record(MessageHandedOver, at=at, attempt=self.attempt + 1)
        return self.attempt

    def begin(self, attempt: int, *, at: datetime) -> None:
        """An attempt starts, unless the message was kept back meanwhile."""
        if self._concerns(attempt) and self.state in (State.PLANNED, State.DEFERRED, State.UNKNOWN):
            self.record(MessageSent, at=at, attempt=attempt)

    def rendered(self, rendering: Rendering, *, at: datetime) -> None:
        """What the mail was made of; told with the outcome."""
        if rendering != self.rendering:
            self.record(MessageRendered, at=at, rendering=rendering)

    def accept(self, reference: str, *, at: datetime) -> None:
        """Proof that the server has it is taken in every state but its own."""
        if self.state not in (State.ACCEPTED, State.COMPLAINED):
            self.record(MessageAccepted, at=at, reference=reference)

    def defer(self, attempt: int, reason: str, *, at: datetime) -> None:
        """It has not gone out: try again later, or give up for good."""
        if not self._concerns(attempt) or self.state not in (State.SENT, State.UNKNOWN):
            return
        pause = RETRY_AFTER[min(self.attempt, len(RETRY_AFTER)) - 1]
        if self.planned_at is not None and at + pause > self.planned_at + self.sending.give_up_after:
            self.record(MessageBounced, at=at, reason=f"GAVE_UP: {reason}")
        else:
            self.record(MessageDeferred, at=at, reason=reason, retry_at=at + pause)

    def bounce(self, reason: str, *, at: datetime) -> None:
        """The server refused it for good; it may say so after it has taken it."""
        if self.state not in (State.BOUNCED, State.COMPLAINED, State.SUPPRESSED):
            self.record(MessageBounced, at=at, reason=reason)

    def complain(self, *, at: datetime) -> None:
        """The recipient marked it as unwanted."""
        if self.state not in (State.COMPLAINED, State.SUPPRESSED):
            self.record(MessageComplained, at=at)

    def lose_track(self, attempt: int, reason: str, *, at: datetime) -> None:
        """No answer: it may or may not have gone out."""
        if self._concerns(attempt) and self.state is State.SENT:
            self.record(MessageOutcomeUnknown, at=at, reason=reason)

    def doubt(self, restored_at: datetime, *, at: datetime) -> bool:
        """After a restore at `restored_at`: what waits may have gone out in the lost time.

        False where it cannot: it was planned before the backup and is due only after the restore.
        """
        planned_again = self.planned_at is not None and self.planned_at >= restored_at
        was_due = self.due_at is None or self.due_at <= restored_at
        if not self.waiting or self.handed_over or not (planned_again or was_due):
            return False
        self.record(MessageOutcomeUnknown, at=at, reason="RESTORED")
        return True

    def suppress(self, why: Why, *, at: datetime) -> bool:
        """Keep it back. False where it is too late, or already so."""
        if not self.waiting:
            return False
        self.record(MessageSuppressed, at=at, why=why)
        return True

    def found_unsendable(self, attempt: int, why: Why, *, at: datetime) -> None:
        """The attempt that had begun found that it must not be sent, and sent nothing."""
        if self._concerns(attempt) and self.state in (State.SENT, State.UNKNOWN):
            self.record(MessageSuppressed, at=at, why=why)

    def may_go(self, attempt: int) -> bool:
        """The attempt in hand is the one that began; everything else must send nothing."""
        return self._concerns(attempt) and self.state is State.SENT

    def _concerns(self, attempt: int) -> bool:
        return self.handed_over and attempt == self.attempt

    def expire(self, *, at: datetime) -> bool:
        """Keep it back where what it says is of no use any more."""
        if self.expires_at is None or at < self.expires_at:
            return False
        return self.suppress(Why.EXPIRED, at=at)

    def resend(self, reason: str, *, by: str, at: datetime) -> None:
        """Send again what bounced, or what nobody knows of: `by` answers for a second mail."""
        if self.state not in (State.BOUNCED, State.UNKNOWN):
            raise NotSendable(f"only what bounced or is unknown is sent again; this is {self.state.value}")
        self.record(ResendAsked, at=at, reason=Personal(subject_of(self.shop_id, self.customer_id), reason), by=by)
