"""Everything that was given, kept or moved for one order, as named entries.

Guarantee: the entries of a subject add up to what the statement says of it; none is without a name, a person or a rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.returns.domain.ledger.books import COUNTING, Books
from services.returns.domain.ledger.values import Book

FEE = "fee"


@dataclass(frozen=True, slots=True)
class Entry:
    """One amount of one subject. `kind`: the book it is from, or fee. `name`: what for. `minor` is what the customer
    has or gets by it, of a fee what the shop keeps."""

    kind: str
    name: str
    subject: str
    minor: int
    state: str
    at: datetime | None
    by: str
    case_id: str


def entries_of(books: Books) -> tuple[Entry, ...]:
    """All entries: grants in the order they were made, then what is kept, then what happened elsewhere."""
    return (*_grants(books), *_fees(books), *_outside(books))


def _grants(books: Books) -> Iterator[Entry]:
    for claim in books.claims.values():
        if claim.state not in COUNTING:
            continue
        ask = claim.ask
        name = ask.action if ask.action not in ("", "refund") else ask.reason
        state = books.state_of(claim)
        parts = books.counted_parts(claim) if claim.is_money else claim.parts
        for part in parts:
            minor = part.amount.minor if claim.is_money else 0
            yield Entry(ask.book.value, name, books.root_of(part.subject), minor, state, claim.at, ask.by, ask.case_id)


def _fees(books: Books) -> Iterator[Entry]:
    for fee in books.fees.values():
        yield Entry(FEE, fee.kind, fee.subject, fee.amount.minor, "kept", None, fee.by, fee.case_id)


def _outside(books: Books) -> Iterator[Entry]:
    for fact in books.outside.values():
        yield Entry(Book.OUTSIDE.value, fact.kind, fact.id, fact.amount.minor, "outside", fact.at, "", "")
