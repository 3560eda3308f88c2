"""What holds of one order whatever happened to it.

Guarantee: money is counted here by plain addition, from what the provider did and from each movement alone; nothing in
here asks the ledger for a sum it rests its own decisions on.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from uuid import UUID

from chassis.domain import Aggregate, Personal
from chassis.effects.effect import Effect
from chassis.effects.states import State
from services.returns.domain.case import CaseRefund, MoneyState, ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.ledger import Book, Claim, ClaimState, Ledger, TransferState, Way
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.order import Order
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.exploring.provider import Provider
from tests.unit.returns.exploring.shop import MoneyCase, Shop

_LEAST_CERTAIN_FIRST = (
    TransferState.HELD,
    TransferState.UNKNOWN,
    TransferState.FAILED,
    TransferState.SUBMITTED,
    TransferState.ATTEMPTING,
    TransferState.PLANNED,
    TransferState.SETTLED,
)

MOVED_BY = {
    State.PLANNED: {
        TransferState.PLANNED,
        TransferState.RELEASED,
        TransferState.ATTEMPTING,
        TransferState.UNKNOWN,
        TransferState.HELD,
    },
    State.ATTEMPTING: {TransferState.ATTEMPTING},
    State.SUBMITTED: {TransferState.SUBMITTED},
    State.UNKNOWN: {TransferState.UNKNOWN},
    State.HELD: {TransferState.HELD},
    State.SUCCEEDED: {TransferState.SUBMITTED, TransferState.SETTLED, TransferState.FAILED, TransferState.RELEASED},
    State.FAILED: {TransferState.FAILED, TransferState.RELEASED},
}
"""Where a movement may stand while its effect stands there. What came to nothing, or is to be tried again by a
person's word, waits for its next attempt; what succeeded can fail afterwards, by its own fact."""

TAKEN_ALL_THE_SAME = {TransferState.FAILED, TransferState.RELEASED}
"""A release of what was then taken has failed by that fact, whatever its call still brings."""


def hold(shop: Shop, provider: Provider, most: Mapping[tuple[str, str], int], touched: Collection[UUID]) -> None:
    """All of them, after a step that touched these aggregates; what was not touched holds still."""
    nothing_is_paid_twice(shop, provider)
    money_is_the_fold_of_its_effects(shop)
    for ledger in shop.all(Ledger):
        if ledger.id in touched:
            nothing_is_given_beyond_what_was_paid(ledger, most)
            the_statement_closes(ledger)
    nothing_is_carried_twice(shop)
    units_are_conserved(shop)
    a_unit_is_in_one_thing_at_a_time(shop)


def nothing_is_given_beyond_what_was_paid(ledger: Ledger, most: Mapping[tuple[str, str], int]) -> None:
    """For each unit and component: what is given or reserved and what is kept by name, but for named overrides."""
    given: Counter[str] = Counter()
    for claim in ledger.claims.values():
        if claim.ask.override_by:
            assert claim.ask.override_reason
            continue
        if claim.is_money and claim.ask.book is Book.RESTITUTION:
            given.update(_shares(ledger, claim))
        elif claim.ask.book is Book.IN_KIND and claim.state is ClaimState.RESERVED:
            given.update(_sum((_root(ledger, part.subject), part.amount.minor) for part in claim.parts))
    given.update(_sum((fee.subject, fee.amount.minor) for fee in ledger.fees.values()))
    paid = {subject: most.get((ledger.order_id, subject), _made_cheaper(ledger, subject)) for subject in given}
    beyond = {s: (n, paid[s]) for s, n in given.items() if n > paid[s]}
    assert not beyond, f"given beyond what was paid: {beyond}"


