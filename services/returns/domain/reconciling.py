"""What we think moved, held against what a provider reports.

Guarantee: each report line and each movement of ours is in the answer exactly once: matched, different, missing there,
extra there, or of ours unknown to the report's period; the sums by cause add up to the difference of the two totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chassis.domain import Money


class Cause(Enum):
    """Why the two differ."""

    MATCHED = "matched"
    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reported:
    """One line of a provider's report. `key`: our own key, where the provider gives it back."""

    reference: str
    amount: Money
    key: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement of ours. `certain`: the provider's own word said that it was done."""

    key: str
    reference: str
    order_id: str
    amount: Money
    certain: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One line or movement, with what the other side has. `theirs - ours` is what it adds to the difference."""

    cause: Cause
    reference: str
    key: str
    order_id: str
    ours: Money | None
    theirs: Money | None


def reconcile(ours: Sequence[Moved], theirs: Sequence[Reported]) -> tuple[Difference, ...]:
    """Missing: we are sure of it, and they have it not. Extra: they have it, and we do not. Unknown: we are not sure of
    it and they have it not, so it was perhaps never made; what they have of such a movement proves it."""
    by_key = {moved.key: moved for moved in ours}
    by_reference = {moved.reference: moved for moved in ours if moved.reference}
    found, seen = [], set[str]()
    for line in theirs:
        moved = by_key.get(line.key) or by_reference.get(line.reference)
        if moved is None or moved.key in seen:  # told twice under two references: the second is more than we know of
            found.append(Difference(Cause.EXTRA, line.reference, line.key, "", None, line.amount))
            continue
        seen.add(moved.key)
        cause = Cause.MATCHED if moved.amount == line.amount else Cause.DIFFERENT
        found.append(Difference(cause, line.reference, moved.key, moved.order_id, moved.amount, line.amount))
    for moved in ours:
        if moved.key not in seen:
            cause = Cause.MISSING if moved.certain else Cause.UNKNOWN
            found.append(Difference(cause, moved.reference, moved.key, moved.order_id, moved.amount, None))
    return tuple(found)
