"""What a file of conformity remembers, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.domain import applies
from services.returns.domain.case.values import CaseRefund, MoneyState, ReceivedGoods
from services.returns.domain.conformity import events as e
from services.returns.domain.conformity.label_events import LABEL_EVENTS
from services.returns.domain.conformity.law import Figures
from services.returns.domain.conformity.values import LACK, Attempt, Evidence, FiledUnit, Lack, MoneyAsked
from services.returns.domain.labels import LabelStage, LabelState
from services.returns.domain.law import Deadline, Proof, Whereabouts
from services.returns.domain.law.raising import RaisingDuties, raised
from services.returns.domain.law.receiving import ReceivingByLaw

PROOF = "proof"


class ConformityState(ReceivingByLaw, RaisingDuties, LabelState):
    """Abstract: `Conformity` adds the decisions."""

    OWN_EVENTS = LABEL_EVENTS
    RECEIPT_EVENTS = (e.UnitReceived, e.ReceiptUndone)
    DUTY_EVENTS = (e.DutyWarned, e.DutyMissed)

    def __init__(self) -> None:
        super().__init__()
        self.unit_id = ""
        self.units: dict[str, FiledUnit] = {}
        self.lacks: dict[int, Lack] = {}
        self.evidence: dict[int, Evidence] = {}
        self.attempts: dict[int, Attempt] = {}
        self.money: MoneyAsked | None = None
        self.dropped = False
        self.liable: Deadline | None = None
        self.figures: Figures | None = None
        self.law_version = ""
        self.return_id = ""
        self.proofs: list[Proof] = []
        self.receipts: dict[str, ReceivedGoods] = {}
        self.refunds: dict[str, CaseRefund] = {}
        self.lack_of_refund: dict[str, int] = {}
        self.refunds_planned = 0
        self.duties_raised: set[str] = set()

    @property
    def unit(self) -> FiledUnit:
        """The unit it is about."""
        return self.units[self.unit_id]

    @property
    def lack(self) -> Lack:
        """The lack reported last."""
        return self.lacks[len(self.lacks)]

    @applies(e.ConformityOpened)
    def _on_opened(self, event: e.ConformityOpened) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue="conformity",
            at=event.timestamp,
        )
        self.unit_id = event.unit.unit_id
        self.units = {self.unit_id: FiledUnit(event.unit)}

    @applies(e.LackReported)
    def _on_reported(self, event: e.LackReported) -> None:
        self.lacks[event.number] = Lack(
            event.number,
            event.description,
            event.apparent_at,
            event.timestamp,
            event.channel,
            event.ruling,
            event.burden,
            event.dates,
            remedy=event.sought,
        )
        self.liable, self.figures, self.law_version = event.dates.liable, event.figures, event.law_version
        self.money, self.dropped, self.return_id = None, False, ""
        self._unit(where=Whereabouts.WITH_CUSTOMER, free_since=None, proven_at=None, receipt_number="")

    @applies(e.GoodwillAsked)
    def _on_goodwill(self, event: e.GoodwillAsked) -> None:
        self.return_id = event.return_id

    @applies(e.EvidenceRecorded)
    def _on_evidence(self, event: e.EvidenceRecorded) -> None:
        self.evidence[event.evidence.number] = event.evidence
        if self.lack.answer == "rejected" and event.evidence.says == LACK:
            self._lack(answer="")  # it is to be answered again

    @applies(e.ProofAsked)
    def _on_proof_asked(self, event: e.ProofAsked) -> None:
        self._lack(prove_by=event.prove_by)

    @applies(e.LackAcknowledged)
    def _on_acknowledged(self, event: e.LackAcknowledged) -> None:
        self._lack(answer="acknowledged", severity=event.severity)

    @applies(e.LackRejected)
    def _on_rejected(self, event: e.LackRejected) -> None:
        self._lack(answer="rejected")

    @applies(e.RemedyChosen)
    def _on_chosen(self, event: e.RemedyChosen) -> None:
        self._lack(remedy=event.remedy)

    @applies(e.RemedyRefused)
    def _on_refused(self, event: e.RemedyRefused) -> None:
        chosen = "" if self.lack.remedy == event.refusal.remedy else self.lack.remedy
        self._lack(refusals=(*self.lack.refusals, event.refusal), remedy=chosen)

    @applies(e.RemedyStarted)
    def _on_started(self, event: e.RemedyStarted) -> None:
        self.attempts[event.number] = Attempt(
            event.number,
            event.remedy,
            event.key,
            event.timestamp,
            event.send_by is not None,
            self.lack.number,
            claim_id=event.claim_id,
        )
        self._lack(send_by=event.send_by)

    @applies(e.RemedyDone)
    def _on_done(self, event: e.RemedyDone) -> None:
        self._attempt(event.number, state="done", ended_at=event.timestamp, reference=event.reference)
        self.liable = event.liable
        self._unit(where=Whereabouts.WITH_CUSTOMER, free_since=None, proven_at=None, receipt_number="")

    @applies(e.RemedyFailed)
    def _on_failed(self, event: e.RemedyFailed) -> None:
        self._attempt(event.number, state="failed", ended_at=event.timestamp, reason=event.reason)
        self._lack(remedy="")

    @applies(e.UnitSent)
    def _on_sent(self, event: e.UnitSent) -> None:
        self.proofs.append(event.proof)
        self._spend(PROOF)
        self._unit(where=Whereabouts.SENT, free_since=self._free(event.proof.sent_at), proven_at=event.proof.sent_at)

    @applies(e.UnitReceived)
    def _on_received(self, event: e.UnitReceived) -> None:
        receipt = event.receipt
        self._forget_receipt(receipt.receipt_number, keep=receipt.units)
        self.receipts[receipt.receipt_number] = receipt
        if self.unit_id in receipt.units:
            since = self._free(receipt.received_at)
            self._unit(where=Whereabouts.RECEIVED, free_since=since, receipt_number=receipt.receipt_number)
            self._spend(receipt.receipt_number)

    @applies(e.ReceiptUndone)
    def _on_receipt_undone(self, event: e.ReceiptUndone) -> None:
        self._forget_receipt(event.receipt_number, keep=())
        self.receipts[event.receipt_number] = replace(self.receipts[event.receipt_number], voided=True)

    @applies(e.MoneyChosen)
    def _on_money_chosen(self, event: e.MoneyChosen) -> None:
        self.money = event.asked

    @applies(e.RefundPlanned)
    def _on_refund_planned(self, event: e.RefundPlanned) -> None:
        self.refunds_planned += 1
        self.lack_of_refund[event.claim_id] = self.lack.number
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

    @applies(e.LackDropped)
    def _on_dropped(self, event: e.LackDropped) -> None:
        self.dropped = True

    @applies(e.DutyWarned)
    def _on_duty_warned(self, event: e.DutyWarned) -> None:
        self.duties_raised.add(raised("warn", event.duty, event.due_at))

    @applies(e.DutyMissed)
    def _on_duty_missed(self, event: e.DutyMissed) -> None:
        self.duties_raised.add(raised("missed", event.duty, event.due_at))

    def _free(self, at: datetime) -> datetime:
        known = self.unit.free_since
        return at if known is None else min(known, at)

    def _forget_receipt(self, receipt_number: str, *, keep: tuple[str, ...]) -> None:
        unit = self.unit
        if unit.receipt_number == receipt_number and self.unit_id not in keep:
            where = Whereabouts.SENT if unit.proven_at else Whereabouts.WITH_CUSTOMER
            self._unit(where=where, receipt_number="", free_since=unit.proven_at)
            for label in [label for label in self.labels.values() if label.spent == receipt_number]:
                self._label(label.label_id, spent="")

    def _spend(self, by: str) -> None:
        """Goods went with one of the labels that were there, nobody knows which."""
        for label in [one for one in self.labels.values() if one.stage is LabelStage.ISSUED and not one.spent]:
            self._label(label.label_id, spent=by)

    def _unit(self, **values: Any) -> None:
        self.units[self.unit_id] = replace(self.unit, **values)

    def _lack(self, **values: Any) -> None:
        self.lacks[self.lack.number] = replace(self.lack, **values)

    def _attempt(self, number: int, **values: Any) -> None:
        self.attempts[number] = replace(self.attempts[number], **values)
