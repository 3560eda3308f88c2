"""What clerks and agents write down of parcels: unidentified, matched later, put right, proven, lost.

Guarantee: a parcel has one receipt by its number, whoever writes of it; what is put right replaces what was wrong.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.domain import Invalid, NotFound
from chassis.service import Receipt as Result
from chassis.work import Work
from services.returns.application.counted_back import back_by
from services.returns.application.door import AtTheDoor
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.errors import ReceiptIsVoid
from services.returns.domain.identity import receipt_id_of
from services.returns.domain.receipt import Receipt, ReceiptFact


class Intake(AtTheDoor):
    """The use cases of the warehouse's desk."""

    async def register_parcel(
        self, work: Work, shop_id: str, receipt_number: str, fact: ReceiptFact, shelf: str, photos: Sequence[str]
    ) -> Result:
        """A parcel nobody can place yet, or one that names an order: it gets a place of its own."""
        self._must_see(work, shop_id)
        await self.receipt_told(work, shop_id, receipt_number, fact, by=work.actor.id)
        receipt = await self._receipt(work, shop_id, receipt_number)
        receipt.shelve(shelf, tuple(photos), by=work.actor.id, at=work.now)
        return _told(receipt)

    async def shelve_parcel(
        self, work: Work, shop_id: str, receipt_number: str, shelf: str, photos: Sequence[str]
    ) -> Result:
        """It lies somewhere else now, or there are more photos of it."""
        receipt = await self._receipt(work, shop_id, receipt_number)
        receipt.shelve(shelf, tuple(photos), by=work.actor.id, at=work.now)
        return _told(receipt)

    async def match_parcel(self, work: Work, shop_id: str, receipt_number: str, rma_id: str) -> Result:
        """Somebody knows which return a parcel is for."""
        receipt = await self._receipt(work, shop_id, receipt_number)
        case = await self.case_by_rma(work, shop_id, rma_id)
        if case is None or not work.actor.may_see(shop_id=case.shop_id, customer_id=case.customer_id):
            raise NotFound("return", rma_id)
        if receipt.fact is not None and receipt.fact.rma_id not in ("", rma_id):
            raise Invalid("rma_id", f"the warehouse says that receipt {receipt_number} is for {receipt.fact.rma_id}")
        if receipt.match(rma_id, by=work.actor.id, at=work.now):
            await self.book(work, receipt, work.actor.id)
        return _told(receipt)

    async def correct_receipt(
        self, work: Work, shop_id: str, receipt_number: str, lines: Sequence[ArrivedLine], reason: str
    ) -> Result:
        """It was written down wrong: these are the lines as they should have been."""
        receipt = await self._receipt(work, shop_id, receipt_number)
        if receipt.fact is None:
            raise NotFound("receipt", receipt_number)
        put_right = replace(
            receipt.fact, correction=receipt.fact.correction + 1, lines=tuple(lines), at=work.now, reason=reason
        )
        await self.receipt_told(work, shop_id, receipt_number, put_right, by=work.actor.id)
        return _told(receipt)

    async def void_receipt(self, work: Work, shop_id: str, receipt_number: str, reason: str) -> Result:
        """It never happened."""
        receipt = await self._receipt(work, shop_id, receipt_number)
        await self.receipt_voided(work, shop_id, receipt_number, reason, by=work.actor.id)
        return _told(receipt)

    async def settle_correction(
        self, work: Work, case_id: UUID, correction_id: str, decision: str, reason: str
    ) -> Result:
        """What becomes of money that would not have been paid, had it been written down right; none is taken back."""
        case = await self.case_of(work, case_id)
        case.settle_correction(correction_id, decision, reason, by=work.actor.id, at=work.now)
        return Result(str(case.id), case.version, {"decision": decision, "waiting_on": case.waiting_on})

    async def record_posting(self, work: Work, case_id: UUID, units: Sequence[str], tracking_number: str) -> Result:
        """The customer shows that the goods were posted."""
        case = await self.case_of(work, case_id)
        posted = case.posted(units, tracking_number, by=work.actor.id, at=work.now)
        return Result(str(case.id), case.version, {"posted": str(len(posted))})

    async def report_lost(self, work: Work, case_id: UUID, units: Sequence[str], reason: str) -> Result:
        """What was posted did not come: its money does not wait for it."""
        case: ReturnCase = await self.case_of(work, case_id)
        order, before = await self.heard_order(work, case.shop_id, case.order_id), back_by(case)
        lost = case.lose(units, reason, by=work.actor.id, at=work.now)
        await self.moved(work, order, case, before)
        await self.look_at_bundles(work, case)
        return Result(str(case.id), case.version, {"lost": str(len(lost)), "waiting_on": case.waiting_on})

    async def _receipt(self, work: Work, shop_id: str, receipt_number: str) -> Receipt:
        self._must_see(work, shop_id)
        receipt = await work.find(Receipt, receipt_id_of(shop_id, receipt_number))
        if receipt is None:
            raise NotFound("receipt", receipt_number)
        if receipt.voided:
            raise ReceiptIsVoid(f"receipt {receipt_number} was voided, which is final", receipt=receipt_number)
        return receipt

    @staticmethod
    def _must_see(work: Work, shop_id: str) -> None:
        if not work.actor.may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("shop", shop_id)


def _told(receipt: Receipt) -> Result:
    facts = {"receipt_number": receipt.receipt_number, "case_id": receipt.case_id, "shelf": receipt.shelf}
    return Result(str(receipt.id), receipt.version, {name: value for name, value in facts.items() if value})
