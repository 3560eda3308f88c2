"""Everything that can happen to an order after it was bought, in any order, step by step.

Facts come early, late, twice and contradicting; people ask for what may be done and for what may not; whoever pays and
the shop itself lose answers, change their minds, and do what nobody waited for. After each step every invariant holds.
"""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from chassis.effects.effect import Effect
from chassis.effects.states import Step
from chassis.effects.terms import Terms
from chassis.service import FiredTimer
from chassis.work import Work
from services.returns.bootstrap import MODEL
from services.returns.domain.case import Authorisation, Goods, ReturnCase, Stage
from services.returns.domain.conformity import Conformity
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.exploring import invariants
from tests.unit.returns.exploring.asking import Asking
from tests.unit.returns.exploring.changing import Changing
from tests.unit.returns.exploring.elsewhere import Elsewhere
from tests.unit.returns.exploring.exchanging import Exchanging
from tests.unit.returns.exploring.giving import PROOF, Giving, a_recipient_hears_of_nobody_else
from tests.unit.returns.exploring.lawful import Lawful
from tests.unit.returns.exploring.moving import Moving
from tests.unit.returns.exploring.offered import OFFERING, as_offered
from tests.unit.returns.exploring.paying import Paying
from tests.unit.returns.exploring.provider import OUTCOMES, Provider
from tests.unit.returns.exploring.reached import REACHED
from tests.unit.returns.exploring.shop import Shop, policies
from tests.unit.returns.exploring.walking import PICK, Decide, of
from tests.unit.returns.world import ANN, SUE


