"""What a message knows, and how each of its facts changes it. The fold only sets attributes."""

from datetime import datetime, timedelta

from chassis.domain import Aggregate, applies
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
from services.notifications.domain.values import Facts, Rendering, Sending, State, Why


class MessageState(Aggregate):
    """State and fold of `Message`."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.trouble = ""
        self.expectation = ""
        self.code = ""
        self.order_id = ""
        self.case_id = ""
        self.cause = ""
        self.facts = Facts()
        self.sending = Sending("", "", "", True, "", "", False, timedelta())
        self.state = State.PLANNED
        self.attempt = 0  # the highest one handed over
        self.handed_over = False  # an attempt may begin or runs
        self.due_at: datetime | None = None
        self.expires_at: datetime | None = None
        self.planned_at: datetime | None = None
        self.sent_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.rendering: Rendering | None = None
        self.why: Why | None = None
        self.detail = ""

    @applies(MessagePlanned)
    def _on_planned(self, event: MessagePlanned) -> None:
        self.shop_id, self.customer_id = event.shop_id, event.customer_id
        self.trouble, self.expectation, self.code = event.trouble, event.expectation, event.code
        self.order_id, self.case_id, self.cause = event.order_id, event.case_id, event.cause
        self.sending = event.sending
        self.planned_at = event.timestamp
        self._plan(event.facts, event.due_at, event.expires_at)

    @applies(MessagePlannedAgain)
    def _on_planned_again(self, event: MessagePlannedAgain) -> None:
        self.planned_at = event.timestamp
        self._plan(event.facts, event.due_at, event.expires_at)

    def _plan(self, facts: Facts, due_at: datetime, expires_at: datetime | None) -> None:
        self.facts = facts
        self.due_at = due_at
        self.expires_at = expires_at
        self.state = State.PLANNED
        self.handed_over = False
        self.ended_at = self.why = None

    @applies(ResendAsked)
    def _on_resend_asked(self, event: ResendAsked) -> None:
        self.planned_at = event.timestamp
        self._plan(self.facts, event.timestamp, None)

    @applies(MessageHandedOver)
    def _on_handed_over(self, event: MessageHandedOver) -> None:
        self.attempt = event.attempt
        self.handed_over = True

    @applies(MessageSent)
    def _on_sent(self, event: MessageSent) -> None:
        self.state = State.SENT
        self.sent_at = event.timestamp

    @applies(MessageRendered)
    def _on_rendered(self, event: MessageRendered) -> None:
        self.rendering = event.rendering

    @applies(MessageAccepted)
    def _on_accepted(self, event: MessageAccepted) -> None:
        self._end(State.ACCEPTED, event.timestamp, "")
        self.why = None

    @applies(MessageDeferred)
    def _on_deferred(self, event: MessageDeferred) -> None:
        self.state = State.DEFERRED
        self.handed_over = False
        self.due_at = event.retry_at
        self.detail = event.reason

    @applies(MessageBounced)
    def _on_bounced(self, event: MessageBounced) -> None:
        self._end(State.BOUNCED, event.timestamp, event.reason)

    @applies(MessageComplained)
    def _on_complained(self, event: MessageComplained) -> None:
        self._end(State.COMPLAINED, event.timestamp, "")

    @applies(MessageOutcomeUnknown)
    def _on_unknown(self, event: MessageOutcomeUnknown) -> None:
        self.state = State.UNKNOWN
        self.detail = event.reason

    @applies(MessageSuppressed)
    def _on_suppressed(self, event: MessageSuppressed) -> None:
        self._end(State.SUPPRESSED, event.timestamp, "")
        self.handed_over = False
        self.why = event.why

    def _end(self, state: State, at: datetime, detail: str) -> None:
        self.state = state
        self.ended_at = at
        self.detail = detail
