"""A sold unit that comes back to the shop, as evidence of what may be wrong with the goods.

Guarantee: a sold unit is one piece of evidence at most, however often it is told of and in however many returns. Of
each return the highest version told wins, and of several returns the one in which something happened last, in whatever
order they are heard of. Only what is here speaks: what was merely asked for may never come. What was found of a unit
stands above the reason it was asked to come back for.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, applies, derived_id
from services.quality_complaints.domain import returned_events as e
from services.quality_complaints.domain.values import ToldUnit

DEFECT, MAKER = "defect", "maker"
UNDECIDED = ("", "unknown")


class ReturnedUnit(Aggregate, topic="quality_complaints.ReturnedUnit"):
    """See the module's guarantee."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.order_id = ""
        self.customer_id = ""
        self.line_id = ""
        self.unit = 0
        self.sku = ""
        self.told: dict[str, ToldUnit] = {}
        self.picked_lot = ""
        self.investigation_id: UUID | None = None

    @staticmethod
    def id_of(shop_id: str, order_id: str, line_id: str, unit: int) -> UUID:
        """Where the facts about this unit are kept, in whichever return it comes."""
        return derived_id("quality_complaints.returned_unit", shop_id, order_id, line_id, str(unit))

    @classmethod
    def hear_of(
        cls, shop_id: str, order_id: str, line_id: str, unit: int, *, customer_id: str, sku: str, at: datetime
    ) -> "ReturnedUnit":
        """The first word about it."""
        return cls.start(
            e.ReturnedUnitHeard,
            id=cls.id_of(shop_id, order_id, line_id, unit),
            at=at,
            shop_id=shop_id,
            order_id=order_id,
            customer_id=customer_id,
            line_id=line_id,
            unit=unit,
            sku=sku,
        )

    def learn(self, told: ToldUnit, *, at: datetime) -> None:
        """Take a word about it; one that is not newer than the last of the same return says nothing."""
        known = self.told.get(told.return_id)
        if known is None or told.version > known.version:
            self.record(e.ReturnedUnitTold, at=at, told=told)

    def infer_lot(self, lot_id: str, *, at: datetime) -> None:
        """What its line was picked from; what was read off the goods themselves stands above it."""
        if lot_id != self.picked_lot:
            self.record(e.ReturnedLotInferred, at=at, lot_id=lot_id)

    @property
    def here(self) -> ToldUnit | None:
        """What the return says by which it is here; None where it is not."""
        here = [told for told in self.told.values() if told.received]
        return max(here, key=lambda told: (told.at, told.return_id), default=None)

    @property
    def lot_id(self) -> str:
        """The lot it is of, as far as known."""
        read_off = self.here.lot_id if self.here is not None else ""
        return read_off or self.picked_lot

    @property
    def speaks(self) -> bool:
        """Whether it speaks for a defect: it is here, and somebody found that its maker is responsible, or it came back
        for a defect and nobody has found who is."""
        if self.here is None:
            return False
        found = self.here.responsibility
        return found == MAKER or (found in UNDECIDED and self.here.ground == DEFECT)

    def become_evidence(self, investigation_id: UUID, *, at: datetime) -> None:
        """The investigation of its lot has taken it in."""
        self.record(e.BecameEvidence, at=at, investigation_id=investigation_id)

    def be_no_evidence(self, *, at: datetime) -> None:
        """The investigation it was in has let it go."""
        if self.investigation_id is not None:
            self.record(e.NoMoreEvidence, at=at, investigation_id=self.investigation_id)

    @applies(e.ReturnedUnitHeard)
    def _on_heard(self, event: e.ReturnedUnitHeard) -> None:
        self.shop_id, self.order_id, self.customer_id = event.shop_id, event.order_id, event.customer_id
        self.line_id, self.unit, self.sku = event.line_id, event.unit, event.sku

    @applies(e.ReturnedUnitTold)
    def _on_told(self, event: e.ReturnedUnitTold) -> None:
        self.told[event.told.return_id] = event.told

    @applies(e.ReturnedLotInferred)
    def _on_lot_inferred(self, event: e.ReturnedLotInferred) -> None:
        self.picked_lot = event.lot_id

    @applies(e.BecameEvidence)
    def _on_became_evidence(self, event: e.BecameEvidence) -> None:
        self.investigation_id = event.investigation_id

    @applies(e.NoMoreEvidence)
    def _on_no_more_evidence(self, event: e.NoMoreEvidence) -> None:
        self.investigation_id = None
