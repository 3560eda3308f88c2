"""The sums of one order's ledger: what counts, what is left, and who has the rest.

Guarantee: pure readings of the ledger's state, used alike by decisions, answers and statements.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chassis.domain import Money, split_by_weight
from services.returns.domain.ledger.tills import Tills
from services.returns.domain.ledger.values import (
    Book,
    Claim,
    ClaimState,
    Entitlement,
    Fee,
    Given,
    OutsideFact,
    Part,
    TenderRank,
    Transfer,
    TransferState,
)

COUNTING = frozenset({ClaimState.RESERVED, ClaimState.SETTLED, ClaimState.FAILED})
"""States in which the customer has, or may yet get, what was claimed."""

OPEN = (ClaimState.RESERVED, ClaimState.FAILED)


@dataclass(frozen=True, slots=True)
class Books:
    """A view of the ledger's own containers; it reads them and never writes."""

    currency: str
    gesture_budget: Money | None
    entitlements: Mapping[str, Entitlement]
    captures: Mapping[str, tuple[str, Money]]
    authorisations: Mapping[str, tuple[str, Money]]
    tenders: tuple[TenderRank, ...]
    fees: Mapping[str, Fee]
    costs: Mapping[str, Money]
    claims: Mapping[str, Claim]
    transfers: Mapping[str, Transfer]
    outside: Mapping[str, OutsideFact]
    carriers: Mapping[str, str]
    roots: Mapping[str, str]

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.currency)

    def root_of(self, subject: str) -> str:
        """The sold unit whose entitlement `subject` carries, or once carried."""
        return self.roots.get(subject, subject)

    def carrier_of(self, subject: str) -> str:
        """The unit that carries the entitlement of the chain `subject` is in."""
        root = self.root_of(subject)
        return self.carriers.get(root, root)

    def transfers_of(self, claim_id: str) -> tuple[Transfer, ...]:
        """The movements of money of one claim."""
        return tuple(t for t in self.transfers.values() if t.claim_id == claim_id)

    def counted(self, claim: Claim) -> Money:
        """How much of a claim the customer has or may yet get; goods count by what was paid for them."""
        if claim.state not in COUNTING:
            return self.money(0)
        if claim.is_money:
            return self.money(sum(t.amount.minor for t in self.transfers_of(claim.id) if t.counts))
        return self.money(sum(p.amount.minor for p in claim.parts) if claim.state is ClaimState.RESERVED else 0)

    def counted_parts(self, claim: Claim) -> tuple[Part, ...]:
        """The same by unit and component; when less or more moved than was claimed, in proportion."""
        total = self.counted(claim)
        shares = split_by_weight(total.minor, [p.amount.minor for p in claim.parts]) if claim.parts else ()
        return tuple(Part(p.subject, self.money(n)) for p, n in zip(claim.parts, shares, strict=True))

    def given_for(self, root: str, book: Book | None = None) -> int:
        """Minor units given or promised for one entitlement, in restitution and in kind unless one is named."""
        books = (book,) if book else (Book.RESTITUTION, Book.IN_KIND)
        about = [
            claim
            for claim in self.claims.values()
            if claim.ask.book in books and any(self.root_of(part.subject) == root for part in claim.parts)
        ]
        return sum(
            part.amount.minor
            for claim in about
            for part in self.counted_parts(claim)
            if self.root_of(part.subject) == root
        )

    def left_of(self, subject: str) -> Money:
        """What may still be given for a unit or component: nothing, where another unit carries its entitlement."""
        root = self.root_of(subject)
        entitlement = self.entitlements.get(root)
        if entitlement is None or self.carrier_of(subject) != subject:
            return self.money(0)
        return self.money(max(entitlement.amount.minor - self.given_for(root) - self.withheld_from(root), 0))

    def is_given_back(self, subject: str) -> bool:
        """Whether all that was paid for a unit was given back in money, or is on its way."""
        root = self.root_of(subject)
        entitlement = self.entitlements.get(root)
        if entitlement is None or not entitlement.amount.minor:
            return False
        return self.given_for(root) + self.withheld_from(root) >= entitlement.amount.minor

    def withheld_from(self, root: str) -> int:
        """Minor units the shop keeps by name of what was paid for one unit or component."""
        return sum(fee.amount.minor for fee in self.fees.values() if fee.subject == root)

    def is_replaced(self, subject: str) -> bool:
        """Whether goods for this unit are on their way, or another unit carries its entitlement."""
        root = self.root_of(subject)
        waiting = any(
            claim.state is ClaimState.RESERVED and any(self.root_of(p.subject) == root for p in claim.parts)
            for claim in self.claims.values()
            if not claim.is_money
        )
        return waiting or self.carrier_of(subject) != subject

    def left_of_costs(self, cost_id: str) -> Money:
        """What of a proven cost was not paid yet."""
        return self.money(max(self.costs.get(cost_id, self.money(0)).minor - self.given_for(cost_id, Book.COSTS), 0))

    def gestures(self) -> Money:
        """All goodwill given so far."""
        return self.money(sum(self.counted(c).minor for c in self.claims.values() if c.ask.book is Book.GESTURES))

    def excess(self) -> Money:
        """By how much what moved exceeds what was taken."""
        excess = self.tills.moved().minor - self.tills.captured().minor
        return self.money(max(excess, 0)) if self.captures else self.money(0)

    @property
    def tills(self) -> Tills:
        """What was taken by whom, and what each may still give back."""
        return Tills(self.currency, self.captures, self.authorisations, self.tenders, self.transfers, self.outside)

    def given(self, roots: Iterable[str] | None = None, books: Iterable[Book] = tuple(Book)) -> tuple[Given, ...]:
        """Who has what: of some entitlements, or of all."""
        wanted = None if roots is None else frozenset(roots)
        return tuple(self._given(wanted, frozenset(books)))

    def _given(self, roots: frozenset[str] | None, books: frozenset[Book]) -> Iterator[Given]:
        for claim in self.claims.values():
            touched = roots is None or any(self.root_of(p.subject) in roots for p in claim.parts)
            if claim.state in COUNTING and claim.ask.book in books and touched:
                yield given_by(claim, self.counted(claim), self.state_of(claim))
        if Book.OUTSIDE in books:
            for fact in self.outside.values():
                yield Given("outside", "", fact.id, Book.OUTSIDE, fact.amount, (), fact.kind, fact.at, "")

    def state_of(self, claim: Claim) -> str:
        """A claim's state with that of its movements rolled up: the least certain first."""
        states = {t.state for t in self.transfers_of(claim.id) if t.counts}
        if claim.state in OPEN and claim.is_money:
            for state in _LEAST_CERTAIN_FIRST:
                if state in states:
                    return state.value
        if claim.overdue and claim.state is ClaimState.RESERVED:
            return "overdue"
        return claim.state.value


_LEAST_CERTAIN_FIRST = (
    TransferState.HELD,
    TransferState.UNKNOWN,
    TransferState.FAILED,
    TransferState.SUBMITTED,
    TransferState.ATTEMPTING,
)


def given_by(claim: Claim, amount: Money, state: str) -> Given:
    """A claim as it is told to whoever is refused."""
    ask = claim.ask
    subjects = tuple(p.subject for p in claim.parts)
    return Given(ask.requester, ask.case_id, ask.request_key, ask.book, amount, subjects, state, claim.at, ask.by)
