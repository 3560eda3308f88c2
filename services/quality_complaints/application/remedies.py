"""What is done for the customer: agents decide, the ledger answers, the shop or returns carries it out.

Goods are asked of the shop only after the ledger's reservation is stored, in the same unit as that; every grant counts
once against its agent's limits, and what came to nothing counts no more.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Invalid, Money
from chassis.service import EffectChanged, Failed, Receipt, Succeeded
from chassis.work import Actor, Work
from desk.approvals import count_today, given_today, use_approval
from services.quality_complaints.application.investigating import STOP_SHIP, Investigating
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.remedy import case_of, investigation_of
from services.quality_complaints.domain.values import REMEDIES, REPAIR, REPLACEMENT, Given

RESOLVE = "resolve"
"""The action that limits and approvals are about, whatever the remedy."""

REQUESTS = {REPLACEMENT: "replacement", REPAIR: "repair"}
"""Effect kinds by remedy."""

_ROLES = ("supervisor", "finance", "senior_agent", "agent", "service", "customer")


class Remedies(Investigating):
    """Decisions on remedies, and the answers to them."""

    async def resolve(
        self,
        work: Work,
        case_id: UUID,
        remedy: str,
        *,
        amount: Money | None = None,
        address: str = "",
        approval_id: UUID | None = None,
    ) -> Receipt:
        """Replace, repair or pay back; the ledger is asked first."""
        if remedy not in REMEDIES:
            raise Invalid("remedy", f"{remedy!r} is none of {', '.join(REMEDIES)}")
        complaint, order = await self._around(work, case_id)
        complaint.check_remedy(remedy, self.rules.version, contained=await self.is_contained(work, complaint))
        value = order.value_of(complaint.line_id, complaint.quantity)
        counts = amount or value
        approved_by = await self._within_limits(work, complaint, order, counts, approval_id)
        key = complaint.ask_remedy(
            remedy,
            value=value,
            amount=amount,
            address=address,
            approved_by=approved_by,
            by=work.actor.id,
            role=role_of(work.actor),
            at=work.now,
            incarnation=work.incarnation,
        )
        order.count(key, RESOLVE, counts, at=work.now)
        if not approved_by:  # else it counts on the day of who approved it
            await count_today(work, work.actor.id, key, RESOLVE, counts)
        return remedy_receipt(complaint, key)

    async def withdraw(self, work: Work, case_id: UUID, remedy_id: str, reason: str) -> Receipt:
        """Take back a remedy that has not been carried out; the ledger is told."""
        complaint, order = await self._around(work, case_id)
        complaint.withdraw(remedy_id, reason, by=work.actor.id, at=work.now)
        order.uncount(remedy_id, at=work.now)
        return remedy_receipt(complaint, remedy_id)

    async def reserved(
        self, work: Work, case_id: UUID, key: str, amount: Money | None, hold_until: datetime | None
    ) -> None:
        """The ledger keeps it: goods are now asked of the shop, money is paid out by returns."""
        complaint = await work.get(Complaint, case_id)
        if complaint.reserve(key, amount, hold_until, at=work.now):
            answer_by = work.now + self.rules.answer_within
            body = {"remedy_id": key, "asked_at": work.now.isoformat(), "answer_by": answer_by.isoformat()}
            await work.plan_effect(REQUESTS[complaint.remedy(key).remedy], key, subject=case_id, body=body)

    async def refused(
        self, work: Work, case_id: UUID, key: str, reason: str, left: Money | None, given: tuple[Given, ...]
    ) -> None:
        """The ledger says no: what is left, and who gave the rest."""
        complaint = await work.get(Complaint, case_id)
        complaint.refuse(key, reason, left, given, at=work.now)
        await self._uncount(work, complaint, key)

    async def delayed(self, work: Work, case_id: UUID, key: str, reason: str) -> None:
        """The ledger cannot say yet."""
        (await work.get(Complaint, case_id)).delay(key, reason, at=work.now)

    async def not_released(self, work: Work, case_id: UUID, key: str, state: str) -> None:
        """The withdrawal came too late: the remedy stands, and counts again."""
        complaint, order = await self._around(work, case_id)
        complaint.not_released(key, state, at=work.now)
        remedy = complaint.remedy(key)
        if remedy.stands:
            order.count(key, RESOLVE, remedy.amount or remedy.value, at=work.now)

    async def overdue(self, work: Work, case_id: UUID, key: str) -> None:
        """The ledger asks what became of it."""
        (await work.get(Complaint, case_id)).overdue(key, at=work.now)

    async def settled(self, work: Work, case_id: UUID, key: str, reference: str, amount: Money) -> None:
        """The money is with the customer."""
        (await work.get(Complaint, case_id)).finish(key, reference, amount, at=work.now)

    async def refund_failed(self, work: Work, case_id: UUID, key: str, reason: str) -> None:
        """The money did not reach the customer, perhaps after it seemed to."""
        await self._fail(work, await work.get(Complaint, case_id), key, reason)

    async def shop_accepted(self, work: Work, key: str, reference: str) -> None:
        """The shop will do it: our request has arrived."""
        if (complaint := await self._complaint_of(work, key)) is not None:
            await work.effect_fact(REQUESTS[complaint.remedy(key).remedy], key, Succeeded(reference))
            complaint.accept(key, reference, at=work.now)
        elif (investigation := await self._investigation_of(work, key)) is not None:
            await work.effect_fact(STOP_SHIP, key, Succeeded(reference))
            investigation.containment_answered(key, "accepted", "", at=work.now)

    async def shop_refused(self, work: Work, key: str, reason: str) -> None:
        """The shop will not do it."""
        if (complaint := await self._complaint_of(work, key)) is not None:
            await work.effect_fact(REQUESTS[complaint.remedy(key).remedy], key, Failed(reason))
            await self._fail(work, complaint, key, reason)
        elif (investigation := await self._investigation_of(work, key)) is not None:
            await work.effect_fact(STOP_SHIP, key, Failed(reason))
            investigation.containment_answered(key, "refused", reason, at=work.now)

    async def shop_did(self, work: Work, key: str, reference: str) -> None:
        """The shop did it."""
        if (complaint := await self._complaint_of(work, key)) is not None:
            await work.effect_fact(REQUESTS[complaint.remedy(key).remedy], key, Succeeded(reference))
            complaint.finish(key, reference, None, at=work.now)
        elif (investigation := await self._investigation_of(work, key)) is not None:
            await work.effect_fact(STOP_SHIP, key, Succeeded(reference))
            investigation.containment_answered(key, "done", "", at=work.now)

    async def request_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of our request for goods."""
        complaint = await work.get(Complaint, change.subject)
        match change.state:
            case "submitted":
                complaint.requested(change.key, at=work.now)
            case "unknown" | "held":
                complaint.uncertain(change.key, change.reason, at=work.now)
            case "failed":
                await self._fail(work, complaint, change.key, change.reason)

    async def _around(self, work: Work, case_id: UUID) -> tuple[Complaint, Order]:
        complaint = await self.visible_complaint(work, case_id)
        return complaint, await work.get(Order, Order.id_of(complaint.shop_id, complaint.order_id))

    async def _within_limits(
        self, work: Work, complaint: Complaint, order: Order, amount: Money, approval_id: UUID | None
    ) -> str:
        if approval_id is not None:
            return await use_approval(work, complaint, approval_id, RESOLVE, amount)
        self.rules.limits.check(
            work.actor.roles,
            RESOLVE,
            amount,
            order_so_far=order.granted_so_far(RESOLVE, amount.currency),
            day_so_far=await given_today(work, work.actor.id, RESOLVE, amount.currency),
        )
        return ""

    async def _fail(self, work: Work, complaint: Complaint, key: str, reason: str) -> None:
        complaint.fail(key, reason, at=work.now)
        await self._uncount(work, complaint, key)

    async def _uncount(self, work: Work, complaint: Complaint, key: str) -> None:
        if not complaint.remedy(key).stands:
            order = await work.get(Order, Order.id_of(complaint.shop_id, complaint.order_id))
            order.uncount(key, at=work.now)

    @staticmethod
    async def _complaint_of(work: Work, key: str) -> Complaint | None:
        case_id = case_of(key)
        return None if case_id is None else await work.get(Complaint, case_id)

    @staticmethod
    async def _investigation_of(work: Work, key: str) -> Investigation | None:
        id = investigation_of(key)
        return None if id is None else await work.get(Investigation, id)


def role_of(actor: Actor) -> str:
    """The role somebody acts in: the one with most say."""
    return next((role for role in _ROLES if role in actor.roles), "service")


def remedy_receipt(complaint: Complaint, key: str) -> Receipt:
    """What a command about a remedy answers."""
    remedy = complaint.remedy(key)
    value = remedy.amount or remedy.value
    facts = {
        "remedy_id": key,
        "remedy": remedy.remedy,
        "state": remedy.state,
        "case_state": complaint.state,
        "amount": f"{value.minor} {value.currency}",
    }
    return Receipt(str(complaint.id), complaint.version, facts)