def nothing_is_paid_twice(shop: Shop, provider: Provider) -> None:
    """By what was really done: one payment a key, none that its ledger does not count, and over each order and all that
    followed from it none beyond what was taken."""
    twice = {key: n for key, n in Counter(p.key for p in provider.payments).items() if n > 1}
    assert not twice, f"paid twice: {twice}"
    stands = provider.stands()
    for ledger in shop.all(Ledger):
        for key in stands.keys() & ledger.transfers.keys():
            transfer = ledger.transfers[key]
            assert transfer.state is not TransferState.PLANNED, f"{key} was paid before its attempt was written down"
            assert not stands[key] or transfer.counts, f"{key} is with the customer, and the ledger let it go"
        taken = sum(amount.minor for _, amount in ledger.captures.values())
        sent = sum(t.amount.minor for t in ledger.transfers.values() if t.counts and t.way is not Way.RELEASE)
        assert sent <= taken, f"{sent} of {taken} are sent for {ledger.order_id}"
        moved = sum(minor for key, minor in stands.items() if key in ledger.transfers)
        assert moved <= taken, f"{moved} of {taken} went back for {ledger.order_id}"
    known = {key for ledger in shop.all(Ledger) for key in ledger.transfers}
    assert stands.keys() <= known, f"{stands.keys() - known} are in no ledger"


def money_is_the_fold_of_its_effects(shop: Shop) -> None:
    """Each movement stands where its effect does, and each case shows where its movements are."""
    effects = {effect.key: effect for effect in shop.all(Effect)}
    asked: set[str] = set()
    shown = {id: refund for case in shop.money_cases for id, refund in _refunds(case).items()}
    for ledger in shop.all(Ledger):
        for key, transfer in ledger.transfers.items():
            effect = effects[key]
            too_late = transfer.way is Way.RELEASE and transfer.reason == "captured"
            may = MOVED_BY[effect.state] | (TAKEN_ALL_THE_SAME if too_late else set())
            assert transfer.state in may, f"{key}: {effect.state} gave {transfer.state}"
        for claim in ledger.claims.values():
            if claim.is_money and claim.ask.requester == "returns":
                asked.add(claim.id)
                refund = shown.get(claim.id)
                assert refund is not None, f"{claim.id} is shown by nobody"
                assert refund.state is _shown(ledger, claim.id), f"{claim.id} is shown as {refund.state}"
    assert asked == shown.keys(), "a case and the ledgers disagree about what was asked"


def the_statement_closes(ledger: Ledger) -> None:
    """Paid = refunded + pending + kept, on each line and in the sums."""
    if ledger.currency:
        statement = statement_of(ledger.books)
        assert statement.closes
        assert statement.paid == statement.refunded + statement.pending + statement.kept


def nothing_is_carried_twice(shop: Shop) -> None:
    """What was paid for a unit is reserved for one exchange at a time, and stands for the new unit only while that
    exchange stands; one that is off has nothing reserved any more."""
    for case, known in shop.exchanges:
        for value in known.claims:
            ledger = shop.ledger(value.order_id)
            claim = ledger.claim_of("returns", value.request_key)
            assert claim is not None and claim.ask.book is Book.IN_KIND
            may = {ClaimState.SETTLED} if known.new_order_id else {ClaimState.RESERVED}
            if known.is_off:
                may = {ClaimState.RELEASED, ClaimState.SETTLED}
            assert claim.state in may, f"{known.exchange_id} is {known.stage.value}, its value {claim.state.value}"
    for case in shop.cases:
        going = Counter(known.unit_id for known in case.exchanges.values() if not known.is_off)
        assert all(n == 1 for n in going.values()), f"exchanged twice at a time: {going}"


