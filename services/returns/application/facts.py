"""Facts from outside: folded once, and what follows from them.

Guarantee: a fact that is known changes nothing, whichever way it came first. A record flagged as history
builds state and the ledger; it plans no effect of its own.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chassis.domain import Money
from chassis.effects.effect import Effect, effect_id
from chassis.service import Failed, Succeeded
from chassis.work import Work
from services.returns.application.common import RETURNS, effect_of
from services.returns.application.noting import note_movement
from services.returns.application.other_ways import OtherWays
from services.returns.application.parcel_facts import ParcelFacts
from services.returns.domain.identity import is_transfer_key
from services.returns.domain.ledger import (
    ClaimState,
    Entitlement,
    Ledger,
    OutsideFact,
    Transfer,
    TransferState,
    lost_id,
)
from services.returns.domain.order import (
    Order,
    OrderSnapshot,
    PaymentFact,
    PaymentKind,
    RefundOutcome,
    paid_here,
)


class Facts(ParcelFacts, OtherWays):
    """What the shop and its payment system tell of orders and money."""

    async def order_recorded(self, work: Work, shop_id: str, order_id: str, snapshot: OrderSnapshot) -> None:
        """The shop states an order; the ledger learns what was paid for what."""
        order = await self.heard_order(work, shop_id, order_id)
        if not order.take(snapshot, history=work.history, at=work.now):
            return
        ledger = await self.ledger_of(work, shop_id, order_id)
        known = frozenset(ledger.transfers)
        policy = await self.policy_of(work, shop_id, snapshot)
        hold = timedelta(days=policy.terms.hold_days)
        ledger.rank_tenders(self.money_terms.ranked(shop_id, snapshot.tenders), at=work.now)
        for one in order.authorisations():
            ledger.count_authorisation(one.authorisation_id, one.tender_id, one.amount, hold=hold, at=work.now)
        for capture in order.captures():
            ledger.count_capture(capture.capture_id, capture.tender_id, capture.amount, hold=hold, at=work.now)
        ledger.state_order(
            snapshot.version,
            snapshot.customer_id,
            snapshot.currency,
            tuple(
                Entitlement(price.subject, price.line_id, price.number, paid)
                for price, paid in paid_here(snapshot, order.prices, ledger.charged)
            ),
            gesture_budget=policy.gesture_budget(snapshot.currency),
            cancelled=snapshot.cancelled_at is not None,
            hold=hold,
            at=work.now,
        )
        await self.send_money(work, order, ledger, known)
        await self._let_go_of_failed(work, ledger)
        await self.new_order_told(work, order)
        await self.pay_changes(work, order, ledger)
        await self.repay_what_is_owed(work, order)

    async def payment_told(self, work: Work, shop_id: str, order_id: str, fact: PaymentFact) -> None:
        """The payment system tells a fact about our refund, or about money that moved elsewhere."""
        order = await self.heard_order(work, shop_id, order_id)
        if not order.pay(fact, history=work.history, at=work.now):
            return
        ledger = await self.ledger_of(work, shop_id, order_id)
        match fact.kind:
            case PaymentKind.CAPTURED:
                known = frozenset(ledger.transfers)
                hold = await self.hold_of(work, order)
                ledger.count_capture(fact.reference, fact.tender_id, fact.amount, hold=hold, at=work.now)
                await self.send_money(work, order, ledger, known)
                await self._let_go_of_failed(work, ledger)
                await self.pay_changes(work, order, ledger)
            case PaymentKind.REFUNDED | PaymentKind.REFUND_FAILED:
                await self._refund_told(work, order, ledger, fact)
            case PaymentKind.DISPUTE_OPENED:
                if f"dispute_closed:{fact.reference}" not in order.payments:
                    ledger.count_outside(_outside(fact, "dispute_open"), at=work.now)
                    await self._stop_what_has_not_left(work, ledger)
            case PaymentKind.DISPUTE_LOST:
                ledger.count_outside(_outside(fact, "dispute_lost"), at=work.now)
            case PaymentKind.DISPUTE_WON:
                ledger.clear_outside(f"dispute:{fact.reference}", "won", at=work.now)
            case PaymentKind.AUTHORISED:
                known = frozenset(ledger.transfers)
                hold = await self.hold_of(work, order)
                ledger.count_authorisation(fact.reference, fact.tender_id, fact.amount, hold=hold, at=work.now)
                await self.send_money(work, order, ledger, known)
                await self.pay_changes(work, order, ledger)
        await self.repay_what_is_owed(work, order)

    async def _stop_what_has_not_left(self, work: Work, ledger: Ledger) -> None:
        # The bank takes the money back: what has not left would be the same money a second time. A refund whose last
        # attempt came to nothing waits to be tried again, and is as little on its way as one that was only planned.
        for state in (TransferState.PLANNED, TransferState.ATTEMPTING):
            await self._stop(work, list(ledger.transfers.values()), state, "disputed")

    async def _let_go_of_failed(self, work: Work, ledger: Ledger) -> None:
        # what was to be released was taken all the same: it can be refunded now
        for claim in [c for c in ledger.claims.values() if c.state is ClaimState.FAILED]:
            await self.release_failed(work, ledger, claim.id)
            await self._stop(work, ledger.books.transfers_of(claim.id), TransferState.FAILED, "captured")
            await self.tell_case(work, ledger, claim.id)

    async def _stop(self, work: Work, transfers: Iterable[Transfer], state: TransferState, why: str) -> None:
        """Nobody is asked any more for what cannot be; what may be on its way goes on to its answer."""
        for transfer in [t for t in transfers if t.state is state]:
            effect = await work.find(Effect, effect_id(RETURNS, effect_of(transfer), transfer.key))
            if effect is not None and effect.stop(why, at=work.now):
                await work.tell_owner(effect.changed())

    async def _refund_told(self, work: Work, order: Order, ledger: Ledger, fact: PaymentFact) -> None:
        outcome, *others = order.refunds(request_id=fact.request_id, reference=fact.reference)
        ours = ledger.transfers.get(outcome.request_id)
        if ours is None:
            self._refund_elsewhere(work, ledger, outcome)
            return
        ledger.clear_outside(f"refund:{outcome.reference}", "counted as ours", at=work.now)
        for other in others:  # the provider paid one request twice: what is beside ours moved all the same
            _count_elsewhere(work, ledger, other)
        if outcome.succeeded:
            ledger.transfer_settled(ours.key, outcome.amount, outcome.reference, at=work.now)
            await work.effect_fact(effect_of(ours), ours.key, Succeeded(outcome.reference))
        else:
            ledger.transfer_failed(ours.key, outcome.reason, at=work.now)
            await work.effect_fact(effect_of(ours), ours.key, Failed(outcome.reason))
            await self.release_failed(work, ledger, ours.claim_id)
        await note_movement(work, self.money_terms, order, ledger, ours.key)
        await self.tell_case(work, ledger, ours.claim_id)
        await self.ask_for_other(work, ledger, ours.claim_id)

    def _refund_elsewhere(self, work: Work, ledger: Ledger, outcome: RefundOutcome) -> None:
        if work.history or not is_transfer_key(outcome.request_id):
            _count_elsewhere(work, ledger, outcome)
        elif outcome.succeeded:
            self._count_lost(work, ledger, outcome)
        else:
            ledger.clear_outside(lost_id(outcome.request_id), outcome.reason, at=work.now)

    async def refund_lost(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        request_id: str,
        tender_id: str,
        amount: Money,
        asked_at: datetime,
    ) -> None:
        """After a restore: a refund was asked for that nobody here knows of. It counts until it has failed."""
        ledger = await self.ledger_of(work, shop_id, order_id)
        order = await self.heard_order(work, shop_id, order_id)
        told = next(iter(order.refunds(request_id=request_id)), None)
        if request_id in ledger.transfers or (told is not None and not told.succeeded):
            return
        if told is not None:
            self._count_lost(work, ledger, told)
        else:
            ledger.count_lost(request_id, tender_id, amount, asked_at, at=work.now)

    @staticmethod
    def _count_lost(work: Work, ledger: Ledger, told: RefundOutcome) -> None:
        ledger.count_lost(told.request_id, told.tender_id, told.amount, told.at, at=work.now)


def _count_elsewhere(work: Work, ledger: Ledger, told: RefundOutcome) -> None:
    fact_id = f"refund:{told.reference}"
    if told.succeeded:
        ledger.count_outside(OutsideFact(fact_id, "refund", told.tender_id, told.amount, told.at), at=work.now)
    else:
        ledger.clear_outside(fact_id, told.reason, at=work.now)


def _outside(fact: PaymentFact, kind: str) -> OutsideFact:
    return OutsideFact(f"dispute:{fact.reference}", kind, fact.tender_id, fact.amount, fact.at, fact.reason)
