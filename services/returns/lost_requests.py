"""After a restore: requests to the outside of the lost time that no effect stands for, by their type.

Guarantee: whatever moves money, or issues a document of it, is counted where its order's money is, and waits for a
person: nothing of it is done a second time because nobody here remembers it.
"""

from typing import Any

from aftercare.orders.v1 import (
    credit_notes_pb2,
    exchanges_pb2,
    payment_requests_pb2,
    payouts_pb2,
    store_credit_pb2,
)

from chassis.domain import Money
from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from chassis.service import LostRequests
from chassis.work import Work
from services.returns.application import Application
from services.returns.consumers import table
from services.returns.domain.identity import unit_id_of
from services.returns.domain.ledger import BANK, WALLET, CreditNote, NoteFee, NoteLine, NoteTax


def lost_requests(app: Application) -> LostRequests:
    """Refunds by every way, charges, credit notes and their cancellations."""

    async def refund(work: Work, m: payment_requests_pb2.RefundRequested) -> None:
        await _count(work, m, m.tender_id)

    async def credit(work: Work, m: store_credit_pb2.StoreCreditRequested) -> None:
        await _count(work, m, WALLET)

    async def transfer(work: Work, m: payouts_pb2.BankTransferRequested) -> None:
        await _count(work, m, BANK)

    async def _count(work: Work, m: Any, tender_id: str) -> None:
        at = timestamp_from_proto(m.occurred_at, "occurred_at")
        await app.refund_lost(work, m.shop_id, m.order_id, m.request_id, tender_id, money_from_proto(m.amount), at)

    async def charge(work: Work, m: exchanges_pb2.ChargeRequested) -> None:
        await app.charge_lost(work, m.shop_id, m.case_id, m.request_id)

    async def note(work: Work, m: credit_notes_pb2.CreditNoteRequested) -> None:
        await app.note_lost(work, m.shop_id, m.order_id, _note(m))

    async def cancellation(work: Work, m: credit_notes_pb2.CreditNoteCancellationRequested) -> None:
        await app.note_cancellation_lost(work, m.shop_id, m.order_id, m.note_request_id)

    return table(
        {
            payment_requests_pb2.RefundRequested: refund,
            store_credit_pb2.StoreCreditRequested: credit,
            payouts_pb2.BankTransferRequested: transfer,
            exchanges_pb2.ChargeRequested: charge,
            credit_notes_pb2.CreditNoteRequested: note,
            credit_notes_pb2.CreditNoteCancellationRequested: cancellation,
        }
    )


def _note(m: credit_notes_pb2.CreditNoteRequested) -> CreditNote:
    currency = m.amount.currency
    lines = tuple(
        NoteLine(
            *_place(line),
            Money(line.amount.minor_units, currency),
            tuple(NoteTax(t.name, t.rate, t.jurisdiction, Money(t.amount.minor_units, currency)) for t in line.taxes),
        )
        for line in m.lines
    )
    kept = tuple(
        NoteFee(fee.kind, *_place(fee), Money(fee.amount.minor_units, currency), Money(fee.tax.minor_units, currency))
        for fee in m.kept
    )
    at = timestamp_from_proto(m.occurred_at, "occurred_at")
    return CreditNote(m.request_id, m.movement, m.case_id, money_from_proto(m.amount), lines, kept, at)


def _place(part: credit_notes_pb2.CreditNoteLine | credit_notes_pb2.CreditNoteFee) -> tuple[str, str, int]:
    subject = unit_id_of(part.line_id, part.unit) if part.unit else part.component_id
    return subject, part.line_id, part.unit
