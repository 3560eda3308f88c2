"""After a movement of money: its credit note says what went back by it, or is called off.

Guarantee: asked for once for what settled; what nobody asked for is not called off. Part of the unit that moved it.
"""

from collections.abc import Mapping
from typing import Any

from chassis.work import Work
from services.returns.domain.ledger import CreditNote, Ledger, NoteFee, NoteLine, NoteTax, Taxed
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import Order
from services.returns.domain.order.taxes import taxes_of

NOTE_EFFECT = "credit_note"
CANCEL_EFFECT = "credit_note_cancellation"


async def note_movement(work: Work, terms: MoneyTerms, order: Order, ledger: Ledger, transfer_key: str) -> None:
    """Bring the document of one movement up to where its money is."""
    if work.history:
        return
    called_off = ledger.call_off_note(transfer_key, at=work.now)
    if called_off is not None:
        await plan_cancel(work, ledger, called_off)
    if terms.wants_note(ledger.shop_id):
        note = ledger.ask_note(transfer_key, taxed(order), at=work.now)
        if note is not None:
            await work.plan_effect(NOTE_EFFECT, note.id, subject=ledger.id, body=note_body(ledger, note))


async def plan_cancel(work: Work, ledger: Ledger, note: CreditNote) -> None:
    """Ask the shop to cancel a note."""
    body = _common(ledger, note) | {"note_request_id": note.id, "number": note.number}
    await work.plan_effect(CANCEL_EFFECT, cancel_key(note), subject=ledger.id, body=body)


def cancel_key(note: CreditNote) -> str:
    """The key of a note's cancellation, which is asked for once."""
    return f"{note.id}.k"


def taxed(order: Order) -> Mapping[str, Taxed]:
    """What was paid for each unit and component of an order, with the shop's own taxes in it."""
    if order.snapshot is None:
        return {}
    taxes = taxes_of(order.snapshot, order.prices)
    return {
        price.subject: Taxed(
            price.paid.minor,
            tuple(NoteTax(tax.name, tax.rate, tax.jurisdiction, tax.amount) for tax in taxes[price.subject]),
        )
        for price in order.prices
    }


def note_body(ledger: Ledger, note: CreditNote) -> dict[str, Any]:
    """What the request says: ids and figures."""
    return _common(ledger, note) | {
        "customer_id": ledger.customer_id,
        "of_gift": bool(ledger.recipient_of(note.transfer_key)),
        "movement": note.transfer_key,
        "currency": note.amount.currency,
        "minor": note.amount.minor,
        "lines": [_line(line) for line in note.lines],
        "kept": [_fee(fee) for fee in note.kept],
    }


def _common(ledger: Ledger, note: CreditNote) -> dict[str, Any]:
    return {"shop_id": ledger.shop_id, "order_id": ledger.order_id, "case_id": note.case_id}


def _place(part: NoteLine | NoteFee) -> dict[str, Any]:
    component = "" if part.number else part.subject
    return {"line_id": part.line_id, "unit": part.number, "component_id": component, "minor": part.amount.minor}


def _line(line: NoteLine) -> dict[str, Any]:
    taxes = [
        {"name": tax.name, "rate": tax.rate, "jurisdiction": tax.jurisdiction, "minor": tax.amount.minor}
        for tax in line.taxes
    ]
    return _place(line) | {"taxes": taxes}


def _fee(fee: NoteFee) -> dict[str, Any]:
    return _place(fee) | {"kind": fee.kind, "tax": fee.tax.minor}
