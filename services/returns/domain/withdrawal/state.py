"""What a withdrawal remembers, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.domain import Personal, applies
from services.returns.domain.case.values import CaseRefund, MoneyState, ReceivedGoods
from services.returns.domain.labels import LabelState
from services.returns.domain.law import Proof, Whereabouts
from services.returns.domain.law.raising import RaisingDuties, raised
from services.returns.domain.law.receiving import ReceivingByLaw
from services.returns.domain.withdrawal import events as e
from services.returns.domain.withdrawal.label_events import LABEL_EVENTS
from services.returns.domain.withdrawal.values import Dates, UnitState

KIND = "withdrawal"


class WithdrawalState(ReceivingByLaw, RaisingDuties, LabelState):
    """Abstract: `Withdrawal` adds the decisions."""

    OWN_EVENTS = LABEL_EVENTS
    RECEIPT_EVENTS = (e.UnitsReceivedBack, e.ReceiptWithdrawn)
    DUTY_EVENTS = (e.DutyWarned, e.DutyMissed)

    def __init__(self) -> None:
        super().__init__()
        self.channel = ""
        self.statement: Personal | None = None
        self.units: dict[str, UnitState] = {}
        self.noticed_at: datetime | None = None
        self.acknowledged_at: datetime | None = None
        self.dates: Dates | None = None
        self.send_back_by: datetime | None = None
        self.whole = False
        self.law_version = ""
        self.warn_days = 0
        self.after_withholding_days = 0
        self.return_id = ""
        self.proofs: list[Proof] = []
        self.receipts: dict[str, ReceivedGoods] = {}
        self.repayments: dict[str, CaseRefund] = {}
        self.repayments_planned = 0
        self.values_lost = 0
        self.elsewhere: dict[str, tuple[str, ...]] = {}  # units whose money was given back otherwise, by which facts
        self.duties_raised: set[str] = set()

    @applies(e.WithdrawalDeclared)
    def _on_declared(self, event: e.WithdrawalDeclared) -> None:
        self._identify(
            shop_id=event.shop_id,
            customer_id=event.customer_id,
            order_id=event.order_id,
            queue="withdrawals",
            at=event.timestamp,
        )
        self.channel, self.statement = event.channel, event.statement
        self.units = {unit.unit_id: UnitState(unit) for unit in event.units}

    @applies(e.NoticeGiven)
    def _on_notice(self, event: e.NoticeGiven) -> None:
        self.noticed_at, self.acknowledged_at = event.noticed_at, event.timestamp
        self.dates, self.whole, self.law_version = event.dates, event.whole, event.law_version
        self.send_back_by = event.dates.send_back.ends_at
        self.warn_days, self.after_withholding_days = event.warn_days, event.after_withholding_days
        for unit in event.units:
            free = None if unit.where is Whereabouts.WITH_CUSTOMER else event.noticed_at
            self._unit(unit.unit_id, ruling=unit.ruling, where=unit.where, free_since=free)

    @applies(e.GoodwillOpened)
    def _on_goodwill(self, event: e.GoodwillOpened) -> None:
        self.return_id = event.return_id

    @applies(e.UnitsDelivered)
    def _on_delivered(self, event: e.UnitsDelivered) -> None:
        self.send_back_by = max(self.send_back_by or event.send_back, event.send_back)
        for unit_id in event.units:
            self._unit(unit_id, where=Whereabouts.WITH_CUSTOMER, free_since=None)

    @applies(e.UnitsSentBack)
    def _on_sent_back(self, event: e.UnitsSentBack) -> None:
        self.proofs.append(event.proof)
        for unit_id in event.units:
            since = self._free(unit_id, event.proof.sent_at)
            self._unit(unit_id, where=Whereabouts.SENT, free_since=since, proven_at=event.proof.sent_at)

    @applies(e.UnitsReceivedBack)
    def _on_received_back(self, event: e.UnitsReceivedBack) -> None:
        receipt = event.receipt
        self._forget_receipt(receipt.receipt_number, keep=receipt.units)
        self.receipts[receipt.receipt_number] = receipt
        for unit_id in receipt.units:
            since = self._free(unit_id, receipt.received_at)
            number = receipt.receipt_number
            self._unit(unit_id, where=Whereabouts.RECEIVED, free_since=since, receipt_number=number)

    @applies(e.ReceiptWithdrawn)
    def _on_receipt_withdrawn(self, event: e.ReceiptWithdrawn) -> None:
        self._forget_receipt(event.receipt_number, keep=())
        self.receipts[event.receipt_number] = replace(self.receipts[event.receipt_number], voided=True)

    @applies(e.ValueDiminished)
    def _on_value_diminished(self, event: e.ValueDiminished) -> None:
        self.values_lost += 1
        self._unit(event.unit_id, lost=event.lost)

    @applies(e.RepaymentPlanned)
    def _on_repayment_planned(self, event: e.RepaymentPlanned) -> None:
        self.repayments_planned += 1
        self.repayments[event.claim_id] = CaseRefund(
            claim_id=event.claim_id,
            request_key=event.request_key,
            kind=KIND,
            amount=event.amount,
            parts=event.parts,
            state=MoneyState.PLANNED,
            planned_at=event.timestamp,
            by=event.by,
        )

    @applies(e.RepaymentMoved)
    def _on_repayment_moved(self, event: e.RepaymentMoved) -> None:
        self.repayments[event.claim_id] = replace(
            self.repayments[event.claim_id],
            state=event.state,
            amount=event.amount,
            reference=event.reference,
            failure=event.reason,
            settled_at=event.timestamp if event.state is MoneyState.SETTLED else None,
        )

    @applies(e.RepaidElsewhere)
    def _on_repaid_elsewhere(self, event: e.RepaidElsewhere) -> None:
        self.elsewhere.update(dict.fromkeys(event.units, event.facts))

    @applies(e.OwedAgain)
    def _on_owed_again(self, event: e.OwedAgain) -> None:
        for unit_id in event.units:
            self.elsewhere.pop(unit_id, None)

    @applies(e.DutyWarned)
    def _on_duty_warned(self, event: e.DutyWarned) -> None:
        self.duties_raised.add(raised("warn", event.duty, event.due_at))

    @applies(e.DutyMissed)
    def _on_duty_missed(self, event: e.DutyMissed) -> None:
        self.duties_raised.add(raised("missed", event.duty, event.due_at))

    def _free(self, unit_id: str, at: datetime) -> datetime:
        known = self.units[unit_id].free_since
        return at if known is None else min(known, at)

    def _forget_receipt(self, receipt_number: str, *, keep: tuple[str, ...]) -> None:
        for unit_id, unit in list(self.units.items()):
            if unit.receipt_number == receipt_number and unit_id not in keep:
                where = Whereabouts.SENT if unit.proven_at else Whereabouts.WITH_CUSTOMER
                self._unit(unit_id, where=where, receipt_number="", free_since=unit.proven_at)

    def _unit(self, unit_id: str, **values: Any) -> None:
        self.units[unit_id] = replace(self.units[unit_id], **values)
