"""The withdrawal from the contract: declared, confirmed, proven, paid back.

Guarantee: nothing in here declines a notice. Money is reserved in the order's ledger, like all other money, in the unit
that plans it; what is kept of it has a name and a reason there.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from casework.amounts import spoken, written
from chassis.domain import Invalid, Money, NotFound
from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from desk.cases import give_to, write_note
from services.returns.application.keeping import keep
from services.returns.application.noticing import Noticing, Withdrawn
from services.returns.application.withdrawn_places import left_of
from services.returns.domain.conformity import Conformity
from services.returns.domain.errors import NothingToDo
from services.returns.domain.law import Proof
from services.returns.domain.order.charges import part_of
from services.returns.domain.withdrawal import LostValue, Withdrawal
from services.returns.domain.withdrawal.law import EFFECTIVE

DIMINISHED = "diminished_value"


class Withdrawing(Noticing):
    """The use cases of the withdrawal."""

    async def declare_withdrawal(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        items: Sequence[Withdrawn],
        *,
        statement: str = "",
        channel: str = "",
    ) -> Receipt:
        """The first of the customer's two steps. Without items the whole order is meant."""
        return _receipt(await self.declared(work, shop_id, order_id, items, statement, channel))

    async def confirm_withdrawal(self, work: Work, withdrawal_id: UUID) -> Receipt:
        """The second step: the notice. Confirmed again it is the same notice."""
        known = await self.withdrawal_of(work, withdrawal_id)
        await self.notice(work, known, work.now)
        return _receipt(known)

    async def give_notice(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        items: Sequence[Withdrawn],
        *,
        statement: str = "",
        channel: str = "",
        noticed_at: datetime | None = None,
    ) -> Receipt:
        """A notice by letter, phone or mail, as somebody at the desk writes it down. `noticed_at`: when it was sent."""
        sent_at = noticed_at or work.now
        if sent_at > work.now:
            raise Invalid("noticed_at", f"{sent_at.isoformat()} is yet to come")
        known = await self.declared(work, shop_id, order_id, items, statement, channel)
        await self.notice(work, known, sent_at)
        return _receipt(known)

    async def prove_sending(
        self, work: Work, withdrawal_id: UUID, units: Sequence[str], carrier: str, number: str, sent_at: datetime | None
    ) -> Receipt:
        """The customer has in hand that the goods were sent back: nothing justifies holding the money any more."""
        at = sent_at or work.now
        if at > work.now:
            raise Invalid("sent_at", f"{at.isoformat()} is yet to come")
        known = await self.withdrawal_of(work, withdrawal_id)
        for unit_id in units:
            known.unit(unit_id)
        known.sent(units, Proof(carrier, number, at, work.actor.id), at=work.now)
        await self.repay_by_itself(work, known)
        return _receipt(known)

    async def diminish_value(
        self, work: Work, withdrawal_id: UUID, unit_id: str, amount: Money, reason: str, informed_by: str
    ) -> Receipt:
        """Keep what a unit lost by handling; a second word on the same unit replaces the first."""
        known = await self.withdrawal_of(work, withdrawal_id)
        before = known.unit(unit_id).lost, known.values_lost
        lost = LostValue(amount, reason, informed_by, work.actor.id)
        known.diminish(unit_id, lost, informed=self.law.informed, at=work.now)
        order, _ = await self.order_withdrawn(work, known)
        rest = amount
        for place in [p for p in await self.places_of(work, known, order) if unit_id in p.names]:
            root = place.ledger.books.root_of(place.names[unit_id])
            for fee in [f for f in place.ledger.fees_of(str(known.id)) if before[0] and f.subject == root]:
                place.ledger.waive(fee.id, "put right", by=work.actor.id, at=work.now)
            here = min(rest, place.left_of(unit_id), key=lambda money: money.minor)
            if here.minor:  # what was paid last is kept first, and the rest where it was paid
                charge = part_of(place.order.unit(root).price, DIMINISHED, "", here)
                kept = charge.kind, str(known.values_lost), place.names[unit_id], charge.amount, charge.tax, reason
                keep(work, place.ledger, known, *kept, work.actor.id)
                rest -= charge.amount
        return _receipt(known)

    async def repay_withdrawal(
        self, work: Work, withdrawal_id: UUID, units: Sequence[str] = (), tender_id: str = ""
    ) -> Receipt:
        """Pay back what is owed, with the cheapest standard shipping once the whole order was withdrawn from."""
        known = await self.withdrawal_of(work, withdrawal_id)
        order, snapshot = await self.order_withdrawn(work, known)
        policy = await self.policy_of(work, known.shop_id, snapshot)
        chosen = known.repayable(units, without_goods=bool(work.actor.roles & set(policy.without_goods)))
        places = await self.places_of(work, known, order)
        claim, amount = await self.repay(work, known, order, places, chosen, by=work.actor.id, tender_id=tender_id)
        return _receipt(known, refund_id=claim.id, amount=written(amount))

    async def record_repaid_elsewhere(
        self, work: Work, withdrawal_id: UUID, units: Sequence[str], reference: str, reason: str
    ) -> Receipt:
        """A person says that money which moved elsewhere was for these units, where its sum alone does not say so.
        Without a reference the first that waits is meant."""
        known = await self.withdrawal_of(work, withdrawal_id)
        order, _ = await self.order_withdrawn(work, known)
        places = await self.places_of(work, known, order)
        facts = await self.moved_elsewhere(work, known, places, since=None)
        if not facts:
            raise NothingToDo("no refund that moved elsewhere waits to be counted")
        reference = reference or facts[0].id.removeprefix("refund:")
        fact = next((fact for fact in facts if fact.id == f"refund:{reference}"), None)
        if fact is None:
            raise Invalid("reference", f"no refund {reference} that moved elsewhere waits to be counted")
        owed = [unit for unit in units or known.effective if known.unit(unit).effective and known.is_owed(unit)]
        if not owed:
            raise NothingToDo("nothing is owed for these units")
        price = Money(sum(left_of(places, unit) for unit in owed), fact.amount.currency)
        if fact.amount < price:
            raise Invalid("reference", f"{spoken(fact.amount)} does not cover {spoken(price)}")
        known.repaid_elsewhere(owed, (fact.id,), reason, by=work.actor.id, at=work.now)
        await self.repay_by_itself(work, known)
        return _receipt(known)

    async def note_withdrawal(self, work: Work, withdrawal_id: UUID, text: str) -> Receipt:
        """Write something down for the desk."""
        known = await self.withdrawal_of(work, withdrawal_id)
        return _receipt(known, **write_note(work, known, text))

    async def assign_withdrawal(self, work: Work, withdrawal_id: UUID, assignee: str) -> Receipt:
        """Say who has it; to nobody puts it back in its queue."""
        known = await self.withdrawal_of(work, withdrawal_id)
        return _receipt(known, **give_to(work, known, assignee))

    async def duty_due(self, work: Work, fired: FiredTimer) -> None:
        """A duty is near its end, or past it; what was given back elsewhere meanwhile is none any more."""
        known = await self.goods_case(work, fired.subject)
        if isinstance(known, Withdrawal):
            await self.repay_by_itself(work, known)
            known.ask_person(at=work.now)
            known.raise_duties(at=work.now)
        elif isinstance(known, Conformity):
            await self.repay_conformity_by_itself(work, known)
            known.raise_duties(at=work.now)

    async def withdrawal_of(self, work: Work, withdrawal_id: UUID) -> Withdrawal:
        """A withdrawal the caller may see."""
        known = await self.goods_case(work, withdrawal_id)
        if not isinstance(known, Withdrawal) or not work.actor.may_see(
            shop_id=known.shop_id, customer_id=known.customer_id
        ):
            raise NotFound("withdrawal", withdrawal_id)
        return known


def _receipt(known: Withdrawal, **facts: str) -> Receipt:
    shown = {"state": known.state}
    if known.noticed_at is not None and known.dates is not None:
        rulings = [unit.ruling.rule for unit in known.units.values() if unit.ruling]
        shown |= {
            "noticed_at": known.noticed_at.isoformat(),
            "effective": str(rulings.count(EFFECTIVE)),
            "not_effective": str(len(rulings) - rulings.count(EFFECTIVE)),
            "send_back_by": known.dates.send_back.last_day.isoformat(),
            "repay_by": known.dates.repay.last_day.isoformat(),
        }
    if known.return_id:
        shown["return_id"] = known.return_id
    return Receipt(str(known.id), known.version, shown | facts)
