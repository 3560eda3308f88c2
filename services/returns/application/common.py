"""What the use cases share: finding things the caller may see, the governing policy, and the money's way.

Guarantee: what the caller may not see does not exist for it; a shop's first policy is stored in the unit
of the first decision that rests on it.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from casework.plans import plan_of
from casework.service_levels import ServicePlan
from chassis.domain import Aggregate, Invalid, Money, NotFound
from chassis.service import Failed
from chassis.work import Work
from services.returns.application.legal_days import LegalDays
from services.returns.application.noting import note_movement
from services.returns.application.outside import AS_BEFORE, Outside
from services.returns.domain.case import MoneyState, RequestedUnit, ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity, ConformityLaw
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.identity import ledger_id_of, order_id_of, policy_id_of
from services.returns.domain.law import Place
from services.returns.domain.ledger import Claim, ClaimState, Ledger, Transfer, TransferState, Way, recipient_of
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import Policy, PolicyBook
from services.returns.domain.withdrawal import Withdrawal, WithdrawalLaw

RETURNS = "returns"
REFUND_EFFECT = "refund"
STRIPE_EFFECT = "stripe_refund"
RELEASE_EFFECT = "authorisation_release"
LABEL_EFFECT = "return_label"
REPAIR_EFFECT = "conformity_repair"
REPLACEMENT_EFFECT = "conformity_replacement"
CREDIT_EFFECT = "store_credit"
BANK_EFFECT = "bank_transfer"
WITHDRAWAL = "withdrawal"
CONFORMITY = "conformity"

PlaceOf = Callable[[str, str, datetime], Place]
"""The place of a country and time zone, with the holidays around an instant."""

_MONEY_OF = {"reserved": MoneyState.PLANNED, "overdue": MoneyState.PLANNED, "released": MoneyState.FAILED}


class UseCases:
    """Base of the groups of use cases; holds no state but the data they decide by."""

    def __init__(
        self,
        first_policy: Policy,
        plans: Mapping[str, ServicePlan],
        money_terms: MoneyTerms,
        first_text: str = "",
        *,
        law: WithdrawalLaw,
        conformity: ConformityLaw,
        place_of: PlaceOf,
        outside: Outside = AS_BEFORE,
    ) -> None:
        self._first_policy, self._plans, self._first_text = first_policy, plans, first_text
        self.money_terms = money_terms
        self.law, self.conformity, self.place_of = law, conformity, place_of
        self.outside = outside

    @property
    def legal_days(self) -> LegalDays:
        """The law's own days, as policies are given them."""
        return LegalDays(self.law, self.conformity, self.place_of)

    async def order_named(self, work: Work, shop_id: str, order_id: str) -> tuple[Order, OrderSnapshot]:
        """A known order the caller may see."""
        order = await work.find(Order, order_id_of(shop_id, order_id))
        if order is None or order.snapshot is None:
            raise NotFound("order", order_id)
        if not work.actor.may_see(shop_id=order.shop_id, customer_id=order.customer_id):
            raise NotFound("order", order_id)
        return order, order.snapshot

    async def order_of(self, work: Work, case: ReturnCase) -> tuple[Order, OrderSnapshot]:
        """The order of a return."""
        order = await work.get(Order, order_id_of(case.shop_id, case.order_id))
        if order.snapshot is None:
            raise NotFound("order", case.order_id)
        return order, order.snapshot

    async def heard_order(self, work: Work, shop_id: str, order_id: str) -> Order:
        """The order a fact names, opened when this is the first one."""
        order = await work.find(Order, order_id_of(shop_id, order_id))
        return order or work.add(Order.hear_of(shop_id, order_id, at=work.now))

    @staticmethod
    def require_currency(order: OrderSnapshot, amount: Money | None) -> None:
        """An amount is given in the currency the order was paid in."""
        if amount is not None and amount.currency != order.currency:
            raise Invalid("amount", f"the order is in {order.currency}, not in {amount.currency}")

    async def ledger_of(self, work: Work, shop_id: str, order_id: str) -> Ledger:
        """The order's ledger, opened when nothing was told or asked before."""
        ledger = await work.find(Ledger, ledger_id_of(shop_id, order_id))
        return ledger or work.add(Ledger.open(shop_id, order_id, at=work.now))

    async def case_of(self, work: Work, case_id: UUID) -> ReturnCase:
        """A return the caller may see."""
        case = await self.goods_case(work, case_id)
        sees = work.actor.may_see
        if not isinstance(case, ReturnCase) or not sees(shop_id=case.shop_id, customer_id=case.customer_id):
            raise NotFound("return", case_id)
        return case

    async def goods_case(self, work: Work, id: UUID) -> GoodsCase | None:
        """What goods come back for: a return, a withdrawal, or goods that do not conform; None where it is none."""
        found = await self.money_case(work, id)
        return None if isinstance(found, OrderChange) else found

    async def money_case(self, work: Work, id: UUID) -> GoodsCase | OrderChange | None:
        """What money of ours goes back for; None where it is none of these."""
        found = await work.find(Aggregate, id)
        return found if isinstance(found, (ReturnCase, Withdrawal, Conformity, OrderChange)) else None

    async def case_by_rma(self, work: Work, shop_id: str, rma_id: str) -> GoodsCase | None:
        """What a parcel comes back for, by its number; None where it is no number of this shop's."""
        try:
            case = await self.goods_case(work, UUID(rma_id))
        except ValueError:
            return None  # not a number of ours: the parcel stays unidentified
        return case if case is not None and case.shop_id == shop_id else None

    def set_plan(self, work: Work, case: ReturnCase, order: OrderSnapshot) -> None:
        """Put a new return under the service levels at the customer's place."""
        case.set_plan(plan_of(self._plans, order.country), at=work.now)

    async def policy_of(self, work: Work, shop_id: str, order: OrderSnapshot) -> Policy:
        """The version that governs an order: the one in force when it was placed."""
        return (await self.book_of(work, shop_id)).governing(order.placed_at)

    async def book_of(self, work: Work, shop_id: str) -> PolicyBook:
        """The shop's policies; opened with the default where it has none."""
        book = await work.find(PolicyBook, policy_id_of(shop_id))
        if book is None:
            first, text = self._first_policy, self._first_text
            book = work.add(PolicyBook.open(shop_id, first, by="system", at=work.now, text=text))
        return book

    async def hold_of(self, work: Work, order: Order) -> timedelta:
        """How long a reservation may stay open before it is asked about."""
        if order.snapshot is None:
            return timedelta(days=self._first_policy.terms.hold_days)
        policy = await self.policy_of(work, order.shop_id, order.snapshot)
        return timedelta(days=policy.terms.hold_days)

    async def send_money(self, work: Work, order: Order, ledger: Ledger, known: Collection[str]) -> None:
        """Plan an effect for every transfer that was not in `known` before the decision.

        After a restore the provider's fact may come before the claim is made again: then it is done already.
        """
        for transfer in [t for key, t in ledger.transfers.items() if key not in known]:
            told = next(iter(order.refunds(request_id=transfer.key)), None)
            if told is not None and told.succeeded:
                ledger.transfer_settled(transfer.key, told.amount, told.reference, at=work.now)
                await note_movement(work, self.money_terms, order, ledger, transfer.key)
                continue
            if told is not None:
                ledger.transfer_failed(transfer.key, told.reason, at=work.now)
                continue
            body = _refund_body(ledger, transfer)
            await work.plan_effect(effect_of(transfer), transfer.key, subject=ledger.id, body=body)

    async def release_failed(self, work: Work, ledger: Ledger, claim_id: str) -> None:
        """A failure of our own frees what it had reserved; other services release theirs themselves."""
        claim = ledger.claims[claim_id]
        if claim.ask.requester == RETURNS and claim.state is ClaimState.FAILED:
            ledger.release(RETURNS, claim.ask.request_key, "failed", at=work.now)
            await self.stop_unsent(work, ledger, claim_id)

    async def stop_unsent(self, work: Work, ledger: Ledger, claim_id: str) -> None:
        """Released transfers are not attempted any more."""
        for transfer in ledger.books.transfers_of(claim_id):
            if transfer.state is TransferState.RELEASED:
                await work.effect_fact(effect_of(transfer), transfer.key, Failed("released"))

    async def tell_case(self, work: Work, ledger: Ledger, claim_id: str) -> None:
        """The return, withdrawal or change whose money it is shows where the money is."""
        claim = ledger.claims[claim_id]
        if claim.ask.requester != RETURNS:
            return
        case = await self.money_case(work, UUID(claim.ask.case_id))
        if case is None:
            return
        state = ledger.books.state_of(claim)
        transfers = ledger.books.transfers_of(claim.id)
        counted = [t for t in transfers if t.counts] or transfers
        case.refund_moved(
            claim.id,
            _MONEY_OF.get(state) or MoneyState(state),
            ledger.books.money(sum(t.amount.minor for t in counted)),
            next((t.reference for t in counted if t.reference), ""),
            next((t.reason for t in transfers if t.reason and t.state in _ENDED_BADLY), ""),
            at=work.now,
        )

    @staticmethod
    def requested_unit(unit: SoldUnit, reason: str, stated_condition: str = "") -> RequestedUnit:
        """A sold unit as a return names it."""
        return RequestedUnit(
            unit_id=unit.unit_id,
            line_id=unit.line.line_id,
            number=unit.number,
            sku=unit.line.sku,
            title=unit.line.title,
            reason=reason,
            stated_condition=stated_condition,
            paid=unit.price.paid,
            part_of=unit.line.part_of,
        )


_ENDED_BADLY = (TransferState.FAILED, TransferState.RELEASED, TransferState.UNKNOWN, TransferState.HELD)


def effect_of(transfer: Transfer) -> str:
    """The kind of effect that moves this money."""
    if transfer.way is Way.RELEASE:
        return RELEASE_EFFECT  # whoever captures is the one to capture less
    if transfer.way is Way.CREDIT:
        return CREDIT_EFFECT
    if transfer.way is Way.TRANSFER:
        return BANK_EFFECT
    return STRIPE_EFFECT if transfer.provider == "stripe" else REFUND_EFFECT


def _refund_body(ledger: Ledger, transfer: Transfer) -> dict[str, str | int]:
    claim: Claim = ledger.claims[transfer.claim_id]
    wallet = {"customer_id": recipient_of(claim) or ledger.customer_id} if transfer.way is Way.CREDIT else {}
    return {
        **wallet,
        "shop_id": ledger.shop_id,
        "order_id": ledger.order_id,
        "case_id": claim.ask.case_id,
        "requester": claim.ask.requester,
        "tender_id": transfer.tender_id,
        "capture_id": transfer.capture_id,
        "minor": transfer.amount.minor,
        "currency": transfer.amount.currency,
        "reason": claim.ask.reason,
    }
