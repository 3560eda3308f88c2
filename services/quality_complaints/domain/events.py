"""The whole vocabulary of quality complaints: facts about orders, and what was decided about complaints and causes."""
# long: the whole vocabulary of the service in one place, to be read top down

from datetime import datetime
from uuid import UUID

from casework.decisions import DecisionRecord
from chassis.domain import Created, Event, Money, Personal
from services.quality_complaints.domain.values import Given, OrderLine, PickedLot


class OrderOpened(Created):
    """The first fact about an order, perhaps only that a parcel of it exists."""

    TOPIC = "quality_complaints.Order.Opened"
    shop_id: str
    order_id: str


class OrderRecorded(Event):
    """The whole order as it now is; the highest version wins."""

    TOPIC = "quality_complaints.Order.Recorded"
    order_version: int
    customer_id: str
    country: str
    currency: str
    lines: tuple[OrderLine, ...]


class LotsPicked(Event):
    """What lots a parcel of the order was picked from; told again, the later word counts."""

    TOPIC = "quality_complaints.Order.LotsPicked"
    shipment_id: str
    told_at: datetime
    lots: tuple[PickedLot, ...]


class ComplaintLinked(Event):
    """A complaint about this order exists."""

    TOPIC = "quality_complaints.Order.ComplaintLinked"
    case_id: UUID


class RemedyCounted(Event):
    """A remedy counts against what agents may grant in this order."""

    TOPIC = "quality_complaints.Order.RemedyCounted"
    remedy_id: str
    action: str
    amount: Money


class RemedyUncounted(Event):
    """It came to nothing and counts no more."""

    TOPIC = "quality_complaints.Order.RemedyUncounted"
    remedy_id: str


class ComplaintReceived(Created):
    """A customer says that something is wrong with the goods."""

    TOPIC = "quality_complaints.Complaint.Received"
    shop_id: str
    order_id: str
    customer_id: str
    line_id: str
    sku: str
    quantity: int
    symptom: str
    lot_id: str
    lot_source: str
    remedy_sought: str
    safety: bool
    description: Personal
    channel: str
    queue: str
    by: str


class ComplaintAcknowledged(Event):
    """The customer has been told that we look into it."""

    TOPIC = "quality_complaints.Complaint.Acknowledged"
    message_id: str


class ComplaintAssessed(Event):
    """Somebody judged how bad it is; `decision` says what may be done by the guideline."""

    TOPIC = "quality_complaints.Complaint.Assessed"
    severity: str
    safety: bool
    urgency: str
    symptom: str
    decision: DecisionRecord
    by: str


class LotFound(Event):
    """It is known, or known better, what lot the goods are of."""

    TOPIC = "quality_complaints.Complaint.LotFound"
    lot_id: str
    source: str
    by: str


class InvestigationJoined(Event):
    """The complaint is looked into together with others; `complaints` is how many they are with it."""

    TOPIC = "quality_complaints.Complaint.InvestigationJoined"
    investigation_id: UUID
    complaints: int
    by: str


class InvestigationLeft(Event):
    """It was about something else."""

    TOPIC = "quality_complaints.Complaint.InvestigationLeft"
    investigation_id: UUID
    reason: str
    by: str


class RemedyAsked(Event):
    """Somebody decided on a remedy; the ledger is asked."""

    TOPIC = "quality_complaints.Complaint.RemedyAsked"
    remedy_id: str
    remedy: str
    value: Money
    amount: Money | None
    address: Personal
    approved_by: str
    by: str
    role: str


class RemedyReserved(Event):
    """The ledger keeps it for this complaint."""

    TOPIC = "quality_complaints.Complaint.RemedyReserved"
    remedy_id: str
    amount: Money | None
    hold_until: datetime | None


class RemedyDelayed(Event):
    """The ledger cannot say yet."""

    TOPIC = "quality_complaints.Complaint.RemedyDelayed"
    remedy_id: str
    reason: str


class RemedyRefused(Event):
    """The ledger says no: what is left, and who gave the rest."""

    TOPIC = "quality_complaints.Complaint.RemedyRefused"
    remedy_id: str
    reason: str
    left: Money | None
    given: tuple[Given, ...]


class RemedyRequested(Event):
    """The shop was asked to carry it out."""

    TOPIC = "quality_complaints.Complaint.RemedyRequested"
    remedy_id: str


class RemedyUncertain(Event):
    """Nobody answered in time: a person decides."""

    TOPIC = "quality_complaints.Complaint.RemedyUncertain"
    remedy_id: str
    reason: str


class RemedyAccepted(Event):
    """The shop will do it."""

    TOPIC = "quality_complaints.Complaint.RemedyAccepted"
    remedy_id: str
    reference: str


class RemedyDone(Event):
    """The shop did it, or the money is with the customer."""

    TOPIC = "quality_complaints.Complaint.RemedyDone"
    remedy_id: str
    reference: str
    amount: Money | None


class RemedyFailed(Event):
    """It will not be done, or did not last; what the ledger kept for it is released."""

    TOPIC = "quality_complaints.Complaint.RemedyFailed"
    remedy_id: str
    reason: str


class RemedyWithdrawn(Event):
    """Taken back before it was carried out; the ledger is told."""

    TOPIC = "quality_complaints.Complaint.RemedyWithdrawn"
    remedy_id: str
    reason: str
    by: str


class RemedyNotReleased(Event):
    """The ledger says the withdrawal came too late."""

    TOPIC = "quality_complaints.Complaint.RemedyNotReleased"
    remedy_id: str
    state: str


class RemedyOverdue(Event):
    """The ledger asks what became of it."""

    TOPIC = "quality_complaints.Complaint.RemedyOverdue"
    remedy_id: str


class ResolutionVerified(Event):
    """What was done holds: somebody said so, or the customer did not come back (`how` is silence)."""

    TOPIC = "quality_complaints.Complaint.ResolutionVerified"
    how: str
    by: str


class InvestigationOpened(Created):
    """Several complaints may have one cause. An empty lot means every lot."""

    TOPIC = "quality_complaints.Investigation.Opened"
    shop_id: str
    sku: str
    lot_id: str
    symptom: str
    by: str


class MemberJoined(Event):
    """A complaint is looked into here."""

    TOPIC = "quality_complaints.Investigation.MemberJoined"
    case_id: UUID
    order_id: str
    customer_id: str
    by: str


class MemberLeft(Event):
    """A complaint was about something else."""

    TOPIC = "quality_complaints.Investigation.MemberLeft"
    case_id: UUID
    reason: str
    by: str


class ContainmentAsked(Event):
    """The shop is asked to send nothing more of it, or (`lifted`) to send it again."""

    TOPIC = "quality_complaints.Investigation.ContainmentAsked"
    request_id: str
    lifted: bool
    by: str


class ContainmentAnswered(Event):
    """What the shop says to it: requested, accepted, done, refused, unknown."""

    TOPIC = "quality_complaints.Investigation.ContainmentAnswered"
    request_id: str
    state: str
    reason: str


class CauseRecorded(Event):
    """Why it happened, and why nobody noticed."""

    TOPIC = "quality_complaints.Investigation.CauseRecorded"
    cause: str
    escape_point: str
    description: str
    by: str


class InvestigationClosed(Event):
    """Nothing more is looked into here."""

    TOPIC = "quality_complaints.Investigation.Closed"
    outcome: str
    by: str


class InvestigationReopened(Event):
    """A new complaint speaks against its end."""

    TOPIC = "quality_complaints.Investigation.Reopened"
    case_id: UUID
