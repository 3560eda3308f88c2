"""Everything that can happen to an order after it was bought, in any order, step by step.

Facts come early, late, twice and contradicting; people ask for what may be done and for what may not; the provider of
payments loses answers, changes its mind, and pays what nobody waited for. After each step every invariant holds.
"""
# long: one rule for each thing that can happen, side by side

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect
from chassis.effects.states import State, Step
from chassis.effects.terms import Terms
from chassis.service import FiredTimer, Succeeded
from chassis.work import Actor, Work
from services.returns.application.charging import FeeAsked
from services.returns.application.common import LABEL_EFFECT, RELEASE_EFFECT
from services.returns.application.deciding import Finding, Item
from services.returns.application.limits import ACTION_OF
from services.returns.application.noticing import Withdrawn
from services.returns.bootstrap import MODEL
from services.returns.domain.case import ArrivedLine, Authorisation, Goods, ReturnCase
from services.returns.domain.ledger import Ask, Book, Ledger, UnitsAsked
from services.returns.domain.order import Delivery, PaymentFact, PaymentKind, ShipmentFact, Tender
from services.returns.domain.receipt import ReceiptFact
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.build import DAY, eur, line, shipping, snapshot
from tests.unit.returns.exploring import invariants
from tests.unit.returns.exploring.offered import as_offered
from tests.unit.returns.exploring.provider import OUTCOMES, Payment, Provider, Sender
from tests.unit.returns.exploring.reached import REACHED
from tests.unit.returns.exploring.shop import Shop, policies
from tests.unit.returns.world import ANN, BEN, CUSTOMER, SUE, WALT

UNITS = ("l1#1", "l1#2", "l2#1")
SUBJECTS = (*UNITS, "ship")
PRICES = {"l1": 3000, "l2": 16_000}
TOTAL = 2 * 3000 + 16_000 + 490
RECEIPTS = st.sampled_from(["r1", "r2", "r3"])
STAFF = st.sampled_from([ANN, BEN, SUE])
ANYBODY = st.sampled_from([CUSTOMER, ANN, SUE])
PICK = st.integers(0, 30)
SOME_UNITS = st.lists(st.sampled_from(UNITS), max_size=2, unique=True)
AMOUNTS = st.sampled_from([1, 490, 1000, 3000, 6000, 16_000, 22_490])
REQUESTERS = st.sampled_from(["shipping_issues", "quality_complaints"])
KEYS = st.sampled_from(["k1", "k2", "k3"])
REAL_MS_OF_A_DAY = 86_400_000

Decide = Callable[[Work], Awaitable[Any]]


