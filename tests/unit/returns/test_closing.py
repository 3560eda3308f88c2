"""Whatever comes back, in whatever parts and order: what was returned plus what is kept by name is what was paid.

Orders are drawn at random, with the shop's own allocations, tax lines, coupons of the whole order, several tenders and
captures, in currencies of 0, 2 and 3 decimals; then everything comes back bit by bit.
"""

import os
import random
from dataclasses import dataclass, field

import pytest

from chassis.domain import Money, split_by_weight
from services.returns.domain.errors import NothingLeft
from services.returns.domain.ledger import Book, Entitlement, Fee, Ledger, Way
from services.returns.domain.ledger.entries import FEE, entries_of
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.money_terms import MoneyTerms
from services.returns.domain.order import (
    OrderSnapshot,
    Price,
    price_order,
)
from services.returns.domain.order.charges import Charge, lost_promotions, part_of, spread
from tests.unit.returns.build import HOLD, T0, ask
from tests.unit.returns.drawing import order_of

ORDERS = int(os.environ.get("AFTERCARE_RANDOM_ORDERS", "1000"))
"""A tenth of what is promised; AFTERCARE_RANDOM_ORDERS=10000 draws all of them, in about two minutes."""

BATCHES = 10
TERMS = MoneyTerms(
    refund_order=("card", "gift_card"),
    promotions={"SPRING": tuple(Money(5_000, c) for c in ("JPY", "EUR", "KWD"))},
)


@dataclass
class Return:
    """One order on its way back. `paid` is counted by plain addition, beside the ledger."""

    rng: random.Random
    order: OrderSnapshot
    prices: tuple[Price, ...]
    ledger: Ledger
    taken: dict[str, int]
    authorised: dict[str, int] = field(default_factory=dict)
    claims: int = 0

    @property
    def currency(self) -> str:
        return self.order.currency

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)


def paid_for(rng: random.Random, order: OrderSnapshot) -> Return:
    """The order is known and paid: by one or two tenders, in up to five captures, some perhaps only authorised."""
    prices = price_order(order)
    total = sum(price.paid.minor for price in prices)
    ledger = Ledger.open("s1", "o1", at=T0)
    ledger.rank_tenders(TERMS.ranked("s1", order.tenders), at=T0)
    taken: dict[str, int] = {}
    authorised: dict[str, int] = {}
    amounts = split_by_weight(total, [rng.randint(0, 9) for _ in range(rng.randint(1, 4))] + [1])
    untaken = rng.random() < 0.2
    for n, minor in enumerate(amounts):
        tender = rng.choice(["t-card", "t-gift"])
        authorised[tender] = authorised.get(tender, 0) + minor
        if minor and not (untaken and n == 0):
            ledger.count_capture(f"cap-{n}", tender, Money(minor, order.currency), hold=HOLD, at=T0)
            taken[f"cap-{n}"] = minor
    for tender, minor in authorised.items():
        ledger.count_authorisation(f"auth-{tender}", tender, Money(minor, order.currency), hold=HOLD, at=T0)
    ledger.state_order(
        1,
        "c1",
        order.currency,
        tuple(Entitlement(p.subject, p.line_id, p.number, p.paid) for p in prices),
        gesture_budget=Money(0, order.currency),
        cancelled=False,
        hold=HOLD,
        at=T0,
    )
    return Return(rng, order, prices, ledger, taken, authorised)


def comes_back(one: Return) -> None:
    """Everything, in a random order, each thing in one to three refunds, some with fees, some of them failing first."""
    subjects = [price for price in one.prices if price.paid.minor]
    one.rng.shuffle(subjects)
    for n, price in enumerate(subjects):
        charges = _charges(one, price, {p.subject for p in subjects[: n + 1]})
        for charge in charges:
            _withhold(one, charge)
        parts = one.rng.randint(1, 3)
        for _ in range(parts - 1):
            left = one.ledger.books.left_of(price.subject).minor
            if left > 1:
                _refund(one, price.subject, one.rng.randint(1, left - 1))
        _refund(one, price.subject, None)
    for subject in [s.subject for s in subjects if one.ledger.books.left_of(s.subject).minor]:
        _refund(one, subject, None)  # what a promotion had cost, given back once nothing stayed


