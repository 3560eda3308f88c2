"""Everything that can happen to a credit note, as events of the order's ledger."""

from datetime import date

from chassis.domain import Event
from services.returns.domain.ledger.note_values import CreditNote


class CreditNoteAsked(Event):
    """Money went back: its document is asked of the shop. An earlier one that was refused is replaced."""

    TOPIC = "returns.Ledger.CreditNoteAsked"
    note: CreditNote


class CreditNoteUnanswered(Event):
    """The shop said nothing in time."""

    TOPIC = "returns.Ledger.CreditNoteUnanswered"
    note_id: str
    reason: str


class CreditNoteIssued(Event):
    """The document is there; this is its number. `by`: the person who says so, empty where it was the shop."""

    TOPIC = "returns.Ledger.CreditNoteIssued"
    note_id: str
    number: str
    issued_on: date
    by: str


class CreditNoteRefused(Event):
    """The shop does not issue it."""

    TOPIC = "returns.Ledger.CreditNoteRefused"
    note_id: str
    reason: str


class CreditNoteCalledOff(Event):
    """The money did not stay with the customer, or was another amount: its cancellation is asked of the shop."""

    TOPIC = "returns.Ledger.CreditNoteCalledOff"
    note_id: str
    reason: str


class CreditNoteCancelled(Event):
    """It does not count any more. `by`: as above."""

    TOPIC = "returns.Ledger.CreditNoteCancelled"
    note_id: str
    cancelled_by: str
    by: str


class CreditNoteStands(Event):
    """The shop did not cancel it, or said nothing in time: a person has to see to it."""

    TOPIC = "returns.Ledger.CreditNoteStands"
    note_id: str
    reason: str
