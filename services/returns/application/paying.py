"""Money to the customer: refunds, keep-it discounts, goodwill, and what became of each.

Guarantee: nothing is planned that the ledger has not reserved in the same unit, and nothing is given above
a limit without a second person. Where the money is, the ledger says; the return only shows it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from casework.amounts import written
from chassis.domain import Invalid, Money, NotFound, numbered
from chassis.service import EffectChanged, Receipt
from chassis.work import Work
from services.returns.application.chain_refunds import ChainRefunding
from services.returns.application.charging import FeeAsked
from services.returns.application.collecting import Collecting
from services.returns.application.common import RETURNS, STRIPE_EFFECT
from services.returns.application.limits import ACTION_OF
from services.returns.application.noting import note_movement
from services.returns.domain.case import ReturnCase
from services.returns.domain.errors import OnlySupervisor
from services.returns.domain.identity import ledger_id_of, order_id_of
from services.returns.domain.ledger import WALLET, Ask, Book, Claim, Ledger, TransferState, Way
from services.returns.domain.order import Order
from services.returns.domain.policy import Policy

_TRANSFER_OF = {
    "attempting": TransferState.ATTEMPTING,
    "submitted": TransferState.SUBMITTED,
    "succeeded": TransferState.SUBMITTED,  # the provider did it; its own fact makes it settled
    "failed": TransferState.FAILED,
    "unknown": TransferState.UNKNOWN,
    "held": TransferState.HELD,
}

STORE_CREDIT = "store_credit"

OWN_WORD = frozenset({STRIPE_EFFECT})
"""Effects whose success is the provider's own fact: its webhook says the same, or never comes."""


