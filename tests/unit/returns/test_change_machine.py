"""The change of an order under any sequence of what can be told: it never owes what was not confirmed, never loses a
unit, and its fold is its state."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from casework.errors import CaseIsClosed
from chassis.domain import Money
from services.returns.domain.case.values import MoneyState
from services.returns.domain.change import AskedUnder, ChangedUnit, ChangeKind, OrderChange, UnitStage, Wish
from services.returns.domain.errors import NothingToDo, WrongStage
from tests.unit.returns.build import CASE, DAY, T0, eur

UNITS = ("l1#1", "l1#2", "l1#3")
REFUSALS = (WrongStage, NothingToDo, CaseIsClosed)


class Change(RuleBasedStateMachine):
    """One cancellation of three units at ten, and shipping at five."""

    @initialize(overtaken=st.sampled_from(("return", "interception", "person")))
    def asked(self, overtaken: str) -> None:
        units = tuple(ChangedUnit(u, "l1", n, "sku", "Boot", eur(1000)) for n, u in enumerate(UNITS, 1))
        wish = Wish(ChangeKind.CANCEL, "changed_mind", units, (("ship", eur(500)),))
        under = AskedUnder("default", "3", "cancel", overtaken, 4, T0 + DAY)
        self.now, self.claims, self.left = T0, 0, set[str]()
        self.known = OrderChange.request(
            CASE, shop_id="s1", order_id="o1", customer_id="c1", wish=wish, under=under, channel="", by="c", at=T0
        )

    @rule()
    def confirmed(self) -> None:
        before = self.known.at_stage(UnitStage.CONFIRMED)
        self.known.confirm("W-1", None, by="shop", at=self.now)
        assert set(before) <= set(self.known.at_stage(UnitStage.CONFIRMED))

    @rule()
    def refused(self) -> None:
        self.known.refuse("already_packed", by="shop", at=self.now)
        assert not self.known.is_asked

    @rule(units=st.sets(st.sampled_from(UNITS), min_size=1))
    def parcel_left(self, units: set[str]) -> None:
        overtaken = self.known.leave(units, "p1", at=self.now)
        self.left |= set(overtaken)
        if overtaken and self.known.under.overtaken == "person":
            self.known.leave_to_person("left", at=self.now)
        elif overtaken:
            self.known.become_return("rma", overtaken, at=self.now)

    @rule(units=st.sets(st.sampled_from(UNITS), min_size=1))
    def withdrawn(self, units: set[str]) -> None:
        self.known.give_way(units, "w1", at=self.now)

    @rule()
    def paid(self) -> None:
        left = self.known.outstanding
        if left is not None and left.minor:
            self.claims += 1
            self.known.plan_money(f"k{self.claims}", f"r{self.claims}", left, (), by="system", at=self.now)

    @rule(state=st.sampled_from(MoneyState))
    def money_moved(self, state: MoneyState) -> None:
        for claim_id, refund in list(self.known.refunds.items()):
            self.known.refund_moved(claim_id, state, refund.amount, "re", "bounced", at=self.now)

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.now += hours * (DAY / 24)
        told = len(self.known.pending_events)
        self.known.miss_answer(at=self.now)
        again = len(self.known.pending_events)
        self.known.miss_answer(at=self.now)
        assert len(self.known.pending_events) == again >= told, "one silence was told twice"

    @rule()
    def closed_by_a_person(self) -> None:
        before = len(self.known.pending_events)
        try:
            self.known.settle_by_person("looked", by="sue", at=self.now)
        except REFUSALS:
            assert len(self.known.pending_events) == before

    @invariant()
    def every_unit_is_somewhere(self) -> None:
        assert set(self.known.stages) == set(UNITS)
        assert self.left <= set(self.known.at_stage(UnitStage.OVERTAKEN)), "what left was called back by a word"

    @invariant()
    def only_what_was_confirmed_is_owed_and_once(self) -> None:
        confirmed = len(self.known.at_stage(UnitStage.CONFIRMED))
        whole = 500 if confirmed == len(UNITS) else 0
        owed = self.known.owed or Money(0, "EUR")
        assert owed.minor == confirmed * 1000 + whole
        given = sum(r.amount.minor for r in self.known.refunds.values() if r.state is not MoneyState.FAILED)
        # what failed may have been sent again before the first turned out to have arrived: that is the ledger's bound
        assert self.claims > 1 or given <= owed.minor

    @invariant()
    def what_is_over_waits_for_nobody(self) -> None:
        if not self.known.is_open and self.known.outcome != "settled_by_person":
            assert self.known.ending() == self.known.outcome or self.known.outcome == "done"
            assert not self.known.is_asked

    @invariant()
    def the_fold_of_its_events_is_its_state(self) -> None:
        folded = None
        for event in self.known.pending_events:
            folded = event.mutate(folded)
        assert folded is not None
        names = (
            "stages",
            "refunds",
            "missed",
            "held_back",
            "returned",
            "person_for",
            "closed_at",
            "waiting_on",
            "queue",
        )
        assert {n: getattr(folded, n) for n in names} == {n: getattr(self.known, n) for n in names}


TestChange = Change.TestCase
TestChange.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
