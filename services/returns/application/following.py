"""What follows for a change before dispatch: from the shop's word, from a parcel that leaves, from money that is told.

Guarantee: everything here may happen twice, late, and in any order. A parcel that leaves before the shop's word makes
what was asked a return or an interception; after it, and wherever two facts contradict each other, a person looks.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.domain import Money, numbered
from chassis.service import Failed
from chassis.work import Work
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT, TENDER_RELEASE_EFFECT
from services.returns.application.common import RETURNS
from services.returns.application.deciding import Item
from services.returns.application.returning import Returning
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import NOT_TAKEN, ChangeKind, Interception, OrderChange, UnitStage
from services.returns.domain.errors import NothingLeft
from services.returns.domain.ledger import Ask, Book, Entitlement, Ledger
from services.returns.domain.ledger.judge import UNSENT
from services.returns.domain.order import Order
from services.returns.domain.order.leaving import LEFT, parcel_of, whereabouts

OUTSIDE = "moved_elsewhere"


class Following(Returning):
    """Base of the use cases that tell facts, and of those that change orders."""

    async def follow_parcels(self, work: Work, order: Order) -> None:
        """A parcel of the order was told: what of a change left with it?"""
        if work.history or not order.units_in_changes:
            return
        where = whereabouts(order)
        for id in dict.fromkeys(order.units_in_changes.values()):
            change = await work.get(OrderChange, UUID(id))
            by_parcel: dict[str, list[str]] = {}
            for unit_id in [u for u in change.stages if where.get(u) == LEFT]:
                by_parcel.setdefault(parcel_of(order, unit_id), []).append(unit_id)
            for shipment_id, units in by_parcel.items():
                await self._left(work, order, change, shipment_id, units)

    async def _left(
        self, work: Work, order: Order, change: OrderChange, shipment_id: str, units: Sequence[str]
    ) -> None:
        overtaken = change.leave(units, shipment_id, at=work.now)
        if not overtaken:
            return
        order.let_go_of_change(str(change.id), overtaken, undone=False, at=work.now)
        match change.under.overtaken:
            case "interception":
                await self._intercept(work, change, shipment_id, overtaken)
            case "return":
                await self._become_return(work, order, change, overtaken)
            case _:
                change.leave_to_person(f"parcel {shipment_id} left before the shop answered", at=work.now)
        if not change.is_asked:  # nothing of it can come about any more: the shop is not asked again
            await work.effect_fact(CHANGE_EFFECTS[change.kind], str(change.id), Failed("overtaken"))

    async def _intercept(self, work: Work, change: OrderChange, shipment_id: str, units: tuple[str, ...]) -> None:
        id = f"{change.id}:{shipment_id}"
        answer_by = work.now + timedelta(hours=change.under.answer_hours)
        if change.intercept(Interception(id, shipment_id, units, answer_by), at=work.now):
            body = {
                "shop_id": change.shop_id,
                "order_id": change.order_id,
                "case_id": str(change.id),
                "shipment_id": shipment_id,
                "answer_hours": change.under.answer_hours,
            }
            await work.plan_effect(INTERCEPTION_EFFECT, id, subject=change.id, body=body)

    async def parcel_decided(self, work: Work, change: OrderChange, interception: Interception) -> None:
        """The carrier brings a parcel back or does not: what is in it comes back as a return, either way."""
        order, _ = await self.order_named(work, change.shop_id, change.order_id)
        units = tuple(unit for unit in interception.units if unit in change.unplaced)
        if units:
            await self._become_return(work, order, change, units)
        if interception.state == "done" and change.return_id:
            case = await work.get(ReturnCase, UUID(change.return_id))
            inside = tuple(unit for unit in interception.units if unit in case.units)
            case.sent(inside, interception.shipment_id, in_transit=True, at=work.now)

    async def _become_return(self, work: Work, order: Order, change: OrderChange, units: tuple[str, ...]) -> None:
        sold = {unit.unit_id: unit for unit in order.units()}
        held = {*order.units_in_returns, *order.units_in_changes}
        free = [sold[unit] for unit in units if unit in sold and unit not in held]
        if len(free) < len(units):
            change.leave_to_person("what left is in another return, or not in the order any more", at=work.now)
        if free:
            items = [Item(u.line.line_id, 1, change.wish.reason, (u.number,)) for u in free]
            receipt, _ = await self.request(work, change.shop_id, change.order_id, items, channel=change.channel)
            change.become_return(receipt.id, tuple(u.unit_id for u in free), at=work.now)

    async def shop_confirmed(
        self, work: Work, change: OrderChange, reference: str, difference: Money | None, *, by: str
    ) -> None:
        """The shop has changed the order; what is owed goes back in the same unit."""
        order, _ = await self.order_named(work, change.shop_id, change.order_id)
        ledger = await self.ledger_of(work, change.shop_id, change.order_id)
        await self.follow_parcels(work, order)
        waited = change.tender_stage is not UnitStage.CONFIRMED
        new = change.confirm(reference, difference, by=by, at=work.now)
        if change.kind is ChangeKind.TENDER:
            if waited and change.tender_stage is UnitStage.CONFIRMED:
                await self._let_tender_go(work, ledger, change)
            return
        if any(unit in order.units_in_returns for unit in new):
            change.leave_to_person("the shop confirmed what is in a return", at=work.now)
        if new and change.kind is ChangeKind.CANCEL:
            order.take_out(str(change.id), new, at=work.now)
            keep_owed(ledger, change, work)
        elif new:
            order.let_go_of_change(str(change.id), new, undone=False, at=work.now)
            cheaper = tuple(Entitlement(subject, "", 0, amount) for subject, amount in change.owed_parts)
            if cheaper:
                ledger.keep(str(change.id), cheaper, beside=False, at=work.now)
        await self.pay_change(work, order, ledger, change)

    async def shop_refused(self, work: Work, change: OrderChange, reason: str, *, by: str) -> None:
        """The order stays as it is, and so does what may be given for it."""
        order, _ = await self.order_named(work, change.shop_id, change.order_id)
        ledger = await self.ledger_of(work, change.shop_id, change.order_id)
        await self.follow_parcels(work, order)
        asked = change.is_asked
        units = change.refuse(reason, by=by, at=work.now)
        undone = change.state == "refused"
        if asked:
            order.let_go_of_change(str(change.id), units, undone=undone, at=work.now)
        if asked and undone:
            ledger.let_go(str(change.id), at=work.now)

    async def _let_tender_go(self, work: Work, ledger: Ledger, change: OrderChange) -> None:
        tender_id = change.wish.tender_id
        amount = ledger.void_authorisations(tender_id, str(change.id), at=work.now)
        if ledger.books.tills.captured(tender_id).minor:
            change.leave_to_person(f"money was taken through {tender_id} before the shop confirmed", at=work.now)
        if amount.minor:
            change.let_tender_go(amount, at=work.now)
            body = {
                "shop_id": change.shop_id,
                "order_id": change.order_id,
                "case_id": str(change.id),
                "requester": RETURNS,
                "tender_id": tender_id,
                "minor": amount.minor,
                "currency": amount.currency,
                "reason": "paid_otherwise",
            }
            await work.plan_effect(TENDER_RELEASE_EFFECT, str(change.id), subject=change.id, body=body)
        change.go_on(by="system", at=work.now)

    async def pay_changes(self, work: Work, order: Order, ledger: Ledger) -> None:
        """Money or a version of the order was told: what a change is owed may be there now."""
        for id in () if work.history else order.changes:
            await self.pay_change(work, order, ledger, await work.get(OrderChange, UUID(id)))

    async def pay_change(
        self,
        work: Work,
        order: Order,
        ledger: Ledger,
        change: OrderChange,
        *,
        tender_id: str = "",
        by_person: bool = False,
    ) -> None:
        """Reserve and send what is owed and was taken, or not take what was not taken yet. A person reads why not."""
        left = change.outstanding
        if left is None or not left.minor or str(change.id) not in ledger.kept:
            return
        if change.only_by_person and not by_person:
            return
        taken = ledger.taken_for(str(change.id))
        amount = min(left, taken, key=lambda money: money.minor)
        why = OUTSIDE if ledger.outside else NOT_TAKEN
        if amount.minor:
            planned = await self._plan(work, order, ledger, change, amount, tender_id, by_person=by_person)
            if planned:
                change.hold_money_back(left, planned, at=work.now)
                return
        if amount.minor < left.minor:
            change.hold_money_back(left - amount, why, at=work.now)

    async def _plan(
        self,
        work: Work,
        order: Order,
        ledger: Ledger,
        change: OrderChange,
        amount: Money,
        tender_id: str,
        *,
        by_person: bool,
    ) -> str:
        ask = Ask(
            requester=RETURNS,
            request_key=f"{change.id}:{numbered(change.refunds_planned + 1, work.incarnation)}",
            case_id=str(change.id),
            book=Book.RESTITUTION,
            reason=f"{change.kind.value}_before_dispatch",
            by=work.actor.id,
            action=UNSENT,
            subjects=tuple(s for s, _ in change.owed_parts if ledger.books.left_of(s).minor),
            amount=amount,
            tender_id=tender_id,
        )
        hold = await self.hold_of(work, order)
        try:
            ledger.clone().reserve(ask, hold=hold, at=work.now)
        except NothingLeft as refused:
            if by_person:
                raise
            return str(refused.facts["bound"])
        known = frozenset(ledger.transfers)
        claim = ledger.reserve(ask, hold=hold, at=work.now)
        await self.send_money(work, order, ledger, known)
        parts = tuple((part.subject, part.amount) for part in claim.parts)
        change.plan_money(claim.id, ask.request_key, ledger.books.counted(claim), parts, by=work.actor.id, at=work.now)
        return ""

    async def changes_give_way(self, work: Work, order: Order, units: Sequence[str], withdrawal_id: str) -> None:
        """The customer withdrew from units that a change holds: the law's flow has them, and their money."""
        for id in dict.fromkeys(order.units_in_changes[u] for u in units if u in order.units_in_changes):
            change = await work.get(OrderChange, UUID(id))
            given = change.give_way(units, withdrawal_id, at=work.now)
            order.let_go_of_change(id, given, undone=False, at=work.now)


def keep_owed(ledger: Ledger, change: OrderChange, work: Work) -> None:
    """What a cancellation takes out stays owed, at what it is entitled to now or was when it was asked."""
    subjects = [*((unit.unit_id, unit.line_id, unit.number, unit.paid) for unit in change.wish.units)]
    subjects += [(component_id, "", 0, amount) for component_id, amount in change.wish.components]
    entitlements = tuple(
        Entitlement(subject, line_id, number, ledger.entitlements[subject].amount)
        if subject in ledger.entitlements
        else Entitlement(subject, line_id, number, paid)
        for subject, line_id, number, paid in subjects
    )
    ledger.keep(str(change.id), entitlements, beside=True, at=work.now)
