"""The case every service extends: who has it, what was said, what was promised, and how long it takes.

Guarantee: repeating a command that changed nothing new records nothing, a closed case takes only notes,
tags and messages, and every change names who made it.
"""

from datetime import datetime
from uuid import UUID

from casework import approval_events as a
from casework import events as e
from casework.alarms import open_alarms
from casework.approving import Approving
from casework.errors import CaseIsOpen, PromiseUnknown
from casework.service_levels import ServicePlan
from casework.state import ClockAlarm

ESCALATIONS = "escalations"


class Case(Approving):
    """Abstract: the commands that every case takes."""

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
                self.record(a.ApprovalExpired, at=at, approval_id=UUID(rest))
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
