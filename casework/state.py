"""What a case knows, and how each shared fact changes it.

Guarantee: the fold only sets attributes; it decides nothing and reads no clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from casework import approval_events as a
from casework import events as e
from casework.approvals import DECLINED, EXPIRED, GRANTED, USED, ApprovalRequest
from casework.service_levels import Clocks, Moment, What
from chassis.domain import Aggregate, Personal, applies, subject_of


@dataclass(frozen=True, slots=True)
class Note:
    """An agent's note."""

    id: UUID
    at: datetime
    by: str
    text: Personal


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """A message from or to the customer; `by` is empty where the customer wrote it."""

    id: str
    at: datetime
    channel: str
    by: str
    automatic: bool
    text: Personal


@dataclass(frozen=True, slots=True)
class Promise:
    """ "I will come back by `due_at`"; open, kept, or missed."""

    id: UUID
    due_at: datetime
    by: str
    text: Personal
    state: str


@dataclass(frozen=True, slots=True)
class ClockAlarm:
    """An instant at which a case asks to be looked at: `key` tells the alarms of one case apart."""

    key: str
    due_at: datetime


class CaseState(Aggregate):
    """State and fold of a case. A service's case folds its own opening event and calls `_identify` in it."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.order_id = ""
        self.opened_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.outcome = ""
        self.assignee = ""
        self.queue = ""
        self.waiting_on = ""
        self.notes: list[Note] = []
        self.messages: dict[str, CaseMessage] = {}
        self.tags: set[str] = set()
        self.promises: dict[UUID, Promise] = {}
        self.approvals: dict[UUID, ApprovalRequest] = {}
        self.clocks = Clocks()
        self.alarms_raised: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Opened and not closed."""
        return self.opened_at is not None and self.closed_at is None

    def personal(self, text: str) -> Personal:
        """A text about this case's customer."""
        return Personal(subject_of(self.shop_id, self.customer_id), text)

    def _identify(self, *, shop_id: str, customer_id: str, order_id: str, queue: str, at: datetime) -> None:
        self.shop_id, self.customer_id, self.order_id = shop_id, customer_id, order_id
        self.queue, self.opened_at = queue, at
        self._moment(What.OPENED, at)

    def _moment(self, what: What, at: datetime) -> None:
        self.clocks = self.clocks.after(Moment(at, what))

    @applies(e.CaseAssigned)
    def _on_assigned(self, event: e.CaseAssigned) -> None:
        self.assignee = event.assignee

    @applies(e.CaseUnassigned)
    def _on_unassigned(self, event: e.CaseUnassigned) -> None:
        self.assignee = ""

    @applies(e.CaseEscalated)
    def _on_escalated(self, event: e.CaseEscalated) -> None:
        self.queue = event.queue

    @applies(e.NoteAdded)
    def _on_note(self, event: e.NoteAdded) -> None:
        self.notes.append(Note(event.note_id, event.timestamp, event.by, event.text))

    @applies(e.CustomerWrote)
    def _on_customer_wrote(self, event: e.CustomerWrote) -> None:
        self.messages[event.message_id] = CaseMessage(
            event.message_id, event.written_at, event.channel, "", False, event.text
        )
        self._moment(What.CUSTOMER_WROTE, event.written_at)
        if self.waiting_on == "customer":
            self.waiting_on = ""

    @applies(e.CustomerAnswered)
    def _on_answered(self, event: e.CustomerAnswered) -> None:
        self.messages[event.message_id] = CaseMessage(
            event.message_id,
            event.timestamp,
            event.channel,
            event.by,
            event.automatic,
            event.text,
        )
        if not event.automatic:
            self._moment(What.PERSON_ANSWERED, event.timestamp)

    @applies(e.CaseTagged)
    def _on_tagged(self, event: e.CaseTagged) -> None:
        self.tags.add(event.tag)

    @applies(e.CaseUntagged)
    def _on_untagged(self, event: e.CaseUntagged) -> None:
        self.tags.discard(event.tag)

    @applies(e.WaitingOnChanged)
    def _on_waiting_on(self, event: e.WaitingOnChanged) -> None:
        self.waiting_on = event.party
        waits = What.WAITS_ON_CUSTOMER if event.party == "customer" else What.WAITS_ON_OTHERS
        self._moment(waits, event.timestamp)

    @applies(e.PromiseMade)
    def _on_promise(self, event: e.PromiseMade) -> None:
        self.promises[event.promise_id] = Promise(event.promise_id, event.due_at, event.by, event.text, "open")

    @applies(e.PromiseKept)
    def _on_promise_kept(self, event: e.PromiseKept) -> None:
        self.promises[event.promise_id] = replace(self.promises[event.promise_id], state="kept")

    @applies(e.PromiseMissed)
    def _on_promise_missed(self, event: e.PromiseMissed) -> None:
        self.promises[event.promise_id] = replace(self.promises[event.promise_id], state="missed")

    @applies(e.ServicePlanSet)
    def _on_plan(self, event: e.ServicePlanSet) -> None:
        self.clocks = self.clocks.under(event.plan)

    @applies(e.ServiceLevelWarned)
    def _on_warned(self, event: e.ServiceLevelWarned) -> None:
        self.alarms_raised.add(f"warn:{event.target}:{event.cycle}")

    @applies(e.ServiceLevelBreached)
    def _on_breached(self, event: e.ServiceLevelBreached) -> None:
        self.alarms_raised.add(f"breach:{event.target}:{event.cycle}")

    @applies(e.CaseClosed)
    def _on_closed(self, event: e.CaseClosed) -> None:
        self.closed_at, self.outcome = event.timestamp, event.outcome
        self._moment(What.CLOSED, event.timestamp)

    @applies(e.CaseReopened)
    def _on_reopened(self, event: e.CaseReopened) -> None:
        self.closed_at, self.outcome = None, ""
        self._moment(What.REOPENED, event.timestamp)

    @applies(a.ApprovalRequested)
    def _on_approval_requested(self, event: a.ApprovalRequested) -> None:
        self.approvals[event.approval_id] = ApprovalRequest.of(event)

    @applies(a.ApprovalGranted)
    def _on_approval_granted(self, event: a.ApprovalGranted) -> None:
        self._decide(event.approval_id, GRANTED, event, event.timestamp)

    @applies(a.ApprovalDeclined)
    def _on_approval_declined(self, event: a.ApprovalDeclined) -> None:
        self._decide(event.approval_id, DECLINED, event, event.timestamp, event.reason)

    @applies(a.ApprovalHandedOver)
    def _on_approval_handed_over(self, event: a.ApprovalHandedOver) -> None:
        self.approvals[event.approval_id] = self.approvals[event.approval_id].handed(event.to)

    @applies(a.ApprovalUsed)
    def _on_approval_used(self, event: a.ApprovalUsed) -> None:
        self.approvals[event.approval_id] = self.approvals[event.approval_id].ended(USED)

    @applies(a.ApprovalExpired)
    def _on_approval_expired(self, event: a.ApprovalExpired) -> None:
        self.approvals[event.approval_id] = self.approvals[event.approval_id].ended(EXPIRED)

    def _decide(
        self,
        approval_id: UUID,
        state: str,
        event: a.ApprovalGranted | a.ApprovalDeclined,
        at: datetime,
        reason: str = "",
    ) -> None:
        known = self.approvals[approval_id]
        self.approvals[approval_id] = known.decided(state, event.by, at, reason, in_place_of=event.in_place_of)
