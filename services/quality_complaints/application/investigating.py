"""Complaints are received and assessed, and meet others about the same goods.

A complaint whose lot is known is in the investigation of that lot in the same unit, so nobody has to notice that
three customers say the same. What a rule joined a rule may move; what a person joined only a person moves.
"""

from uuid import UUID

from chassis.domain import Invalid, NotFound
from chassis.service import EffectChanged, Receipt
from chassis.work import Work
from services.quality_complaints.domain import errors
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.guidelines import Rules
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.values import REMEDIES

RULE = "rule"
STOP_SHIP = "stop_ship"
QUEUE, SAFETY_QUEUE = "quality", "safety"
WISHES = (*REMEDIES, "price_reduction")


class Investigating:
    """What every use case about a complaint stands on."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    async def file(
        self,
        work: Work,
        *,
        shop_id: str,
        order_id: str,
        line_id: str,
        quantity: int,
        symptom: str,
        lot_id: str = "",
        remedy_sought: str = "",
        safety: bool = False,
        description: str = "",
        channel: str = "",
    ) -> Receipt:
        """A customer says that something is wrong with the goods."""
        if remedy_sought and remedy_sought not in WISHES:
            raise Invalid("remedy_sought", f"{remedy_sought!r} is none of {', '.join(WISHES)}")
        order = await work.find(Order, Order.id_of(shop_id, order_id))
        if order is None or not work.actor.may_see(shop_id=shop_id, customer_id=order.customer_id):
            raise NotFound("Order", order_id)
        line = order.line(line_id, quantity)
        complaint = work.add(
            Complaint.receive(
                work.new_id(),
                shop_id=shop_id,
                order_id=order_id,
                customer_id=order.customer_id,
                line_id=line_id,
                sku=line.sku,
                quantity=quantity,
                symptom=symptom,
                lot_id=lot_id,
                remedy_sought=remedy_sought,
                safety=safety,
                description=description,
                channel=channel,
                queue=SAFETY_QUEUE if safety else QUEUE,
                by=work.actor.id,
                at=work.now,
            )
        )
        complaint.set_plan(self.rules.plan_of(order.country), at=work.now)
        complaint.customer_wrote(str(complaint.id), channel or "web", "", written_at=work.now, at=work.now)
        order.link(complaint.id, at=work.now)
        complaint.infer_lot(order.lot_of(line_id), at=work.now)
        await self.meet(work, complaint)
        joined = complaint.investigation_id
        return receipt(complaint, **({"investigation_id": str(joined)} if joined else {}))

    async def assess(
        self,
        work: Work,
        case_id: UUID,
        *,
        severity: str,
        safety: bool,
        urgency: str,
        symptom: str = "",
        lot_id: str = "",
    ) -> Receipt:
        """Judge how bad it is; a lot that is found out moves the complaint to that lot's investigation."""
        complaint = await self.visible_complaint(work, case_id)
        if severity not in self.rules.severities:
            raise Invalid("severity", f"{severity!r} is none of {', '.join(self.rules.severities)}")
        decision = self.rules.propose(
            severity,
            safety=safety,
            sought=complaint.remedy_sought,
            decision_id=work.new_id(),
            by=work.actor.id,
            at=work.now,
        )
        complaint.assess(
            severity,
            safety=safety,
            urgency=urgency,
            symptom=symptom,
            decision=decision,
            by=work.actor.id,
            at=work.now,
        )
        complaint.state_lot(lot_id, by=work.actor.id, at=work.now)
        if safety and complaint.queue != SAFETY_QUEUE:
            complaint.escalate(SAFETY_QUEUE, "somebody could be hurt", by=work.actor.id, at=work.now)
        await self.meet(work, complaint)
        return receipt(complaint, decision_id=str(decision.id), proposals=decision.outcome)

    async def open_investigation(
        self, work: Work, *, shop_id: str, sku: str, lot_id: str, symptom: str, case_ids: tuple[UUID, ...]
    ) -> Receipt:
        """Look into goods of one lot, or of every lot; who opens it a second time meets the first."""
        if not work.actor.may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("Shop", shop_id)
        investigation = await self.investigation_of(work, shop_id, sku, lot_id, symptom, by=work.actor.id)
        for case_id in case_ids:
            await self._join(work, await self.visible_complaint(work, case_id), investigation, by=work.actor.id)
        return investigation_receipt(investigation)

    async def join(self, work: Work, case_id: UUID, investigation_id: UUID) -> Receipt:
        """The complaint belongs with these."""
        complaint = await self.visible_complaint(work, case_id)
        await self._join(work, complaint, await self.visible(work, investigation_id), by=work.actor.id)
        return receipt(complaint, investigation_id=str(investigation_id))

    async def leave(self, work: Work, case_id: UUID, investigation_id: UUID, reason: str) -> Receipt:
        """The complaint was about something else."""
        complaint = await self.visible_complaint(work, case_id)
        (await self.visible(work, investigation_id)).leave(case_id, reason, by=work.actor.id, at=work.now)
        complaint.leave(reason, by=work.actor.id, at=work.now)
        return receipt(complaint)

    async def contain(self, work: Work, investigation_id: UUID, *, lifted: bool) -> Receipt:
        """Have the shop send nothing more of these goods, or send them again."""
        investigation = await self.visible(work, investigation_id)
        key = investigation.contain(lifted=lifted, by=work.actor.id, at=work.now, incarnation=work.incarnation)
        answer_by = work.now + self.rules.answer_within
        body = {"asked_at": work.now.isoformat(), "answer_by": answer_by.isoformat(), "lifted": lifted}
        await work.plan_effect(STOP_SHIP, key, subject=investigation.id, body=body)
        return investigation_receipt(investigation)

    async def stop_ship_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of our request to stop, or not to stop any more."""
        said = {"submitted": "requested", "unknown": "unknown", "held": "unknown", "failed": "refused"}
        if change.state in said:
            investigation = await work.get(Investigation, change.subject)
            investigation.containment_answered(change.key, said[change.state], change.reason, at=work.now)

    async def find_cause(
        self, work: Work, investigation_id: UUID, *, cause: str, escape_point: str, description: str
    ) -> Receipt:
        """The cause is known, and why nobody noticed."""
        investigation = await self.visible(work, investigation_id)
        investigation.find_cause(
            cause, escape_point=escape_point, description=description, by=work.actor.id, at=work.now
        )
        return investigation_receipt(investigation)

    async def close_investigation(self, work: Work, investigation_id: UUID, outcome: str) -> Receipt:
        """Nothing more is looked into here."""
        investigation = await self.visible(work, investigation_id)
        investigation.close(outcome, by=work.actor.id, at=work.now)
        return investigation_receipt(investigation)

    async def meet(self, work: Work, complaint: Complaint) -> None:
        """A complaint whose lot is known joins the investigation of that lot, unless a person put it elsewhere."""
        if not complaint.lot_id:
            return
        present = complaint.investigation_id
        if present is not None:
            held = (await work.get(Investigation, present)).members[complaint.id]
            if held.joined_by != RULE:
                return
        investigation = await self.investigation_of(work, complaint.shop_id, complaint.sku, complaint.lot_id, by=RULE)
        await self._join(work, complaint, investigation, by=RULE)

    async def is_contained(self, work: Work, complaint: Complaint) -> bool:
        """Nothing more of the complaint's goods goes out."""
        if complaint.investigation_id is None:
            return False
        return (await work.get(Investigation, complaint.investigation_id)).is_contained

    async def visible_complaint(self, work: Work, case_id: UUID) -> Complaint:
        """The complaint, or NotFound, exactly as if it were not there, for somebody who may not see it."""
        complaint = await work.get(Complaint, case_id)
        if not work.actor.may_see(shop_id=complaint.shop_id, customer_id=complaint.customer_id):
            raise NotFound("Complaint", case_id)
        return complaint

    async def visible(self, work: Work, investigation_id: UUID) -> Investigation:
        """The investigation, or NotFound to another shop's people."""
        investigation = await work.get(Investigation, investigation_id)
        if not work.actor.may_see(shop_id=investigation.shop_id, customer_id=None):
            raise NotFound("Investigation", investigation_id)
        return investigation

    async def investigation_of(
        self, work: Work, shop_id: str, sku: str, lot_id: str, symptom: str = "", *, by: str
    ) -> Investigation:
        """The one of these goods, opened when this is the first word about them."""
        found = await work.find(Investigation, Investigation.id_of(shop_id, sku, lot_id, symptom))
        return found or work.add(Investigation.open(shop_id, sku, lot_id, symptom, by=by, at=work.now))

    async def _join(self, work: Work, complaint: Complaint, investigation: Investigation, *, by: str) -> None:
        if complaint.shop_id != investigation.shop_id:
            raise errors.OtherGoods("the complaint is another shop's", shop_id=complaint.shop_id)
        before = complaint.investigation_id
        if before == investigation.id:
            return
        investigation.join(
            complaint.id,
            sku=complaint.sku,
            lot_id=complaint.lot_id,
            order_id=complaint.order_id,
            customer_id=complaint.customer_id,
            by=by,
            at=work.now,
        )
        if before is not None:
            (await work.get(Investigation, before)).leave(complaint.id, "joined another", by=by, at=work.now)
            complaint.leave("joined another", by=by, at=work.now)
        complaint.join(investigation.id, len(investigation.members), by=by, at=work.now)


def receipt(complaint: Complaint, **facts: str) -> Receipt:
    """What a command about a complaint answers."""
    return Receipt(str(complaint.id), complaint.version, {"case_state": complaint.state, **facts})


def investigation_receipt(investigation: Investigation) -> Receipt:
    """What a command about an investigation answers."""
    facts = {"state": investigation.state, "complaints": str(len(investigation.members))}
    if investigation.containment:
        facts["containment"] = investigation.containment
    return Receipt(str(investigation.id), investigation.version, facts)
