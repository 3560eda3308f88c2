"""The case every service extends: who has it, what was said, what was promised, and how long it takes.

Guarantee: repeating a command that changed nothing new records nothing, a closed case takes only notes,
tags and messages, and every change names who made it.
"""

from datetime import datetime
from uuid import UUID

from casework import events as e
from casework.alarms import open_alarms
from casework.approvals import DECLINED, GRANTED, REQUESTED, ApprovalRequest
from casework.errors import ApprovalUnknown, CaseIsClosed, CaseIsOpen, PromiseUnknown
from casework.service_levels import ServicePlan
from casework.state import CaseState, ClockAlarm
from chassis.domain import Money

ESCALATIONS = "escalations"


class Case(CaseState):
    """Abstract: the commands that every case takes."""

    def require_open(self) -> None:
        """Refuse on a closed case."""
        if self.closed_at is not None:
            when = self.closed_at.isoformat()
            raise CaseIsClosed(
                f"the case was closed at {when} ({self.outcome})",
                closed_at=when,
                outcome=self.outcome,
            )

    def assign(self, assignee: str, *, by: str, at: datetime) -> None:
        """Give the case to somebody."""
        self.require_open()
        if assignee != self.assignee:
            self.record(e.CaseAssigned, at=at, assignee=assignee, by=by)

    def unassign(self, *, by: str, at: datetime) -> None:
        """Put the case back in its queue."""
        self.require_open()
        if self.assignee:
            self.record(e.CaseUnassigned, at=at, by=by)

    def escalate(self, queue: str, reason: str, *, by: str, at: datetime) -> None:
        """Move the case to another queue."""
        self.require_open()
        if queue != self.queue:
            self.record(e.CaseEscalated, at=at, queue=queue, reason=reason, by=by)

    def note(self, note_id: UUID, text: str, *, by: str, at: datetime) -> None:
        """Write something down for agents; allowed on a closed case too."""
        if all(note.id != note_id for note in self.notes):
            self.record(e.NoteAdded, at=at, note_id=note_id, text=self.personal(text), by=by)

    def customer_wrote(
        self,
        message_id: str,
        channel: str,
        text: str,
        *,
        written_at: datetime,
        at: datetime,
    ) -> None:
        """The customer got in touch; the same message id counts once."""
        if message_id not in self.messages:
            self.record(
                e.CustomerWrote,
                at=at,
                message_id=message_id,
                channel=channel,
                written_at=written_at,
                text=self.personal(text),
            )

    def answer(
        self,
        message_id: str,
        channel: str,
        text: str,
        *,
        by: str,
        at: datetime,
        automatic: bool = False,
    ) -> None:
        """A message went to the customer; the same message id counts once."""
        if message_id not in self.messages:
            self.record(
                e.CustomerAnswered,
                at=at,
                message_id=message_id,
                channel=channel,
                automatic=automatic,
                text=self.personal(text),
                by=by,
            )

    def tag(self, tag: str, *, by: str, at: datetime) -> None:
        """Put a tag on."""
        if tag not in self.tags:
            self.record(e.CaseTagged, at=at, tag=tag, by=by)

    def untag(self, tag: str, *, by: str, at: datetime) -> None:
        """Take a tag off."""
        if tag in self.tags:
            self.record(e.CaseUntagged, at=at, tag=tag, by=by)

    def wait_on(self, party: str, *, by: str, at: datetime) -> None:
        """Say whom the case waits on; only waiting on the customer stops a clock."""
        self.require_open()
        if party != self.waiting_on:
            self.record(e.WaitingOnChanged, at=at, party=party, by=by)

    def promise(self, promise_id: UUID, due_at: datetime, text: str, *, by: str, at: datetime) -> None:
        """Tell the customer when somebody comes back."""
        self.require_open()
        if promise_id not in self.promises:
            self.record(
                e.PromiseMade,
                at=at,
                promise_id=promise_id,
                due_at=due_at,
                text=self.personal(text),
                by=by,
            )

    def keep_promise(self, promise_id: UUID, *, by: str, at: datetime) -> None:
        """The promise was kept."""
        promise = self.promises.get(promise_id)
        if promise is None:
            raise PromiseUnknown(f"there is no promise {promise_id}", promise_id=promise_id)
        if promise.state != "kept":
            self.record(e.PromiseKept, at=at, promise_id=promise_id, by=by)

    def set_plan(self, plan: ServicePlan, *, at: datetime) -> None:
        """Put the case under service levels."""
        if self.clocks.plan != (near := plan.near(at)):
            self.record(e.ServicePlanSet, at=at, plan=near)

    def close(self, outcome: str, reason: str, *, by: str, at: datetime) -> None:
        """End the case."""
        self.require_open()
        self.record(e.CaseClosed, at=at, outcome=outcome, reason=reason, by=by)

    def reopen(self, reason: str, *, by: str, at: datetime) -> None:
        """Something speaks against its end."""
        if self.closed_at is None:
            raise CaseIsOpen("the case is open")
        self.record(e.CaseReopened, at=at, reason=reason, by=by)

    def request_approval(
        self,
        approval_id: UUID,
        action: str,
        reason: str,
        *,
        amount: Money | None,
        limit: Money | None,
        arguments: dict[str, str],
        expires_at: datetime,
        by: str,
        at: datetime,
    ) -> None:
        """Ask a second person; an equal request that is still open is not asked twice."""
        self.require_open()
        same = (action, amount, tuple(sorted(arguments.items())), by)
        for asked in self.approvals.values():
            if asked.state == REQUESTED and (asked.action, asked.amount, asked.arguments, asked.requested_by) == same:
                return
        self.record(
            e.ApprovalRequested,
            at=at,
            approval_id=approval_id,
            action=action,
            amount=amount,
            limit=limit,
            reason=reason,
            arguments=arguments,
            expires_at=expires_at,
            by=by,
        )

    def grant_approval(self, approval_id: UUID, *, by: str, at: datetime) -> ApprovalRequest:
        """A second person says yes; the same person saying it again changes nothing."""
        approval = self.approval(approval_id)
        if not (approval.state == GRANTED and approval.decided_by == by):
            approval.check_decision(by, at)
            self.record(e.ApprovalGranted, at=at, approval_id=approval_id, by=by)
        return self.approvals[approval_id]

    def decline_approval(self, approval_id: UUID, reason: str, *, by: str, at: datetime) -> None:
        """A second person says no."""
        approval = self.approval(approval_id)
        if not (approval.state == DECLINED and approval.decided_by == by):
            approval.check_decision(by, at)
            self.record(e.ApprovalDeclined, at=at, approval_id=approval_id, reason=reason, by=by)

    def use_approval(
        self,
        approval_id: UUID,
        action: str,
        amount: Money | None,
        *,
        by: str,
        at: datetime,
    ) -> None:
        """Carry out what was approved; works once."""
        self.approval(approval_id).check_use(action, amount, at)
        self.record(e.ApprovalUsed, at=at, approval_id=approval_id, by=by)

    def approval(self, approval_id: UUID) -> ApprovalRequest:
        """The approval of that id, or `ApprovalUnknown`."""
        if approval_id not in self.approvals:
            raise ApprovalUnknown(
                f"there is no approval {approval_id} on this case",
                approval_id=approval_id,
            )
        return self.approvals[approval_id]

    def alarms(self) -> list[ClockAlarm]:
        """Every instant at which this case should be looked at; an alarm raised once is not given again."""
        return open_alarms(self)

    def raise_alarms(self, *, at: datetime) -> None:
        """Record what has become due by `at`: warnings, breaches, missed promises, expired approvals.

        A breach and a missed promise also move the case to the escalations queue.
        """
        for alarm in self.alarms():
            if alarm.due_at <= at:
                self._raise(alarm, at)

    def _raise(self, alarm: ClockAlarm, at: datetime) -> None:
        kind, _, rest = alarm.key.partition(":")
        target, _, cycle = rest.partition(":")
        due = alarm.due_at
        match kind:
            case "promise":
                self.record(e.PromiseMissed, at=at, promise_id=UUID(rest), due_at=due)
                self.escalate(ESCALATIONS, "promise missed", by="system", at=at)
            case "approval":
                self.record(e.ApprovalExpired, at=at, approval_id=UUID(rest))
            case "warn":
                self.record(
                    e.ServiceLevelWarned,
                    at=at,
                    target=target,
                    cycle=int(cycle),
                    due_at=due,
                )
            case _:
                self.record(
                    e.ServiceLevelBreached,
                    at=at,
                    target=target,
                    cycle=int(cycle),
                    due_at=due,
                )
                self.escalate(ESCALATIONS, f"{target} missed", by="system", at=at)
