"""Credit notes as immutable values: the documents that belong to money which went back."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from chassis.domain import Money


class NoteState(Enum):
    """Where a credit note is. `lost`: asked for in a time that a restore took away."""

    ASKED = "asked"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    LOST = "lost"
    ISSUED = "issued"
    CANCELLING = "cancelling"
    STANDS = "stands"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


FOR_PERSONS = frozenset({NoteState.UNANSWERED, NoteState.REFUSED, NoteState.LOST, NoteState.STANDS})
"""What nothing but a person brings to an end, if the shop says no more."""

CALLED_OFF = frozenset({NoteState.CANCELLING, NoteState.STANDS, NoteState.CANCELLED, NoteState.REPLACED})
"""What no longer says that the money went back; `stands`: it does all the same, and a person has to see to it."""


@dataclass(frozen=True, slots=True)
class NoteTax:
    """So much of a line is this tax, as the shop named it."""

    name: str
    rate: str
    jurisdiction: str
    amount: Money


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What went back of one unit (`number` of its line) or one component (number 0); `amount` contains the taxes."""

    subject: str
    line_id: str
    number: int
    amount: Money
    taxes: tuple[NoteTax, ...]

    @property
    def tax(self) -> int:
        """Minor units of all taxes of the line."""
        return sum(tax.amount.minor for tax in self.taxes)


@dataclass(frozen=True, slots=True)
class NoteFee:
    """What the shop keeps by name of the same goods; `amount` contains `tax`."""

    kind: str
    subject: str
    line_id: str
    number: int
    amount: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class CreditNote:
    """One document. `id` is its request's; `transfer_key` the movement it is about; `by`: who said that it was issued,
    empty where the shop did. `cancelled_by`: the number of the document that cancels it."""

    id: str
    transfer_key: str
    case_id: str
    amount: Money
    lines: tuple[NoteLine, ...]
    kept: tuple[NoteFee, ...]
    asked_at: datetime
    state: NoteState = NoteState.ASKED
    number: str = ""
    issued_on: date | None = None
    reason: str = ""
    by: str = ""
    cancelled_by: str = ""

    @property
    def tax(self) -> Money:
        """All taxes of all lines."""
        return Money(sum(line.tax for line in self.lines), self.amount.currency)

    @property
    def waits_for_person(self) -> bool:
        """Whether it is on a person's list."""
        return self.state in FOR_PERSONS
