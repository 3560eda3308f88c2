"""What a return remembers, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from casework.decisions import DecisionRecord
from chassis.domain import applies
from services.returns.domain.case import events as e
from services.returns.domain.case.label_events import LABEL_EVENTS, LabelIssued
from services.returns.domain.case.pickup_state import PickupState
from services.returns.domain.case.signals import Signal
from services.returns.domain.case.values import (
    Authorisation,
    CaseRefund,
    Found,
    Goods,
    MoneyState,
    ReceivedGoods,
    ReturnUnit,
    Verdict,
)

AUTHORISATION_OF = {
    "authorise": Authorisation.AUTHORISED,
    "person": Authorisation.REQUESTED,
    "decline": Authorisation.DECLINED,
}


class ReturnState(PickupState):
    """Abstract: `ReturnCase` adds the decisions."""

    OWN_EVENTS = LABEL_EVENTS

    def __init__(self) -> None:
        super().__init__()
        self.remedy = ""
        self.channel = ""
        self.asked_at: datetime | None = None
        self.send_by: datetime | None = None
        self.expires_at: datetime | None = None
        self.units: dict[str, ReturnUnit] = {}
        self.refunds: dict[str, CaseRefund] = {}
        self.receipts: dict[str, ReceivedGoods] = {}
        self.signals: dict[str, tuple[Signal, ...]] = {}
        self.units_let_go: dict[str, list[str]] = {}
        self.decisions: dict[UUID, DecisionRecord] = {}
        self.refunds_planned = 0
        self.other_tender_asked: dict[str, str] = {}  # why, by the refund that failed

    @applies(e.ReturnRequested)
    def _on_requested(self, event: e.ReturnRequested) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue="returns",
            at=event.timestamp,
        )
        self.remedy, self.channel, self.asked_at = event.remedy, event.channel, event.asked_at
        self.units = {unit.unit_id: ReturnUnit(unit) for unit in event.units}

    @applies(e.PromiseDecided)
    def _on_promise_decided(self, event: e.PromiseDecided) -> None:
        self.decisions[event.decision.id] = event.decision
        self.send_by = event.send_by or self.send_by
        self.expires_at = event.expires_at or self.expires_at
        for verdict in event.verdicts:
            self._unit(
                verdict.unit_id,
                authorisation=AUTHORISATION_OF[verdict.outcome],
                explanation=verdict.explanation,
                decision_id=str(event.decision.id),
                by_law=verdict.by_law,
                customer_text=verdict.customer_text,
                offer=verdict.offer,
            )

    @applies(e.UnitsAuthorised)
    def _on_authorised(self, event: e.UnitsAuthorised) -> None:
        self.send_by, self.expires_at = event.send_by, event.expires_at
        self._units(event.units, authorisation=Authorisation.AUTHORISED, explanation=event.reason, let_by_person=True)

    @applies(e.UnitsDeclined)
    def _on_declined(self, event: e.UnitsDeclined) -> None:
        self._units(event.units, authorisation=Authorisation.DECLINED, explanation=event.reason)

    @applies(e.UnitsCancelled)
    def _on_cancelled(self, event: e.UnitsCancelled) -> None:
        self._units(event.units, authorisation=Authorisation.CANCELLED, explanation=event.reason)

    @applies(e.UnitsExpired)
    def _on_expired(self, event: e.UnitsExpired) -> None:
        self._units(event.units, authorisation=Authorisation.EXPIRED)

    @applies(e.UnitsKept)
    def _on_kept(self, event: e.UnitsKept) -> None:
        self._units(event.units, authorisation=Authorisation.AUTHORISED, goods=Goods.KEPT_BY_CUSTOMER)

    @applies(LabelIssued)
    def _on_return_label_issued(self, event: LabelIssued) -> None:
        self._on_label_issued(event)
        self._tracked(self.labels[event.label_id].units, event.tracking_number)

    @applies(e.UnitsSent)
    def _on_sent(self, event: e.UnitsSent) -> None:
        way = Goods.IN_TRANSIT if event.in_transit else Goods.HANDED_OVER
        self._units(event.units, goods=way, before_receipt=way)
        self._tracked(event.units, event.tracking_number)

    @applies(e.UnitsMissing)
    def _on_missing(self, event: e.UnitsMissing) -> None:
        self._units(event.units, goods=Goods.MISSING, before_receipt=Goods.MISSING)

    @applies(e.GoodsReceived)
    def _on_received(self, event: e.GoodsReceived) -> None:
        receipt = event.receipt
        for unit in event.unannounced:
            self.units[unit.unit_id] = ReturnUnit(unit, announced=False)
        self._forget_receipt(receipt.receipt_number, keep=receipt.units)
        self.receipts[receipt.receipt_number] = receipt
        self._units(receipt.units, goods=Goods.RECEIVED, receipt_number=receipt.receipt_number)
        for line in receipt.lines:
            for unit_id in line.units:
                graded = self.units[unit_id].grading  # what was read off the unit itself stands beside the receipt
                serial = line.serial_of(unit_id) or (graded.serial if graded else "")
                self._unit(unit_id, serial=serial, lot_id=line.lot_id or (graded.lot_id if graded else ""))
        self._tracked(receipt.units, receipt.tracking_number)

    @applies(e.SignalsSeen)
    def _on_signals(self, event: e.SignalsSeen) -> None:
        self.signals[event.receipt_number] = event.signals

    @applies(e.UnitsCameAfterAll)
    def _on_came_after_all(self, event: e.UnitsCameAfterAll) -> None:
        for unit_id in event.units:
            before = self.units[unit_id].authorisation
            self._unit(unit_id, authorisation=Authorisation.REQUESTED, ended_before=before)

    @applies(e.ReceiptVoided)
    def _on_receipt_voided(self, event: e.ReceiptVoided) -> None:
        self._forget_receipt(event.receipt_number, keep=())
        known = self.receipts[event.receipt_number]
        self.receipts[event.receipt_number] = replace(known, voided=True)
        self.signals.pop(event.receipt_number, None)

    @applies(e.UnitInspected)
    def _on_inspected(self, event: e.UnitInspected) -> None:
        found = {
            name: Found(value, event.by, event.timestamp)
            for name in ("condition", "responsibility", "disposition")
            if (value := getattr(event, name))
        }
        self._unit(event.unit_id, **found)

    @applies(e.OutcomeDecided)
    def _on_outcome_decided(self, event: e.OutcomeDecided) -> None:
        self.decisions[event.decision.id] = event.decision
        for verdict in event.verdicts:
            self._unit(verdict.unit_id, contradicts=_contradiction(verdict), decision_id=str(event.decision.id))

    @applies(e.RefundPlanned)
    def _on_refund_planned(self, event: e.RefundPlanned) -> None:
        self.refunds_planned += 1
        self.refunds[event.claim_id] = CaseRefund(
            claim_id=event.claim_id,
            request_key=event.request_key,
            kind=event.kind,
            amount=event.amount,
            parts=event.parts,
            state=MoneyState.PLANNED,
            planned_at=event.timestamp,
            by=event.by,
        )

    @applies(e.NothingOwed)
    def _on_nothing_owed(self, event: e.NothingOwed) -> None:
        self._units(event.units, nothing_owed=event.reason)

    @applies(e.RefundMoved)
    def _on_refund_moved(self, event: e.RefundMoved) -> None:
        self.refunds[event.claim_id] = replace(
            self.refunds[event.claim_id],
            state=event.state,
            amount=event.amount,
            reference=event.reference,
            failure=event.reason,
            settled_at=event.timestamp if event.state is MoneyState.SETTLED else None,
        )

    def _forget_receipt(self, receipt_number: str, *, keep: tuple[str, ...]) -> None:
        for unit_id, unit in list(self.units.items()):
            if unit.receipt_number == receipt_number and unit_id not in keep:
                self._never_came(unit_id, unit)
                self.units_let_go.setdefault(receipt_number, []).append(unit_id)

    def _never_came(self, unit_id: str, unit: ReturnUnit) -> None:
        self._unit(
            unit_id,
            goods=unit.before_receipt,
            receipt_number="",
            serial="",
            lot_id="",
            condition=None,
            responsibility=None,
            disposition=None,
            contradicts="",
            grading=None,
        )
        if unit.authorisation is Authorisation.REQUESTED:
            if unit.ended_before is not None:  # it was over, and is again
                self._unit(unit_id, authorisation=unit.ended_before)
            elif not unit.announced:  # nobody had asked for it
                self._unit(unit_id, authorisation=Authorisation.CANCELLED)

    def _tracked(self, unit_ids: tuple[str, ...], number: str) -> None:
        for unit_id in unit_ids if number else ():
            known = self.units[unit_id].tracking_numbers
            if number not in known:
                self._unit(unit_id, tracking_numbers=(*known, number))

    def _units(self, unit_ids: tuple[str, ...], **values: Any) -> None:
        for unit_id in unit_ids:
            self._unit(unit_id, **values)

    def _unit(self, unit_id: str, **values: Any) -> None:
        self.units[unit_id] = replace(self.units[unit_id], **values)


def _contradiction(verdict: Verdict) -> str:
    return verdict.explanation if verdict.outcome == "person" else ""
