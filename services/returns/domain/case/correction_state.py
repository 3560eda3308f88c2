"""What was put right of a return after money had moved, and what a person said to it.

Guarantee: folds and readings only; nothing in here decides.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.domain import Event, Money, applies
from services.returns.domain.case.gift_state import GiftState


@dataclass(frozen=True, slots=True)
class CorrectedUnit:
    """One unit as it had been written down and as it is now. `moved`: money that had been planned or sent for it;
    `difference`: how much of that would not have been, had it been written down right."""

    unit_id: str
    before: str
    after: str
    moved: Money
    difference: Money


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong (a receipt or an inspection), who put it right and why. `decision`: what a person made of the
    difference; empty while nobody has."""

    id: str
    what: str
    reason: str
    by: str
    at: datetime
    units: tuple[CorrectedUnit, ...]
    decision: str = ""
    decided_by: str = ""
    decided_reason: str = ""

    @property
    def difference(self) -> Money:
        """All that would not have been paid."""
        return Money(sum(unit.difference.minor for unit in self.units), self.units[0].difference.currency)

    @property
    def is_open(self) -> bool:
        """Whether a person has to say what becomes of the difference."""
        return not self.decision and self.difference.minor > 0


class CorrectedAfterMoney(Event):
    """A unit, grade or receipt was put right when money had moved on it. No money is taken back by this."""

    TOPIC = "returns.Return.CorrectedAfterMoney"
    correction_id: str
    what: str
    reason: str
    by: str
    units: tuple[CorrectedUnit, ...]


class CorrectionSettled(Event):
    """A person said what becomes of the difference."""

    TOPIC = "returns.Return.CorrectionSettled"
    correction_id: str
    decision: str
    reason: str
    by: str


class CorrectionState(GiftState):
    """Abstract: `ExchangeState` adds the exchanges."""

    def __init__(self) -> None:
        super().__init__()
        self.corrections: dict[str, Correction] = {}

    @property
    def open_corrections(self) -> list[Correction]:
        """Those that wait for a person, in the order in which they were made."""
        return [known for known in self.corrections.values() if known.is_open]

    @applies(CorrectedAfterMoney)
    def _on_corrected(self, event: CorrectedAfterMoney) -> None:
        self.corrections[event.correction_id] = Correction(
            event.correction_id, event.what, event.reason, event.by, event.timestamp, event.units
        )

    @applies(CorrectionSettled)
    def _on_correction_settled(self, event: CorrectionSettled) -> None:
        self.corrections[event.correction_id] = replace(
            self.corrections[event.correction_id],
            decision=event.decision,
            decided_by=event.by,
            decided_reason=event.reason,
        )