def units_are_conserved(shop: Shop) -> None:
    """A unit is in one return, lies in one receipt, and every piece of a receipt is accounted for once."""
    orders = {order.order_id: order for order in shop.all(Order)}
    lying: Counter[tuple[str, str]] = Counter()
    for any_case in shop.goods_cases:
        order_id = any_case.order_id
        lying.update((order_id, unit) for receipt in any_case.receipts.values() for unit in receipt.units)
    for case in shop.cases:
        holders = orders[case.order_id].units_in_returns
        for unit_id in [unit_id for unit_id, unit in case.units.items() if unit.receipt_number]:
            assert holders.get(unit_id) == str(case.id), f"{unit_id} came back in {case.id} and is not held by it"
        for receipt in case.receipts.values():
            if receipt.voided:
                continue
            for unit in receipt.units:
                assert case.units[unit].receipt_number == receipt.receipt_number, f"{unit} lies in another receipt"
            announced = [u for u in receipt.units if case.units[u].announced]
            pieces = sum(line.quantity for line in receipt.lines)
            told = len(announced) + receipt.extra + receipt.wrong + receipt.unknown
            assert pieces == told, f"{receipt.receipt_number}: {pieces} pieces, {told} accounted for"
            assert all(len(line.units) <= line.quantity for line in receipt.lines)
    # what the law has a file of can lie there and, for goodwill, in a return
    by_law = {(id, unit) for id, order in orders.items() for unit in order.withdrawn}
    by_law |= {(known.order_id, known.unit_id) for known in shop.all(Conformity)}
    twice = {name: n for name, n in lying.items() if n > (2 if name in by_law else 1)}
    assert not twice, f"came back twice: {twice}"


def a_unit_is_in_one_thing_at_a_time(shop: Shop) -> None:
    """In one return or file, and in no change beside it; what was withdrawn from is in no change."""
    for order in shop.all(Order):
        both = order.units_in_changes.keys() & (order.units_in_returns.keys() | order.withdrawn.keys())
        assert not both, f"{both} are in a change and in something else"


def still_named(value: object) -> set[str]:
    """The persons that a text anywhere in it is about."""
    return {text.subject for text in _texts(value) if text.text is not None}


def _texts(value: object) -> Iterator[Personal]:
    if isinstance(value, Personal):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, Aggregate):
        yield from _texts(vars(value))
    else:
        for name in getattr(type(value), "__dataclass_fields__", ()):
            yield from _texts(getattr(value, name))


def _shares(ledger: Ledger, claim: Claim) -> Counter[str]:
    moved = sum(t.amount.minor for t in ledger.transfers.values() if t.claim_id == claim.id and t.counts)
    asked = sum(part.amount.minor for part in claim.parts)
    whole = moved >= asked  # else what moved less is no unit's alone: it is bounded by the parts together
    if whole:
        return _sum((_root(ledger, part.subject), part.amount.minor) for part in claim.parts)
    return _sum(
        (_root(ledger, part.subject), part.amount.minor * moved // asked) for part in claim.parts if moved and asked
    )


def _shown(ledger: Ledger, claim_id: str) -> MoneyState:
    states = {t.state for t in ledger.transfers.values() if t.claim_id == claim_id and t.counts}
    return MoneyState(next((s for s in _LEAST_CERTAIN_FIRST if s in states), TransferState.FAILED).value)


def _refunds(case: MoneyCase) -> Mapping[str, CaseRefund]:
    return case.repayments if isinstance(case, Withdrawal) else case.refunds


def _made_cheaper(ledger: Ledger, subject: str) -> int:
    """What a swap made cheaper is no part of an order: it is named after its change."""
    kept = ledger.kept.get(subject.removeprefix("change:"))
    return sum(one.amount.minor for one in kept.entitlements) if kept else 0


def _root(ledger: Ledger, subject: str) -> str:
    return ledger.roots.get(subject, subject)


def _sum(amounts: Iterable[tuple[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for subject, minor in amounts:
        sums[subject] += minor
    return sums


def findings_are_as_told(case: ReturnCase, told: dict[tuple[str, str, str], tuple[str, str, object]]) -> None:
    """Each fact of an inspection is the last one written down, with who found it and when."""
    for unit_id, unit in case.units.items():
        for name in ("condition", "responsibility", "disposition"):
            found, known = getattr(unit, name), told.get((str(case.id), unit_id, name))
            if found is not None:
                assert known == (found.value, found.by, found.at), f"{unit_id} {name}: {found} instead of {known}"
