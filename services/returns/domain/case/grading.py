"""What was written down of units by the lists of the policy.

Guarantee: a grading holds the version of the list it answers; what the same answers say twice is recorded once.
"""

from dataclasses import replace
from datetime import datetime

from chassis.domain import Event, applies
from services.returns.domain.case.goods import GoodsIn
from services.returns.domain.case.signals import MARKED, Sold, marks_of
from services.returns.domain.case.values import Grading


class UnitGraded(Event):
    """Somebody answered the list for one unit. What it suggests is not what was found: that is said beside it."""

    TOPIC = "returns.Return.UnitGraded"
    unit_id: str
    grading: Grading
    by: str


class Graded(GoodsIn):
    """Abstract: `ReturnCase` adds the money."""

    def grade(self, unit_id: str, grading: Grading, *, by: str, at: datetime) -> bool:
        """Write down the answers for a unit that is here. True where they are news."""
        if self.require_here(unit_id).grading == grading:
            return False
        self.record(UnitGraded, at=at, unit_id=unit_id, grading=grading, by=by)
        return True

    def see_marks(self, unit_id: str, sold: Sold, *, at: datetime) -> None:
        """A serial or lot that was read off the unit, held against what was sold: in place of what was seen before."""
        unit = self.unit(unit_id)
        seen = self.signals.get(unit.receipt_number, ())
        kept = tuple(one for one in seen if one.name not in MARKED or one.units != (unit_id,))
        self._see(unit.receipt_number, (*kept, *marks_of(unit_id, unit, f"receipt {unit.receipt_number}", sold)), at)

    @applies(UnitGraded)
    def _on_graded(self, event: UnitGraded) -> None:
        known, grading = self.units[event.unit_id], event.grading
        self.units[event.unit_id] = replace(
            known,
            grading=grading,
            serial=grading.serial or known.serial,
            lot_id=grading.lot_id or known.lot_id,
        )
