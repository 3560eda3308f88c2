"""A wrong unit, grade or receipt is put right: silently before money moves, visibly after.

Guarantee: a correction takes no money back. What would not have been paid is named, unit by unit, and waits until a
person has said what becomes of it; the same correction told twice is one.
"""

from collections.abc import Mapping
from datetime import datetime

from chassis.domain import Invalid, Money
from services.returns.domain.case.correction_state import CorrectedAfterMoney, CorrectedUnit, CorrectionSettled
from services.returns.domain.case.grading import Graded
from services.returns.domain.case.values import Found, Goods, MoneyState, ReturnUnit
from services.returns.domain.errors import UnknownCorrection, WrongStage

DECISIONS = ("borne", "asked_back")
"""The shop bears the difference, or the customer was asked to give it back: never taken by us."""

_PAID_FOR_ANYWAY = (Goods.RECEIVED, Goods.MISSING, Goods.KEPT_BY_CUSTOMER)

Reading = tuple[str, ...]
"""What is written down of a unit: where it is, condition, responsibility, disposition, grade; empty is not known."""


class Correcting(Graded):
    """Abstract: `Gifts` adds returns by who was given the goods."""

    def written_down(self) -> dict[str, Reading]:
        """What is known of each unit now, to be held against what is known after a change."""
        return {unit_id: _reading(unit) for unit_id, unit in self.units.items()}

    def put_right(self, before: Mapping[str, Reading], what: str, reason: str, *, by: str, at: datetime) -> str:
        """Hold what is written down now against `before`: where money has moved on what changed, that is made visible.
        Gives the id of the correction; empty where nothing that was known changed, or no money had moved on it."""
        found = [
            self._corrected(unit_id, was, _reading(self.units[unit_id]))
            for unit_id, was in before.items()
            if _differs(was, _reading(self.units[unit_id])) and self._moved(unit_id).minor > 0
        ]
        if not found:
            return ""
        correction_id = f"c{len(self.corrections) + 1}"
        self.record(
            CorrectedAfterMoney,
            at=at,
            correction_id=correction_id,
            what=what,
            reason=reason,
            by=by,
            units=tuple(found),
        )
        if self.open_corrections and not self.is_open:
            self.reopen(f"{what} was put right after money had moved", by=by, at=at)
        self.go_on(by=by, at=at)
        return correction_id

    def settle_correction(self, correction_id: str, decision: str, reason: str, *, by: str, at: datetime) -> None:
        """A person says what becomes of money that would not have been paid."""
        known = self.corrections.get(correction_id)
        if known is None:
            raise UnknownCorrection(f"this return has no correction {correction_id}", correction=correction_id)
        if decision not in DECISIONS:
            raise Invalid("decision", f"{decision} is none of {', '.join(DECISIONS)}")
        if not known.is_open:
            said = known.decision or "nothing to decide"
            raise WrongStage(f"correction {correction_id}: {said}", correction=correction_id, decision=known.decision)
        self.record(CorrectionSettled, at=at, correction_id=correction_id, decision=decision, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def _corrected(self, unit_id: str, was: Reading, now: Reading) -> CorrectedUnit:
        unit, moved = self.units[unit_id], self._moved(unit_id)
        gone = was[0] == Goods.RECEIVED.value and unit.goods not in _PAID_FOR_ANYWAY
        difference = moved if gone or unit.contradicts else Money(0, moved.currency)
        return CorrectedUnit(unit_id, _said(was), _said(now), moved, difference)

    def _moved(self, unit_id: str) -> Money:
        parts = [
            amount.minor
            for refund in self.refunds_of(unit_id)
            if refund.state is not MoneyState.FAILED
            for subject, amount in refund.parts
            if subject == unit_id
        ]
        known = self.exchange_of(unit_id)
        carried = known.money.carried.minor if known is not None and known.new_order_id else 0
        return Money(sum(parts) + carried, self.units[unit_id].asked.paid.currency)


def _reading(unit: ReturnUnit) -> Reading:
    grade = unit.grading.grade if unit.grading else ""
    return (
        unit.goods.value,
        *(_word(found) for found in (unit.condition, unit.responsibility, unit.disposition)),
        grade,
    )


def _differs(was: Reading, now: Reading) -> bool:
    """What was known is not so any more; what was not known before is no correction."""
    gone = was[0] == Goods.RECEIVED.value and now[0] != was[0]
    return gone or any(before and before != after for before, after in zip(was[1:], now[1:], strict=True))


def _word(found: Found | None) -> str:
    return found.value if found else ""


def _said(reading: Reading) -> str:
    goods, *found, grade = reading
    return ", ".join([goods, *(word for word in found if word), *([f"grade {grade}"] if grade else [])])
