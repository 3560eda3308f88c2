"""The law's own ways: a withdrawal from the contract, and goods that do not conform."""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.work import Actor
from services.returns.application.noticing import Withdrawn
from services.returns.domain.conformity.values import DISPROPORTIONATE, IMPOSSIBLE
from tests.unit.returns.build import eur
from tests.unit.returns.exploring.walking import (
    AMOUNTS,
    ANYBODY,
    PICK,
    SOME_UNITS,
    STAFF,
    UNITS,
    Decide,
    Walking,
    of,
)
from tests.unit.returns.world import ANN, CUSTOMER


class Lawful(Walking):
    """Rules of withdrawals and of conformity."""

    @rule(
        pick=PICK,
        items=st.sampled_from([(), (("l1", 1),), (("l1", 2), ("l2", 1))]),
        condition=st.sampled_from(["", "opened"]),
        steps=st.sampled_from(["declared", "confirmed", "by letter"]),
    )
    def somebody_withdraws(self, pick: int, items: tuple[tuple[str, int], ...], condition: str, steps: str) -> None:
        app, order_id = self.shop.app, self.an_order(pick)
        meant = [Withdrawn(line, n, (), condition) for line, n in items]
        if steps == "by letter":
            self.ask(lambda work: app.give_notice(work, "s1", order_id, meant), ANN)
            return
        declared = self.ask(lambda work: app.declare_withdrawal(work, "s1", order_id, meant), CUSTOMER)
        if declared is not None and steps == "confirmed":
            self.ask(lambda work: app.confirm_withdrawal(work, UUID(declared.id)), CUSTOMER)

    @precondition(lambda self: self.shop.withdrawals)
    @rule(
        pick=PICK,
        what=st.sampled_from(["prove", "lost value", "repay", "repay", "confirm", "elsewhere"]),
        units=SOME_UNITS,
        minor=AMOUNTS,
        actor=STAFF,
    )
    def a_withdrawal_goes_on(self, pick: int, what: str, units: list[str], minor: int, actor: Actor) -> None:
        known, app = of(self.shop.withdrawals, pick), self.shop.app
        unit = of(list(known.units), pick)
        commands: dict[str, Decide] = {
            "prove": lambda work: app.prove_sending(work, known.id, units, "dhl", "T1", None),
            "lost value": lambda work: app.diminish_value(work, known.id, unit, eur(minor), "worn", "mail"),
            "repay": lambda work: app.repay_withdrawal(work, known.id, units),
            "confirm": lambda work: app.confirm_withdrawal(work, known.id),
            "elsewhere": lambda work: app.record_repaid_elsewhere(work, known.id, units, "", "seen"),
        }
        self.ask(commands[what], actor)

    @rule(pick=PICK, unit=st.sampled_from(UNITS), sought=st.sampled_from(["", "repair", "replacement"]), actor=ANYBODY)
    def a_lack_is_reported(self, pick: int, unit: str, sought: str, actor: Actor) -> None:
        line_id, _, number = unit.partition("#")
        order_id = self.an_order(pick)
        self.ask(
            lambda work: self.shop.app.report_lack(
                work, "s1", order_id, line_id, int(number), "The zip is broken.", sought=sought
            ),
            actor,
        )

    @precondition(lambda self: self.shop.files)
    @rule(
        pick=PICK,
        what=st.sampled_from(["evidence", "acknowledge", "acknowledge", "proof", "reject", "choose", "refuse", "drop"]),
        says=st.sampled_from(["lack", "no_lack"]),
        severity=st.sampled_from(["minor", "ordinary", "serious"]),
        remedy=st.sampled_from(["repair", "replacement"]),
        actor=STAFF,
    )
    def a_lack_is_answered(self, pick: int, what: str, says: str, severity: str, remedy: str, actor: Actor) -> None:
        known, app = of(self.shop.files, pick), self.shop.app
        ground, costs = (DISPROPORTIONATE, (eur(900), eur(100))) if pick % 2 else (IMPOSSIBLE, (None, None))
        commands: dict[str, Decide] = {
            "evidence": lambda work: app.record_evidence(work, known.id, says, "workshop", "w-1", "report", None),
            "acknowledge": lambda work: app.acknowledge_lack(work, known.id, severity, "seen"),
            "proof": lambda work: app.ask_for_proof(work, known.id),
            "reject": lambda work: app.reject_lack(work, known.id, list(known.evidence), "no lack"),
            "choose": lambda work: app.choose_remedy(work, known.id, remedy),
            "refuse": lambda work: app.refuse_remedy(work, known.id, remedy, ground, "no", *costs),
            "drop": lambda work: app.drop_lack(work, known.id, "let it be"),
        }
        self.ask(commands[what], actor)

    @precondition(lambda self: self.shop.files)
    @rule(
        pick=PICK,
        what=st.sampled_from(["start", "start", "done", "failed", "reduce", "terminate", "prove", "pay", "pay"]),
        as_is=st.sampled_from([0, 400, 899, 900]),
        actor=STAFF,
    )
    def a_lack_is_put_right(self, pick: int, what: str, as_is: int, actor: Actor) -> None:
        known, app = of(self.shop.files, pick), self.shop.app
        commands: dict[str, Decide] = {
            "start": lambda work: app.start_remedy(work, known.id, goods_needed=bool(pick % 2)),
            "done": lambda work: app.record_remedy_outcome(work, known.id, done=True, reference="d", reason=""),
            "failed": lambda work: app.record_remedy_outcome(work, known.id, done=False, reference="", reason="no"),
            "reduce": lambda work: app.reduce_price(work, known.id, eur(900), eur(as_is)),
            "terminate": lambda work: app.terminate(work, known.id),
            "prove": lambda work: app.prove_conformity_sending(work, known.id, "dhl", "T1", None),
            "pay": lambda work: app.pay_conformity(work, known.id),
        }
        self.ask(commands[what], actor)
