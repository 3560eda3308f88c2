"""The life of a return: request, a person's word, goods, inspection, expiry.

Guarantee: the policy decides with a trace that names its version and the facts it saw; staff may go
against it within their limits, customers never.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from casework.decisions import DecisionRecord
from chassis.domain import Invalid, Money
from chassis.service import FiredTimer, Receipt
from chassis.work import Work
from services.returns.application.case_told import case_told
from services.returns.application.collecting import Collecting
from services.returns.application.deciding import (
    Asking,
    Item,
    chosen_units,
    decision_record,
    held_units,
    send_time,
    verdict_of,
)
from services.returns.application.inspecting import Inspecting
from services.returns.application.judging import kindest
from services.returns.application.limits import WithinLimits
from services.returns.application.named_units import numbered_units
from services.returns.application.remembering import Remembering
from services.returns.domain.case import Authorisation, ReturnCase
from services.returns.domain.case.bundles import PROMISE
from services.returns.domain.case.gift_state import Gift
from services.returns.domain.errors import NothingLeft
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.policy import Outcome

REMEDIES = ("refund", "exchange", "store_credit")
"""What a return can be asked for. A price reduction needs no return and is a command of its own."""


class Returning(Collecting, WithinLimits, Inspecting, Remembering):
    """The use cases of goods that come back."""

    async def ask_return(
        self, work: Work, shop_id: str, order_id: str, items: Sequence[Item], **more: Any
    ) -> tuple[Receipt, DecisionRecord]:
        """Somebody asks: nobody is promised money for what was paid back already, by whichever service. `more` is what
        `request` takes, which facts and the law's own flows call: they are taken whatever was given."""
        order, _ = await self.order_named(work, shop_id, order_id)
        ledger = await work.find(Ledger, ledger_id_of(order.shop_id, order.order_id))
        asked = numbered_units(order, items, ledger.books.is_given_back if ledger is not None else None)
        await self.require_owed(work, order, asked)
        return await self.request(work, shop_id, order_id, asked, **more)

    async def require_owed(self, work: Work, order: Order, items: Sequence[Item]) -> None:
        """Of each unit that is asked for something is left."""
        ledger = await work.find(Ledger, ledger_id_of(order.shop_id, order.order_id))
        chosen = [unit.unit_id for unit, _ in chosen_units(order, items)]
        if given := [unit for unit in chosen if ledger is not None and ledger.books.is_given_back(unit)]:
            why = f"all that was paid for {', '.join(given)} was given back"
            raise NothingLeft(why, bound="entitlement", units=",".join(given))

    async def request(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        items: Sequence[Item],
        *,
        remedy: str = "",
        channel: str = "",
        asked_at: datetime | None = None,
    ) -> tuple[Receipt, DecisionRecord]:
        """Ask to return units; the policy decides each at once."""
        if remedy not in ("", *REMEDIES):
            raise Invalid("remedy", f"{remedy} cannot be asked for; there is {', '.join(REMEDIES)}")
        order, snapshot = await self.order_named(work, shop_id, order_id)
        return await self.ask(work, order, snapshot, items, remedy=remedy, channel=channel, asked_at=asked_at)

    async def ask(
        self,
        work: Work,
        order: Order,
        snapshot: OrderSnapshot,
        items: Sequence[Item],
        *,
        remedy: str,
        channel: str,
        asked_at: datetime | None = None,
        gift: Gift | None = None,
    ) -> tuple[Receipt, DecisionRecord]:
        """The same of an order that was found, by its customer or by who was given the goods."""
        book = await self.book_of(work, order.shop_id)
        asked = asked_at or work.now
        if asked > work.now:
            raise Invalid("asked_at", f"{asked.isoformat()} is yet to come")
        chosen = chosen_units(order, items)
        case = ReturnCase.request(
            work.new_id(),
            shop_id=order.shop_id,
            order_id=order.order_id,
            customer_id=gift.recipient if gift else snapshot.customer_id,
            units=tuple(self.requested_unit(unit, item.reason, item.stated_condition) for unit, item in chosen),
            remedy=remedy or "refund",
            channel=channel,
            asked_at=asked,
            by=work.actor.id,
            at=work.now,
        )
        if gift is not None:
            case.asked_by_recipient(gift, at=work.now)
        self.set_plan(work, case, snapshot)
        before = await self.done_before(work, book, snapshot, case)
        gone = await self._gone(work, order, items, gift)
        asking = Asking(asked, self.legal_days, remedy or "refund", before, gone=gone)
        policy, facts, judged = kindest(book.candidates(snapshot.placed_at, work.now), order, snapshot, chosen, asking)
        decision = decision_record(case, PROMISE, policy, judged, facts, work, by="policy")
        case.decide_promise(
            decision,
            tuple(verdict_of(one) for one in judged),
            until=send_time(policy, work.now),
            at=work.now,
        )
        held = tuple(one.unit_id for one in judged if one.outcome is not Outcome.DECLINE)
        order.take_units(str(case.id), held, at=work.now)
        kept = tuple(one.unit_id for one in judged if one.outcome is Outcome.AUTHORISE and one.offer.returnless)
        case.keep_at_home(kept, "returnless", by="policy", at=work.now)
        work.add(case)
        return case_told(case, decision_id=str(decision.id)), decision

    async def _gone(self, work: Work, order: Order, items: Sequence[Item], gift: Gift | None) -> frozenset[str]:
        """Units that nobody expects to come with these: paid back already, or, of a gift, of lines not asked for."""
        if not any(unit.line.part_of for unit in order.units()):
            return frozenset()
        ledger = await work.find(Ledger, ledger_id_of(order.shop_id, order.order_id))
        given = {u.unit_id for u in order.units() if ledger is not None and ledger.books.is_given_back(u.unit_id)}
        asked = {item.line_id for item in items}
        others = {u.unit_id for u in order.units() if gift is not None and u.line.line_id not in asked}
        return frozenset(given | others)

    async def approve(
        self, work: Work, case_id: UUID, units: Sequence[str], reason: str, approval_id: str = ""
    ) -> Receipt:
        """A person lets units come back. Going against the policy is bound by the person's limit."""
        case = await self.case_of(work, case_id)
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        overruled = [
            case.unit(u).asked.paid.minor for u in units if case.unit(u).authorisation is Authorisation.DECLINED
        ]
        if overruled:
            amount = Money(sum(overruled), snapshot.currency)
            await self.require_limit(
                work, case, policy, "ApproveReturn", amount, Money(0, snapshot.currency), approval_id
            )
        case.authorise(units, reason, until=send_time(policy, work.now), by=work.actor.id, at=work.now)
        order.take_units(str(case.id), held_units(case), at=work.now)
        return case_told(case)

    async def decline(self, work: Work, case_id: UUID, units: Sequence[str], reason: str) -> Receipt:
        """A person does not let units come back."""
        case = await self.case_of(work, case_id)
        case.decline(units, reason, by=work.actor.id, at=work.now)
        await self.end_exchanges(work, case, frozenset(units), reason)
        await self._let_go(work, case)
        return case_told(case)

    async def cancel(self, work: Work, case_id: UUID, units: Sequence[str], reason: str) -> Receipt:
        """Nothing of these will be sent back after all."""
        case = await self.case_of(work, case_id)
        if work.actor.customer_id is not None:
            await self.require_rest_comes_too(work, case, units)
        await self.end_exchanges(work, case, frozenset(units), reason)
        case.cancel(units, reason, by=work.actor.id, at=work.now)
        await self._let_go(work, case)
        return case_told(case)

    async def return_due(self, work: Work, fired: FiredTimer) -> None:
        """Nothing was sent in time: the units expire."""
        case = await work.get(ReturnCase, fired.subject)
        if late := case.expire(at=work.now):
            await self.end_exchanges(work, case, frozenset(late), "not_sent")
            await self._let_go(work, case)

    async def _let_go(self, work: Work, case: ReturnCase) -> None:
        order, _ = await self.order_of(work, case)
        gone = tuple(unit_id for unit_id in case.units if unit_id not in held_units(case))
        order.free_units(str(case.id), gone, at=work.now)
        await self.look_at_bundles(work, case)
        await self.void_useless(work, case, case.state)
