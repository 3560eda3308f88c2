"""What is known of units that came back, and which of them are evidence."""

from uuid import UUID

from chassis.domain import Created, Event
from services.quality_complaints.domain.values import ToldUnit


class ReturnedUnitHeard(Created):
    """A sold unit is to come back, or is here."""

    TOPIC = "quality_complaints.ReturnedUnit.Heard"
    shop_id: str
    order_id: str
    customer_id: str
    line_id: str
    unit: int
    sku: str


class ReturnedUnitTold(Event):
    """More is known of it in one return, or something else."""

    TOPIC = "quality_complaints.ReturnedUnit.Told"
    told: ToldUnit


class ReturnedLotInferred(Event):
    """All units of its line were picked from one lot; empty: they were not, after all."""

    TOPIC = "quality_complaints.ReturnedUnit.LotInferred"
    lot_id: str


class BecameEvidence(Event):
    """It speaks for a defect of its lot."""

    TOPIC = "quality_complaints.ReturnedUnit.BecameEvidence"
    investigation_id: UUID


class NoMoreEvidence(Event):
    """What was found of it, where it is, or its lot, says otherwise."""

    TOPIC = "quality_complaints.ReturnedUnit.NoMoreEvidence"
    investigation_id: UUID


class EvidenceTaken(Event):
    """A unit that came back is looked at in this investigation."""

    TOPIC = "quality_complaints.Investigation.EvidenceTaken"
    returned_unit_id: UUID
    return_id: str
    order_id: str
    customer_id: str
    line_id: str
    unit: int


class EvidenceLetGo(Event):
    """It speaks for nothing here any more."""

    TOPIC = "quality_complaints.Investigation.EvidenceLetGo"
    returned_unit_id: UUID


class ReopenedByUnit(Event):
    """A unit came back although the matter was closed."""

    TOPIC = "quality_complaints.Investigation.ReopenedByUnit"
    returned_unit_id: UUID


class ReturnedUnitLinked(Event):
    """A unit of this order comes back."""

    TOPIC = "quality_complaints.Order.ReturnedUnitLinked"
    returned_unit_id: UUID
