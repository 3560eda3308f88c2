"""What is done for the customer: agents decide, the ledger answers, the shop carries it out.

Guarantee: goods are asked of the shop only after the ledger's reservation is stored, in the same unit as
that; every grant counts once against its agent's limits, and what came to nothing counts no more.
"""

from datetime import datetime
from uuid import UUID

from casework import spoken, written
from chassis.domain import Money, NotFound
from chassis.service import EffectChanged, Failed, Receipt, Succeeded
from chassis.work import Work
from desk.approvals import count_today, given_today, use_approval
from services.shipping_issues.application.asking import remedy_receipt, role_of
from services.shipping_issues.application.looking import Looking
from services.shipping_issues.domain import errors
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.guidelines import CORRECT_ADDRESS, REFUND, RESHIP
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.remedy import ADDRESS_REQUEST, REQUESTS, case_of
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.units import units_of
from services.shipping_issues.domain.values import Given


class Remedies(Looking):
    """Decisions on remedies, and the answers to them."""

    async def reship(
        self,
        work: Work,
        case_id: UUID,
        *,
        items: tuple[tuple[str, int], ...] = (),
        address: str = "",
        service_level: str = "",
        approval_id: UUID | None = None,
    ) -> Receipt:
        """Send the same goods again; the ledger is asked first."""
        case, parcel, order = await self._around(work, case_id)
        case.check_remedy(RESHIP, self.rules.guidelines.version)
        units = units_of(parcel, order, items)
        value = order.value_of(units)
        approved_by = await self._within_limits(work, case, order, RESHIP, value, approval_id)
        key = case.ask_remedy(
            RESHIP,
            guideline_version=self.rules.guidelines.version,
            reason=case.finding,
            units=units,
            value=value,
            address=address,
            service_level=service_level,
            approved_by=approved_by,
            by=work.actor.id,
            role=role_of(work.actor),
            at=work.now,
            incarnation=work.incarnation,
        )
        await self._count(work, order, key, RESHIP, value, approved_by)
        return remedy_receipt(case, key)

    async def refund(
        self, work: Work, case_id: UUID, *, amount: Money | None, reason: str = "", approval_id: UUID | None = None
    ) -> Receipt:
        """Have the money paid back by returns, within what the ledger allows."""
        case, parcel, order = await self._around(work, case_id)
        case.check_remedy(REFUND, self.rules.guidelines.version)
        units = units_of(parcel, order)
        value = order.value_of(units)
        if amount is not None and (amount.currency != value.currency or amount > value):
            raise errors.NothingToRemedy(
                f"the goods in this parcel cost {spoken(value)}, not {spoken(amount)}",
                value=written(value),
                amount=written(amount),
            )
        counts = amount or value
        approved_by = await self._within_limits(work, case, order, REFUND, counts, approval_id)
        key = case.ask_remedy(
            REFUND,
            guideline_version=self.rules.guidelines.version,
            reason=reason or case.finding,
            units=units,
            value=value,
            amount=amount,
            approved_by=approved_by,
            by=work.actor.id,
            role=role_of(work.actor),
            at=work.now,
            incarnation=work.incarnation,
        )
        await self._count(work, order, key, REFUND, counts, approved_by)
        return remedy_receipt(case, key)

    async def correct_address(self, work: Work, case_id: UUID, *, address: str) -> Receipt:
        """Have the carrier bring the parcel to another address."""
        case = await self.visible_case(work, case_id)
        key = case.ask_remedy(
            CORRECT_ADDRESS,
            guideline_version=self.rules.guidelines.version,
            reason=case.finding,
            address=address,
            by=work.actor.id,
            role=role_of(work.actor),
            at=work.now,
            incarnation=work.incarnation,
        )
        await self._ask_shop(work, case, key, ADDRESS_REQUEST)
        return remedy_receipt(case, key)

    async def withdraw(self, work: Work, case_id: UUID, *, remedy_id: str, reason: str) -> Receipt:
        """Take back a remedy that has not been carried out; the ledger is told."""
        case, _, order = await self._around(work, case_id)
        case.withdraw(remedy_id, reason, by=work.actor.id, at=work.now)
        order.uncount(remedy_id, at=work.now)
        return remedy_receipt(case, remedy_id)

    async def reserved(
        self, work: Work, case_id: UUID, key: str, amount: Money | None, hold_until: datetime | None
    ) -> None:
        """The ledger keeps it: goods are now asked of the shop, money is paid out by returns."""
        case = await work.get(DeliveryCase, case_id)
        if case.reserve(key, amount, hold_until, at=work.now):
            await self._ask_shop(work, case, key, REQUESTS[case.remedies[key].remedy])

    async def refused(
        self, work: Work, case_id: UUID, key: str, reason: str, left: Money | None, given: tuple[Given, ...]
    ) -> None:
        """The ledger says no."""
        case = await work.get(DeliveryCase, case_id)
        case.refuse(key, reason, left, given, at=work.now)
        await self._uncount(work, case, key)

    async def delayed(self, work: Work, case_id: UUID, key: str, reason: str) -> None:
        """The ledger cannot say yet."""
        (await work.get(DeliveryCase, case_id)).delay(key, reason, at=work.now)

    async def not_released(self, work: Work, case_id: UUID, key: str, state: str) -> None:
        """The withdrawal came too late: the remedy stands, and counts again."""
        case, _, order = await self._around(work, case_id)
        case.not_released(key, state, at=work.now)
        remedy = case.remedies[key]
        if remedy.stands and (counts := remedy.amount or remedy.value) is not None:
            order.count(key, remedy.remedy, counts, at=work.now)

    async def overdue(self, work: Work, case_id: UUID, key: str) -> None:
        """The ledger asks what became of it."""
        (await work.get(DeliveryCase, case_id)).overdue(key, at=work.now)

    async def settled(self, work: Work, case_id: UUID, key: str, reference: str, amount: Money) -> None:
        """The money is with the customer."""
        (await work.get(DeliveryCase, case_id)).finish(key, reference, amount, at=work.now)

    async def refund_failed(self, work: Work, case_id: UUID, key: str, reason: str) -> None:
        """The money did not reach the customer, perhaps after it seemed to."""
        case = await work.get(DeliveryCase, case_id)
        case.fail(key, reason, at=work.now)
        await self._uncount(work, case, key)

    async def shop_accepted(self, work: Work, key: str, reference: str, expected_by: datetime | None) -> None:
        """The shop will do it: our request has arrived."""
        if (case := await self._case_of_key(work, key)) is not None:
            await self._prove(work, case, key, Succeeded(reference))
            case.accept(key, reference, expected_by, at=work.now)

    async def shop_refused(self, work: Work, key: str, reason: str) -> None:
        """The shop will not do it."""
        if (case := await self._case_of_key(work, key)) is not None:
            await self._prove(work, case, key, Failed(reason))
            await self._failed(work, case, key, reason)

    async def shop_did(self, work: Work, key: str, reference: str) -> None:
        """The shop did it."""
        if (case := await self._case_of_key(work, key)) is not None:
            await self._prove(work, case, key, Succeeded(reference))
            case.finish(key, reference, None, at=work.now)

    async def request_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of our request to the shop."""
        case = await work.get(DeliveryCase, change.subject)
        match change.state:
            case "submitted":
                case.requested(change.key, at=work.now)
            case "unknown" | "held":
                case.uncertain(change.key, change.reason, at=work.now)
            case "failed":
                await self._failed(work, case, change.key, change.reason)
            case _:
                pass

    async def visible_case(self, work: Work, case_id: UUID) -> DeliveryCase:
        """The case, or NotFound, exactly as if it were not there, for somebody who may not see it."""
        case = await work.get(DeliveryCase, case_id)
        if not work.actor.may_see(shop_id=case.shop_id, customer_id=case.customer_id):
            raise NotFound("DeliveryCase", case_id)
        return case

    async def _around(self, work: Work, case_id: UUID) -> tuple[DeliveryCase, Shipment, Order]:
        case = await self.visible_case(work, case_id)
        order = await work.get(Order, Order.id_of(case.shop_id, case.order_id))
        parcel = None if case.shipment_id else order.missing_parcel()
        if parcel is None:
            parcel = await work.get(Shipment, Shipment.id_of(case.shop_id, case.shipment_id))
        return case, parcel, order

    async def _within_limits(
        self, work: Work, case: DeliveryCase, order: Order, action: str, amount: Money, approval_id: UUID | None
    ) -> str:
        if approval_id is not None:
            return await use_approval(work, case, approval_id, action, amount)
        self.rules.limits.check(
            work.actor.roles,
            action,
            amount,
            order_so_far=order.granted_so_far(action, amount.currency),
            day_so_far=await given_today(work, work.actor.id, action, amount.currency),
        )
        return ""

    @staticmethod
    async def _count(work: Work, order: Order, key: str, action: str, amount: Money, approved_by: str) -> None:
        order.count(key, action, amount, at=work.now)
        if not approved_by:  # else it counts on the day of who approved it
            await count_today(work, work.actor.id, key, action, amount)

    async def _failed(self, work: Work, case: DeliveryCase, key: str, reason: str) -> None:
        case.fail(key, reason, at=work.now)
        await self._uncount(work, case, key)

    async def _uncount(self, work: Work, case: DeliveryCase, key: str) -> None:
        if not case.remedies[key].stands:
            (await work.get(Order, Order.id_of(case.shop_id, case.order_id))).uncount(key, at=work.now)

    async def _ask_shop(self, work: Work, case: DeliveryCase, key: str, kind: str) -> None:
        seconds = int(self.rules.answer_within.total_seconds())
        body = {"remedy_id": key, "asked_at": work.now.isoformat(), "answer_within_seconds": seconds}
        await work.plan_effect(kind, key, subject=case.id, body=body)

    async def _prove(self, work: Work, case: DeliveryCase, key: str, answer: Succeeded | Failed) -> None:
        await work.effect_fact(REQUESTS[case.remedies[key].remedy], key, answer)

    @staticmethod
    async def _case_of_key(work: Work, key: str) -> DeliveryCase | None:
        case_id = case_of(key)
        return None if case_id is None else await work.get(DeliveryCase, case_id)
