"""What customers, agents and clerks ask of returns."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.work import Actor
from services.returns.application.charging import FeeAsked
from services.returns.application.deciding import Finding, Item
from services.returns.application.limits import ACTION_OF
from services.returns.domain.case import ArrivedLine, Goods, ReturnCase
from services.returns.domain.ledger import Ledger
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import eur
from tests.unit.returns.exploring.walking import (
    AMOUNTS,
    ANYBODY,
    FIRST,
    PICK,
    RECEIPTS,
    SOME_UNITS,
    STAFF,
    UNITS,
    Decide,
    Walking,
    of,
)
from tests.unit.returns.world import ANN, SUE, WALT


class Asking(Walking):
    """Rules of returns."""

    @rule(
        units=st.lists(st.sampled_from(["l1", "l2"]), min_size=1, max_size=2, unique=True),
        quantity=st.integers(1, 2),
        numbers=st.sampled_from([(), (1,), (2,)]),
        pick=PICK,
        condition=st.sampled_from(["", "sealed", "opened", "used"]),
        remedy=st.sampled_from(["refund", "refund", "exchange", "store_credit"]),
        actor=ANYBODY,
    )
    def a_return_is_asked(
        self,
        units: list[str],
        quantity: int,
        numbers: tuple[int, ...],
        pick: int,
        condition: str,
        remedy: str,
        actor: Actor,
    ) -> None:
        order_id = self.an_order(pick)
        reason = of(self.shop.policy.reasons, pick).code
        if order_id != FIRST:
            units, quantity, numbers = ["l1"], 1, ()
        items = [Item(id, 1 if id == "l2" or numbers else quantity, reason, numbers, condition) for id in units]
        self.ask(lambda work: self.shop.app.ask_return(work, "s1", order_id, items, remedy=remedy), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(
        pick=PICK,
        what=st.sampled_from(["approve", "approve", "decline", "cancel", "label", "label"]),
        units=SOME_UNITS,
        actor=STAFF,
    )
    def a_person_decides(self, pick: int, what: str, units: list[str], actor: Actor) -> None:
        id, app = of(self.shop.cases, pick).id, self.shop.app
        commands: dict[str, Decide] = {
            "approve": lambda work: app.approve(work, id, units, "asked nicely"),
            "decline": lambda work: app.decline(work, id, units, "worn"),
            "cancel": lambda work: app.cancel(work, id, units, "changed their mind"),
            "label": lambda work: app.issue_label(work, id, units),
        }
        self.ask(commands[what], actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, number=RECEIPTS)
    def a_clerk_receives_what_is_awaited(self, pick: int, number: str) -> None:
        case: ReturnCase = of(self.shop.cases, pick)
        awaited = [u.asked for u in case.units.values() if u.goods is not Goods.RECEIVED]
        lines = tuple(ArrivedLine(str(n), unit.sku, 1, "", unit.line_id) for n, unit in enumerate(awaited))
        fact = ReceiptFact(0, str(case.id), "", lines, self.shop.now)
        if lines:
            self.ask(lambda work: self.shop.app.receive(work, case.id, number, fact), WALT)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, units=SOME_UNITS, lost=st.booleans())
    def a_parcel_back_is_proven_or_lost(self, pick: int, units: list[str], lost: bool) -> None:
        """The customer shows that it was posted; it does not come."""
        id, app = of(self.shop.cases, pick).id, self.shop.app
        if lost:
            self.ask(lambda work: app.report_lost(work, id, units, "nobody has it"), ANN)
        else:
            self.ask(lambda work: app.record_posting(work, id, units, f"T{pick}"), ANN)

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
        case = of(self.shop.cases, pick)
        here = [u for u, unit in case.units.items() if unit.goods is Goods.RECEIVED] or list(case.units)
        units = here if everything else [of(here, pick)]
        findings = [Finding(u, condition, responsibility, disposition) for u in units]
        if self.ask(lambda work: self.shop.app.inspect(work, case.id, findings), WALT) is None:
            return
        words = {"condition": condition, "responsibility": responsibility, "disposition": disposition}
        for unit in units:
            for name, value in words.items():
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
        how=st.sampled_from(["", "", "override", "store credit"]),
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
        how: str,
        actor: Actor,
    ) -> None:
        id = of(self.shop.cases, pick).id
        values: dict[str, Any] = {
            "units": units,
            "amount": None if amount is None else eur(amount),
            "tender_id": tender,
            "shipping": "" if amount is not None else shipping_rule,
            "fees": [FeeAsked("restocking", eur(fee), "worn")] if fee else [],
            "override_reason": "a good customer" if how == "override" and amount is not None else "",
            "store_credit": how == "store credit",
        }
        self.ask(lambda work: self.shop.app.refund(work, id, **values), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, actor=STAFF)
    def what_is_due_is_paid_back(self, pick: int, actor: Actor) -> None:
        id = of(self.shop.cases, pick).id
        self.ask(lambda work: self.shop.app.refund(work, id), actor)

    @rule(pick=PICK, unit=st.sampled_from(UNITS), amount=AMOUNTS, actor=STAFF)
    def the_customer_keeps_it(self, pick: int, unit: str, amount: int, actor: Actor) -> None:
        order_id = self.an_order(pick)
        self.ask(lambda work: self.shop.app.keep_it(work, "s1", order_id, [unit], eur(amount), "scratched"), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, amount=AMOUNTS, actor=STAFF)
    def goodwill_is_given(self, pick: int, amount: int, actor: Actor) -> None:
        id = of(self.shop.cases, pick).id
        self.ask(lambda work: self.shop.app.goodwill(work, id, eur(amount), "sorry"), actor)

    @precondition(lambda self: self.shop.cases)
    @rule(pick=PICK, action=st.sampled_from(sorted(ACTION_OF)), amount=AMOUNTS, answer=st.sampled_from("ynu"))
    def a_second_person_is_asked(self, pick: int, action: str, amount: int, answer: str) -> None:
        id, app = of(self.shop.cases, pick).id, self.shop.app
        asked = self.ask(lambda work: app.request_approval(work, id, action, eur(amount), "please"), ANN)
        if asked is None or answer == "u":
            return
        approval = UUID(asked.facts["approval_id"])
        if answer == "n":
            self.ask(lambda work: app.decline_approval(work, id, approval, "no"), SUE)
        elif self.ask(lambda work: app.grant_approval(work, id, approval), SUE) is not None:
            use: dict[str, Decide] = {
                "RefundReturn": lambda work: app.refund(work, id, amount=eur(amount), approval_id=str(approval)),
                "GiveGoodwill": lambda work: app.goodwill(work, id, eur(amount), "sorry", str(approval)),
            }
            if action in use:
                self.ask(use[action], ANN)

    @precondition(lambda self: self.shop.all(Ledger))
    @rule(what=st.sampled_from(["accept", "note", "assign", "contact"]), pick=PICK)
    def somebody_looks(self, what: str, pick: int) -> None:
        app, ledger = self.shop.app, of(self.shop.all(Ledger), pick)
        if what == "accept":
            self.ask(lambda work: app.accept_excess(work, ledger.id, "looked"), SUE)
        elif self.shop.cases:
            id = of(self.shop.cases, pick).id
            commands: dict[str, Decide] = {
                "note": lambda work: app.add_note(work, id, "called"),
                "assign": lambda work: app.assign(work, id, "ann"),
                "contact": lambda work: app.record_contact(
                    work, id, from_customer=True, channel="phone", contact_at=None, waiting_on="warehouse"
                ),
            }
            self.ask(commands[what], ANN)
