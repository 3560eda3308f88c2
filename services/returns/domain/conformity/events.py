"""Everything that can happen to a file of conformity, beside what every case shares."""

from datetime import datetime
from typing import Any

from chassis.domain import Created, Event, Money, Personal
from services.returns.domain.case.events import sold_alone
from services.returns.domain.case.values import MoneyState, ReceivedGoods, RequestedUnit
from services.returns.domain.conformity.law import Figures
from services.returns.domain.conformity.values import Evidence, LackDates, MoneyAsked, RemedyRefusal
from services.returns.domain.law import Deadline, Proof, Ruling


class ConformityOpened(Created):
    """A lack of one sold unit was reported for the first time."""

    TOPIC = "returns.Conformity.Opened"
    class_version = 2
    shop_id: str
    order_id: str
    customer_id: str
    unit: RequestedUnit
    by: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, no unit was known as a part of a bundle."""
        sold_alone([state["unit"]])


class LackReported(Event):
    """The seller knows of a lack; its periods run from here. `sought`: the remedy the customer chose, if any."""

    TOPIC = "returns.Conformity.LackReported"
    number: int
    description: Personal
    apparent_at: datetime
    channel: str
    sought: str
    ruling: Ruling
    burden: str
    dates: LackDates
    figures: Figures
    law_version: str
    by: str


class GoodwillAsked(Event):
    """What the law does not give was asked of the shop's goodwill, as a return."""

    TOPIC = "returns.Conformity.GoodwillAsked"
    return_id: str


class EvidenceRecorded(Event):
    """A fact that speaks for the lack or against it, with its source."""

    TOPIC = "returns.Conformity.EvidenceRecorded"
    evidence: Evidence
    text: Personal


class ProofAsked(Event):
    """The time of the presumption is over: the customer was asked to prove that the lack was there at the delivery."""

    TOPIC = "returns.Conformity.ProofAsked"
    prove_by: datetime
    by: str


class LackAcknowledged(Event):
    """The seller answers for the lack; how much it weighs, and why."""

    TOPIC = "returns.Conformity.LackAcknowledged"
    severity: str
    reason: str
    by: str


class LackRejected(Event):
    """A person found that the seller does not answer for it, on this evidence."""

    TOPIC = "returns.Conformity.LackRejected"
    evidence: tuple[int, ...]
    reason: str
    by: str


class RemedyChosen(Event):
    """The customer chose between repair and replacement; or one was left by what the seller refused."""

    TOPIC = "returns.Conformity.RemedyChosen"
    remedy: str
    by: str


class RemedyRefused(Event):
    """The seller does not put it right in this way, with the reason."""

    TOPIC = "returns.Conformity.RemedyRefused"
    refusal: RemedyRefusal


class RemedyStarted(Event):
    """It is being put right. `send_by`: by when the customer is asked to send the goods, where they are needed."""

    TOPIC = "returns.Conformity.RemedyStarted"
    number: int
    remedy: str
    key: str
    claim_id: str
    send_by: datetime | None
    by: str


class RemedyDone(Event):
    """The goods conform. `liable`: how long the seller answers from now on."""

    TOPIC = "returns.Conformity.RemedyDone"
    number: int
    reference: str
    liable: Deadline
    by: str


class RemedyFailed(Event):
    """It was tried, and the goods do not conform."""

    TOPIC = "returns.Conformity.RemedyFailed"
    number: int
    reason: str
    by: str


class UnitSent(Event):
    """There is a proof that the unit was sent to the seller."""

    TOPIC = "returns.Conformity.UnitSent"
    proof: Proof


class UnitReceived(Event):
    """The unit is at the warehouse, or a receipt was written down anew."""

    TOPIC = "returns.Conformity.UnitReceived"
    receipt: ReceivedGoods


class ReceiptUndone(Event):
    """A receipt never happened."""

    TOPIC = "returns.Conformity.ReceiptUndone"
    receipt_number: str
    reason: str


class MoneyChosen(Event):
    """The customer takes a lower price, or ends the contract, by the rule of law named."""

    TOPIC = "returns.Conformity.MoneyChosen"
    asked: MoneyAsked


class RefundPlanned(Event):
    """Money is reserved in the ledger and will be sent."""

    TOPIC = "returns.Conformity.RefundPlanned"
    claim_id: str
    request_key: str
    kind: str
    amount: Money
    parts: tuple[tuple[str, Money], ...]
    by: str


class RefundMoved(Event):
    """The money is somewhere else now."""

    TOPIC = "returns.Conformity.RefundMoved"
    claim_id: str
    state: MoneyState
    amount: Money
    reference: str
    reason: str


class LackDropped(Event):
    """Nobody goes on with it: the customer let it be, or withdrew from the contract."""

    TOPIC = "returns.Conformity.LackDropped"
    reason: str
    by: str


class DutyWarned(Event):
    """A duty of the shop is soon to be missed."""

    TOPIC = "returns.Conformity.DutyWarned"
    duty: str
    due_at: datetime


class DutyMissed(Event):
    """A duty was not done in time."""

    TOPIC = "returns.Conformity.DutyMissed"
    duty: str
    owner: str
    due_at: datetime
