"""What holds of one order whatever happened to it.

Guarantee: money is counted here by plain addition, from what the provider did and from each movement alone; nothing in
here asks the ledger for a sum it rests its own decisions on.
"""

from collections import Counter

from chassis.effects.effect import Effect
from chassis.effects.states import State
from services.returns.domain.case import MoneyState, ReturnCase
from services.returns.domain.ledger import Book, Claim, ClaimState, Ledger, TransferState, Way
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.exploring.provider import Provider
from tests.unit.returns.exploring.shop import Shop

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
    State.PLANNED: {TransferState.PLANNED, TransferState.RELEASED, TransferState.ATTEMPTING, TransferState.HELD},
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


def nothing_is_given_beyond_what_was_paid(shop: Shop, most: dict[str, int]) -> None:
    """For each unit and component: what is given or reserved and what is kept by name, but for named overrides."""
    for ledger in shop.all(Ledger):
        given: Counter[str] = Counter()
        for claim in ledger.claims.values():
            if claim.ask.override_by:
                assert claim.ask.override_reason
                continue
            if claim.is_money and claim.ask.book is Book.RESTITUTION:
                given.update(_shares(ledger, claim))
            elif claim.ask.book is Book.IN_KIND and claim.state is ClaimState.RESERVED:
                given.update({_root(ledger, part.subject): part.amount.minor for part in claim.parts})
        given.update(_sum((fee.subject, fee.amount.minor) for fee in ledger.fees.values()))
        beyond = {s: (n, most.get(s, 0)) for s, n in given.items() if n > most.get(s, 0)}
        assert not beyond, f"given beyond what was paid: {beyond}"


def nothing_is_paid_twice(shop: Shop, provider: Provider) -> None:
    """By what the provider did: one payment a key, none that the ledger does not count, none beyond what was taken."""
    twice = {key: n for key, n in Counter(p.key for p in provider.payments).items() if n > 1}
    assert not twice, f"paid twice: {twice}"
    for ledger in shop.all(Ledger):
        for key, minor in provider.stands().items():
            transfer = ledger.transfers[key]
            assert transfer.state is not TransferState.PLANNED, f"{key} was paid before its attempt was written down"
            assert not minor or transfer.counts, f"{key} is with the customer, and the ledger let it go"
        taken = sum(amount.minor for _, amount in ledger.captures.values())
        sent = sum(t.amount.minor for t in ledger.transfers.values() if t.counts and t.way is Way.REFUND)
        assert sent <= taken, f"{sent} of {taken} are sent"
        assert sum(provider.stands().values()) <= taken


def money_is_the_fold_of_its_effects(shop: Shop) -> None:
    """Each movement stands where its effect does, and each return shows where its movements are."""
    for ledger in shop.all(Ledger):
        effects = {effect.key: effect for effect in shop.all(Effect)}
        for key, transfer in ledger.transfers.items():
            effect = effects[key]
            too_late = transfer.way is Way.RELEASE and transfer.reason == "captured"
            may = MOVED_BY[effect.state] | (TAKEN_ALL_THE_SAME if too_late else set())
            assert transfer.state in may, f"{key}: {effect.state} gave {transfer.state}"
        shown = {id: state for case in shop.goods_cases for id, state in _refunds(case).items()}
        for claim_id, refund in shown.items():
            assert refund is _shown(ledger, claim_id), f"{claim_id} is shown as {refund}"
        asked = set(shown)
        ours = {c.id for c in ledger.claims.values() if c.ask.requester == "returns"}
        assert asked == ours, "a return and the ledger disagree about what was asked"


def the_statement_closes(shop: Shop) -> None:
    """Paid = refunded + pending + kept, on each line and in the sums."""
    for ledger in shop.all(Ledger):
        if ledger.currency:
            statement = statement_of(ledger.books)
            assert statement.closes
            assert statement.paid == statement.refunded + statement.pending + statement.kept


def units_are_conserved(shop: Shop) -> None:
    """A unit is in one return, lies in one receipt, and every piece of a receipt is accounted for once."""
    for id, unit_id in [(str(c.id), u) for c in shop.cases for u, unit in c.units.items() if unit.receipt_number]:
        assert shop.order().units_in_returns.get(unit_id) == id, f"{unit_id} came back in {id} and is not held by it"
    lying: Counter[str] = Counter()
    for any_case in shop.goods_cases:
        lying.update(unit for receipt in any_case.receipts.values() for unit in receipt.units)
    for case in shop.cases:
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
    withdrawn = set(shop.order().withdrawn) if shop.cases or shop.withdrawals else set()
    twice = {unit: n for unit, n in lying.items() if n > (2 if unit in withdrawn else 1)}
    assert not twice, f"came back twice: {twice}"


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


def _refunds(case: ReturnCase | Withdrawal) -> dict[str, MoneyState]:
    known = case.refunds if isinstance(case, ReturnCase) else case.repayments
    return {id: refund.state for id, refund in known.items()}


def _root(ledger: Ledger, subject: str) -> str:
    return ledger.roots.get(subject, subject)


def _sum(amounts: "object") -> Counter[str]:
    sums: Counter[str] = Counter()
    for subject, minor in amounts:  # type: ignore[attr-defined]
        sums[subject] += minor
    return sums


def findings_are_as_told(case: ReturnCase, told: dict[tuple[str, str, str], tuple[str, str, object]]) -> None:
    """Each fact of an inspection is the last one written down, with who found it and when."""
    for unit_id, unit in case.units.items():
        for name in ("condition", "responsibility", "disposition"):
            found, known = getattr(unit, name), told.get((str(case.id), unit_id, name))
            if found is not None:
                assert known == (found.value, found.by, found.at), f"{unit_id} {name}: {found} instead of {known}"
