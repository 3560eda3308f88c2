"""The credit notes of an order: one for each movement of money that settled, called off when the money did not stay.

Guarantee: of one movement no two notes count at a time, whatever the shop says and however often. The number the shop
gave is kept, also of a note that was called off meanwhile. What the shop refuses, leaves unanswered, or does not cancel
waits for a person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chassis.domain import Invalid, Money, NotFound, applies
from services.returns.domain.errors import CreditNoteSettled
from services.returns.domain.ledger import note_events as e
from services.returns.domain.ledger.gifts import recipient_of
from services.returns.domain.ledger.note_lines import Taxed, kept_of, lines_of, needs_note
from services.returns.domain.ledger.note_values import CALLED_OFF, CreditNote, NoteState
from services.returns.domain.ledger.state import LedgerState

NO_ANSWER = "no_answer"
_OPEN = frozenset({NoteState.ASKED, NoteState.UNANSWERED, NoteState.REFUSED, NoteState.LOST})


class Notes(LedgerState):
    """Abstract: `Ledger` adds the claims."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, CreditNote] = {}

    def note(self, note_id: str) -> CreditNote:
        """A note by its id, or `NotFound`."""
        if note_id not in self.notes:
            raise NotFound("credit note", note_id)
        return self.notes[note_id]

    def note_of(self, transfer_key: str) -> CreditNote | None:
        """The note that counts for a movement."""
        found = (n for n in self.notes.values() if n.transfer_key == transfer_key and n.state not in CALLED_OFF)
        return next(found, None)

    def recipient_of(self, transfer_key: str) -> str:
        """Who was given the goods that a movement of ours is for; empty where it is for who bought them."""
        transfer = self.transfers.get(transfer_key)
        return recipient_of(self.claims[transfer.claim_id]) if transfer else ""

    def owed_note(self, transfer_key: str) -> Money:
        """What a note of a movement has to say: all that went back by it, or nothing."""
        transfer = self.transfers.get(transfer_key)
        if transfer is None or not needs_note(self.claims[transfer.claim_id], transfer):
            return self.books.money(0)
        return transfer.amount

    def ask_note(self, transfer_key: str, taxed: Mapping[str, Taxed], *, at: datetime) -> CreditNote | None:
        """Ask for the document of a movement; None where there is nothing to ask, or it was asked for."""
        known = self.note_of(transfer_key)
        owed = self.owed_note(transfer_key)
        if not owed.minor or (known is not None and (known.state is not NoteState.LOST or known.amount != owed)):
            return None
        transfer = self.transfers[transfer_key]
        lines = lines_of(self.books, transfer, taxed, self.notes.values())
        note = CreditNote(
            id=known.id if known else self._next_id(transfer_key),
            transfer_key=transfer_key,
            case_id=self.claims[transfer.claim_id].ask.case_id,
            amount=owed,
            lines=lines,
            kept=kept_of(self.books, lines),
            asked_at=at,
        )
        self.record(e.CreditNoteAsked, at=at, note=note)
        return note

    def ask_note_again(self, note_id: str, taxed: Mapping[str, Taxed], *, at: datetime) -> CreditNote:
        """Ask for a document that the shop refused, under another id: the first one is answered."""
        known = self._require(note_id, NoteState.REFUSED)
        lines = lines_of(self.books, self.transfers[known.transfer_key], taxed, self.notes.values())
        again = replace(
            known, id=self._next_id(known.transfer_key), lines=lines, asked_at=at, state=NoteState.ASKED, reason=""
        )
        self.record(e.CreditNoteAsked, at=at, note=again)
        return again

    def count_lost_note(self, note: CreditNote, *, at: datetime) -> None:
        """Asked for in a time that a restore took away: a person has to look, until its money is told."""
        if note.id not in self.notes:
            self.record(e.CreditNoteAsked, at=at, note=replace(note, state=NoteState.LOST))

    def note_issued(self, note_id: str, number: str, issued_on: date, *, by: str = "", at: datetime) -> None:
        """The document is there. Taken in every state; once it has a number, the first one holds."""
        if not self.note(note_id).number:
            self.record(e.CreditNoteIssued, at=at, note_id=note_id, number=number, issued_on=issued_on, by=by)

    def note_refused(self, note_id: str, reason: str, *, at: datetime) -> None:
        """The shop does not issue it. What was called off meanwhile is not asked for any more."""
        if self.note(note_id).state in (NoteState.ASKED, NoteState.UNANSWERED):
            self.record(e.CreditNoteRefused, at=at, note_id=note_id, reason=reason)

    def note_unanswered(self, note_id: str, *, at: datetime) -> None:
        """The shop said nothing in time."""
        if self.note(note_id).state is NoteState.ASKED:
            self.record(e.CreditNoteUnanswered, at=at, note_id=note_id, reason=NO_ANSWER)

    def call_off_note(self, transfer_key: str, *, at: datetime) -> CreditNote | None:
        """The note that counts for a movement says more or less than what went back: it has to be cancelled."""
        known = self.note_of(transfer_key)
        if known is None or known.amount == self.owed_note(transfer_key):
            return None
        if known.state is NoteState.REFUSED:  # there is no document
            self.record(e.CreditNoteCancelled, at=at, note_id=known.id, cancelled_by="", by="")
            return None
        self.record(e.CreditNoteCalledOff, at=at, note_id=known.id, reason=self._why(transfer_key))
        return self.notes[known.id]

    def call_off_doubled(self, note_id: str, *, at: datetime) -> CreditNote | None:
        """A document that was refused and replaced was issued after all: it is one too many."""
        known = self.note(note_id)
        if known.state is not NoteState.REPLACED or not known.number:
            return None
        self.record(e.CreditNoteCalledOff, at=at, note_id=note_id, reason="replaced")
        return self.notes[note_id]

    def note_cancelled(self, note_id: str, cancelled_by: str, *, by: str = "", at: datetime) -> None:
        """It does not count any more."""
        if self.note(note_id).state in (NoteState.CANCELLING, NoteState.STANDS, NoteState.LOST):
            self.record(e.CreditNoteCancelled, at=at, note_id=note_id, cancelled_by=cancelled_by, by=by)

    def note_stands(self, note_id: str, reason: str, *, at: datetime) -> None:
        """The shop did not cancel it, or said nothing in time."""
        if self.note(note_id).state is NoteState.CANCELLING:
            self.record(e.CreditNoteStands, at=at, note_id=note_id, reason=reason)

    def settle_note(self, note_id: str, outcome: str, number: str, issued_on: date, *, by: str, at: datetime) -> None:
        """A person says what became of a document that waits: issued under this number, or cancelled."""
        if outcome == "issued":
            self._require(note_id, *_OPEN)
            if not number:
                raise Invalid("number", "a document that was issued has a number")
            self.note_issued(note_id, number, issued_on, by=by, at=at)
        elif outcome == "cancelled":
            self._require(note_id, NoteState.CANCELLING, NoteState.STANDS, NoteState.LOST)
            self.note_cancelled(note_id, number, by=by, at=at)
        else:
            raise Invalid("outcome", f"{outcome!r} is none of issued, cancelled, again")

    def _require(self, note_id: str, *states: NoteState) -> CreditNote:
        known = self.note(note_id)
        if known.state not in states:
            raise CreditNoteSettled(
                f"credit note {known.number or note_id} is {known.state.value}", note=note_id, state=known.state.value
            )
        return known

    def _why(self, transfer_key: str) -> str:
        transfer = self.transfers.get(transfer_key)
        return "amount" if self.owed_note(transfer_key).minor else (transfer.reason if transfer else "") or "not_paid"

    def _next_id(self, transfer_key: str) -> str:
        return f"{transfer_key}.n{1 + sum(1 for n in self.notes.values() if n.transfer_key == transfer_key)}"

    @applies(e.CreditNoteAsked)
    def _on_note_asked(self, event: e.CreditNoteAsked) -> None:
        for known in list(self.notes.values()):
            if known.transfer_key == event.note.transfer_key and known.state is NoteState.REFUSED:
                self._note(known.id, state=NoteState.REPLACED)
        self.notes[event.note.id] = event.note

    @applies(e.CreditNoteUnanswered)
    def _on_note_unanswered(self, event: e.CreditNoteUnanswered) -> None:
        self._note(event.note_id, state=NoteState.UNANSWERED, reason=event.reason)

    @applies(e.CreditNoteIssued)
    def _on_note_issued(self, event: e.CreditNoteIssued) -> None:
        known = self.notes[event.note_id]
        state, reason = (NoteState.ISSUED, "") if known.state in _OPEN else (known.state, known.reason)
        self._note(
            event.note_id, state=state, reason=reason, number=event.number, issued_on=event.issued_on, by=event.by
        )

    @applies(e.CreditNoteRefused)
    def _on_note_refused(self, event: e.CreditNoteRefused) -> None:
        self._note(event.note_id, state=NoteState.REFUSED, reason=event.reason)

    @applies(e.CreditNoteCalledOff)
    def _on_note_called_off(self, event: e.CreditNoteCalledOff) -> None:
        self._note(event.note_id, state=NoteState.CANCELLING, reason=event.reason)

    @applies(e.CreditNoteCancelled)
    def _on_note_cancelled(self, event: e.CreditNoteCancelled) -> None:
        self._note(event.note_id, state=NoteState.CANCELLED, cancelled_by=event.cancelled_by)

    @applies(e.CreditNoteStands)
    def _on_note_stands(self, event: e.CreditNoteStands) -> None:
        self._note(event.note_id, state=NoteState.STANDS, reason=event.reason)

    def _note(self, note_id: str, **values: Any) -> None:
        self.notes[note_id] = replace(self.notes[note_id], **values)
