"""What the shop says to an exchange: its answers to our requests, and the new order itself.

Guarantee: an answer counts once and in any order; what was called off meanwhile is let go of at the shop. Only the new
order itself makes the new unit stand for the old one, and only its end frees the old one again.
"""

from datetime import datetime

from chassis.domain import Invalid, Money
from chassis.service import EffectChanged, Succeeded
from chassis.work import Work
from services.returns.application.exchange_requests import (
    CHARGE_EFFECT,
    EXCHANGE_CANCEL,
    EXCHANGE_ORDER,
    EXCHANGE_RELEASE,
    EXCHANGE_RESERVE,
    cancel_body,
    order_body,
)
from services.returns.application.exchange_settling import ExchangeSettling
from services.returns.domain.case import Exchange, ReturnCase, Stage
from services.returns.domain.identity import exchange_request_of
from services.returns.domain.order import Order, OrderSnapshot

NO_ANSWER = "no_answer"
SYSTEM = "system"


class ExchangeAnswers(ExchangeSettling):
    """Base of the use cases of exchanges."""

    async def exchanges_on(self, work: Work, case: ReturnCase) -> None:
        """Whatever is due by itself: new orders for units that are back, and what is paid back beside them."""
        for known in list(case.exchanges.values()):
            if case.may_be_ordered(known):
                await self.order_new(work, case, known, by=SYSTEM)
            elif known.stage is Stage.PLACED and case.is_back(known.unit_id) and not case.differences_of(known):
                await self.pay_difference(work, case, known, by=SYSTEM)

    async def exchange_changed(self, work: Work, change: EffectChanged) -> None:
        """What the shop said to one of our requests, or that it says nothing."""
        about = exchange_request_of(change.key)
        case = await work.get(ReturnCase, change.subject)
        if about is None:
            raise Invalid("key", f"{change.key} is no request of an exchange")
        known = case.exchange(about[1])
        if change.state in ("unknown", "held"):
            if change.kind != EXCHANGE_RELEASE:
                case.exchange_unanswered(known.exchange_id, NO_ANSWER, at=work.now)
        elif change.state == "succeeded":
            await self._done(work, case, known, change)
        elif change.state == "failed":
            await self._refused(work, case, known, change)

    async def new_order_told(self, work: Work, order: Order) -> None:
        """An order that names a request of ours, or its end."""
        snapshot = order.snapshot
        about = exchange_request_of(snapshot.fulfilment_request_id) if snapshot else None
        if snapshot is None or about is None or about[2] != "o":
            return
        case = await self.goods_case(work, about[0])
        if not isinstance(case, ReturnCase) or case.shop_id != order.shop_id or about[1] not in case.exchanges:
            return
        known = case.exchange(about[1])
        if not known.new_order_id and snapshot.cancelled_at is None and not known.is_off:
            await self._placed(work, case, known, order, snapshot)
        elif snapshot.cancelled_at is not None and known.new_order_id in ("", order.order_id) and not known.is_off:
            await self._undone(work, case, known, order)

    async def charge_lost(self, work: Work, shop_id: str, case_id: str, request_id: str) -> None:
        """After a restore: a customer was charged for an unreturned unit, and nobody here knows of it: a person looks
        before anybody is charged again."""
        about = exchange_request_of(request_id)
        case = await self.case_by_rma(work, shop_id, case_id)
        if about is None or not isinstance(case, ReturnCase):
            return
        known = case.exchanges.get(about[1])
        if known is not None and known.stage is Stage.PLACED:
            case.find_unreturned(known.exchange_id, "charge_lost", at=work.now)  # its time ends in nobody's charge now
        else:
            case.ask_person(f"exchange {about[1]}: charge_lost", at=work.now)

    async def _placed(
        self, work: Work, case: ReturnCase, known: Exchange, order: Order, snapshot: OrderSnapshot
    ) -> None:
        unit = next((u for u in order.units() if u.line.sku == known.sku), None) or order.units()[0]
        differs = _differs(known, snapshot, unit.price.paid)
        case.exchange_placed(known.exchange_id, order.order_id, unit.unit_id, differs, at=work.now)
        after = case.exchange(known.exchange_id)
        await self.settle_worth(work, case, after)
        if not work.history:
            await work.effect_fact(EXCHANGE_ORDER, after.order_key, Succeeded(order.order_id))
            if after.stage is Stage.CANCELLING:
                await self.cancel_order(work, case, after)
            else:
                await self.exchanges_on(work, case)

    async def _undone(self, work: Work, case: ReturnCase, known: Exchange, order: Order) -> None:
        if known.new_order_id:
            await self.undo_worth(work, case, known, "cancelled")
        else:
            await self.release_worth(work, case, known)
        case.call_off(known.exchange_id, Stage.CANCELLED, known.reason or "order_cancelled", by=SYSTEM, at=work.now)
        if not work.history:
            await self.pay_back_new_order(work, case, known, order)

    async def _done(self, work: Work, case: ReturnCase, known: Exchange, change: EffectChanged) -> None:
        facts = change.facts
        if change.kind == EXCHANGE_RESERVE and "expires_at" in facts:
            expires_at = datetime.fromisoformat(facts["expires_at"])
            price = Money(int(facts["minor"]), facts["currency"])
            if price.currency != known.shown.currency:
                await self._off(work, case, known, "other_currency")
            elif case.exchange_reserved(known.exchange_id, change.reference, expires_at, price, at=work.now):
                await self.exchanges_on(work, case)
        elif change.kind == CHARGE_EFFECT and case.unreturned_charged(known.exchange_id, change.reference, at=work.now):
            await self.undo_worth(work, case, known, "charged")
            await self.count_charged(work, case, known)
        # The new order, and its end, are told by the order itself.

    async def _refused(self, work: Work, case: ReturnCase, known: Exchange, change: EffectChanged) -> None:
        if change.kind == EXCHANGE_RESERVE and known.stage in (Stage.ASKED, Stage.UNANSWERED):
            await self._off(work, case, known, change.reason)
        elif change.kind == EXCHANGE_ORDER and not known.new_order_id and known.stage is Stage.CANCELLING:
            case.call_off(known.exchange_id, Stage.CANCELLED, known.reason, by=SYSTEM, at=work.now)
            await self.release_worth(work, case, known)
        elif change.kind == EXCHANGE_ORDER and known.stage is Stage.ORDERED:
            await self._off(work, case, known, change.reason)
        elif change.kind == EXCHANGE_CANCEL:
            case.exchange_stands(known.exchange_id, change.reason, at=work.now)
        elif change.kind == CHARGE_EFFECT:
            case.find_unreturned(known.exchange_id, change.reason, at=work.now)

    async def _off(self, work: Work, case: ReturnCase, known: Exchange, reason: str) -> None:
        case.call_off(known.exchange_id, Stage.REFUSED, reason, by=SYSTEM, at=work.now)
        await self.release_worth(work, case, known)

    async def order_new(self, work: Work, case: ReturnCase, known: Exchange, *, by: str) -> None:
        after = case.order_exchange(known.exchange_id, by=by, at=work.now)
        await work.plan_effect(EXCHANGE_ORDER, after.order_key, subject=case.id, body=order_body(case, after))

    async def cancel_order(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        key = f"{known.exchange_id}.k{known.cancels_asked}"
        await work.plan_effect(EXCHANGE_CANCEL, key, subject=case.id, body=cancel_body(case, known))


def _differs(known: Exchange, snapshot: OrderSnapshot, price: Money) -> str:
    money = known.money
    carried = snapshot.exchange_value.minor if snapshot.exchange_value is not None else 0
    if carried != money.carried.minor:
        return "other_value"
    return "other_price" if price != money.price else ""
