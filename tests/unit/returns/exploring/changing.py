"""Changes before the parcel leaves: lines that are cancelled or swapped, and another tender."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.work import Actor
from services.returns.application.changeable import Wanted
from services.returns.domain.change import ChangeKind, OrderChange
from tests.unit.returns.build import eur
from tests.unit.returns.exploring.walking import ANYBODY, FIRST, PICK, STAFF, Decide, Walking, of


class Changing(Walking):
    """Rules of changes before dispatch."""

    @rule(
        kind=st.sampled_from([ChangeKind.CANCEL, ChangeKind.CANCEL, ChangeKind.SWAP, ChangeKind.TENDER]),
        items=st.sampled_from([(), (("l1", 1),), (("l1", 2),), (("l2", 1),)]),
        minor=st.sampled_from([2500, 3000, 3500]),
        actor=ANYBODY,
    )
    def a_change_is_asked(self, kind: ChangeKind, items: tuple[tuple[str, int], ...], minor: int, actor: Actor) -> None:
        values: dict[ChangeKind, dict[str, Any]] = {
            ChangeKind.CANCEL: {"items": items},
            ChangeKind.SWAP: {"items": items[:1] or (("l1", 1),), "sku": "sku-42", "shown_price": eur(minor)},
            ChangeKind.TENDER: {"tender_id": "card", "to_kind": "invoice"},
        }
        wanted = Wanted(kind=kind, reason="changed_mind", **values[kind])
        self.ask(lambda work: self.shop.app.request_change(work, "s1", FIRST, wanted), actor)

    @precondition(lambda self: self.shop.changes)
    @rule(
        pick=PICK,
        what=st.sampled_from(["done", "refused", "repay", "repay", "close"]),
        difference=st.sampled_from([None, -500, 500]),
        actor=STAFF,
    )
    def a_change_goes_on(self, pick: int, what: str, difference: int | None, actor: Actor) -> None:
        known: OrderChange = of(self.shop.changes, pick)
        app, beyond = self.shop.app, None if difference is None else eur(difference)
        commands: dict[str, Decide] = {
            "done": lambda work: app.answer_change(work, known.id, "they said", done=True, difference=beyond),
            "refused": lambda work: app.answer_change(work, known.id, "packed", done=False),
            "repay": lambda work: app.repay_change(work, known.id),
            "close": lambda work: app.close_change(work, known.id, "looked"),
        }
        self.ask(commands[what], actor)
