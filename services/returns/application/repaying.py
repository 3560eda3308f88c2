"""What the law makes the shop pay back, planned by itself: after a withdrawal, or when goods do not conform.

Guarantee: it is planned in the very unit that makes it owed, so no crash lies between, and once: a refund that failed,
or one made elsewhere meanwhile, is a person's. What was given back elsewhere for the same units ends the duty and is
paid by nobody again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from casework.amounts import spoken
from chassis.domain import Aggregate, Money, Refused, numbered
from chassis.work import Work
from services.returns.application.common import CONFORMITY, RETURNS, WITHDRAWAL
from services.returns.application.keeping import keep
from services.returns.application.withdrawn_places import (
    Place,
    WithdrawnPlaces,
    given_by_another,
    left_of,
    on_its_way,
    stands,
    subjects_by_place,
)
from services.returns.domain.conformity import Conformity
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import OTHER_WAYS, Ask, Book, Claim, Ledger, OutsideFact
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.order.charges import express_surcharge
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal.reading import is_part_of

SHIPPING = "shipping"
ITSELF = "system"
"""By whom money is planned that the law makes owed without anybody's word."""


class Repaying(WithdrawnPlaces):
    """Base of the use cases after which something may be owed by law."""

    async def repay_what_is_owed(self, work: Work, order: Order) -> None:
        """After a fact: what the law makes owed on this order and nothing holds back is planned now."""
        if work.history or order.snapshot is None:
            return
        await self.tell_withdrawals(work, order)
        for id in sorted(set(order.units_in_returns.values())):
            case = await self.goods_case(work, UUID(id))
            if isinstance(case, Conformity):
                await self.repay_conformity_by_itself(work, case)

    async def tell_withdrawals(self, work: Work, order: Order) -> None:
        """Of what was given for units meanwhile, by whomever: it ends the duty of the withdrawal from them."""
        for id in dict.fromkeys(order.withdrawn.values()):
            await self.repay_by_itself(work, await work.get(Withdrawal, UUID(id)))

    async def repay_by_itself(self, work: Work, known: Withdrawal) -> None:
        """Pay back what of a withdrawal is owed and was never tried; what cannot be paid now waits with its duty."""
        order = await self.heard_order(work, known.shop_id, known.order_id)
        if work.history or order.snapshot is None or known.noticed_at is None:
            return
        if await work.find(Ledger, ledger_id_of(known.shop_id, known.order_id)) is None:
            return
        places = await self.places_of(work, known, order)
        self._owe_what_bounced(work, known, places)  # first: a person judges what was beside it
        facts = await self.moved_elsewhere(work, known, places, since=known.noticed_at)
        self.settle_elsewhere(work, known, order, places, facts)
        chosen = tuple(u for u in known.due_by_itself(work.now) if not on_its_way(known, order, u))
        if not chosen or facts:
            return  # with money of unknown cause beside it, a person says whether it was for these
        try:
            for place, subjects in subjects_by_place(places, chosen, ()):
                ask = self._withdrawn_ask(work, known, subjects, ITSELF)
                place.ledger.clone().reserve(ask, hold=_A_DAY, at=work.now)
        except Refused:
            return  # frozen, or nothing was taken yet: the duty stays, and the next fact asks again
        await self.repay(work, known, order, places, chosen, by=ITSELF)

    async def repay(
        self,
        work: Work,
        known: Withdrawal,
        order: Order,
        places: Sequence[Place],
        units: Sequence[str],
        *,
        by: str,
        tender_id: str = "",
    ) -> tuple[Claim, Money]:
        """Reserve what is owed for units of a withdrawal, each part in the ledger that took it, and plan its way to the
        customer; the first claim, and the amount of all."""
        snapshot = order.snapshot
        assert snapshot is not None
        policy = await self.policy_of(work, known.shop_id, snapshot)
        besides = self._shipping(work, known, order, snapshot, places[0].ledger, by)
        found: list[Claim] = []
        total, unnamed = Money(0, snapshot.currency), list(units)
        for place, subjects in subjects_by_place(places, units, besides):
            through = tender_id if place.own or tender_id in OTHER_WAYS else ""  # another order has tenders of its own
            ask = self._withdrawn_ask(work, known, subjects, by, through)
            transfers = frozenset(place.ledger.transfers)
            claim = place.ledger.reserve(ask, hold=timedelta(days=policy.terms.hold_days), at=work.now)
            await self.send_money(work, place.order, place.ledger, transfers)
            amount = place.ledger.books.counted(claim)
            parts = [(place.part_name(part.subject), part.amount) for part in claim.parts]
            unnamed = [u for u in unnamed if not any(is_part_of(name, u) for name, _ in parts)]
            if not found:  # what cost nothing is given back with the rest
                parts += [(u, Money(0, snapshot.currency)) for u in unnamed if not left_of(places, u)]
            known.plan_repayment(claim.id, ask.request_key, amount, tuple(parts), by=by, at=work.now)
            found.append(claim)
            total += amount
        return found[0], total

    def _owe_what_bounced(self, work: Work, known: Withdrawal, places: Sequence[Place]) -> None:
        if places[0].ledger.knows_order:
            bounced = [u for u, by in known.elsewhere.items() if not stands(known, places, u, by)]
            known.owed_again(bounced, "the money given back elsewhere did not stay with the customer", at=work.now)

    def settle_elsewhere(
        self, work: Work, known: Withdrawal, order: Order, places: Sequence[Place], facts: Sequence[OutsideFact]
    ) -> None:
        """What was given back for the same units elsewhere is not owed here any more, while it stays so."""
        own = places[0].ledger
        if not own.knows_order:
            return
        gone = tuple(u for u in (*known.payable, *known.withheld) if given_by_another(known, places, u))
        known.repaid_elsewhere(gone, (), "another case gave back all that was paid for it", at=work.now)
        owed = tuple(u for u in known.payable if known.money_of(u) is None)
        if not owed or not facts:
            return
        units = sum(left_of(places, u) for u in owed)
        shipping = sum(own.books.left_of(s).minor for s in self._due_shipping(order, own))
        moved = sum(fact.amount.minor for fact in facts)
        spent = not any(place.ledger.books.tills.available("").minor for place in places)
        if moved in (units, units + shipping) or spent:
            named = tuple(fact.id for fact in facts)
            known.repaid_elsewhere(owed, named, f"{spoken(own.books.money(moved))} moved elsewhere", at=work.now)

    async def moved_elsewhere(
        self, work: Work, known: Withdrawal, places: Sequence[Place], *, since: datetime | None
    ) -> tuple[OutsideFact, ...]:
        """Refunds made elsewhere that no withdrawal of these orders has counted as its own; since then, or ever."""
        found: list[OutsideFact] = []
        for place in places:
            counted: set[str] = set()
            for id in dict.fromkeys((*place.order.withdrawn.values(), str(known.id))):
                other = known if UUID(id) == known.id else await work.get(Withdrawal, UUID(id))
                counted |= {fact_id for facts in other.elsewhere.values() for fact_id in facts}
            found += [
                fact
                for fact in place.ledger.outside.values()
                if fact.kind == "refund" and fact.id not in counted and (since is None or fact.at >= since)
            ]
        return tuple(found)

    async def repay_conformity_by_itself(self, work: Work, known: Conformity) -> None:
        """Pay what goods that do not conform make owed, where it was never tried."""
        if work.history or not known.payable or known.money_of() is not None:
            return
        order = await self.heard_order(work, known.shop_id, known.order_id)
        ledger = await self.ledger_of(work, known.shop_id, known.order_id)
        try:
            ledger.clone().reserve(self._conformity_ask(work, known, ledger, ITSELF), hold=_A_DAY, at=work.now)
        except Refused:
            return  # as above
        await self.repay_conformity(work, known, order, ledger, by=ITSELF)

    async def repay_conformity(
        self, work: Work, known: Conformity, order: Order, ledger: Ledger, *, by: str, tender_id: str = ""
    ) -> tuple[Claim, Money]:
        """Reserve what is owed, by the rule of law that is named, and plan its way to the customer."""
        known.require_payable()
        transfers = frozenset(ledger.transfers)
        ask = self._conformity_ask(work, known, ledger, by, tender_id)
        claim = ledger.reserve(ask, hold=await self.hold_of(work, order), at=work.now)
        await self.send_money(work, order, ledger, transfers)
        amount = ledger.books.counted(claim)
        parts = tuple((part.subject, part.amount) for part in claim.parts)
        known.plan_refund(claim.id, ask.request_key, amount, parts, by=by, at=work.now)
        return claim, amount

    def _withdrawn_ask(
        self, work: Work, known: Withdrawal, subjects: Sequence[str], by: str, tender_id: str = ""
    ) -> Ask:
        return Ask(
            requester=RETURNS,
            request_key=_next_key(known, known.repayments_planned, work),
            case_id=str(known.id),
            book=Book.RESTITUTION,
            reason=WITHDRAWAL,
            by=by,
            action=WITHDRAWAL,
            subjects=tuple(subjects),
            tender_id=tender_id,
        )

    def _conformity_ask(self, work: Work, known: Conformity, ledger: Ledger, by: str, tender_id: str = "") -> Ask:
        asked = known.require_payable()
        return Ask(
            requester=RETURNS,
            request_key=_next_key(known, known.refunds_planned, work),
            case_id=str(known.id),
            book=Book.RESTITUTION,
            reason=f"{asked.kind}_{asked.rule.rule}",
            by=by,
            action=CONFORMITY,
            subjects=(ledger.books.carrier_of(known.unit_id),),
            amount=asked.amount,
            tender_id=tender_id,
        )

    def _due_shipping(self, order: Order, ledger: Ledger) -> tuple[str, ...]:
        if order.snapshot is None or not is_whole(order):
            return ()
        due = [c.component_id for c in order.snapshot.components if c.kind == SHIPPING]
        return tuple(c for c in due if ledger.books.left_of(c).minor > 0)

    def _shipping(
        self, work: Work, known: Withdrawal, order: Order, snapshot: OrderSnapshot, ledger: Ledger, by: str
    ) -> tuple[str, ...]:
        standard = self.money_terms.standard(snapshot.currency)
        prices = {price.subject: price for price in order.prices}
        for component_id in self._due_shipping(order, ledger) if standard is not None else ():
            assert standard is not None
            charge = express_surcharge(prices[component_id], standard)
            if charge is not None:
                keep(work, ledger, known, charge.kind, "", component_id, charge.amount, charge.tax, "law", by)
        return self._due_shipping(order, ledger)


_A_DAY = timedelta(days=1)
"""How long a trial of a reservation holds: it is never written."""


def is_whole(order: Order) -> bool:
    """Whether the whole order was withdrawn from, at once or in parts."""
    return all(unit.unit_id in order.withdrawn for unit in order.units())


def _next_key(known: Aggregate, planned: int, work: Work) -> str:
    return f"{known.id}:{numbered(planned + 1, work.incarnation)}"
