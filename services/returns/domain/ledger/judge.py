"""May this be given? The bounds of the six books, asked in one place.

Guarantee: what is granted stays within the entitlement of every unit and component, the budget or the
proof, and for money within what was taken and each tender can give back. A refusal names the bound, what
is left for what was asked, and who has the rest.
"""

from collections.abc import Callable, Iterable

from casework.amounts import spoken, written
from chassis.domain import Money, split_by_weight
from services.returns.domain.errors import NothingLeft
from services.returns.domain.identity import unit_id_of
from services.returns.domain.ledger.books import Books, given_by
from services.returns.domain.ledger.values import (
    Ask,
    Book,
    ClaimState,
    Denied,
    Given,
    Granted,
    Part,
    Route,
    UnitsAsked,
)

GESTURE = "gesture"
EXCHANGE = "exchange"
UNSENT = "change"
"""The action of what is given back for goods that never left."""

Available = Callable[[str], bool]


class _Denial(Exception):
    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.bound)
        self.denied = denied


def judge(books: Books, ask: Ask, *, frozen: bool, cancelled: bool) -> Granted | Denied:
    """Grant or deny one ask; the order is known."""
    try:
        if frozen and not ask.override_by:
            raise _denial(books, "frozen", 0, books.given())
        if ask.amount is not None and ask.amount.currency != books.currency:
            raise _denial(books, "entitlement", 0, ())
        match ask.book:
            case Book.RESTITUTION:
                return _restitution(books, ask)
            case Book.IN_KIND:
                return _in_kind(books, ask, cancelled)
            case Book.COSTS:
                return _costs(books, ask)
            case Book.GESTURES:
                return _gesture(books, ask)
            case _:
                raise ValueError(f"nothing is claimed from the book of {ask.book.value}")
    except _Denial as denial:
        return denial.denied


def _restitution(books: Books, ask: Ask) -> Granted:
    subjects = _subjects(books, ask, lambda subject: books.left_of(subject).minor > 0)
    lefts = [books.left_of(subject) for subject in subjects]
    if ask.override_by and ask.amount is not None:
        lefts = [books.entitlements[books.root_of(subject)].amount for subject in subjects]
        parts = _split(books, ask.amount, subjects, lefts)
        return Granted(parts, _through_tenders(books, ask, ask.amount))
    left = books.money(sum(amount.minor for amount in lefts))
    asked = left if ask.amount is None else ask.amount
    if asked > left or asked.minor <= 0:
        raise _denial(books, "entitlement", left.minor, _holders(books, subjects), subjects)
    if ask.amount is None:  # "all that is left" is also no more than can still be paid back
        asked = min(asked, books.tills.available(ask.tender_id), key=lambda money: money.minor)
    return Granted(_split(books, asked, subjects, lefts), _through_tenders(books, ask, asked))


def _in_kind(books: Books, ask: Ask, cancelled: bool) -> Granted:
    if cancelled:
        raise _denial(books, "order_cancelled", 0, ())

    def untouched(subject: str) -> bool:
        entitlement = books.entitlements[books.root_of(subject)].amount
        return not books.is_replaced(subject) and books.left_of(subject) == entitlement

    if ask.action == EXCHANGE:
        return _exchange(books, ask)
    subjects = _subjects(books, ask, untouched)
    if not ask.override_by and not (subjects and all(untouched(subject) for subject in subjects)):
        left = sum(books.left_of(subject).minor for subject in subjects)
        raise _denial(books, "entitlement", left, _holders(books, subjects), subjects)
    parts = tuple(Part(s, books.entitlements[books.root_of(s)].amount) for s in subjects)
    return Granted(parts, ())


def _exchange(books: Books, ask: Ask) -> Granted:
    """Goods for what is left of a unit; nothing is left of one that came for another order's money."""
    subjects = _subjects(books, ask, lambda subject: not books.is_replaced(subject))
    if any(books.is_replaced(subject) for subject in subjects):
        raise _denial(books, "entitlement", 0, _holders(books, subjects), subjects)
    return Granted(tuple(Part(subject, books.left_of(subject)) for subject in subjects), ())


