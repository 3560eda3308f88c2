"""What agents do with a complaint beside remedying it: note, assign, have approved, close."""

from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid, Money
from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from desk.approvals import Against, approval_facts, decline_approval, grant_approval
from desk.cases import give_to, write_note
from services.quality_complaints.application.investigating import receipt
from services.quality_complaints.application.remedies import RESOLVE, Remedies
from services.quality_complaints.domain.complaint import OUTCOME_OF, Complaint

ACTIONS = {"ResolveComplaint": RESOLVE}
"""What can be asked of a second person, by the rpc that needs it."""


class Desk(Remedies):
    """The desk's use cases."""

    approval_rpcs = ACTIONS

    async def note(self, work: Work, case_id: UUID, text: str) -> Receipt:
        """Write something down, for agents."""
        complaint = await self.visible_complaint(work, case_id)
        return receipt(complaint, **write_note(work, complaint, text))

    async def assign(self, work: Work, case_id: UUID, assignee: str) -> Receipt:
        """Give the complaint to somebody, or back to its queue."""
        complaint = await self.visible_complaint(work, case_id)
        return receipt(complaint, **give_to(work, complaint, assignee))

    async def record_contact(
        self, work: Work, case_id: UUID, *, direction: str, channel: str, contact_at: datetime | None, waiting_on: str
    ) -> Receipt:
        """The customer was in touch, or somebody answered."""
        complaint = await self.visible_complaint(work, case_id)
        when = min(contact_at or work.now, work.now)
        message_id = str(work.new_id())
        if direction == "from_customer":
            complaint.customer_wrote(message_id, channel, "", written_at=when, at=work.now)
        else:
            complaint.answer(message_id, channel, "", by=work.actor.id, at=work.now)
        if waiting_on:
            complaint.wait_on(waiting_on, by=work.actor.id, at=work.now)
        return receipt(complaint)

    async def request_approval(
        self, work: Work, case_id: UUID, *, action: str, amount: Money | None, reason: str
    ) -> Receipt:
        """Have a second person look at something above the caller's limit."""
        if action not in ACTIONS:
            raise Invalid("action", f"{action!r} needs no approval; there are {', '.join(sorted(ACTIONS))}")
        complaint, order = await self._around(work, case_id)
        value = amount or order.value_of(complaint.line_id, complaint.quantity)
        limit = self.rules.limits.of(work.actor.roles, ACTIONS[action], value.currency)
        complaint.request_approval(
            work.new_id(),
            ACTIONS[action],
            reason,
            amount=value,
            limit=limit.per_order,
            arguments={"rpc": action},
            expires_at=work.now + self.rules.approval_within,
            by=work.actor.id,
            at=work.now,
        )
        asked = next(a for a in reversed(complaint.approvals.values()) if a.action == ACTIONS[action])
        return receipt(complaint, approval_id=str(asked.id), amount=f"{value.minor} {value.currency}")

    async def approval_case(self, work: Work, case_id: UUID) -> Complaint:
        """A case the caller may see."""
        return await self.visible_complaint(work, case_id)

    async def grant_approval(self, work: Work, case_id: UUID, approval_id: UUID, in_place_of: str = "") -> Receipt:
        """The second person agrees, within their own limit or that of whom they stand in for."""
        complaint, order = await self._around(work, case_id)
        asked = complaint.approval(approval_id)
        given = order.granted_so_far(asked.action, asked.amount.currency if asked.amount else order.currency)
        against = Against(self.rules.limits, asked.action, dict(asked.arguments)["rpc"], given)
        approval = await grant_approval(work, complaint, approval_id, against, in_place_of)
        return receipt(complaint, **approval_facts(approval))

    async def decline_approval(
        self, work: Work, case_id: UUID, approval_id: UUID, reason: str, in_place_of: str = ""
    ) -> Receipt:
        """The second person does not agree."""
        complaint = await self.visible_complaint(work, case_id)
        rpc = dict(complaint.approval(approval_id).arguments)["rpc"]
        approval = await decline_approval(work, complaint, approval_id, rpc, reason, in_place_of)
        return receipt(complaint, **approval_facts(approval))

    async def close(self, work: Work, case_id: UUID, outcome: str) -> Receipt:
        """Close it with an outcome that the facts show."""
        complaint = await self.visible_complaint(work, case_id)
        complaint.end(outcome, by=work.actor.id, at=work.now)
        return receipt(complaint, outcome=outcome)

    async def due(self, work: Work, fired: FiredTimer) -> None:
        """A goal, a promise or an approval may be over, or the customer silent for long enough."""
        complaint = await work.get(Complaint, fired.subject)
        complaint.raise_alarms(at=work.now)
        holds_at = complaint.holds_at(self.rules.verify_after)
        if holds_at is not None and holds_at <= work.now and complaint.standing is not None:
            complaint.end(OUTCOME_OF[complaint.standing.remedy], by="system", at=work.now)
