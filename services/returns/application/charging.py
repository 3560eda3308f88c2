"""What is kept of a refund by name: asked by the agent, promised by the policy, or by the terms of money.

Guarantee: a fee is in the ledger before the refund it lowers, in the same unit; each has a name and a person or rule,
and what a promotion cost is given back once everything has come back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from casework.amounts import spoken, written
from chassis.domain import Invalid, Money
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.common import WITHDRAWAL
from services.returns.application.limits import WithinLimits
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Fee, Ledger
from services.returns.domain.order import Charge, Order, OrderSnapshot, Price
from services.returns.domain.order.charges import (
    PROMOTION,
    express_surcharge,
    lost_promotions,
    part_of,
    spread,
)

SHIPPING = "shipping"
ACTUAL, STANDARD, NONE = "actual", "standard", ""


@dataclass(frozen=True, slots=True)
class FeeAsked:
    """So much is kept, by this name. Without a subject it is spread over the units that are paid back."""

    kind: str
    amount: Money
    reason: str
    subject: str = ""


class Charging(WithinLimits):
    """Base of the use cases that pay back goods."""

    async def keep_charges(
        self, work: Work, case: ReturnCase, units: Sequence[str], fees: Sequence[FeeAsked], shipping: str
    ) -> tuple[str, ...]:
        """Withhold what is kept of these units. Returns what else is paid back with them: shipping, and what was kept
        for a promotion on goods that have come back since."""
        order, snapshot = await self.order_of(work, case)
        ledger = await work.get(Ledger, ledger_id_of(case.shop_id, case.order_id))
        prices = {price.subject: price for price in order.prices}
        for fee in fees:
            for charge in _asked(snapshot, prices, units, fee):
                _withhold(work, ledger, case, charge, fee.reason)
        for charge, clause in _promised(ledger, case, prices, units):
            _withhold(work, ledger, case, charge, clause)
        freed = self._keep_promotions(work, ledger, case, order, snapshot, units)
        return (*freed, *self._keep_express(work, ledger, case, snapshot, prices, shipping))

    async def eaten_by_fees(
        self, work: Work, case: ReturnCase, units: Sequence[str], components: Sequence[str]
    ) -> Receipt | None:
        """What is kept by name may be all that was paid: then the units end without money, and the reason is told."""
        books = (await work.get(Ledger, ledger_id_of(case.shop_id, case.order_id))).books
        kept = [books.withheld_from(unit) for unit in units]
        paid = [books.entitlements[unit].amount.minor if unit in books.entitlements else 0 for unit in units]
        if not units or not all(paid) or kept != paid or any(books.left_of(s).minor for s in components):
            return None
        _, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        case.require_refundable(units, without_goods=bool(work.actor.roles & set(policy.without_goods)))
        fees = [fee for fee in books.fees.values() if fee.subject in units]
        reason = "; ".join(f"{fee.kind.replace('_', ' ')} {spoken(fee.amount)}" for fee in fees)
        case.owe_nothing(units, reason[:500], by=work.actor.id, at=work.now)
        facts = {
            "amount": written(books.money(0)),
            "state": case.state,
            "withheld": written(books.money(sum(kept))),
            "reason": reason[:500],
        }
        return Receipt(str(case.id), case.version, facts)

    def _keep_promotions(
        self,
        work: Work,
        ledger: Ledger,
        case: ReturnCase,
        order: Order,
        snapshot: OrderSnapshot,
        units: Sequence[str],
    ) -> tuple[str, ...]:
        back, freed = {*units, *_came_back(ledger)}, []
        for discount_id, lost in lost_promotions(snapshot, order.prices, back, self.money_terms.promotions).items():
            kept = [fee for fee in ledger.fees.values() if fee.kind == PROMOTION and fee.name == discount_id]
            more = lost.minor - sum(fee.amount.minor for fee in kept)
            if more > 0:
                prices = [price for price in order.prices if price.subject in units]
                for charge in spread(prices, PROMOTION, discount_id, ledger.books.money(more)):
                    _withhold(work, ledger, case, charge, "terms")
            elif not lost.minor:
                for fee in kept:
                    ledger.waive(fee.id, "the goods it was lost on came back", by=work.actor.id, at=work.now)
                    if fee.subject not in units and ledger.books.left_of(fee.subject) == fee.amount:
                        freed.append(fee.subject)
        return tuple(dict.fromkeys(freed))

    def _keep_express(
        self,
        work: Work,
        ledger: Ledger,
        case: ReturnCase,
        snapshot: OrderSnapshot,
        prices: dict[str, Price],
        shipping: str,
    ) -> tuple[str, ...]:
        if shipping not in (ACTUAL, STANDARD, NONE):
            raise Invalid("shipping", f"{shipping} is no rule: {ACTUAL}, {STANDARD}, or nothing")
        if not shipping:
            return ()
        due = [c.component_id for c in snapshot.components if c.kind == SHIPPING]
        standard = self.money_terms.standard(snapshot.currency)
        for component_id in due if shipping == STANDARD and standard is not None else ():
            assert standard is not None
            if (charge := express_surcharge(prices[component_id], standard)) is not None:
                _withhold(work, ledger, case, charge, "terms")
        return tuple(c for c in due if ledger.books.left_of(c).minor > 0)


def _asked(
    snapshot: OrderSnapshot, prices: dict[str, Price], units: Sequence[str], fee: FeeAsked
) -> tuple[Charge, ...]:
    if fee.amount.currency != snapshot.currency:
        raise Invalid("fees.amount", f"the order is in {snapshot.currency}, not in {fee.amount.currency}")
    if fee.subject and fee.subject not in prices:
        raise Invalid("fees.subject", f"{fee.subject} is nothing that was paid for in this order")
    about = [prices[subject] for subject in ((fee.subject,) if fee.subject else units) if subject in prices]
    paid = sum(price.paid.minor for price in about)
    if fee.amount.minor > paid:
        raise Invalid("fees.amount", f"{spoken(fee.amount)} is more than was paid for it")
    if not fee.subject:
        return spread(about, fee.kind, "", fee.amount)
    return (part_of(prices[fee.subject], fee.kind, "", fee.amount),)


def _promised(
    ledger: Ledger, case: ReturnCase, prices: dict[str, Price], units: Sequence[str]
) -> Iterator[tuple[Charge, str]]:
    """What the policy said at the request that the customer bears, by the clause that said so."""
    kept = {fee.kind for fee in ledger.fees_of(str(case.id))}
    for unit_id in (unit for unit in units if unit in prices):
        for fee in case.unit(unit_id).offer.fees:
            if fee.per == "unit":
                yield part_of(prices[unit_id], fee.name, "", fee.amount), fee.clause
            elif fee.name not in kept:
                kept.add(fee.name)
                whole = [prices[unit] for unit in units if unit in prices]
                for charge in spread(whole, fee.name, "", fee.amount):
                    yield charge, fee.clause


def _came_back(ledger: Ledger) -> set[str]:
    back = ("refund", WITHDRAWAL)
    paid_back = [c for c in ledger.claims.values() if c.ask.action in back and ledger.books.counted(c).minor]
    return {ledger.books.root_of(part.subject) for claim in paid_back for part in claim.parts}


def _withhold(work: Work, ledger: Ledger, case: ReturnCase, charge: Charge, reason: str) -> None:
    fee_id = ":".join((str(case.id), charge.kind, charge.name, charge.subject))
    fee = Fee(
        fee_id, charge.kind, charge.name, charge.subject, charge.amount, charge.tax, reason, str(case.id), work.actor.id
    )
    ledger.withhold(fee, at=work.now)
