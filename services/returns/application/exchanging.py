"""Another variant or product for a unit: reserved in the ledger and at the shop, ordered, settled, or called off.

Guarantee: what was paid for the old unit is reserved in every ledger it lies in, in the unit that asks the shop; it is
free again in the unit that calls the exchange off, and stands for the new unit in the one that hears of the new order.
Each request to the shop has one key for all its repeats.
"""

from datetime import datetime, timedelta
from uuid import UUID

from casework.amounts import written
from chassis.domain import Invalid, Money, numbered
from chassis.service import Failed, FiredTimer, Receipt
from chassis.work import Work
from services.returns.application.chains import Chaining, worth_of
from services.returns.application.common import RETURNS
from services.returns.application.exchange_answers import SYSTEM, ExchangeAnswers
from services.returns.application.exchange_requests import (
    CHARGE_EFFECT,
    EXCHANGE_RELEASE,
    EXCHANGE_RESERVE,
    charge_body,
    release_body,
    reserve_body,
)
from services.returns.application.only_whole import OnlyWholeBundles
from services.returns.domain.case import Consent, Exchange, ReturnCase, Stage, ValueClaim, exchange_money
from services.returns.domain.case.exchanges import UNORDERED
from services.returns.domain.errors import ConsentNeeded, NothingLeft
from services.returns.domain.ledger import Ask, Book
from services.returns.domain.ledger.judge import EXCHANGE
from services.returns.domain.order import Order, OrderSnapshot