class Exploration(Asking, Giving, Lawful, Exchanging, Changing, Paying, Elsewhere, Moving):
    """See the module."""

    @initialize(
        policy=st.sampled_from(sorted(policies())),
        country=st.sampled_from(["DE", "US"]),
        keyed=st.booleans(),
        direct=st.booleans(),
        gift=st.booleans(),
        begun=st.sampled_from(["nothing", "ordered", "paid", "paid", *["delivered"] * 7]),
    )
    def a_shop_opens(self, policy: str, country: str, keyed: bool, direct: bool, gift: bool, begun: str) -> None:
        self.shop = Shop.under(policy)
        self.country, self.direct, self.gift_proof = country, direct, PROOF if gift else ""
        self.provider = Provider(keyed, direct)
        self.terms = Terms(timedelta(days=30) if keyed else None)
        if begun != "nothing":
            self.an_order_is_told("as it was")
        if begun in ("paid", "delivered"):
            self.money_is_taken("card", "all")
            self.money_is_taken("voucher", "all")
        if begun == "delivered":
            self.goods_reach_the_customer("p1", 2)

    # how a day mostly goes: without it a walk at random seldom comes far

    def _the_next_step(self, pick: int, how: str) -> None:
        """What whoever is awaited would do next for one return, withdrawal, file or change."""
        everything = [*self.shop.goods_cases, *self.shop.changes]
        if not everything:
            return
        known = of(everything, pick)
        if isinstance(known, ReturnCase):
            self._of_return(known, pick, how)
        elif isinstance(known, Withdrawal):
            self._of_withdrawal(known, pick)
        elif isinstance(known, Conformity):
            self._of_lack(known, pick)
        else:
            self.ask(lambda work: self.shop.app.repay_change(work, known.id), SUE)

    def _of_return(self, known: ReturnCase, pick: int, how: str) -> None:
        units = known.units.values()
        to_agree = [x for x in known.exchanges.values() if x.stage is Stage.TO_AGREE]
        if any(unit.authorisation is Authorisation.REQUESTED for unit in units) and how != "received first":
            self.ask(lambda work: self.shop.app.approve(work, known.id, (), "asked nicely"), SUE)
        elif to_agree:
            self.ask(lambda work: self.shop.app.agree_to_exchange(work, known.id, to_agree[0].exchange_id), ANN)
        elif any(unit.goods in (Goods.WITH_CUSTOMER, Goods.IN_TRANSIT) for unit in units):
            self.a_clerk_receives_what_is_awaited(self.shop.cases.index(known), f"r{1 + pick % 3}")
        elif any(unit.goods is Goods.RECEIVED and not unit.inspected for unit in units):
            condition = ("sealed", "opened", "used")[pick % 3]
            self.goods_are_inspected(self.shop.cases.index(known), condition, "customer", "restock", True)
        else:
            self.ask(lambda work: self.shop.app.refund(work, known.id), SUE)

    def _of_withdrawal(self, known: Withdrawal, pick: int) -> None:
        app = self.shop.app
        steps: list[Decide] = [
            lambda work: app.confirm_withdrawal(work, known.id),
            lambda work: app.prove_sending(work, known.id, (), "dhl", "T1", None),
            lambda work: app.repay_withdrawal(work, known.id),
        ]
        self.ask(steps[0 if known.noticed_at is None else 1 + pick % 2], SUE)

    def _of_lack(self, known: Conformity, pick: int) -> None:
        app = self.shop.app
        steps: dict[str, Decide] = {
            "reported": lambda work: app.acknowledge_lack(work, known.id, "ordinary", "seen"),
            "choosing": lambda work: app.choose_remedy(work, known.id, ("repair", "replacement")[pick % 2]),
            "to_put_right": lambda work: app.start_remedy(work, known.id, goods_needed=False),
        }
        pays: Decide = lambda work: app.pay_conformity(work, known.id)  # noqa: E731  # beside its siblings
        self.ask(steps.get(known.state, pays), SUE)

    def _the_outside_goes_on(self, pick: int, how: str) -> None:
        """One request takes its next step, down to the last word about it."""
        if self.provider.senders:
            self.a_sender_goes_on(pick, how)
        elif any(self.next_step(e) is not Step.NOTHING for e in self.shop.all(Effect)):
            self.a_worker_takes_the_next_step(pick)
        elif self.the_shop_goes_on(pick, "yes" if pick % 8 else "otherwise"):
            return
        elif self.provider.taken_on:
            self.the_provider_does_what_it_took_on(pick)
        elif self.provider.payments:
            self.the_provider_tells(pick, bounces=False)

    it_goes_on = rule(pick=PICK, how=st.sampled_from(["as it should", "received first"]))(_the_next_step)
    it_goes_on_and_on = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    it_goes_on_further = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    it_goes_on_to_the_end = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    the_outside_goes_on = rule(pick=PICK, how=st.sampled_from(OUTCOMES))(_the_outside_goes_on)
    the_outside_goes_on_and_on = rule(pick=PICK, how=st.sampled_from(["done", "taken on"]))(_the_outside_goes_on)
    the_outside_goes_on_further = rule(pick=PICK, how=st.just("done"))(_the_outside_goes_on)
    the_outside_goes_on_to_the_end = rule(pick=PICK, how=st.just("done"))(_the_outside_goes_on)
    the_outside_goes_on_for_ever = rule(pick=PICK, how=st.just("done"))(_the_outside_goes_on)

    # what the clock does

    @rule(hours=st.sampled_from([1, 1, 5, 24, 72, 240, 700]))
    def time_passes(self, hours: int) -> None:
        self.shop.now += timedelta(hours=hours)
        self.shop.real_ms += hours * 3_600_000
        REACHED.steps += 1

    @rule()
    def what_is_due_is_asked(self) -> None:
        for aggregate in list(self.shop.memory.held.values()):
            for timer in [t for t in MODEL.timers(aggregate) if t.due_at <= self.shop.now]:
                fired = FiredTimer(timer.kind, aggregate.id, timer.key, timer.due_at)
                self.fact(partial(self._fire, fired))
                again = list(MODEL.timers(self.shop.memory.held[aggregate.id]))
                assert timer not in again, f"{timer.kind} was asked and is as due as before"

    async def _fire(self, fired: FiredTimer, work: Work) -> None:
        await self.shop.timer_handlers[fired.kind](work, fired)

    @invariant()
    def everything_holds(self) -> None:
        """What was not touched holds still."""
        touched, self.shop.changed = self.shop.changed, set()
        if not touched:
            return
        invariants.hold(self.shop, self.provider, self.most, touched)
        for case in self.shop.cases:
            invariants.findings_are_as_told(case, self.found)
        self.heard = a_recipient_hears_of_nobody_else(self.shop, self.heard)
        actor = (ANN, SUE)[len(self.shop.events) % 2]
        for id in touched:
            aggregate = self.shop.memory.held[id]
            if isinstance(aggregate, OFFERING):
                as_offered(self.shop, aggregate, actor)
        REACHED.note(self.shop)

    def teardown(self) -> None:
        """One example is over."""
        REACHED.ended(self.shop)
