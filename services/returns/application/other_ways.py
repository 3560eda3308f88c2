"""Money that cannot go back the way it came: asked of the customer, and paid once in the way the customer chose.

Guarantee: what failed is paid in place of itself, under a key that names it: chosen twice, or by two at once, it is one
claim. No bank account is in a ledger, an intent or a receipt.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

from casework.amounts import written
from chassis.domain import Invalid
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.chains import Chaining
from services.returns.application.common import RETURNS
from services.returns.domain.case import CaseRefund, MoneyState, ReturnCase
from services.returns.domain.errors import BankAccountNeeded
from services.returns.domain.identity import ledger_id_of, order_id_of
from services.returns.domain.ledger import BANK, WALLET, Ledger, TransferState
from services.returns.domain.order import Order

WAYS = {"store_credit": WALLET, "bank_transfer": BANK}


class OtherWays(Chaining):
    """Base of the use cases of money."""

    async def give_bank_account(self, work: Work, case_id: UUID, iban: str, holder: str) -> Receipt:
        """An account to be paid back to, where money cannot go back the way it came."""
        case = await self.case_of(work, case_id)
        case.give_bank_account(iban, holder, by=work.actor.id, at=work.now)
        return Receipt(str(case.id), case.version, {"state": case.state})

    async def choose_way(self, work: Work, case_id: UUID, claim_id: str, way: str) -> Receipt:
        """Pay a refund that failed as store credit, or to the account that was given."""
        if way not in WAYS:
            raise Invalid("way", f"{way} is none of {', '.join(WAYS)}")
        case = await self.case_of(work, case_id)
        case.require_for_recipient(stays_in_the_shop=WAYS[way] == WALLET)
        known = case.failed_refund(claim_id)
        if way == "bank_transfer" and case.bank_account is None:
            raise BankAccountNeeded("no bank account was given for this return", rma_id=str(case.id))
        standing = [r for r in case.instead_of(known) if r.state is not MoneyState.FAILED]
        paid = standing[0] if standing else await self._pay_instead(work, case, known, WAYS[way])
        facts = {"refund_id": paid.claim_id, "amount": written(paid.amount), "state": case.state}
        return Receipt(str(case.id), case.version, facts)

    async def only_by_transfer(self, work: Work, case: ReturnCase) -> str:
        """The bank, where nothing of what the order has left was paid in a way that leads back; else no tender."""
        ledger = await work.get(Ledger, ledger_id_of(case.shop_id, case.order_id))
        kinds = {tender.tender_id: tender.kind for tender in ledger.tenders}
        left = {name for name, amount in ledger.books.tills.free() if amount.minor}
        if not left or any(kinds.get(name, "") not in self.money_terms.no_way_back for name in left):
            return ""
        if case.bank_account is None:
            raise BankAccountNeeded(
                "the order was paid in a way that does not lead back; a bank account is asked of the customer",
                rma_id=str(case.id),
            )
        return BANK

    async def _pay_instead(self, work: Work, case: ReturnCase, known: CaseRefund, tender_id: str) -> CaseRefund:
        async for order, ledger in self._ledgers(work, case):
            claim = ledger.claims.get(known.claim_id)
            if claim is None:
                continue
            lost = [t.amount for t in ledger.books.transfers_of(claim.id) if t.state is TransferState.RELEASED]
            number = len(case.instead_of(known)) + 1
            ask = replace(
                claim.ask,
                request_key=f"{known.request_key}:other{number}",
                by=work.actor.id,
                units=(),
                subjects=tuple(part.subject for part in claim.parts),
                amount=ledger.books.money(sum(amount.minor for amount in lost)),
                tender_id=tender_id,
                hold_until=None,
            )
            before = frozenset(ledger.transfers)
            paid = ledger.reserve(ask, hold=await self.hold_of(work, order), at=work.now)
            amount = ledger.books.counted(paid)
            case.plan_refund(
                paid.id,
                ask.request_key,
                known.kind,
                amount,
                known.parts,
                ask.reason,
                by=work.actor.id,
                approved_by=ask.approved_by,
                at=work.now,
            )
            await self.send_money(work, order, ledger, before)
            return case.refunds[paid.id]
        raise Invalid("refund_id", f"{known.claim_id} is in no ledger of this return")

    async def _ledgers(self, work: Work, case: ReturnCase) -> AsyncIterator[tuple[Order, Ledger]]:
        own, _ = await self.order_of(work, case)
        names = {own.order_id: None}
        for known in case.exchanges.values():
            names |= dict.fromkeys((*(v.order_id for v in known.claims), known.new_order_id))
        for unit_id in case.units:
            names |= dict.fromkeys(link.order.order_id for link in await self.before(work, own, unit_id))
        for name in filter(None, names):
            ledger = await work.find(Ledger, ledger_id_of(case.shop_id, name))
            order = await work.find(Order, order_id_of(case.shop_id, name))
            if ledger is not None and order is not None:
                yield order, ledger

    async def ask_for_other(self, work: Work, ledger: Ledger, claim_id: str) -> None:
        """A refund of ours failed because its tender is gone: the customer is asked for another."""
        claim = ledger.claims[claim_id]
        reason = next((t.reason for t in ledger.books.transfers_of(claim_id) if t.reason), "")
        if claim.ask.requester != RETURNS or reason not in self.money_terms.tender_gone:
            return
        case = await self.goods_case(work, UUID(claim.ask.case_id))
        known = case.refunds.get(claim_id) if isinstance(case, ReturnCase) else None
        if isinstance(case, ReturnCase) and known is not None and known.state is MoneyState.FAILED:
            case.ask_other_tender(claim_id, reason, at=work.now)
