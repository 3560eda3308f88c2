"""What agents and customers do at the desk: report, note, assign, approve, wait and close.

Guarantee: a person may do only what the case itself allows, and somebody else's case is not there.
"""

from datetime import datetime
from uuid import UUID

from casework import written
from chassis.domain import Invalid, Money, NotFound
from chassis.service import Receipt
from chassis.work import Work
from desk.approvals import Against, approval_facts, decline_approval, grant_approval
from desk.cases import give_to, write_note
from services.shipping_issues.application.remedies import Remedies
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.errors import OrderUnknown
from services.shipping_issues.domain.finding import trouble_of
from services.shipping_issues.domain.guidelines import REFUND, RESHIP
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.units import units_of
from services.shipping_issues.domain.values import Report

BY_AGENT = frozenset({"not_received", "damaged", "refused", "address_problem", "lost"})
BY_CUSTOMER = frozenset({"not_received", "damaged"})
ACTIONS = {"Reship": RESHIP, "RequestRefund": REFUND}


class Desk(Remedies):
    """Commands of people."""

    approval_rpcs = ACTIONS

    async def report_trouble(
        self, work: Work, shop_id: str, shipment_id: str, *, finding: str, comment: str
    ) -> Receipt:
        """Somebody says that a parcel never came, or came damaged. Said again, it adds to the same case."""
        parcel = await work.find(Shipment, Shipment.id_of(shop_id, shipment_id))
        by_customer = work.actor.customer_id is not None
        allowed = BY_CUSTOMER if by_customer else BY_AGENT
        if finding not in allowed:
            raise Invalid("finding", f"{finding!r} cannot be reported; there are {', '.join(sorted(allowed))}")
        if parcel is None or not work.actor.may_see(shop_id=shop_id, customer_id=parcel.customer_id):
            raise NotFound("Shipment", shipment_id)
        if not parcel.customer_id:
            raise OrderUnknown(f"the customer of parcel {shipment_id} is not known yet", shipment_id=shipment_id)
        case_id = DeliveryCase.id_of(shop_id, shipment_id, trouble_of(finding, parcel, self.rules))
        case = await work.find(DeliveryCase, case_id)
        report_id = str(work.new_id())
        if case is None or not case.is_open or all(found.finding != finding for found in case.findings):
            noticed_by = "customer" if by_customer else "agent"
            parcel.report(Report(report_id, work.now, finding, noticed_by), by=work.actor.id, at=work.now)
            await self.look(work, parcel)
            case = await work.get(DeliveryCase, case_id)
        channel = "self_service" if by_customer else "agent"
        case.customer_wrote(report_id, channel, comment, written_at=work.now, at=work.now)
        return receipt(case)

    async def wait(self, work: Work, case_id: UUID, *, expect_by: datetime, reason: str) -> Receipt:
        """Tell the customer an honest date, and come back when it passes."""
        case = await self.visible_case(work, case_id)
        case.decide_wait(expect_by, reason, by=work.actor.id, at=work.now)
        return receipt(case)

    async def close_case(self, work: Work, case_id: UUID, *, outcome: str) -> Receipt:
        """End the case, with an outcome that the facts show."""
        case = await self.visible_case(work, case_id)
        case.end(outcome, "", by=work.actor.id, at=work.now)
        return receipt(case)

    async def add_note(self, work: Work, case_id: UUID, *, text: str) -> Receipt:
        """Write something down, for agents."""
        case = await self.visible_case(work, case_id)
        return receipt(case, **write_note(work, case, text))

    async def assign(self, work: Work, case_id: UUID, *, assignee: str) -> Receipt:
        """Give the case to somebody, or back to its queue."""
        case = await self.visible_case(work, case_id)
        return receipt(case, **give_to(work, case, assignee))

    async def record_contact(
        self, work: Work, case_id: UUID, *, direction: str, channel: str, contact_at: datetime | None, waiting_on: str
    ) -> Receipt:
        """The customer was in touch, or somebody answered."""
        case = await self.visible_case(work, case_id)
        when = min(contact_at or work.now, work.now)
        message_id = str(work.new_id())
        if direction == "from_customer":
            case.customer_wrote(message_id, channel, "", written_at=when, at=work.now)
        else:
            case.answer(message_id, channel, "", by=work.actor.id, at=work.now)
        if waiting_on:
            case.wait_on(waiting_on, by=work.actor.id, at=work.now)
        return receipt(case)

    async def request_approval(
        self, work: Work, case_id: UUID, *, action: str, amount: Money | None, reason: str
    ) -> Receipt:
        """Have a second person look at something above the caller's limit."""
        if action not in ACTIONS:
            raise Invalid("action", f"{action!r} needs no approval; there are {', '.join(sorted(ACTIONS))}")
        case, parcel, order = await self._around(work, case_id)
        case.check_remedy(ACTIONS[action], self.rules.guidelines.version)
        value = amount or order.value_of(units_of(parcel, order))
        limit = self.rules.limits.of(work.actor.roles, ACTIONS[action], value.currency)
        approval_id = work.new_id()
        case.request_approval(
            approval_id,
            ACTIONS[action],
            reason,
            amount=value,
            limit=limit.per_order,
            arguments={"rpc": action},
            expires_at=work.now + self.rules.approval_within,
            by=work.actor.id,
            at=work.now,
        )
        asked = next(a for a in reversed(case.approvals.values()) if a.action == ACTIONS[action])
        return receipt(case, approval_id=str(asked.id), amount=written(value))

    async def approval_case(self, work: Work, case_id: UUID) -> DeliveryCase:
        """A case the caller may see."""
        return await self.visible_case(work, case_id)

    async def grant_approval(self, work: Work, case_id: UUID, approval_id: UUID, in_place_of: str = "") -> Receipt:
        """The second person agrees, within their own limit or that of whom they stand in for."""
        case, _, order = await self._around(work, case_id)
        asked = case.approval(approval_id)
        given = order.granted_so_far(asked.action, asked.amount.currency if asked.amount else order.currency)
        against = Against(self.rules.limits, asked.action, dict(asked.arguments)["rpc"], given)
        approval = await grant_approval(work, case, approval_id, against, in_place_of)
        return receipt(case, **approval_facts(approval))

    async def decline_approval(
        self, work: Work, case_id: UUID, approval_id: UUID, *, reason: str, in_place_of: str = ""
    ) -> Receipt:
        """The second person does not agree."""
        case = await self.visible_case(work, case_id)
        rpc = dict(case.approval(approval_id).arguments)["rpc"]
        approval = await decline_approval(work, case, approval_id, rpc, reason, in_place_of)
        return receipt(case, **approval_facts(approval))


def receipt(case: DeliveryCase, **facts: str) -> Receipt:
    """What a command about a case answers."""
    return Receipt(str(case.id), case.version, {"case_state": case.state, **facts})