class Paying(Collecting, ChainRefunding):
    """The use cases of money."""

    async def refund(
        self,
        work: Work,
        case_id: UUID,
        *,
        units: Sequence[str] = (),
        components: Sequence[str] = (),
        amount: Money | None = None,
        tender_id: str = "",
        reason: str = "",
        approval_id: str = "",
        override_reason: str = "",
        fees: Sequence[FeeAsked] = (),
        shipping: str = "",
        store_credit: bool = False,
    ) -> Receipt:
        """Pay back what was received and inspected, less what is kept by name; as credit where the customer wants."""
        case = await self.case_of(work, case_id)
        if store_credit or (case.remedy == STORE_CREDIT and not tender_id):
            case.require_offered(units, STORE_CREDIT)
            tender_id = WALLET
        elif not tender_id:
            tender_id = await self.only_by_transfer(work, case)
        case.require_for_recipient(stays_in_the_shop=tender_id == WALLET, besides=(*components, shipping))
        chosen = case.refundable(units)
        if amount is not None and shipping:
            raise Invalid("shipping", "an amount that is named says itself what is paid back")
        besides = await self.keep_charges(work, case, chosen, fees, shipping)
        besides = () if case.gift else besides  # what was kept of other goods is owed to who bought them
        if amount is None and not override_reason:
            without = await self.eaten_by_fees(work, case, chosen, (*components, *besides))
            if without is not None:
                return without
        ask = self._ask(work, case, "RefundReturn", Book.RESTITUTION, reason or "return", amount, tender_id)
        ways = await self.ways_of(work, case, chosen)
        if ways and not (components or besides or override_reason):
            return await self.refund_through(work, case, ways, ask, approval_id)
        components = (*components, *(() if amount is not None else besides))
        if override_reason:
            ask = _overriding(work, ask, override_reason)
        return await self._give(work, case, ask, (*chosen, *components), "RefundReturn", "refund", approval_id)

    async def keep_it(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        units: Sequence[str],
        amount: Money,
        reason: str,
        *,
        case_id: UUID | None = None,
        approval_id: str = "",
    ) -> Receipt:
        """The customer keeps the goods and gets some money back; a return of its own where there is none."""
        case = await self._case_for_keeping(work, shop_id, order_id, units, reason, case_id)
        ask = self._ask(work, case, "GiveKeepItDiscount", Book.RESTITUTION, reason, amount)
        return await self._give(work, case, ask, tuple(units), "GiveKeepItDiscount", "price_reduction", approval_id)

    async def goodwill(self, work: Work, case_id: UUID, amount: Money, reason: str, approval_id: str = "") -> Receipt:
        """A gesture, within the budget of the order and the person's limit."""
        case = await self.case_of(work, case_id)
        ask = self._ask(work, case, "GiveGoodwill", Book.GESTURES, reason, amount)
        return await self._give(work, case, ask, (), "GiveGoodwill", "goodwill", approval_id)

    async def refund_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of an attempt to pay."""
        ledger = await work.get(Ledger, change.subject)
        transfer = ledger.transfers.get(change.key)
        if transfer is None:
            raise NotFound("transfer", change.key)
        if change.state == "succeeded" and (transfer.way in (Way.RELEASE, Way.CREDIT) or change.kind in OWN_WORD):
            # what is not taken, and credit, have no fact of their own; whoever is asked directly answers with his own
            ledger.transfer_settled(change.key, transfer.amount, change.reference, at=work.now)
            order = await work.get(Order, order_id_of(ledger.shop_id, ledger.order_id))
            await note_movement(work, self.money_terms, order, ledger, change.key)
        else:
            ledger.transfer_moved(
                change.key,
                _TRANSFER_OF[change.state],
                attempts=change.attempt,
                reference=change.reference,
                reason=change.reason,
                at=work.now,
            )
        await self.release_failed(work, ledger, transfer.claim_id)
        await self.tell_case(work, ledger, transfer.claim_id)
        await self.ask_for_other(work, ledger, transfer.claim_id)

    async def _give(
        self,
        work: Work,
        case: ReturnCase,
        ask: Ask,
        subjects: tuple[str, ...],
        rpc: str,
        kind: str,
        approval_id: str,
    ) -> Receipt:
        case.require_for_recipient(stays_in_the_shop=ask.tender_id == WALLET)
        order, snapshot = await self.order_of(work, case)
        self.require_currency(snapshot, ask.amount)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        ledger = await work.get(Ledger, ledger_id_of(case.shop_id, case.order_id))
        known = frozenset(ledger.transfers)
        so_far = self.given_on_order(ledger, ACTION_OF[rpc])
        claim = await self._reserve(work, case, policy, ledger, ask, subjects, rpc, so_far, approval_id)
        if kind == "refund":
            without_goods = bool(work.actor.roles & set(policy.without_goods))
            case.require_refundable([s for s in subjects if s in case.units], without_goods=without_goods)
        await self.send_money(work, order, ledger, known)
        amount = ledger.books.counted(claim)
        case.plan_refund(
            claim.id,
            ask.request_key,
            kind,
            amount,
            tuple((part.subject, part.amount) for part in claim.parts),
            ask.reason,
            by=work.actor.id,
            approved_by=claim.ask.approved_by,
            at=work.now,
        )
        if kind == "price_reduction":
            kept = case.keep_at_home(subjects, ask.reason, by=work.actor.id, at=work.now)
            order.free_units(str(case.id), kept, at=work.now)  # a defect found later is another return
            await self.void_useless(work, case, "kept")
        await self.tell_withdrawals(work, order)
        withheld = ledger.books.money(sum(fee.amount.minor for fee in ledger.fees_of(str(case.id))))
        facts = {"refund_id": claim.id, "amount": written(amount), "state": case.state, "withheld": written(withheld)}
        return Receipt(str(case.id), case.version, facts)

    async def _reserve(
        self,
        work: Work,
        case: ReturnCase,
        policy: Policy,
        ledger: Ledger,
        ask: Ask,
        subjects: tuple[str, ...],
        rpc: str,
        so_far: Money,
        approval_id: str,
    ) -> Claim:
        # What is left is asked first: an agent above the limit reads that there is nothing to approve.
        hold = timedelta(days=policy.terms.hold_days)
        wanted = replace(ask, subjects=subjects)
        trial = ledger.clone()
        granted = trial.reserve(wanted, hold=hold, at=work.now)
        approved_by = await self.require_limit(
            work, case, policy, rpc, trial.books.counted(granted), so_far, approval_id, count_as=granted.id
        )
        return ledger.reserve(replace(ask, subjects=subjects, approved_by=approved_by), hold=hold, at=work.now)

    @staticmethod
    def _ask(
        work: Work, case: ReturnCase, rpc: str, book: Book, reason: str, amount: Money | None, tender_id: str = ""
    ) -> Ask:
        return Ask(
            requester=RETURNS,
            request_key=f"{case.id}:{numbered(case.refunds_planned + 1, work.incarnation)}",
            case_id=str(case.id),
            book=book,
            reason=reason,
            by=work.actor.id,
            action=ACTION_OF[rpc],
            amount=amount,
            tender_id=tender_id,
            customer_id=case.recipient,
        )

    async def _case_for_keeping(
        self, work: Work, shop_id: str, order_id: str, units: Sequence[str], reason: str, case_id: UUID | None
    ) -> ReturnCase:
        order, snapshot = await self.order_named(work, shop_id, order_id)
        sold = [order.unit(unit_id) for unit_id in units]
        holder = case_id or next((UUID(c) for u in units if (c := order.units_in_returns.get(u))), None)
        if holder is not None:
            return await self.case_of(work, holder)
        case = ReturnCase.request(
            work.new_id(),
            shop_id=shop_id,
            order_id=order_id,
            customer_id=snapshot.customer_id,
            units=tuple(self.requested_unit(unit, reason) for unit in sold),
            remedy="price_reduction",
            channel="",
            asked_at=work.now,
            by=work.actor.id,
            at=work.now,
        )
        self.set_plan(work, case, snapshot)
        return work.add(case)


def _overriding(work: Work, ask: Ask, reason: str) -> Ask:
    if "supervisor" not in work.actor.roles:
        raise OnlySupervisor("only a supervisor lets a refund pass what is left")
    if ask.amount is None:
        raise Invalid("amount", "an override names its amount")
    return replace(ask, override_by=work.actor.id, override_reason=reason)
