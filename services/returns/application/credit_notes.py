"""The documents of money that went back: asked of the shop, their numbers kept, called off when the money did not stay.

Guarantee: a note is asked for in the very unit that says its movement settled, so no crash lies between, once for each
movement. A shop that does not want to be asked (`credit_notes` in the terms of money) is not; what it was asked for
before is called off all the same.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chassis.domain import Invalid, NotFound
from chassis.service import EffectChanged, Receipt, Succeeded
from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT, cancel_key, note_body, plan_cancel, taxed
from services.returns.domain.identity import ledger_id_of, order_id_of
from services.returns.domain.ledger import CreditNote, Ledger
from services.returns.domain.order import Order


class CreditNotes(UseCases):
    """What the shop and finance say of credit notes."""

    async def note_changed(self, work: Work, change: EffectChanged) -> None:
        """What the shop said to the request for a note, or that it says nothing."""
        ledger = await work.get(Ledger, change.subject)
        if change.state == "succeeded" and (number := change.facts.get("number") or change.reference):
            told = change.facts.get("issued_on")
            issued_on = date.fromisoformat(told) if told else work.now.date()
            ledger.note_issued(change.key, number, issued_on, by=change.facts.get("by", ""), at=work.now)
            doubled = ledger.call_off_doubled(change.key, at=work.now)
            if doubled is not None:
                await plan_cancel(work, ledger, doubled)
        elif change.state == "failed":
            ledger.note_refused(change.key, change.reason, at=work.now)
        elif change.state in ("unknown", "held", "succeeded"):  # done without a number: a person has to look
            ledger.note_unanswered(change.key, at=work.now)

    async def note_cancellation_changed(self, work: Work, change: EffectChanged) -> None:
        """What the shop said to the cancellation of a note, or that it says nothing."""
        ledger = await work.get(Ledger, change.subject)
        note_id = str(change.body["note_request_id"])
        if change.state == "succeeded":
            ledger.note_cancelled(note_id, change.reference, at=work.now)
        elif change.state in ("failed", "unknown", "held"):
            ledger.note_stands(note_id, change.reason or "no_answer", at=work.now)

    async def settle_credit_note(
        self, work: Work, shop_id: str, order_id: str, note_id: str, outcome: str, number: str, issued_on: date | None
    ) -> Receipt:
        """Finance says what became of a note that waits, or has it asked for again."""
        ledger = await work.find(Ledger, ledger_id_of(shop_id, order_id))
        if ledger is None or not work.actor.may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("order", order_id)
        if outcome == "again":
            note = await self._again(work, ledger, note_id)
        else:
            on = issued_on or work.now.date()
            ledger.settle_note(note_id, outcome, number, on, by=work.actor.id, at=work.now)
            note = ledger.note(note_id)
            if outcome == "issued":
                facts = {"number": number, "issued_on": on.isoformat(), "by": work.actor.id}
                await work.effect_fact(NOTE_EFFECT, note_id, Succeeded(number, facts))
            else:
                await work.effect_fact(CANCEL_EFFECT, cancel_key(note), Succeeded(number))
        return Receipt(str(ledger.id), ledger.version, {"note_id": note.id, "state": note.state.value})

    async def note_lost(self, work: Work, shop_id: str, order_id: str, note: CreditNote) -> None:
        """After a restore: a note was asked for that nobody here knows of."""
        ledger = await self.ledger_of(work, shop_id, order_id)
        ledger.count_lost_note(note, at=work.now)

    async def note_cancellation_lost(self, work: Work, shop_id: str, order_id: str, note_id: str) -> None:
        """After a restore: the cancellation of a note was asked for that nobody here knows of."""
        ledger = await self.ledger_of(work, shop_id, order_id)
        known = ledger.notes.get(note_id)
        if known is not None and ledger.call_off_note(known.transfer_key, at=work.now) is not None:
            await plan_cancel(work, ledger, ledger.note(note_id))

    async def _again(self, work: Work, ledger: Ledger, note_id: str) -> CreditNote:
        order = await work.get(Order, order_id_of(ledger.shop_id, ledger.order_id))
        if order.snapshot is None:
            raise Invalid("order_id", f"order {order.order_id} is not known")
        note = ledger.ask_note_again(note_id, taxed(order), at=work.now)
        body: Mapping[str, Any] = note_body(ledger, note)
        await work.plan_effect(NOTE_EFFECT, note.id, subject=ledger.id, body=body)
        return note
