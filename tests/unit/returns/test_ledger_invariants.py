"""Whatever happens in whatever order, and whoever dies over it: the ledger never gives more than was paid."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.returns.domain.errors import NothingLeft
from services.returns.domain.ledger import Book, ClaimState, Fee, Ledger, OutsideFact, TransferState
from services.returns.domain.ledger.statement import statement_of
from tests.unit.returns.build import HOLD, T0, ask, eur, state, units

PAID = {"l1#1": 1000, "l1#2": 1000, "l1#3": 999, "ship": 490, "free#1": 0}
CAPTURED = {"card": 2500, "voucher": 989}
REQUESTERS = st.sampled_from(["returns", "shipping_issues", "quality_complaints"])
KEYS = st.sampled_from([f"k{n}" for n in range(8)])
AMOUNTS = st.one_of(st.none(), st.integers(1, 1500).map(eur))


class LedgerMachine(RuleBasedStateMachine):
    """Random askers, providers and warehouses. The oracle keeps its own count of money by plain addition."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger.open("s1", "o1", at=T0)
        self.now = T0
        self.elsewhere = 0

    @initialize(known=st.booleans())
    def half_of_the_orders_are_known_and_paid_from_the_start(self, known: bool) -> None:
        if known:
            self.order_is_told()
            for tender in CAPTURED:
                self.money_is_captured(tender)

    @rule()
    def order_is_told(self) -> None:
        state(self.ledger, PAID, budget=500)

    @rule(tender=st.sampled_from(sorted(CAPTURED)))
    def money_is_captured(self, tender: str) -> None:
        self.ledger.count_capture(f"cap-{tender}", tender, eur(CAPTURED[tender]), hold=HOLD, at=self.now)

    @rule(requester=REQUESTERS, key=KEYS, subjects=st.sets(st.sampled_from(sorted(PAID)), min_size=1), amount=AMOUNTS)
    def money_is_asked(self, requester: str, key: str, subjects: set[str], amount: object) -> None:
        self.ledger.request(
            ask(key, requester=requester, subjects=tuple(sorted(subjects)), amount=amount), hold=HOLD, at=self.now
        )

    @rule(key=KEYS, number=st.integers(1, 3))
    def goods_are_asked(self, key: str, number: int) -> None:
        self.ledger.request(ask(f"g{key}", Book.IN_KIND, units=units("l1", 1, number)), hold=HOLD, at=self.now)

    @rule(key=KEYS, amount=st.integers(1, 400))
    def a_gesture_is_given(self, key: str, amount: int) -> None:
        if self.ledger.knows_order:
            gesture = ask(f"b{key}", Book.GESTURES, requester="returns", amount=eur(amount))
            try:
                self.ledger.reserve(gesture, hold=HOLD, at=self.now)
            except NothingLeft:
                pass

    @rule(requester=REQUESTERS, key=KEYS)
    def it_is_released(self, requester: str, key: str) -> None:
        self.ledger.release(requester, key, "not needed", at=self.now)
        self.ledger.release(requester, f"g{key}", "not needed", at=self.now)

    @rule(key=KEYS, owed=st.booleans())
    def goods_go_out(self, key: str, owed: bool) -> None:
        known = self.ledger.claim_of("shipping_issues", f"g{key}")
        if known is not None and known.state is ClaimState.RESERVED:
            self.ledger.settle_goods(
                "shipping_issues",
                f"g{key}",
                "o2",
                (),
                with_customer=tuple(p.subject for p in known.parts) if owed else (),
                at=self.now,
            )

    @rule(number=st.integers(1, 3))
    def goods_come_back(self, number: int) -> None:
        self.ledger.goods_came_back(f"l1#{number}", f"receipt {number}", at=self.now)

    @rule(number=st.integers(1, 3))
    def goods_never_came(self, number: int) -> None:
        self.ledger.goods_never_came(f"l1#{number}", f"receipt {number}", at=self.now)

    @rule(pick=st.integers(0, 50), to=st.sampled_from([TransferState.ATTEMPTING, TransferState.UNKNOWN]))
    def an_attempt_is_made(self, pick: int, to: TransferState) -> None:
        if keys := sorted(self.ledger.transfers):
            self.ledger.transfer_moved(keys[pick % len(keys)], to, attempts=1, at=self.now)

    @rule(pick=st.integers(0, 50))
    def the_provider_paid(self, pick: int) -> None:
        paying = [t for k, t in sorted(self.ledger.transfers.items()) if t.state is not TransferState.RELEASED]
        if paying:
            transfer = paying[pick % len(paying)]
            self.ledger.transfer_settled(transfer.key, transfer.amount, "re", at=self.now)

    @rule(pick=st.integers(0, 50))
    def the_provider_failed(self, pick: int) -> None:
        if keys := sorted(self.ledger.transfers):
            self.ledger.transfer_failed(keys[pick % len(keys)], "declined", at=self.now)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.ledger.overdue(at=self.now)

    @rule(subject=st.sampled_from(sorted(PAID)), minor=st.integers(1, 600), name=st.sampled_from(["stock", "label"]))
    def a_fee_is_kept(self, subject: str, minor: int, name: str) -> None:
        if self.ledger.knows_order:
            fee = Fee(f"{name}:{subject}", name, "", subject, eur(minor), eur(0), "terms", "case-1", "agent-1")
            self.ledger.withhold(fee, at=self.now)

    @rule(pick=st.integers(0, 50))
    def a_fee_is_waived(self, pick: int) -> None:
        if keys := sorted(self.ledger.fees):
            self.ledger.waive(keys[pick % len(keys)], "kindness", by="agent-1", at=self.now)

    @rule(
        requester=REQUESTERS, key=KEYS, subject=st.sampled_from(sorted(PAID)), amount=AMOUNTS, committed=st.booleans()
    )
    def a_process_dies_over_a_claim(
        self, requester: str, key: str, subject: str, amount: object, committed: bool
    ) -> None:
        """Before its commit nothing of it is left, after it everything; whoever asked asks again, under its key."""
        wanted = ask(key, requester=requester, subjects=(subject,), amount=amount)
        stored = list(self.ledger.pending_events)
        self.ledger.request(wanted, hold=HOLD, at=self.now)
        survives = list(self.ledger.pending_events) if committed else stored
        copy: Ledger | None = None
        for event in survives:
            copy = event.mutate(copy)
        assert copy is not None
        copy.pending_events.extend(survives)
        self.ledger = copy
        known = len(self.ledger.claims)
        self.ledger.request(wanted, hold=HOLD, at=self.now)
        assert len(self.ledger.claims) <= known + (0 if committed else 1)

    @rule(minor=st.integers(1, 800))
    def money_moves_elsewhere(self, minor: int) -> None:
        self.elsewhere += minor
        fact = OutsideFact(f"refund:{self.elsewhere}", "refund", "card", eur(minor), self.now)
        self.ledger.count_outside(fact, at=self.now)

    def own(self) -> int:
        return sum(t.amount.minor for t in self.ledger.transfers.values() if t.state is not TransferState.RELEASED)

    @invariant()
    def no_unit_gets_more_than_was_paid_for_it(self) -> None:
        for subject, paid in PAID.items():
            given = sum(
                part.amount.minor
                for claim in self.ledger.claims.values()
                if claim.ask.book in (Book.RESTITUTION, Book.IN_KIND)
                for part in self.ledger.books.counted_parts(claim)
                if self.ledger.books.root_of(part.subject) == subject
            )
            kept = sum(fee.amount.minor for fee in self.ledger.fees.values() if fee.subject == subject)
            assert given + kept <= paid, (subject, given, kept)

    @invariant()
    def our_own_money_never_exceeds_what_was_captured(self) -> None:
        captured = sum(amount.minor for _, amount in self.ledger.captures.values())
        assert self.own() <= captured
        if not self.elsewhere:
            for tender in CAPTURED:
                through = sum(
                    t.amount.minor
                    for t in self.ledger.transfers.values()
                    if t.tender_id == tender and t.state is not TransferState.RELEASED
                )
                assert through <= self.ledger.books.tills.captured(tender).minor

    @invariant()
    def goodwill_stays_within_its_budget(self) -> None:
        assert self.ledger.books.gestures() <= eur(500) if self.ledger.currency else True

    @invariant()
    def what_exceeds_freezes(self) -> None:
        excess = self.own() + self.elsewhere - sum(a.minor for _, a in self.ledger.captures.values())
        if self.ledger.knows_order and self.ledger.captures:
            assert self.ledger.frozen is (excess > 0)

    @invariant()
    def the_statement_closes(self) -> None:
        statement = statement_of(self.ledger.books)
        assert statement.closes
        assert statement.paid == statement.refunded + statement.pending + statement.kept
        assert statement.refunded + statement.pending == self.own() + self.elsewhere

    @invariant()
    def the_events_alone_give_the_same_state(self) -> None:
        copy: Ledger | None = None
        for event in self.ledger.pending_events:
            copy = event.mutate(copy)
        assert copy is not None
        mine, theirs = vars(self.ledger).copy(), vars(copy).copy()
        mine.pop("_pending_events"), theirs.pop("_pending_events")
        assert mine == theirs


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLedger = LedgerMachine.TestCase
