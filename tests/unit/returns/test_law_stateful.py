"""Random walks through both of the law's flows on one order: nothing it gives is declined, paid twice, or forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.domain import DomainError
from services.returns.application.noticing import Withdrawn
from services.returns.bootstrap import MODEL
from services.returns.domain.conformity import Conformity
from services.returns.domain.ledger import Book, TransferState
from services.returns.domain.order import PaymentFact, PaymentKind
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.build import ask, eur, shipping, units
from tests.unit.returns.conforming import asked, evidence, goods_asked, reported, sold, unit_back
from tests.unit.returns.withdrawing import came_back, noticed
from tests.unit.returns.world import CUSTOMER, World

PAID = {"l1#1": 1000, "l1#2": 1000, "ship": 490}
minutes = st.integers(0, 40 * 24 * 60)


class Walk(RuleBasedStateMachine):
    """One order of two units, its customer, its desk, its payment system, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.receipts = self.moved = 0
        self.bounced: set[str] = set()
        self.effective: dict[Any, set[str]] = {}

    @initialize(days=st.integers(1, 500))
    def an_order(self, days: int) -> None:
        self.world: World = self.loop.run_until_complete(sold(days, components=(shipping(490),)))

    def try_(self, step: Callable[[], Awaitable[Any]]) -> None:
        """What is refused writes nothing."""
        before = len(self.world.events)
        try:
            self.loop.run_until_complete(step())
        except (DomainError, KeyError):  # a file that nobody opened is no key of the memory
            assert len(self.world.events) == before

    @rule(number=st.integers(1, 2), sought=st.sampled_from(["", "repair", "replacement"]))
    def report(self, number: int, sought: str) -> None:
        self.try_(lambda: reported(self.world, number, sought=sought))

    @rule(says=st.sampled_from(["lack", "no_lack"]))
    def show(self, says: str) -> None:
        self.try_(lambda: evidence(self.world, says, "expert", f"x-{len(self.world.events)}"))

    @rule(severity=st.sampled_from(["minor", "ordinary", "serious"]))
    def acknowledge(self, severity: str) -> None:
        self.try_(lambda: asked(self.world, "acknowledge_lack", severity, "seen"))

    @rule(named=st.lists(st.integers(1, 3), max_size=2))
    def reject(self, named: list[int]) -> None:
        self.try_(lambda: asked(self.world, "reject_lack", tuple(named), "not shown"))

    @rule()
    def ask_for_proof(self) -> None:
        self.try_(lambda: asked(self.world, "ask_for_proof"))

    @rule(remedy=st.sampled_from(["repair", "replacement"]), refuse=st.booleans())
    def remedy(self, remedy: str, refuse: bool) -> None:
        if refuse:
            self.try_(lambda: asked(self.world, "refuse_remedy", remedy, "impossible", "no part", None, None))
        else:
            self.try_(lambda: asked(self.world, "choose_remedy", remedy))

    @rule(goods=st.booleans())
    def start(self, goods: bool) -> None:
        self.try_(lambda: asked(self.world, "start_remedy", goods_needed=goods))

    @rule(state=st.sampled_from(["succeeded", "failed", "unknown"]), last=st.booleans())
    def the_shop_answers(self, state: str, last: bool) -> None:
        effects = [self.world.effect(key, kind) for kind, key in goods_asked(self.world)]
        if effects:
            self.try_(lambda: self.world.effect_moved(effects[-1 if last else 0], state, "out_of_stock"))

    @rule(as_is=st.integers(0, 899))
    def reduce(self, as_is: int) -> None:
        self.try_(lambda: asked(self.world, "reduce_price", eur(900), eur(as_is)))

    @rule()
    def terminate(self) -> None:
        self.try_(lambda: asked(self.world, "terminate", actor=CUSTOMER))

    @rule()
    def drop(self) -> None:
        self.try_(lambda: asked(self.world, "drop_lack", "works", actor=CUSTOMER))

    @rule()
    def prove_sending(self) -> None:
        self.try_(lambda: asked(self.world, "prove_conformity_sending", "dhl", "T1", None, actor=CUSTOMER))

    @rule()
    def unit_arrives(self) -> None:
        self.receipts += 1
        self.try_(lambda: unit_back(self.world, f"r{self.receipts}"))

    @rule(number=st.integers(1, 2))
    def withdraw(self, number: int) -> None:
        self.try_(lambda: noticed(self.world, Withdrawn("l1", 1, (number,))))

    @rule(last=st.booleans(), arrives=st.booleans())
    def withdrawn_goods(self, last: bool, arrives: bool) -> None:
        known = [a for a in self.world.memory.held.values() if isinstance(a, Withdrawal)]
        if not known:
            return
        one = known[-1 if last else 0]
        self.receipts += 1
        if arrives:
            self.try_(lambda: came_back(self.world, one, 1, f"r{self.receipts}"))
        else:
            self.try_(
                lambda: self.world.run(
                    lambda work: self.world.app.prove_sending(work, one.id, (), "dhl", "T1", None), CUSTOMER
                )
            )

    @rule(number=st.integers(1, 9))
    def a_receipt_never_happened(self, number: int) -> None:
        self.try_(
            lambda: self.world.run(lambda work: self.world.app.receipt_voided(work, "s1", f"r{number}", "mistake"))
        )

    @rule(bounces=st.booleans(), last=st.booleans())
    def the_provider_says(self, bounces: bool, last: bool) -> None:
        transfers = list(self.world.ledger().transfers.values())
        if not transfers:
            return
        one = transfers[-1 if last else 0]
        if one.key in self.bounced:
            return  # what a provider says of one refund both ways is the ledger's own test
        if bounces:
            self.bounced.add(one.key)
        tell = self.world.bounced if bounces else self.world.paid
        self.try_(lambda: tell(one.key, one.amount, f"re-{one.key}"))

    @rule(minor=st.sampled_from([490, 700, 1000, 1490]))
    def money_moves_elsewhere(self, minor: int) -> None:
        self.moved += 1
        reference = f"dash-{self.moved}"
        self.try_(lambda: self.world.paid("", eur(minor), reference, request_id="", outside=True))

    @rule(opened=st.booleans())
    def dispute(self, opened: bool) -> None:
        kind = PaymentKind.DISPUTE_OPENED if opened else PaymentKind.DISPUTE_WON
        fact = PaymentFact(kind, "dp-1", "card", eur(1000), self.world.now)
        self.try_(lambda: self.world.run(lambda work: self.world.app.payment_told(work, "s1", "o1", fact)))

    @rule(key=st.sampled_from(["k1", "k2"]), book=st.sampled_from([Book.RESTITUTION, Book.IN_KIND]))
    def another_service_gives(self, key: str, book: Book) -> None:
        theirs = ask(key, book, units=units("l1", 1))
        self.try_(lambda: self.world.run(lambda work: self.world.app.compensation_requested(work, "s1", "o1", theirs)))

    @rule(later=minutes)
    def time_passes(self, later: int) -> None:
        """Every duty that is due is looked at, and what was looked at does not ask again at once."""
        self.world.now += timedelta(minutes=later)
        for _ in range(8):
            due = [
                (aggregate.id, timer.key)
                for aggregate in self.world.memory.held.values()
                for timer in MODEL.timers(aggregate)
                if timer.kind == "duty_due" and timer.due_at <= self.world.now
            ]
            if not due:
                return
            for id, key in due:
                self.loop.run_until_complete(self.world.fire("duty_due", id, key))
        raise AssertionError(f"timers that fire for ever: {due}")

    @invariant()
    def nothing_is_given_twice(self) -> None:
        if not hasattr(self, "world"):
            return
        books = self.world.ledger().books
        for subject, paid in PAID.items():
            assert books.given_for(subject) + books.withheld_from(subject) <= paid, subject
        ours = [t for t in self.world.ledger().transfers.values() if t.state is not TransferState.RELEASED]
        assert sum(t.amount.minor for t in ours) <= sum(PAID.values())

    @invariant()
    def nobody_declines_a_withdrawal(self) -> None:
        for known in self.aggregates(Withdrawal):
            was = self.effective.setdefault(known.id, set(known.effective))
            assert was <= set(known.effective)
            owed = [unit for unit in known.effective if known.is_owed(unit)]
            assert not owed or known.is_open or known.noticed_at is None
            if known.is_open and known.payable:
                assert known.repay_due() is not None
            for duty in known.duties({}):
                assert duty.state not in ("open", "missed") or duty.due_at is not None

    @invariant()
    def an_open_duty_has_a_date_and_money_a_rule(self) -> None:
        for known in self.aggregates(Conformity):
            for duty in known.duties({}):
                assert duty.state not in ("open", "missed") or duty.due_at is not None
            assert known.is_open or known.is_settled
            if known.money is not None:
                assert known.money.rule.source
        reasons = [c.ask.reason for c in self.world.ledger().claims.values()] if hasattr(self, "world") else []
        money = [reason for reason in reasons if reason.startswith(("price_reduction", "termination"))]
        assert all(reason.rpartition("_")[2] in ("refused", "failed", "late", "again", "serious") for reason in money)

    def aggregates(self, kind: type) -> list[Any]:
        return [a for a in self.world.memory.held.values() if isinstance(a, kind)] if hasattr(self, "world") else []

    def teardown(self) -> None:
        self.loop.close()


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
