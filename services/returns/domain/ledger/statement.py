"""An order's money at one version of its ledger.

Guarantee: paid = refunded + pending + kept on every line and in the sums, what is withheld by name is a part of what is
kept, and the sums by line are those of the movements of money; where they are not, the statement says that it does not
close.
"""

from dataclasses import dataclass

from services.returns.domain.ledger.books import Books
from services.returns.domain.ledger.values import Book, TransferState


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One unit, component, cost, gesture, or fact from outside; minor units."""

    subject: str
    line_id: str
    paid: int
    refunded: int
    pending: int
    withheld: int = 0

    @property
    def kept(self) -> int:
        """What the shop keeps of it, by name or because nothing was given back yet."""
        return self.paid - self.refunded - self.pending


@dataclass(frozen=True, slots=True)
class Statement:
    """All lines with their sums."""

    lines: tuple[StatementLine, ...]
    paid: int
    refunded: int
    pending: int
    withheld: int
    left: int
    closes: bool

    @property
    def kept(self) -> int:
        """What the shop keeps as things stand."""
        return self.paid - self.refunded - self.pending


def statement_of(books: Books) -> Statement:
    """The statement as the books stand now."""
    settled: dict[str, int] = {}
    pending: dict[str, int] = {}
    for claim in books.claims.values():
        if not claim.is_money:
            continue
        transfers = books.transfers_of(claim.id)
        done = sum(t.amount.minor for t in transfers if t.state is TransferState.SETTLED)
        counted = books.counted(claim).minor
        rest = done
        for part in books.counted_parts(claim):
            root = books.root_of(part.subject)
            of_part = min(part.amount.minor, rest) if counted != done else part.amount.minor
            rest -= of_part
            settled[root] = settled.get(root, 0) + of_part
            pending[root] = pending.get(root, 0) + part.amount.minor - of_part
    lines = [
        StatementLine(
            subject,
            e.line_id,
            e.amount.minor,
            settled.pop(subject, 0),
            pending.pop(subject, 0),
            books.withheld_from(subject),
        )
        for subject, e in books.entitlements.items()
    ]
    gone = {fee.subject for fee in books.fees.values()} - books.entitlements.keys()  # cancelled since
    lines += [
        StatementLine(subject, "", 0, settled.get(subject, 0), pending.get(subject, 0), books.withheld_from(subject))
        for subject in sorted(settled.keys() | pending.keys() | gone)
    ]
    lines += [StatementLine(fact.id, "", 0, fact.amount.minor, 0) for fact in books.outside.values()]
    return _closed(books, tuple(lines))


def _closed(books: Books, lines: tuple[StatementLine, ...]) -> Statement:
    paid = sum(e.amount.minor for e in books.entitlements.values())
    outside = sum(fact.amount.minor for fact in books.outside.values())
    moved = [t for t in books.transfers.values() if t.counts]
    refunded = outside + sum(t.amount.minor for t in moved if t.state is TransferState.SETTLED)
    pending = sum(t.amount.minor for t in moved if t.state is not TransferState.SETTLED)
    sums = (sum(x.paid for x in lines), sum(x.refunded for x in lines), sum(x.pending for x in lines))
    withheld = sum(line.withheld for line in lines)
    closes = sums == (paid, refunded, pending) and withheld == sum(f.amount.minor for f in books.fees.values())
    return Statement(lines, paid, refunded, pending, withheld, left_of(books), closes)


def left_of(books: Books) -> int:
    """How much may still be given back: what is left of the entitlements, within what was taken or may be."""
    if not books.currency:
        return 0
    entitled = sum(books.left_of(books.carrier_of(subject)).minor for subject in books.entitlements)
    return min(entitled, books.tills.available().minor)


def book_totals(books: Books, book: Book) -> tuple[int, int]:
    """Settled and open minor units of one book."""
    if book is Book.OUTSIDE:
        return sum(fact.amount.minor for fact in books.outside.values()), 0
    claims = [claim for claim in books.claims.values() if claim.ask.book is book]
    transfers = [t for claim in claims for t in books.transfers_of(claim.id) if t.counts]
    done = sum(t.amount.minor for t in transfers if t.state is TransferState.SETTLED)
    return done, sum(books.counted(claim).minor for claim in claims) - done
