"""What an exchange does to the ledgers: its worth is freed, stands for the new unit, or is given back.

Guarantee: the difference is paid back once, out of what was paid last; what a new order was paid with goes back with
that order's end, out of its own ledger.
"""

from collections.abc import Sequence

from chassis.domain import Money, numbered
from chassis.work import Work
from services.returns.application.chains import Link, taken_from
from services.returns.application.common import RETURNS, UseCases
from services.returns.domain.case import Exchange, Goods, MoneyState, ReturnCase
from services.returns.domain.errors import NothingLeft
from services.returns.domain.identity import ledger_id_of, order_id_of
from services.returns.domain.ledger import WALLET, Ask, Book, Ledger, carried_name
from services.returns.domain.order import Order

DIFFERENCE = "exchange_difference"
UNDONE = "exchange_undone"


class ExchangeSettling(UseCases):
    """Base of the use cases of exchanges."""

    async def release_worth(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        """What was paid for the old unit may be given in another way."""
        for value in known.claims:
            ledger = await work.get(Ledger, ledger_id_of(case.shop_id, value.order_id))
            ledger.release(RETURNS, value.request_key, "exchange called off", at=work.now)

    async def settle_worth(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        """The new unit stands for the old one; where that is not back, it is owed."""
        owed = case.units[known.unit_id].goods is not Goods.RECEIVED
        new = (carried_name(known.new_order_id, known.new_unit),)
        for value in known.claims:
            ledger = await work.get(Ledger, ledger_id_of(case.shop_id, value.order_id))
            own = frozenset({known.unit_id}) if owed and value.order_id == case.order_id else frozenset()
            ledger.settle_goods(RETURNS, value.request_key, known.new_order_id, new, with_customer=own, at=work.now)

    async def undo_worth(self, work: Work, case: ReturnCase, known: Exchange, cause: str) -> None:
        """The old unit carries what was paid for it again."""
        for link in await self._links(work, case, known):
            link.ledger.undo_carry(link.subject, cause, at=work.now)

    async def count_charged(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        """What was carried over was paid with the new order."""
        ledger = await work.get(Ledger, ledger_id_of(case.shop_id, known.new_order_id))
        ledger.count_charged(known.new_unit, known.money.carried, at=work.now)

    async def pay_difference(self, work: Work, case: ReturnCase, known: Exchange, *, by: str) -> None:
        """Pay back what the old unit cost more than the new one."""
        given = [r.amount.minor for r in case.differences_of(known) if r.state is not MoneyState.FAILED]
        due = known.money.back - Money(sum(given), known.worth.currency)
        parts = taken_from(await self._links(work, case, known), due)
        for link, amount in parts:
            await self._pay(work, case, known, link, amount, DIFFERENCE, (link.subject,), by)
        found = sum(amount.minor for _, amount in parts)
        if found < due.minor:
            case.exchange_needs_person(known.exchange_id, "difference_not_left", at=work.now)

    async def pay_back_new_order(self, work: Work, case: ReturnCase, known: Exchange, order: Order) -> None:
        """The new order is not sent: what was paid with it goes back."""
        ledger = await work.find(Ledger, ledger_id_of(case.shop_id, order.order_id))
        subjects = tuple(s for s in ledger.entitlements if ledger.books.left_of(s).minor) if ledger else ()
        if ledger is not None and subjects:
            left = ledger.books.money(sum(ledger.books.left_of(s).minor for s in subjects))
            link = Link(order, ledger, subjects[0])
            await self._pay(work, case, known, link, left, UNDONE, subjects, "system")

    async def _pay(
        self,
        work: Work,
        case: ReturnCase,
        known: Exchange,
        link: Link,
        amount: Money,
        kind: str,
        subjects: Sequence[str],
        by: str,
    ) -> None:
        number = numbered(len(case.differences_of(known)) + 1, work.incarnation)
        credited = case.gift is not None and kind == DIFFERENCE  # by the way it came it would tell who paid
        ask = Ask(
            requester=RETURNS,
            request_key=f"{known.exchange_id}:{kind}:{number}",
            case_id=str(case.id),
            book=Book.RESTITUTION,
            reason="exchange",
            by=by,
            action=kind,
            subjects=tuple(subjects),
            amount=amount,
            tender_id=WALLET if credited else "",
            customer_id=case.recipient,
        )
        hold = await self.hold_of(work, link.order)
        before = frozenset(link.ledger.transfers)
        try:
            link.ledger.clone().reserve(ask, hold=hold, at=work.now)  # a refusal leaves nothing behind
        except NothingLeft:
            case.exchange_needs_person(known.exchange_id, f"{kind}_not_left", at=work.now)
            return
        claim = link.ledger.reserve(ask, hold=hold, at=work.now)
        parts = tuple((carried_name(link.order.order_id, part.subject), part.amount) for part in claim.parts)
        case.plan_refund(claim.id, ask.request_key, kind, amount, parts, "exchange", by=by, approved_by="", at=work.now)
        await self.send_money(work, link.order, link.ledger, before)

    async def _links(self, work: Work, case: ReturnCase, known: Exchange) -> tuple[Link, ...]:
        """The ledgers the old unit's worth lies in, by the name it has there once the new order is known."""
        name, found = carried_name(known.new_order_id, known.new_unit), []
        for value in known.claims:
            ledger = await work.get(Ledger, ledger_id_of(case.shop_id, value.order_id))
            order = await work.get(Order, order_id_of(case.shop_id, value.order_id))
            found.append(Link(order, ledger, name))
        return tuple(found)
