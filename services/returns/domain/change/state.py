"""What a change before dispatch remembers, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from collections.abc import Iterable
from dataclasses import replace

from casework.case import Case
from chassis.domain import Money, applies
from services.returns.domain.case.values import CaseRefund, MoneyState
from services.returns.domain.change import events as e
from services.returns.domain.change.values import AskedUnder, ChangeKind, Interception, UnitStage, Wish

KIND = "change"


class ChangeState(Case):
    """Abstract: `OrderChange` adds the decisions."""

    wish: Wish
    under: AskedUnder

    def __init__(self) -> None:
        super().__init__()
        self.channel = ""
        self.stages: dict[str, UnitStage] = {}
        self.tender_stage: UnitStage | None = None
        self.difference: Money | None = None
        self.reference = ""
        self.refusal = ""
        self.missed: set[str] = set()
        self.told_too_late = False
        self.left_all_the_same: set[str] = set()
        self.person_for = ""
        self.interceptions: dict[str, Interception] = {}
        self.return_id = ""
        self.returned: set[str] = set()
        self.refunds: dict[str, CaseRefund] = {}
        self.refunds_planned = 0
        self.held_back = ""
        self.tender_released = ""

    @applies(e.ChangeRequested)
    def _on_requested(self, event: e.ChangeRequested) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue="changes",
            at=event.timestamp,
        )
        self.wish, self.under, self.channel = event.wish, event.under, event.channel
        self.stages = {unit.unit_id: UnitStage.ASKED for unit in event.wish.units}
        self.tender_stage = UnitStage.ASKED if event.wish.kind is ChangeKind.TENDER else None

    @applies(e.ChangeConfirmed)
    def _on_confirmed(self, event: e.ChangeConfirmed) -> None:
        self._stand(event.units, UnitStage.CONFIRMED)
        self.tender_stage = self.tender_stage and UnitStage.CONFIRMED
        self.difference, self.reference = event.difference, event.reference

    @applies(e.ChangeRefused)
    def _on_refused(self, event: e.ChangeRefused) -> None:
        self._stand(event.units, UnitStage.REFUSED)
        self.tender_stage = self.tender_stage and UnitStage.REFUSED
        self.refusal = event.reason

    @applies(e.AnswerMissed)
    def _on_answer_missed(self, event: e.AnswerMissed) -> None:
        self.missed.add(event.what)

    @applies(e.UnitsLeft)
    def _on_left(self, event: e.UnitsLeft) -> None:
        self._stand(event.units, UnitStage.OVERTAKEN)

    @applies(e.UnitsLeftAllTheSame)
    def _on_left_all_the_same(self, event: e.UnitsLeftAllTheSame) -> None:
        self.left_all_the_same.update(event.units)

    @applies(e.ConfirmedTooLate)
    def _on_confirmed_too_late(self, event: e.ConfirmedTooLate) -> None:
        self.told_too_late = True

    @applies(e.LeftToPerson)
    def _on_left_to_person(self, event: e.LeftToPerson) -> None:
        self.person_for = event.why

    @applies(e.InterceptionAsked)
    def _on_interception_asked(self, event: e.InterceptionAsked) -> None:
        self.interceptions[event.interception.interception_id] = event.interception

    @applies(e.InterceptionEnded)
    def _on_interception_ended(self, event: e.InterceptionEnded) -> None:
        known = self.interceptions[event.interception_id]
        state = "done" if event.done else "failed"
        self.interceptions[event.interception_id] = replace(known, state=state, reason=event.reason)

    @applies(e.ReturnOpened)
    def _on_return_opened(self, event: e.ReturnOpened) -> None:
        self.return_id = event.return_id
        self.returned.update(event.units)

    @applies(e.WayGiven)
    def _on_way_given(self, event: e.WayGiven) -> None:
        self._stand(event.units, UnitStage.WITHDRAWN)

    @applies(e.ChangeMoneyPlanned)
    def _on_money_planned(self, event: e.ChangeMoneyPlanned) -> None:
        self.refunds_planned += 1
        self.held_back = ""
        self.refunds[event.claim_id] = CaseRefund(
            claim_id=event.claim_id,
            request_key=event.request_key,
            kind=KIND,
            amount=event.amount,
            parts=event.parts,
            state=MoneyState.PLANNED,
            planned_at=event.timestamp,
            by=event.by,
        )

    @applies(e.ChangeMoneyMoved)
    def _on_money_moved(self, event: e.ChangeMoneyMoved) -> None:
        self.refunds[event.claim_id] = replace(
            self.refunds[event.claim_id],
            state=event.state,
            amount=event.amount,
            reference=event.reference,
            failure=event.reason,
            settled_at=event.timestamp if event.state is MoneyState.SETTLED else None,
        )

    @applies(e.ChangeMoneyHeldBack)
    def _on_money_held_back(self, event: e.ChangeMoneyHeldBack) -> None:
        self.held_back = event.why

    @applies(e.TenderLetGo)
    def _on_tender_let_go(self, event: e.TenderLetGo) -> None:
        self.tender_released = "planned"

    @applies(e.TenderReleased)
    def _on_tender_released(self, event: e.TenderReleased) -> None:
        self.tender_released = event.state

    def _stand(self, units: Iterable[str], stage: UnitStage) -> None:
        self.stages.update(dict.fromkeys(units, stage))
