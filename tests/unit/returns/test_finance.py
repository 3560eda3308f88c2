"""Reconciliation by cause, and journal lines that balance."""

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Money
from services.returns.domain.ledger import Book, Ledger
from services.returns.domain.ledger.journal import journal
from services.returns.domain.reconciling import Cause, Difference, Moved, Reported, reconcile
from tests.unit.returns.build import DAY, HOLD, T0, ask, eur, ledger
from tests.unit.returns.drawing import order_of
from tests.unit.returns.test_closing import comes_back, paid_for

LATER = T0 + timedelta(days=365)


def moved(key: str, minor: int, reference: str = "", certain: bool = True) -> Moved:
    return Moved(key, reference or f"re-{key}", f"o-{key}", eur(minor), certain, T0)


def test_each_cause_is_told_apart() -> None:
    """Matched by our key and by the provider's id; a cent less; two of theirs nobody knows, one of them a second
    payment of ours; one of ours they lack; one of ours we were never sure of."""
    ours = [moved("a", 100), moved("b", 200), moved("c", 300), moved("d", 400), moved("e", 500, certain=False)]
    theirs = [
        Reported("re-other", eur(100), "a"),
        Reported("re-b", eur(200)),
        Reported("re-c", eur(299)),
        Reported("re-b2", eur(200), "b"),
        Reported("re-x", eur(7)),
    ]
    assert reconcile(ours, theirs) == (
        Difference(Cause.MATCHED, "re-other", "a", "o-a", eur(100), eur(100)),
        Difference(Cause.MATCHED, "re-b", "b", "o-b", eur(200), eur(200)),
        Difference(Cause.DIFFERENT, "re-c", "c", "o-c", eur(300), eur(299)),
        Difference(Cause.EXTRA, "re-b2", "b", "", None, eur(200)),
        Difference(Cause.EXTRA, "re-x", "", "", None, eur(7)),
        Difference(Cause.MISSING, "re-d", "d", "o-d", eur(400), None),
        Difference(Cause.UNKNOWN, "re-e", "e", "o-e", eur(500), None),
    )


def test_what_they_have_of_a_movement_in_doubt_proves_it() -> None:
    """We were not sure; they have it: it matches."""
    (one,) = reconcile([moved("a", 100, certain=False)], [Reported("re-9", eur(100), "a")])
    assert one.cause is Cause.MATCHED


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 500), st.booleans())), st.lists(st.integers(0, 9)))
def test_every_line_and_movement_is_told_once_and_the_sums_are_the_difference(
    known: list[tuple[int, int, bool]], reported: list[int]
) -> None:
    """Whatever both sides have: nothing is left out or counted twice."""
    ours = [moved(f"k{key}", minor, certain=sure) for key, minor, sure in {k: (k, m, s) for k, m, s in known}.values()]
    theirs = [Reported(f"re-k{n}", eur(100 + n)) for n in reported]
    found = reconcile(ours, theirs)
    assert sum(one.theirs is not None for one in found) == len(theirs)
    assert sum(one.ours is not None for one in found) == len(ours)
    difference = sum((one.theirs.minor if one.theirs else 0) - (one.ours.minor if one.ours else 0) for one in found)
    assert difference == sum(t.amount.minor for t in theirs) - sum(m.amount.minor for m in ours)


def settled(known: Ledger, key: str, minor: int, day: int, book: Book = Book.RESTITUTION) -> None:
    subjects = () if book is Book.GESTURES else ("l1#1",)
    wanted = ask(key, book, requester="returns", subjects=subjects, amount=eur(minor))
    claim = known.reserve(wanted, hold=HOLD, at=T0)
    for transfer in known.books.transfers_of(claim.id):
        known.transfer_settled(transfer.key, transfer.amount, f"re-{key}", at=T0 + day * DAY)


def test_lines_balance_and_the_tax_adds_up_over_partial_refunds() -> None:
    """10.00 with 1.60 of tax go back in three parts: their taxes are 1.60; only what settled in the period is told."""
    known = ledger({"l1#1": 1000, "l1#2": 1000})
    for day, (key, minor) in enumerate([("a", 333), ("b", 333), ("c", 334)]):
        settled(known, key, minor, day)
    settled(known, "g", 50, 1, Book.GESTURES)
    accounts = {"sales_returned": "8100", "tax": "1776", "clearing": "1360"}
    lines = list(journal(known, {"l1#1": (160, 1000)}, accounts, since=T0, until=LATER))
    for entry in {line.entry for line in lines}:
        assert sum(line.debit - line.credit for line in lines if line.entry == entry) == 0
    sums = {line.account: 0 for line in lines}
    for line in lines:
        sums[line.account] += line.debit - line.credit
    assert sums == {"8100": 840, "1776": 160, "1360": -1050, "goodwill": 50}
    second = list(journal(known, {"l1#1": (160, 1000)}, accounts, since=T0 + DAY, until=T0 + 2 * DAY))
    assert sum(line.credit for line in second) == 333 + 50
    assert {line.reference for line in second} == {"re-b", "re-g"}


def test_a_thousand_units_come_back_and_the_journal_says_what_the_ledger_says() -> None:
    """Random orders, wholly returned: credits are the refunds, and no more tax is booked than was paid."""
    for number in range(60):
        rng = random.Random(f"journal/{number}")
        one = paid_for(rng, order_of(rng))
        comes_back(one)
        taxes = {price.subject: (price.tax.minor, price.paid.minor) for price in one.prices}
        lines = list(journal(one.ledger, taxes, {}, since=T0, until=LATER))
        moved_back = sum(t.amount.minor for t in one.ledger.transfers.values() if t.counts and t.way.value == "refund")
        assert sum(line.credit for line in lines) == sum(line.debit for line in lines) == moved_back
        by_subject: dict[str, int] = {}
        for line in lines:
            if line.account == "tax":
                by_subject[line.subject] = by_subject.get(line.subject, 0) + line.debit
        assert all(booked <= taxes[subject][0] for subject, booked in by_subject.items())
        assert {line.currency for line in lines} <= {Money(0, one.currency).currency}
