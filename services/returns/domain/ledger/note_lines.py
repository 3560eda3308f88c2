"""What stands on a credit note: how much of each unit and component went back, and which taxes lie in it.

Guarantee: the lines add up to the movement. Over all notes of a unit the taxes of each rate stay within what was paid
by it, and once nothing is left to give back they are what was paid, less the tax of fees that are kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.domain import Money, split_by_weight
from services.returns.domain.identity import parse_unit_id
from services.returns.domain.ledger.books import Books
from services.returns.domain.ledger.note_values import CALLED_OFF, CreditNote, NoteFee, NoteLine, NoteTax
from services.returns.domain.ledger.values import Book, Claim, Transfer, TransferState, Way


@dataclass(frozen=True, slots=True)
class Taxed:
    """What was paid for one unit or component, and the taxes in it as the shop named them."""

    paid: int
    taxes: tuple[NoteTax, ...]

    @property
    def tax(self) -> int:
        """Minor units of all taxes."""
        return sum(tax.amount.minor for tax in self.taxes)


def needs_note(claim: Claim, transfer: Transfer) -> bool:
    """Whether a document belongs to a movement: what was paid for goods went back, in whatever way."""
    settled = transfer.state is TransferState.SETTLED and transfer.amount.minor > 0
    return settled and claim.ask.book is Book.RESTITUTION and transfer.way is not Way.RELEASE and bool(claim.parts)


def shares_of(books: Books, transfer: Transfer) -> list[tuple[str, int]]:
    """How much of a movement is for which sold unit or component, in minor units."""
    parts = books.claims[transfer.claim_id].parts
    shares = split_by_weight(transfer.amount.minor, [part.amount.minor for part in parts])
    found: dict[str, int] = {}
    for part, minor in zip(parts, shares, strict=True):
        root = books.root_of(part.subject)
        found[root] = found.get(root, 0) + minor
    return [(subject, minor) for subject, minor in found.items() if minor]


def lines_of(
    books: Books, transfer: Transfer, taxed: Mapping[str, Taxed], notes: Iterable[CreditNote]
) -> tuple[NoteLine, ...]:
    """The lines of the note of one movement, after those of the notes that count."""
    counting = [note for note in notes if note.state not in CALLED_OFF and note.transfer_key != transfer.key]
    found = []
    for subject, minor in shares_of(books, transfer):
        known = taxed.get(subject, Taxed(0, ()))
        before = [line for note in counting for line in note.lines if line.subject == subject]
        tax = _tax(books, transfer, subject, minor, known, before)
        found.append(
            NoteLine(
                subject, *place_of(subject), books.money(minor), _by_rate(tax, known.taxes, before, books.currency)
            )
        )
    return tuple(found)


def kept_of(books: Books, lines: Sequence[NoteLine]) -> tuple[NoteFee, ...]:
    """What the shop keeps by name of the goods that a note is about."""
    subjects = {line.subject for line in lines}
    fees = [fee for fee in books.fees.values() if fee.subject in subjects and fee.amount.minor]
    return tuple(NoteFee(fee.kind, fee.subject, *place_of(fee.subject), fee.amount, fee.tax) for fee in fees)


def place_of(subject: str) -> tuple[str, int]:
    """Line and number of a unit; nothing of a component."""
    _, _, number = subject.rpartition("#")
    return parse_unit_id(subject) if "#" in subject and number.isdecimal() else ("", 0)


def share_of_tax(tax: int, paid: int, given: int) -> int:
    """How much of a tax lies in the first `given` of what was paid."""
    return tax * min(given, paid) // paid if paid else 0


def _tax(books: Books, transfer: Transfer, subject: str, minor: int, known: Taxed, before: Sequence[NoteLine]) -> int:
    others = [t for t in books.transfers.values() if t.key != transfer.key and needs_note(books.claims[t.claim_id], t)]
    given = sum(share for other in others for root, share in shares_of(books, other) if root == subject)
    fees = [fee for fee in books.fees.values() if fee.subject == subject]
    due = share_of_tax(known.tax, known.paid, given + minor) - share_of_tax(known.tax, known.paid, given)
    if given + minor + sum(fee.amount.minor for fee in fees) >= known.paid:  # nothing is left: the rest is in this one
        unnoted = max(given - sum(line.amount.minor for line in before), 0)
        booked = sum(line.tax for line in before) + share_of_tax(known.tax, known.paid, unnoted)
        due = known.tax - sum(fee.tax.minor for fee in fees) - booked
    return min(max(due, 0), minor)


def _by_rate(tax: int, taxes: Sequence[NoteTax], before: Sequence[NoteLine], currency: str) -> tuple[NoteTax, ...]:
    """Split by what is left of each: no rate gives more than was paid by it, and the last note takes what is left."""
    left = [max(one.amount.minor - _noted(one, before), 0) for one in taxes]
    parts = split_by_weight(min(tax, sum(left)), left) if sum(left) else [0] * len(taxes)
    return tuple(
        NoteTax(one.name, one.rate, one.jurisdiction, Money(part, currency))
        for one, part in zip(taxes, parts, strict=True)
        if part or not one.amount.minor  # a rate of nothing is said as well
    )


def _noted(one: NoteTax, before: Sequence[NoteLine]) -> int:
    name = (one.name, one.rate, one.jurisdiction)
    return sum(
        tax.amount.minor for line in before for tax in line.taxes if (tax.name, tax.rate, tax.jurisdiction) == name
    )
