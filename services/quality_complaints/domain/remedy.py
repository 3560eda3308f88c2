"""What is done for a customer about one complaint, from the decision to its end.

A remedy that ended is never moved by a late answer, except by a proof that it was done or that the money came back.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.domain import Money, Personal, numbered
from services.quality_complaints.domain.values import REPAIR, REPLACEMENT, Given

ASKED, RESERVED, REFUSED = "asked", "reserved", "refused"
REQUESTED, ACCEPTED, DONE, FAILED = "requested", "accepted", "done", "failed"
RELEASED, UNKNOWN = "released", "unknown"

UNDER_WAY = frozenset({ASKED, RESERVED, REQUESTED, ACCEPTED, UNKNOWN})
IN_KIND = frozenset({REPLACEMENT, REPAIR})
"""Asked of the shop once the ledger has reserved it; a refund is paid out by returns."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy. Its id is also the key under which the ledger and the shop know the request."""

    id: str
    remedy: str
    state: str
    value: Money
    amount: Money | None
    address: Personal
    by: str
    role: str
    at: datetime
    reason: str = ""
    reference: str = ""
    left: Money | None = None
    given: tuple[Given, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Decided and not at an end."""
        return self.state in UNDER_WAY

    @property
    def stands(self) -> bool:
        """Under way or done: nothing else is given for the same complaint."""
        return self.is_under_way or self.state == DONE

    def to(self, state: str, **changes: object) -> "Remedy":
        """The same remedy in another state."""
        return replace(self, state=state, **changes)  # type: ignore[arg-type]  # names are fields


def remedy_id(case_id: UUID, number: int, incarnation: int = 1) -> str:
    """The key of a complaint's n-th remedy, unique over all services and readable back."""
    return f"qc.{case_id}.{numbered(number, incarnation)}"


def case_of(key: str) -> UUID | None:
    """The complaint inside a remedy id; None for a request that was not one of these."""
    return _inside("qc", key)


def investigation_of(key: str) -> UUID | None:
    """The investigation inside a containment request's id; None for any other."""
    return _inside("qi", key)


def _inside(prefix: str, key: str) -> UUID | None:
    parts = key.split(".")
    if len(parts) != 3 or parts[0] != prefix:
        return None
    try:
        return UUID(parts[1])
    except ValueError:
        return None
