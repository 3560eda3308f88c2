"""What people at the desk do beside the goods and the money: approvals, notes, assignment, contacts.

Guarantee: nobody approves what they asked for, and nobody approves more than they could give themselves, in
one order or in one day.
"""

from datetime import datetime, timedelta
from uuid import UUID

from chassis.domain import Invalid, Money
from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from desk.approvals import Against, approval_facts, decline_approval, grant_approval
from desk.cases import give_to, write_note
from services.returns.application.limits import ACTION_OF, WithinLimits
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Ledger


class Desk(WithinLimits):
    """The use cases of agents and supervisors on a return."""

    approval_rpcs = ACTION_OF

    async def request_approval(
        self, work: Work, case_id: UUID, action: str, amount: Money | None, reason: str
    ) -> Receipt:
        """Ask a second person for something above the caller's limit."""
        if action not in ACTION_OF:
            raise Invalid("action", f"{action} needs no approval; these do: {', '.join(ACTION_OF)}")
        case = await self.case_of(work, case_id)
        _, snapshot = await self.order_of(work, case)
        self.require_currency(snapshot, amount)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        if not case.is_open:
            case.reopen(reason, by=work.actor.id, at=work.now)
            case.wait_on("agent", by=work.actor.id, at=work.now)
        limit = policy.role_limits().of(work.actor.roles, ACTION_OF[action], snapshot.currency)
        case.request_approval(
            work.new_id(),
            action,
            reason,
            amount=amount,
            limit=limit.per_order,
            arguments={},
            expires_at=work.now + timedelta(hours=policy.terms.approval_hours),
            by=work.actor.id,
            at=work.now,
        )
        asked = (action, amount, work.actor.id)
        mine = [a for a in case.approvals.values() if (a.action, a.amount, a.requested_by) == asked]
        return Receipt(str(case.id), case.version, {"approval_id": str(mine[-1].id), "state": mine[-1].state})

    async def approval_case(self, work: Work, case_id: UUID) -> ReturnCase:
        """A return the caller may see."""
        return await self.case_of(work, case_id)

    async def grant_approval(self, work: Work, case_id: UUID, approval_id: UUID, in_place_of: str = "") -> Receipt:
        """The second person agrees, within their own limit or that of whom they stand in for."""
        case = await self.case_of(work, case_id)
        _, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        ledger = await work.get(Ledger, ledger_id_of(case.shop_id, case.order_id))
        rpc = case.approval(approval_id).action
        given = self.given_on_order(ledger, ACTION_OF[rpc], approved=True)
        against = Against(policy.role_limits(), ACTION_OF[rpc], rpc, given)
        approval = await grant_approval(work, case, approval_id, against, in_place_of)
        return Receipt(str(case.id), case.version, approval_facts(approval))

    async def decline_approval(
        self, work: Work, case_id: UUID, approval_id: UUID, reason: str, in_place_of: str = ""
    ) -> Receipt:
        """The second person says no."""
        case = await self.case_of(work, case_id)
        rpc = case.approval(approval_id).action
        approval = await decline_approval(work, case, approval_id, rpc, reason, in_place_of)
        case.go_on(by=work.actor.id, at=work.now)
        return Receipt(str(case.id), case.version, approval_facts(approval))

    async def add_note(self, work: Work, case_id: UUID, text: str) -> Receipt:
        """Write something down for agents."""
        case = await self.case_of(work, case_id)
        facts = write_note(work, case, text)
        return Receipt(str(case.id), case.version, facts)

    async def assign(self, work: Work, case_id: UUID, assignee: str) -> Receipt:
        """Give the return to somebody; to nobody puts it back in its queue."""
        case = await self.case_of(work, case_id)
        facts = give_to(work, case, assignee)
        return Receipt(str(case.id), case.version, facts)

    async def record_contact(
        self,
        work: Work,
        case_id: UUID,
        *,
        from_customer: bool,
        channel: str,
        contact_at: datetime | None,
        waiting_on: str,
    ) -> Receipt:
        """The customer was in touch, or somebody answered."""
        case = await self.case_of(work, case_id)
        written_at = contact_at or work.now
        if written_at > work.now:
            raise Invalid("at", f"{written_at.isoformat()} is yet to come")
        message_id = str(work.new_id())
        if from_customer:
            case.customer_wrote(message_id, channel, "", written_at=written_at, at=work.now)
        else:
            case.answer(message_id, channel, "", by=work.actor.id, at=work.now)
        if waiting_on:
            case.wait_on(waiting_on, by=work.actor.id, at=work.now)
        return Receipt(str(case.id), case.version, {"waiting_on": case.waiting_on})

    async def alarm_due(self, work: Work, fired: FiredTimer) -> None:
        """Something of the case has become due: a promise, an approval, a service level."""
        case = await work.get(ReturnCase, fired.subject)
        case.raise_alarms(at=work.now)
        case.go_on(by="policy", at=work.now)
