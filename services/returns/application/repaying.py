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
from services.returns.application.common import CONFORMITY, RETURNS, WITHDRAWAL, UseCases
from services.returns.application.keeping import keep
from services.returns.domain.conformity import Conformity
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.law import Whereabouts
from services.returns.domain.ledger import Ask, Book, Claim, Ledger, OutsideFact
from services.returns.domain.ledger.books import Books
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.order.charges import express_surcharge
from services.returns.domain.order.way import dispatch_of
from services.returns.domain.withdrawal import Withdrawal

SHIPPING = "shipping"
ITSELF = "system"
"""By whom money is planned that the law makes owed without anybody's word."""


class Repaying(UseCases):
    """Base of the use cases after which something may be owed by law."""

    async def repay_what_is_owed(self, work: Work, order: Order) -> None:
        """After a fact: what the law makes owed on this order and nothing holds back is planned now."""
        if work.history or order.snapshot is None:
            return
        for id in dict.fromkeys(order.withdrawn.values()):
            await self.repay_by_itself(work, await work.get(Withdrawal, UUID(id)))
        for id in sorted(set(order.units_in_returns.values())):
            case = await self.goods_case(work, UUID(id))
            if isinstance(case, Conformity):
                await self.repay_conformity_by_itself(work, case)

    async def repay_by_itself(self, work: Work, known: Withdrawal) -> None:
        """Pay back what of a withdrawal is owed and was never tried; what cannot be paid now waits with its duty."""
        order = await self.heard_order(work, known.shop_id, known.order_id)
        if work.history or order.snapshot is None or known.noticed_at is None:
            return
        ledger = await work.find(Ledger, ledger_id_of(known.shop_id, known.order_id))
        if ledger is None:
            return
        self._owe_what_bounced(work, known, ledger)  # first: a person judges what was beside it
        facts = await self.moved_elsewhere(work, known, order, ledger, since=known.noticed_at)
        self.settle_elsewhere(work, known, order, ledger, facts)
        chosen = tuple(u for u in known.due_by_itself(work.now) if not _on_its_way(known, order, u))
        if not chosen or facts:
            return  # with money of unknown cause beside it, a person says whether it was for these
        try:
            ledger.clone().reserve(self._withdrawn_ask(work, known, chosen, ITSELF), hold=_A_DAY, at=work.now)
        except Refused:
            return  # frozen, or nothing was taken yet: the duty stays, and the next fact asks again
        await self.repay(work, known, order, ledger, chosen, by=ITSELF)

    async def repay(
        self,
        work: Work,
        known: Withdrawal,
        order: Order,
        ledger: Ledger,
        units: Sequence[str],
        *,
        by: str,
        tender_id: str = "",
    ) -> tuple[Claim, Money]:
        """Reserve what is owed for units of a withdrawal, and plan its way to the customer."""
        snapshot = order.snapshot
        assert snapshot is not None
        policy = await self.policy_of(work, known.shop_id, snapshot)
        transfers = frozenset(ledger.transfers)
        besides = self._shipping(work, known, order, snapshot, ledger, by)
        ask = self._withdrawn_ask(work, known, (*units, *besides), by, tender_id)
        claim = ledger.reserve(ask, hold=timedelta(days=policy.terms.hold_days), at=work.now)
        await self.send_money(work, order, ledger, transfers)
        amount = ledger.books.counted(claim)
        parts = tuple((part.subject, part.amount) for part in claim.parts)
        known.plan_repayment(claim.id, ask.request_key, amount, parts, by=by, at=work.now)
        return claim, amount

    def _owe_what_bounced(self, work: Work, known: Withdrawal, ledger: Ledger) -> None:
        if ledger.knows_order:
            books = ledger.books
            bounced = [u for u, by in known.elsewhere.items() if not _stands(known, books, ledger, u, by)]
            known.owed_again(bounced, "the money given back elsewhere did not stay with the customer", at=work.now)

    def settle_elsewhere(
        self, work: Work, known: Withdrawal, order: Order, ledger: Ledger, facts: Sequence[OutsideFact]
    ) -> None:
        """What was given back for the same units elsewhere is not owed here any more, while it stays so."""
        if not ledger.knows_order:
            return
        books = ledger.books
        gone = tuple(u for u in (*known.payable, *known.withheld) if _given_by_another(known, books, u))
        known.repaid_elsewhere(gone, (), "another case gave back all that was paid for it", at=work.now)
        owed = tuple(u for u in known.payable if known.money_of(u) is None)
        if not owed or not facts:
            return
        units = sum(books.left_of(u).minor for u in owed)
        shipping = sum(books.left_of(s).minor for s in self._due_shipping(order, ledger))
        moved = sum(fact.amount.minor for fact in facts)
        if moved in (units, units + shipping) or not books.tills.available("").minor:
            named = tuple(fact.id for fact in facts)
            known.repaid_elsewhere(owed, named, f"{spoken(books.money(moved))} moved elsewhere", at=work.now)

    async def moved_elsewhere(
        self, work: Work, known: Withdrawal, order: Order, ledger: Ledger, *, since: datetime | None
    ) -> tuple[OutsideFact, ...]:
        """Refunds made elsewhere that no withdrawal of the order has counted as its own; since then, or ever."""
        counted: set[str] = set()
        for id in dict.fromkeys(order.withdrawn.values()):
            other = known if UUID(id) == known.id else await work.get(Withdrawal, UUID(id))
            counted |= {fact_id for facts in other.elsewhere.values() for fact_id in facts}
        return tuple(
            fact
            for fact in ledger.outside.values()
            if fact.kind == "refund" and fact.id not in counted and (since is None or fact.at >= since)
        )

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


def _on_its_way(known: Withdrawal, order: Order, unit_id: str) -> bool:
    """Goods that left and have not arrived: the shop has neither them nor a proof, so a person decides until they are
    somewhere."""
    unit = known.units[unit_id]
    return unit.where is Whereabouts.NOT_DELIVERED and dispatch_of(order, unit.asked.line_id) is not None


def _given_by_another(known: Withdrawal, books: Books, unit_id: str) -> bool:
    """Whether nothing is left for a unit because another case gave it back in money."""
    if not known.units[unit_id].asked.paid.minor or books.left_of(books.carrier_of(unit_id)).minor:
        return False
    return any(
        claim.ask.book is Book.RESTITUTION and claim.ask.case_id != str(known.id) and books.counted(claim).minor
        for claim in books.claims.values()
        if any(books.root_of(part.subject) == unit_id for part in claim.parts)
    )


def _stands(known: Withdrawal, books: Books, ledger: Ledger, unit_id: str, facts: Sequence[str]) -> bool:
    """Whether what was given back elsewhere for a unit is still there."""
    return all(fact in ledger.outside for fact in facts) if facts else _given_by_another(known, books, unit_id)