class Exchanging(ExchangeAnswers, Chaining, OnlyWholeBundles):
    """The use cases of exchanges."""

    async def exchange_unit(
        self,
        work: Work,
        case_id: UUID,
        unit_id: str,
        sku: str,
        price: Money,
        *,
        instant: bool = False,
        consent: str = "",
    ) -> Receipt:
        """Reserve what was paid for the unit, and ask the shop to keep the new one."""
        case = await self.case_of(work, case_id)
        order, snapshot = await self.order_of(work, case)
        self.require_currency(snapshot, price)
        if instant and not consent and work.actor.customer_id is not None:
            raise ConsentNeeded("goods leave before the old ones are back only for who agrees to be charged for those")
        if work.actor.customer_id is not None:
            case.require_value_told()
        case.require_exchangeable(unit_id)
        await self.require_whole_for_exchange(work, case, unit_id)
        exchange_id = f"{case.id}.x{numbered(len(case.exchanges) + 1, work.incarnation)}"
        claims = await self._reserve_worth(work, case, order, snapshot, unit_id, exchange_id)
        known = case.ask_exchange(
            exchange_id,
            unit_id,
            sku,
            price,
            instant=instant,
            consent=Consent(work.now, consent, work.actor.id) if consent else None,
            claims=claims,
            by=work.actor.id,
            at=work.now,
        )
        await work.plan_effect(EXCHANGE_RESERVE, exchange_id, subject=case.id, body=reserve_body(case, known))
        return _receipt(case, known)

    async def agree_to_exchange(self, work: Work, case_id: UUID, exchange_id: str) -> Receipt:
        """The customer agrees to the shop's price."""
        case = await self.case_of(work, case_id)
        case.agree_to_exchange(exchange_id, by=work.actor.id, at=work.now)
        await self.exchanges_on(work, case)
        return _receipt(case, case.exchange(exchange_id))

    async def place_exchange(self, work: Work, case_id: UUID, exchange_id: str) -> Receipt:
        """A person goes on with it: the new order, or what is to be paid back beside it."""
        case = await self.case_of(work, case_id)
        known = case.exchange(exchange_id)
        if known.stage is Stage.PLACED and not case.is_paid_back(known):
            await self.pay_difference(work, case, known, by=work.actor.id)
        else:
            await self.order_new(work, case, known, by=work.actor.id)
        return _receipt(case, case.exchange(exchange_id))

    async def cancel_exchange(self, work: Work, case_id: UUID, exchange_id: str, reason: str) -> Receipt:
        """Call it off, however far it is."""
        case = await self.case_of(work, case_id)
        known = case.exchange(exchange_id)
        after = case.cancel_exchange(exchange_id, reason, by=work.actor.id, at=work.now)
        if known.stage in UNORDERED:
            await self._let_go_of(work, case, after)
        elif known.stage is Stage.ORDERED:
            await self._release_goods(work, case, after)
        else:
            await self.cancel_order(work, case, after)
        return _receipt(case, after)

    async def settle_unreturned(
        self,
        work: Work,
        case_id: UUID,
        exchange_id: str,
        decision: str,
        reason: str,
        *,
        until: datetime | None = None,
        consent: str = "",
    ) -> Receipt:
        """A person decides about an old unit that did not come back."""
        case = await self.case_of(work, case_id)
        if decision == "wait":
            if until is None:
                raise Invalid("until", "waiting has an end")
            case.await_unreturned(exchange_id, until, reason, by=work.actor.id, at=work.now)
        elif decision == "charge":
            agreed = Consent(work.now, consent, work.actor.id) if consent else None
            await self._charge(work, case, exchange_id, agreed, by=work.actor.id)
        elif decision == "leave":
            case.leave_unreturned(exchange_id, reason, by=work.actor.id, at=work.now)
        else:
            raise Invalid("decision", f"{decision} is none of wait, charge, leave")
        return _receipt(case, case.exchange(exchange_id))

    async def end_exchanges(self, work: Work, case: ReturnCase, units: frozenset[str], reason: str) -> None:
        """Units that do not come back after all are not exchanged, as far as nothing was ordered for them."""
        for known in list(case.exchanges.values()):
            if known.stage in UNORDERED and (not units or known.unit_id in units):
                case.call_off(known.exchange_id, Stage.CANCELLED, reason, by=work.actor.id, at=work.now)
                await self._let_go_of(work, case, case.exchange(known.exchange_id))

    async def exchange_due(self, work: Work, fired: FiredTimer) -> None:
        """The shop keeps the goods no longer, or the old unit is late."""
        case = await work.get(ReturnCase, fired.subject)
        due = dict(case.exchange_dues()).get(fired.key)
        if due is None or due > work.now:
            return
        known = case.exchange(fired.key)
        if known.stage in UNORDERED:
            case.call_off(fired.key, Stage.LAPSED, "reservation_expired", by=SYSTEM, at=work.now)
            await self.release_worth(work, case, known)
            return
        case.find_unreturned(fired.key, "not_returned", at=work.now)
        if not known.money.carried.minor:
            case.leave_unreturned(fired.key, "nothing_carried", by=SYSTEM, at=work.now)
        elif known.consent is not None:
            await self._charge(work, case, fired.key, None, by=SYSTEM)

    async def _reserve_worth(
        self, work: Work, case: ReturnCase, order: Order, snapshot: OrderSnapshot, unit_id: str, exchange_id: str
    ) -> tuple[ValueClaim, ...]:
        links = await self.links_of(work, order, unit_id)
        if not worth_of(links).minor:
            raise NothingLeft(f"nothing is left of what was paid for unit {unit_id}", bound="entitlement", unit=unit_id)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        claims = []
        for link in links:
            ask = Ask(
                requester=RETURNS,
                request_key=f"{exchange_id}.value",
                case_id=str(case.id),
                book=Book.IN_KIND,
                reason=case.units[unit_id].asked.reason,
                by=work.actor.id,
                action=EXCHANGE,
                subjects=(link.subject,),
            )
            claim = link.ledger.reserve(ask, hold=timedelta(days=policy.terms.hold_days), at=work.now)
            claims.append(ValueClaim(link.order.order_id, ask.request_key, claim.parts[0].amount))
        return tuple(claims)

    async def _let_go_of(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        await self.release_worth(work, case, known)
        await work.effect_fact(EXCHANGE_RESERVE, known.exchange_id, Failed("cancelled"))
        await self._release_goods(work, case, known)

    async def _release_goods(self, work: Work, case: ReturnCase, known: Exchange) -> None:
        key = f"{known.exchange_id}.r"
        await work.plan_effect(EXCHANGE_RELEASE, key, subject=case.id, body=release_body(case, known))

    async def _charge(
        self, work: Work, case: ReturnCase, exchange_id: str, consent: Consent | None, *, by: str
    ) -> None:
        known = case.charge_unreturned(exchange_id, consent, by=by, at=work.now)
        key = f"{exchange_id}.c{known.charges}"
        await work.plan_effect(CHARGE_EFFECT, key, subject=case.id, body=charge_body(case, known))


def _receipt(case: ReturnCase, known: Exchange) -> Receipt:
    money = known.money if known.price is not None else exchange_money(known.worth, known.shown)
    facts = {
        "exchange_id": known.exchange_id,
        "state": known.stage.value,
        "worth": written(money.worth),
        "price": written(money.price),
        "carried": written(money.carried),
        "on_top": written(money.on_top),
        "back": written(money.back),
    }
    return Receipt(str(case.id), case.version, facts)