def _costs(books: Books, ask: Ask) -> Granted:
    lefts = [books.left_of_costs(cost_id) for cost_id in ask.subjects]
    left = books.money(sum(amount.minor for amount in lefts))
    asked = left if ask.amount is None else ask.amount
    if asked > left or asked.minor <= 0:
        raise _denial(books, "proof", left.minor, books.given(ask.subjects, (Book.COSTS,)))
    return Granted(_split(books, asked, ask.subjects, lefts), _through_tenders(books, ask, asked))


def _gesture(books: Books, ask: Ask) -> Granted:
    budget = books.gesture_budget or books.money(0)
    left = max(budget.minor - books.gestures().minor, 0)
    asked = books.money(left) if ask.amount is None else ask.amount
    if asked.minor > left or asked.minor <= 0:
        raise _denial(books, "budget", left, books.given(None, (Book.GESTURES,)))
    return Granted((Part(GESTURE, asked),), _through_tenders(books, ask, asked))


def _subjects(books: Books, ask: Ask, available: Available) -> tuple[str, ...]:
    found: list[str] = []
    for units in ask.units:
        found += _units(books, units, available)
    for subject in ask.subjects:
        if books.root_of(subject) not in books.entitlements:
            raise _denial(books, "unknown_unit", 0, ())
        found.append(subject)
    if len(set(found)) != len(found):
        raise _denial(books, "unknown_unit", 0, ())
    return tuple(found)


def _units(books: Books, asked: UnitsAsked, available: Available) -> list[str]:
    if asked.numbers:
        named = [unit_id_of(asked.line_id, n) for n in asked.numbers]
        if any(unit not in books.entitlements for unit in named):
            raise _denial(books, "unknown_unit", 0, ())
        return named
    line = sorted(
        (e for e in books.entitlements.values() if e.number and e.line_id == asked.line_id), key=lambda e: e.number
    )
    if not line:
        raise _denial(books, "unknown_unit", 0, ())
    fit = [e.subject for e in line if available(e.subject)][: asked.quantity]
    if len(fit) < asked.quantity:
        subjects = tuple(e.subject for e in line)
        left = sum(books.left_of(subject).minor for subject in subjects)
        raise _denial(books, "entitlement", left, _holders(books, subjects), subjects)
    return fit


def _split(books: Books, amount: Money, subjects: Iterable[str], lefts: list[Money]) -> tuple[Part, ...]:
    shares = split_by_weight(amount.minor, [left.minor for left in lefts])
    return tuple(Part(subject, books.money(n)) for subject, n in zip(subjects, shares, strict=True))


def _through_tenders(books: Books, ask: Ask, amount: Money) -> tuple[Route, ...]:
    available = books.tills.available(ask.tender_id)
    if amount > available or amount.minor <= 0:
        bound = "tender" if ask.tender_id else "capture"
        raise _denial(books, bound, available.minor, books.given())
    return books.tills.routes(amount, ask.tender_id, unsent=ask.action == UNSENT)


def _holders(books: Books, subjects: Iterable[str]) -> tuple[Given, ...]:
    roots = [books.root_of(subject) for subject in subjects]
    given = books.given(roots, (Book.RESTITUTION, Book.IN_KIND))
    replaced = [
        given_by(claim, books.money(sum(p.amount.minor for p in claim.parts)), claim.state.value)
        for claim in books.claims.values()
        if not claim.is_money
        and claim.state is ClaimState.SETTLED
        and any(books.root_of(p.subject) in roots and books.is_replaced(p.subject) for p in claim.parts)
    ]
    in_money = [g for g in given if g.amount.minor]
    return (*in_money, *replaced)


def _denial(books: Books, bound: str, left: int, given: tuple[Given, ...], units: tuple[str, ...] = ()) -> _Denial:
    with_left = tuple(s for s in units if books.left_of(s).minor > 0 and not books.is_replaced(s))
    return _Denial(Denied(bound, books.money(left), with_left, given))


def nothing_left(denied: Denied) -> NothingLeft:
    """The refusal for a caller: the bound, what is left, and who has the rest."""
    holders = "; ".join(
        f"{spoken(g.amount)} by {g.requester} case {g.case_id} ({g.book.value}, {g.state}, {g.by})"
        for g in denied.given
    )
    return NothingLeft(
        f"{spoken(denied.left)} left by {denied.bound}" + (f"; given: {holders}" if holders else ""),
        bound=denied.bound,
        left=written(denied.left),
        given_by=holders,
    )