class Exploration(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop.under("default")
        self.provider = Provider(keyed=True, direct=False)
        self.terms = Terms(timedelta(days=30))
        self.most: dict[str, int] = {}
        self.found: dict[tuple[str, str, str], tuple[str, str, Any]] = {}
        self.version = 0
        self.country, self.direct = "DE", False
        self.beside = 0

    # what is so from the start

    @initialize(
        policy=st.sampled_from(sorted(policies())),
        country=st.sampled_from(["DE", "US"]),
        keyed=st.booleans(),
        direct=st.booleans(),
        begun=st.sampled_from(["nothing", "ordered", "paid", *["delivered"] * 7]),
    )
    def a_shop_opens(self, policy: str, country: str, keyed: bool, direct: bool, begun: str) -> None:
        self.shop = Shop.under(policy)
        self.country, self.direct = country, direct
        self.provider = Provider(keyed, direct)
        self.terms = Terms(timedelta(days=30) if keyed else None)
        if begun != "nothing":
            self.an_order_is_told("as it was")
        if begun in ("paid", "delivered"):
            self.money_is_taken("card", "all")
            self.money_is_taken("voucher", "all")
        if begun == "delivered":
            self.goods_reach_the_customer("p1", 2)

    # what the shop tells

    @rule(what=st.sampled_from(["as it was", "as it was", "less", "more", "cancelled"]))
    def an_order_is_told(self, what: str) -> None:
        self.version += 1
        tenders = (Tender("card", "card", "stripe" if self.direct else ""), Tender("voucher", "gift_card"))
        told = snapshot(
            line("l1", 2, PRICES["l1"], cancelled_quantity=int(what == "less")),
            line("l2", 1, PRICES["l2"] + 500 * (what == "more"), category="shoes/boots"),
            version=self.version,
            country=self.country,
            components=(shipping(),),
            tenders=tenders,
            cancelled_at=self.shop.now if what == "cancelled" else None,
        )
        self._fact(lambda work: self.shop.app.order_recorded(work, "s1", "o1", told))
        for ledger in self.shop.all(Ledger):
            for subject, e in ledger.entitlements.items():
                self.most[subject] = max(self.most.get(subject, 0), e.amount.minor)

    @rule(tender=st.sampled_from(["card", "voucher"]), how=st.sampled_from(["all", "authorised", "half"]))
    def money_is_taken(self, tender: str, how: str) -> None:
        share = TOTAL - 5000 if tender == "card" else 5000
        kind = PaymentKind.AUTHORISED if how == "authorised" else PaymentKind.CAPTURED
        minor = share // 2 if how == "half" else share
        taken = sum(amount.minor for ledger in self.shop.all(Ledger) for _, amount in ledger.captures.values())
        if kind is PaymentKind.CAPTURED and taken + minor > TOTAL:
            return
        fact = PaymentFact(kind, f"{tender}-{how}", tender, eur(minor), self.shop.now)
        self._fact(lambda work: self.shop.app.payment_told(work, "s1", "o1", fact))

    @rule(parcel=st.sampled_from(["p1", "p2"]), days_ago=st.integers(0, 20))
    def goods_reach_the_customer(self, parcel: str, days_ago: int) -> None:
        contents = () if parcel == "p1" else (("l1", 1),)
        shipment = ShipmentFact(parcel, self.shop.now - (days_ago + 2) * DAY, True, contents)
        delivery = Delivery(parcel, "d1", self.shop.now - days_ago * DAY)
        self._fact(lambda work: self.shop.app.shipment_told(work, "s1", "o1", shipment))
        self._fact(lambda work: self.shop.app.delivery_told(work, "s1", "o1", delivery))

    @rule(parcel=st.sampled_from(["p1", "p2"]))
    def a_delivery_is_revoked(self, parcel: str) -> None:
        self._fact(
            lambda work: self.shop.app.delivery_told(work, "s1", "o1", Delivery(parcel, "d1", None, revoked=True))
        )

    @precondition(lambda self: self.shop.cases or self.shop.withdrawals)
    @rule(pick=PICK, line_id=st.sampled_from(["", "l1", "l2"]), scanned_first=st.booleans())
    def goods_are_posted_back(self, pick: int, line_id: str, scanned_first: bool) -> None:
        rma = str(_of([*self.shop.cases, *self.shop.withdrawals], pick).id)
        parcel = f"back-{pick}"
        contents = ((line_id, 1),) if line_id else ()
        told = ShipmentFact(parcel, self.shop.now, False, contents, rma)
        tell: list[Decide] = [
            lambda work: self.shop.app.shipment_told(work, "s1", "o1", told),
            lambda work: self.shop.app.handed_over(work, "s1", "o1", parcel, self.shop.now),
        ]
        for fact in reversed(tell) if scanned_first else tell:
            self._fact(fact)

    @rule(
        number=RECEIPTS,
        pick=PICK,
        told_by=st.sampled_from(["rma", "rma", "rma", "order", "nothing", "nonsense"]),
        correction=st.integers(0, 2),
        lines=st.lists(
            st.tuples(st.sampled_from(["sku-l1", "sku-l1", "sku-l2", "sku-x"]), st.integers(1, 3)),
            min_size=1,
            max_size=2,
        ),
    )
    def the_warehouse_receives(
        self, number: str, pick: int, told_by: str, correction: int, lines: list[tuple[str, int]]
    ) -> None:
        known = [*self.shop.cases, *self.shop.withdrawals]
        rma = {"rma": str(_of(known, pick).id) if known else "", "nonsense": "RMA-7"}.get(told_by, "")
        arrived = tuple(ArrivedLine(str(n), sku, quantity) for n, (sku, quantity) in enumerate(lines))
        fact = ReceiptFact(correction, rma, "o1" if told_by == "order" else "", arrived, self.shop.now)
        self._fact(lambda work: self.shop.app.receipt_told(work, "s1", number, fact, by="warehouse"))

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, number=RECEIPTS)
    def a_clerk_receives_what_is_awaited(self, pick: int, number: str) -> None:
        case = _of(self.shop.cases, pick)
        awaited = [u.asked for u in case.units.values() if u.goods is not Goods.RECEIVED]
        lines = tuple(ArrivedLine(str(n), unit.sku, 1, "", unit.line_id) for n, unit in enumerate(awaited))
        fact = ReceiptFact(0, str(case.id), "", lines, self.shop.now)
        if lines:
            self._ask(lambda work: self.shop.app.receive(work, case.id, number, fact), WALT)

    @rule(number=RECEIPTS)
    def a_receipt_is_voided(self, number: str) -> None:
        self._fact(lambda work: self.shop.app.receipt_voided(work, "s1", number, "typed twice"))

    # what customers and agents ask

    @rule(
        units=st.lists(st.sampled_from(["l1", "l2"]), min_size=1, max_size=2, unique=True),
        quantity=st.integers(1, 2),
        numbers=st.sampled_from([(), (1,), (2,)]),
        pick=PICK,
        condition=st.sampled_from(["", "sealed", "opened", "used"]),
        actor=ANYBODY,
    )
    def a_return_is_asked(
        self, units: list[str], quantity: int, numbers: tuple[int, ...], pick: int, condition: str, actor: Actor
    ) -> None:
        reason = _of(self.shop.policy.reasons, pick).code
        items = [Item(id, 1 if id == "l2" or numbers else quantity, reason, numbers, condition) for id in units]
        self._ask(lambda work: self.shop.app.request(work, "s1", "o1", items), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(
        pick=PICK,
        what=st.sampled_from(["approve", "approve", "decline", "cancel", "label", "label"]),
        units=SOME_UNITS,
        actor=STAFF,
    )
    def a_person_decides(self, pick: int, what: str, units: list[str], actor: Actor) -> None:
        id, app = _of(self.shop.cases, pick).id, self.shop.app
        commands: dict[str, Decide] = {
            "approve": lambda work: app.approve(work, id, units, "asked nicely"),
            "decline": lambda work: app.decline(work, id, units, "worn"),
            "cancel": lambda work: app.cancel(work, id, units, "changed their mind"),
            "label": lambda work: app.issue_label(work, id, units),
        }
        self._ask(commands[what], actor)

    @precondition(lambda self: self.shop.cases)
    @rule(
        pick=PICK,
        condition=st.sampled_from(["", "sealed", "opened", "used", "damaged", "incomplete"]),
        responsibility=st.sampled_from(["", "customer", "carrier", "fulfiller", "maker", "unknown"]),
        disposition=st.sampled_from(["", "restock", "refurbish", "recycle", "donate", "scrap", "hold"]),
        everything=st.booleans(),
    )
    def goods_are_inspected(
        self, pick: int, condition: str, responsibility: str, disposition: str, everything: bool
    ) -> None:
        case = _of(self.shop.cases, pick)
        here = [u for u, unit in case.units.items() if unit.goods is Goods.RECEIVED] or list(case.units)
        units = here if everything else [_of(here, pick)]
        findings = [Finding(u, condition, responsibility, disposition) for u in units]
        if self._ask(lambda work: self.shop.app.inspect(work, case.id, findings), WALT) is None:
            return
        for unit in units:
            for name, value in (
                ("condition", condition),
                ("responsibility", responsibility),
                ("disposition", disposition),
            ):
                known = getattr(case.units[unit], name)  # what was found of a receipt that was voided is forgotten
                if value and (known is None or known.value != value):
                    self.found[str(case.id), unit, name] = (value, WALT.id, self.shop.now)

    @precondition(lambda self: self.shop.cases)
    @rule(
        pick=PICK,
        units=st.one_of(st.just([]), SOME_UNITS),
        amount=st.one_of(st.none(), st.none(), AMOUNTS),
        tender=st.sampled_from(["", "", "card", "voucher"]),
        shipping_rule=st.sampled_from(["", "", "actual", "standard"]),
        fee=st.sampled_from([0, 0, 200, 20_000]),
        override=st.booleans(),
        actor=STAFF,
    )
    def money_is_paid_back(
        self,
        pick: int,
        units: list[str],
        amount: int | None,
        tender: str,
        shipping_rule: str,
        fee: int,
        override: bool,
        actor: Actor,
    ) -> None:
        id = _of(self.shop.cases, pick).id
        fees = [FeeAsked("restocking", eur(fee), "worn")] if fee else []
        self._ask(
            lambda work: self.shop.app.refund(
                work,
                id,
                units=units,
                amount=None if amount is None else eur(amount),
                tender_id=tender,
                shipping="" if amount is not None else shipping_rule,
                fees=fees,
                override_reason="a good customer" if override and amount is not None else "",
            ),
            actor,
        )

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, actor=STAFF)
    def what_is_due_is_paid_back(self, pick: int, actor: Actor) -> None:
        id = _of(self.shop.cases, pick).id
        self._ask(lambda work: self.shop.app.refund(work, id), actor)

    @rule(unit=st.sampled_from(UNITS), amount=AMOUNTS, actor=STAFF)
    def the_customer_keeps_it(self, unit: str, amount: int, actor: Actor) -> None:
        self._ask(lambda work: self.shop.app.keep_it(work, "s1", "o1", [unit], eur(amount), "scratched"), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, amount=AMOUNTS, actor=STAFF)
    def goodwill_is_given(self, pick: int, amount: int, actor: Actor) -> None:
        id = _of(self.shop.cases, pick).id
        self._ask(lambda work: self.shop.app.goodwill(work, id, eur(amount), "sorry"), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, action=st.sampled_from(sorted(ACTION_OF)), amount=AMOUNTS, answer=st.sampled_from("ynu"))
    def a_second_person_is_asked(self, pick: int, action: str, amount: int, answer: str) -> None:
        id, app = _of(self.shop.cases, pick).id, self.shop.app
        asked = self._ask(lambda work: app.request_approval(work, id, action, eur(amount), "please"), ANN)
        if asked is None or answer == "u":
            return
        approval = UUID(asked.facts["approval_id"])
        if answer == "n":
            self._ask(lambda work: app.decline_approval(work, id, approval, "no"), SUE)
        elif self._ask(lambda work: app.grant_approval(work, id, approval), SUE) is not None:
            use: dict[str, Decide] = {
                "RefundReturn": lambda work: app.refund(work, id, amount=eur(amount), approval_id=str(approval)),
                "GiveGoodwill": lambda work: app.goodwill(work, id, eur(amount), "sorry", str(approval)),
            }
            if action in use:
                self._ask(use[action], ANN)

    @precondition(lambda self: self.shop.all(Ledger))
    @rule(what=st.sampled_from(["accept", "note", "assign", "contact"]), pick=PICK)
    def somebody_looks(self, what: str, pick: int) -> None:
        app, ledger = self.shop.app, self.shop.all(Ledger)[0]
        if what == "accept":
            self._ask(lambda work: app.accept_excess(work, ledger.id, "looked"), SUE)
        elif self.shop.cases:
            id = _of(self.shop.cases, pick).id
            commands: dict[str, Decide] = {
                "note": lambda work: app.add_note(work, id, "called"),
                "assign": lambda work: app.assign(work, id, "ann"),
                "contact": lambda work: app.record_contact(
                    work, id, from_customer=True, channel="phone", contact_at=None, waiting_on="warehouse"
                ),
            }
            self._ask(commands[what], ANN)

    # the law's own way

    @rule(
        items=st.sampled_from([(), (("l1", 1),), (("l1", 2), ("l2", 1))]),
        condition=st.sampled_from(["", "opened"]),
        steps=st.sampled_from(["declared", "confirmed", "by letter"]),
    )
    def somebody_withdraws(self, items: tuple[tuple[str, int], ...], condition: str, steps: str) -> None:
        app, meant = self.shop.app, [Withdrawn(line, n, (), condition) for line, n in items]
        if steps == "by letter":
            self._ask(lambda work: app.give_notice(work, "s1", "o1", meant), ANN)
            return
        declared = self._ask(lambda work: app.declare_withdrawal(work, "s1", "o1", meant), CUSTOMER)
        if declared is not None and steps == "confirmed":
            self._ask(lambda work: app.confirm_withdrawal(work, UUID(declared.id)), CUSTOMER)

    @precondition(lambda self: self.shop.withdrawals)
    @rule(
        pick=PICK,
        what=st.sampled_from(["prove", "lost value", "repay", "repay", "confirm"]),
        units=SOME_UNITS,
        minor=AMOUNTS,
        actor=STAFF,
    )
    def a_withdrawal_goes_on(self, pick: int, what: str, units: list[str], minor: int, actor: Actor) -> None:
        known, app = _of(self.shop.withdrawals, pick), self.shop.app
        unit = _of(list(known.units), pick)
        commands: dict[str, Decide] = {
            "prove": lambda work: app.prove_sending(work, known.id, units, "dhl", "T1", None),
            "lost value": lambda work: app.diminish_value(work, known.id, unit, eur(minor), "worn", "mail"),
            "repay": lambda work: app.repay_withdrawal(work, known.id, units),
            "confirm": lambda work: app.confirm_withdrawal(work, known.id),
        }
        self._ask(commands[what], actor)

    # what other services ask

    @rule(requester=REQUESTERS, key=KEYS, subjects=SOME_UNITS, amount=st.one_of(st.none(), AMOUNTS))
    def money_is_asked_for_elsewhere(self, requester: str, key: str, subjects: list[str], amount: int | None) -> None:
        ask = Ask(
            requester,
            key,
            f"case-{key}",
            Book.RESTITUTION,
            "lost",
            "ann",
            subjects=tuple(subjects or ["ship"]),
            amount=None if amount is None else eur(amount),
        )
        self._fact(lambda work: self.shop.app.compensation_requested(work, "s1", "o1", ask))

    @rule(key=KEYS, line_id=st.sampled_from(["l1", "l2"]), quantity=st.integers(1, 2))
    def goods_are_asked_for_elsewhere(self, key: str, line_id: str, quantity: int) -> None:
        ask = Ask(
            "shipping_issues",
            f"g{key}",
            f"case-{key}",
            Book.IN_KIND,
            "lost",
            "ann",
            units=(UnitsAsked(line_id, quantity),),
        )
        self._fact(lambda work: self.shop.app.compensation_requested(work, "s1", "o1", ask))

    @rule(requester=REQUESTERS, key=KEYS, goods=st.booleans())
    def it_is_given_up(self, requester: str, key: str, goods: bool) -> None:
        who, name = ("shipping_issues", f"g{key}") if goods else (requester, key)
        self._fact(lambda work: self.shop.app.compensation_released(work, "s1", "o1", who, name, "not needed"))

    @precondition(lambda self: any(ledger.knows_order for ledger in self.shop.all(Ledger)))
    @rule(key=KEYS, named=st.booleans())
    def a_replacement_goes_out(self, key: str, named: bool) -> None:
        units = (f"n-{key}#1",) if named else ()
        self._fact(
            lambda work: self.shop.app.compensation_settled(
                work, "s1", "o1", "shipping_issues", f"g{key}", f"o-{key}", units
            )
        )

    # what the provider does

    @rule(pick=PICK)
    def a_worker_takes_the_next_step(self, pick: int) -> None:
        due = [e for e in self.shop.all(Effect) if self._next(e) is not Step.NOTHING]
        if not due:
            return
        effect = _of(due, pick)
        step = self._next(effect)
        act: dict[Step, Callable[[Effect, Work], bool]] = {
            Step.ATTEMPT: lambda e, w: e.begin(self.terms, at=w.now, real_ms=self.shop.real_ms),
            Step.LAPSE: lambda e, w: e.lapse(self.terms, at=w.now, real_ms=self.shop.real_ms),
            Step.ASK: lambda e, w: e.ask(self.terms, at=w.now, real_ms=self.shop.real_ms),
            Step.HOLD: lambda e, w: e.hold(self.terms, at=w.now, real_ms=self.shop.real_ms),
        }
        self._move(effect, act[step])
        after = self.shop.effect(effect.key, effect.kind)
        if step is Step.ATTEMPT:
            self.provider.senders.append(Sender(effect.id, after.attempt))
        elif step is Step.ASK:
            answer = self.provider.looked_up(effect.key, self.shop.now) if pick % 3 else None
            self._move(after, lambda e, w: e.looked_up(e.attempt, answer, at=w.now, real_ms=self.shop.real_ms))

    @precondition(lambda self: self.provider.senders)
    @rule(pick=PICK, outcome=st.sampled_from(OUTCOMES))
    def a_sender_goes_on(self, pick: int, outcome: str) -> None:
        """It calls, or tells the answer it has."""
        sender = _of(self.provider.senders, pick)
        effect = self._effect(sender)
        if not sender.called:
            sender.called = True
            if effect.kind in (LABEL_EFFECT, RELEASE_EFFECT):
                sender.answer = Succeeded("ok", {"carrier": "dhl", "tracking_number": "T", "label_url": "u"})
            else:
                sender.answer = self.provider.call(effect, outcome, self.shop.now)
            return
        self.provider.senders.remove(sender)
        answer = sender.answer
        assert answer is not None
        self._move(
            effect,
            lambda e, w: e.answered(sender.attempt, answer, self.terms, at=w.now, real_ms=self.shop.real_ms),
        )

    @precondition(lambda self: self.provider.senders)
    @rule(pick=PICK)
    def a_sender_dies(self, pick: int) -> None:
        self.provider.senders.remove(_of(self.provider.senders, pick))

    @precondition(lambda self: any(e.state is State.HELD for e in self.shop.all(Effect)))
    @rule(pick=PICK, again=st.booleans())
    def a_person_settles_what_is_held(self, pick: int, again: bool) -> None:
        """They look at the provider's own pages, and wait for whoever is still on the way."""
        held = _of([e for e in self.shop.all(Effect) if e.state is State.HELD], pick)
        on_the_way = any(not s.called and s.effect == held.id for s in self.provider.senders)
        if on_the_way or held.key in self.provider.taken_on:
            return
        paid = self.provider.paid(held.key)
        outcome = "succeeded" if paid else "retry" if again else "failed"

        def decide(effect: Effect, work: Work) -> bool:
            reference = paid.reference if paid else ""
            effect.decide(outcome, by="olga", why="looked", at=work.now, reference=reference)
            return True

        self._move(held, decide)

    @precondition(lambda self: self.provider.taken_on)
    @rule(pick=PICK)
    def the_provider_does_what_it_took_on(self, pick: int) -> None:
        key = _of(sorted(self.provider.taken_on), pick)
        tender_id, amount = self.provider.taken_on.pop(key)
        self.provider.pay(key, tender_id, amount, self.shop.now)

    @precondition(lambda self: self.provider.payments)
    @rule(pick=PICK, bounces=st.booleans())
    def the_provider_tells(self, pick: int, bounces: bool) -> None:
        """That it paid, perhaps for the second time; or that it came back."""
        payment = _of(self.provider.payments, pick)
        if bounces and payment.bounced_at is None and payment.at < self.shop.now:
            payment.bounced_at = self.shop.now
        self._tell(payment)

    @rule(minor=AMOUNTS, tender=st.sampled_from(["card", "voucher"]), bounces=st.booleans())
    def money_moves_elsewhere(self, minor: int, tender: str, bounces: bool) -> None:
        self.beside += 1
        kind = PaymentKind.REFUND_FAILED if bounces and self.beside > 1 else PaymentKind.REFUNDED
        reference = f"dash-{self.beside - 1 if kind is PaymentKind.REFUND_FAILED else self.beside}"
        fact = PaymentFact(
            kind, reference, tender, eur(minor), self.shop.now, provider_refund_id=reference, outside=True
        )
        self._fact(lambda work: self.shop.app.payment_told(work, "s1", "o1", fact))

    @rule(kind=st.sampled_from(["opened", "opened", "won", "lost"]), name=st.sampled_from(["d1", "d2"]), minor=AMOUNTS)
    def the_bank_is_asked(self, kind: str, name: str, minor: int) -> None:
        fact = PaymentFact(PaymentKind(f"dispute_{kind}"), name, "card", eur(minor), self.shop.now)
        self._fact(lambda work: self.shop.app.payment_told(work, "s1", "o1", fact))

    # how a day mostly goes: without it a walk at random seldom comes far

    def _the_next_step(self, pick: int, how: str) -> None:
        """What whoever is awaited would do next for one return or one withdrawal."""
        if not self.shop.goods_cases:
            return
        known = _of(self.shop.goods_cases, pick)
        if isinstance(known, Withdrawal):
            self._of_withdrawal(known, pick)
            return
        units = known.units.values()
        if any(unit.authorisation is Authorisation.REQUESTED for unit in units) and how != "received first":
            self._ask(lambda work: self.shop.app.approve(work, known.id, (), "asked nicely"), SUE)
        elif any(unit.goods in (Goods.WITH_CUSTOMER, Goods.IN_TRANSIT) for unit in units):
            self.a_clerk_receives_what_is_awaited(pick, f"r{1 + pick % 3}")
        elif any(unit.goods is Goods.RECEIVED and not unit.inspected for unit in units):
            self.goods_are_inspected(pick, ("sealed", "opened", "used")[pick % 3], "customer", "restock", True)
        else:
            self._ask(lambda work: self.shop.app.refund(work, known.id), SUE)

    def _of_withdrawal(self, known: Withdrawal, pick: int) -> None:
        app = self.shop.app
        steps: list[Decide] = [
            lambda work: app.confirm_withdrawal(work, known.id),
            lambda work: app.prove_sending(work, known.id, (), "dhl", "T1", None),
            lambda work: app.repay_withdrawal(work, known.id),
        ]
        self._ask(steps[0 if known.noticed_at is None else 1 + pick % 2], SUE)

    def _money_goes_on(self, pick: int, how: str) -> None:
        """One effect takes its next step, down to the provider's own word."""
        if self.provider.senders:
            self.a_sender_goes_on(pick, how)
        elif any(self._next(e) is not Step.NOTHING for e in self.shop.all(Effect)):
            self.a_worker_takes_the_next_step(pick)
        elif self.provider.taken_on:
            self.the_provider_does_what_it_took_on(pick)
        elif self.provider.payments:
            self.the_provider_tells(pick, bounces=False)

    it_goes_on = rule(pick=PICK, how=st.sampled_from(["as it should", "received first"]))(_the_next_step)
    it_goes_on_and_on = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    it_goes_on_further = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    it_goes_on_to_the_end = rule(pick=PICK, how=st.just("as it should"))(_the_next_step)
    money_goes_on = rule(pick=PICK, how=st.sampled_from(OUTCOMES))(_money_goes_on)
    money_goes_on_and_on = rule(pick=PICK, how=st.sampled_from(["done", "taken on"]))(_money_goes_on)
    money_goes_on_further = rule(pick=PICK, how=st.just("done"))(_money_goes_on)
    money_goes_on_to_the_end = rule(pick=PICK, how=st.just("done"))(_money_goes_on)

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
                self._fact(partial(self._fire, fired))
                again = list(MODEL.timers(self.shop.memory.held[aggregate.id]))
                assert timer not in again, f"{timer.kind} was asked and is as due as before"

    async def _fire(self, fired: FiredTimer, work: Work) -> None:
        await self.shop.timer_handlers[fired.kind](work, fired)

    # what holds

    @invariant()
    def everything_holds(self) -> None:
        """What was not touched holds still."""
        touched, self.shop.changed = self.shop.changed, set()
        if not touched:
            return
        invariants.nothing_is_given_beyond_what_was_paid(self.shop, self.most)
        invariants.nothing_is_paid_twice(self.shop, self.provider)
        invariants.money_is_the_fold_of_its_effects(self.shop)
        invariants.the_statement_closes(self.shop)
        invariants.units_are_conserved(self.shop)
        for case in self.shop.cases:
            invariants.findings_are_as_told(case, self.found)
        actor = (ANN, SUE)[len(self.shop.events) % 2]
        for id in touched:
            aggregate = self.shop.memory.held[id]
            if isinstance(aggregate, (ReturnCase, Withdrawal)):
                as_offered(self.shop, aggregate, actor)
        REACHED.note(self.shop)

    def teardown(self) -> None:
        """One example is over."""
        REACHED.ended(self.shop)

    # how

    def _fact(self, decide: Decide) -> None:
        REACHED.steps += 1
        self.shop.fact(decide)

    def _ask(self, decide: Decide, actor: Actor) -> Any:
        REACHED.steps += 1
        return self.shop.command(decide, actor)

    def _next(self, effect: Effect) -> Step:
        return effect.next_step(self.terms, at=self.shop.now, real_ms=self.shop.real_ms)

    def _effect(self, sender: Sender) -> Effect:
        found = self.shop.memory.held[sender.effect]
        assert isinstance(found, Effect)
        return found

    def _move(self, effect: Effect, change: Callable[[Effect, Work], bool]) -> None:
        """As the role of effects does it: the change and its owner in one unit."""

        async def move(work: Work) -> None:
            known = await work.get(Effect, effect.id)
            before = (known.state, known.attempt)
            if change(known, work) and (known.state, known.attempt) != before:
                await tell_owner(work, known)

        self._fact(move)

    def _tell(self, payment: Payment) -> None:
        kind = PaymentKind.REFUND_FAILED if payment.bounced_at else PaymentKind.REFUNDED
        fact = PaymentFact(
            kind,
            payment.reference,
            payment.tender_id,
            payment.amount,
            payment.bounced_at or payment.at,
            request_id=payment.key,
            provider_refund_id=payment.reference,
            reason="account_closed" if payment.bounced_at else "",
        )
        self._fact(lambda work: self.shop.app.payment_told(work, "s1", "o1", fact))


def _of(found: Any, pick: int) -> Any:
    return found[pick % len(found)]