def _charges(one: Return, price: Price, back: set[str]) -> list[Charge]:
    part = one.money(price.paid.minor * 15 // 100)
    found = [part_of(price, "restocking", "", part)] if price.number and one.rng.random() < 0.3 else []
    if one.rng.random() < 0.2:
        found.append(part_of(price, "return_label", "", one.money(one.rng.randint(1, 500))))
    for discount_id, lost in lost_promotions(one.order, one.prices, back, TERMS.promotions).items():
        kept = [fee for fee in one.ledger.fees.values() if fee.name == discount_id]
        more = lost.minor - sum(fee.amount.minor for fee in kept)
        if more > 0:
            found += spread([price], "promotion_lost", discount_id, one.money(more))
        elif not lost.minor:
            for fee in kept:
                one.ledger.waive(fee.id, "came back", by="rule", at=T0)
    return found


def _withhold(one: Return, charge: Charge) -> None:
    fee_id = f"{charge.kind}:{charge.name}:{charge.subject}"
    fee = Fee(fee_id, charge.kind, charge.name, charge.subject, charge.amount, charge.tax, "terms", "case-1", "agent-1")
    one.ledger.withhold(fee, at=T0)


def _refund(one: Return, subject: str, minor: int | None) -> None:
    one.claims += 1
    wanted = ask(
        f"k{one.claims}",
        requester="returns",
        action="refund",
        subjects=(subject,),
        amount=None if minor is None else one.money(minor),
    )
    try:
        claim = one.ledger.reserve(wanted, hold=HOLD, at=T0)
    except NothingLeft:
        return  # what is left of it is kept by name
    transfers = one.ledger.books.transfers_of(claim.id)
    failing = one.rng.choice(transfers) if one.rng.random() < 0.05 else None
    for transfer in transfers:
        if transfer is not failing:
            one.ledger.transfer_settled(transfer.key, transfer.amount, "re", at=T0)
    if failing is not None:
        one.ledger.transfer_failed(failing.key, "declined", at=T0)
        one.ledger.release("returns", wanted.request_key, "failed", at=T0)
        _refund(one, subject, failing.amount.minor)


def wrong_with(one: Return) -> list[str]:
    """What does not add up, by unit, component, payment and tax."""
    books, wrong = one.ledger.books, []
    statement = statement_of(books)
    kept_by_name: dict[str, int] = {}
    given: dict[str, int] = {}
    for entry in entries_of(books):
        into = kept_by_name if entry.kind == FEE else given
        into[entry.subject] = into.get(entry.subject, 0) + entry.minor
    for price in one.prices:
        back, kept = given.get(price.subject, 0), kept_by_name.get(price.subject, 0)
        if back + kept != price.paid.minor or back < 0 or kept < 0:
            wrong.append(f"{price.subject}: {back} back and {kept} kept of {price.paid}")
    for line in statement.lines:
        if (line.refunded, line.withheld, line.pending) != (given.get(line.subject, 0), line.kept, 0):
            wrong.append(f"statement of {line.subject}: {line}")
    through: dict[str, int] = {}
    released = 0
    for transfer in (t for t in one.ledger.transfers.values() if t.counts):
        if transfer.way is Way.RELEASE:
            released += transfer.amount.minor
        else:
            through[transfer.capture_id] = through.get(transfer.capture_id, 0) + transfer.amount.minor
    for capture_id, minor in through.items():
        if minor > one.taken.get(capture_id, 0):
            wrong.append(f"{capture_id}: {minor} back of {one.taken.get(capture_id, 0)}")
    total = sum(price.paid.minor for price in one.prices)
    if sum(through.values()) + released + sum(kept_by_name.values()) != total:
        wrong.append(f"payments: {through} back, {released} not taken, {kept_by_name} kept, of {total}")
    if released > total - sum(one.taken.values()):
        wrong.append(f"{released} released, {total - sum(one.taken.values())} was not taken")
    if not statement.closes or statement.left:
        wrong.append(f"the statement does not close: {statement}")
    return wrong


@pytest.mark.parametrize("batch", range(BATCHES))
def test_what_was_returned_and_what_is_kept_by_name_is_what_was_paid(batch: int) -> None:
    """To the minor unit, by unit, component and capture, in random orders; each has a seed of its own, which the
    failure names."""
    for number in range(batch, ORDERS, BATCHES):
        rng = random.Random(f"closing/{number}")
        one = paid_for(rng, order_of(rng))
        comes_back(one)
        assert wrong_with(one) == [], f"order closing/{number}"


def test_the_sum_sees_a_cent_that_is_missing() -> None:
    """The oracle is no yes-man: a unit of which one cent was left out is named."""
    rng = random.Random("closing/7")
    one = paid_for(rng, order_of(rng))
    first = next(price for price in one.prices if price.paid.minor > 1)
    _refund(one, first.subject, first.paid.minor - 1)
    assert any(line.startswith(f"{first.subject}:") for line in wrong_with(one))


def test_a_fee_is_withheld_once_and_never_below_zero() -> None:
    """Asked for twice it is kept once; asked for more than is left, it is what is left, with its share of the tax."""
    rng = random.Random("closing/1")
    one = paid_for(rng, order_of(rng))
    price = next(p for p in one.prices if p.paid.minor > 10)
    fee = Fee("f", "restocking", "", price.subject, price.paid + price.paid, price.paid, "terms", "case-1", "agent-1")
    assert one.ledger.withhold(fee, at=T0) == price.paid
    assert one.ledger.withhold(fee, at=T0) == price.paid
    (kept,) = one.ledger.fees.values()
    assert (kept.amount, kept.tax.minor) == (price.paid, split_by_weight(price.paid.minor, [1, 1])[0])
    with pytest.raises(NothingLeft):
        one.ledger.reserve(ask("k", Book.RESTITUTION, subjects=(price.subject,)), hold=HOLD, at=T0)
