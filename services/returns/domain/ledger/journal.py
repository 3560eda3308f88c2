"""An order's money as lines for the books of account.

Guarantee: the lines of each entry balance, to the minor unit; the tax of all refunds of a unit adds up to the tax that
was paid for it once all of it went back. An entry with a credit note says of tax what its document says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis.domain import split_by_weight
from services.returns.domain.ledger.ledger import Ledger
from services.returns.domain.ledger.note_lines import share_of_tax
from services.returns.domain.ledger.note_values import CreditNote
from services.returns.domain.ledger.values import Book, Claim, Transfer, TransferState, Way

RETURNED, TAX, GOODWILL, COSTS, CLEARING = "sales_returned", "tax", "goodwill", "customer_costs", "clearing"
CREDIT = "store_credit"


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One side of an entry; `debit` and `credit` are minor units, one of them is zero. `entry`: the movement;
    `document`: the number of its credit note."""

    entry: str
    at: datetime
    account: str
    debit: int
    credit: int
    currency: str
    order_id: str
    subject: str
    reference: str
    document: str = ""


def journal(
    ledger: Ledger,
    taxes: Mapping[str, tuple[int, int]],
    accounts: Mapping[str, str],
    *,
    since: datetime,
    until: datetime,
) -> Iterator[JournalLine]:
    """What settled within [since, until). `taxes`: by subject, (tax, paid); `accounts`: the shop's own codes."""
    given: dict[str, int] = {}
    settled = [t for t in ledger.transfers.values() if t.state is TransferState.SETTLED and t.settled_at is not None]
    for transfer in sorted(settled, key=lambda t: (t.settled_at, t.key)):
        claim = ledger.claims[transfer.claim_id]
        lines = list(_entry(ledger, claim, transfer, taxes, accounts, given))
        assert transfer.settled_at is not None
        if transfer.way is not Way.RELEASE and since <= transfer.settled_at < until:
            yield from lines


def _entry(
    ledger: Ledger,
    claim: Claim,
    transfer: Transfer,
    taxes: Mapping[str, tuple[int, int]],
    accounts: Mapping[str, str],
    given: dict[str, int],
) -> Iterator[JournalLine]:
    at, note = transfer.settled_at, ledger.note_of(transfer.key)
    assert at is not None
    document = note.number if note is not None else ""

    def line(account: str, debit: int, credit: int, subject: str) -> JournalLine:
        code = accounts.get(account, account)
        currency, reference = transfer.amount.currency, transfer.reference
        return JournalLine(
            transfer.key, at, code, debit, credit, currency, ledger.order_id, subject, reference, document
        )

    shares = split_by_weight(transfer.amount.minor, [part.amount.minor for part in claim.parts])
    for part, minor in zip(claim.parts, shares, strict=True):
        subject = ledger.books.root_of(part.subject)
        if claim.ask.book is not Book.RESTITUTION:
            yield line(GOODWILL if claim.ask.book is Book.GESTURES else COSTS, minor, 0, subject)
            continue
        tax, paid = taxes.get(subject, (0, 0))
        before = given.get(subject, 0)
        given[subject] = before + minor
        of_tax = share_of_tax(tax, paid, before + minor) - share_of_tax(tax, paid, before)
        if note is not None:
            of_tax = _noted(note, subject)
        yield line(RETURNED, minor - of_tax, 0, subject)
        if of_tax:
            yield line(TAX, of_tax, 0, subject)
    own = f"{CLEARING}.{transfer.provider}"
    clearing = own if own in accounts else CLEARING
    yield line(CREDIT if transfer.way is Way.CREDIT else clearing, 0, transfer.amount.minor, "")


def _noted(note: CreditNote, subject: str) -> int:
    return sum(line.tax for line in note.lines if line.subject == subject)
