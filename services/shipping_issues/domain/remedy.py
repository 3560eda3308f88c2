"""What is done for a customer about one trouble, from the decision to its end.

Guarantee: a remedy that ended is never moved by a late answer, except by a proof that it was done or that
the money came back.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.domain import Money, Personal, numbered
from services.shipping_issues.domain.guidelines import CORRECT_ADDRESS, REFUND, RESHIP
from services.shipping_issues.domain.values import Content, Given

ASKED, RESERVED, REFUSED = "asked", "reserved", "refused"
REQUESTED, ACCEPTED, DONE, FAILED = "requested", "accepted", "done", "failed"
RELEASED, UNKNOWN = "released", "unknown"

# What the shop is asked to do, by the kind of the request.
RESHIP_REQUEST, ADDRESS_REQUEST = "reship", "address_correction"
REQUESTS = {RESHIP: RESHIP_REQUEST, CORRECT_ADDRESS: ADDRESS_REQUEST}

UNDER_WAY = frozenset({ASKED, RESERVED, REQUESTED, ACCEPTED, UNKNOWN})
COMPENSATES = frozenset({RESHIP, REFUND})
BY_THE_SHOP = frozenset({RESHIP, CORRECT_ADDRESS})


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy. Its id is also the key under which the ledger and the shop know the request."""

    id: str
    remedy: str
    state: str
    units: tuple[Content, ...]
    value: Money | None
    amount: Money | None
    address: Personal
    service_level: str
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
        """Under way or done: nothing else is given for the same trouble."""
        return self.is_under_way or self.state == DONE

    def to(self, state: str, **changes: object) -> "Remedy":
        """The same remedy in another state."""
        return replace(self, state=state, **changes)  # type: ignore[arg-type]


def remedy_id(case_id: UUID, number: int, incarnation: int = 1) -> str:
    """The key of a case's n-th remedy, unique over all services and readable back."""
    return f"si.{case_id}.{numbered(number, incarnation)}"


def case_of(key: str) -> UUID | None:
    """The case inside a remedy id; None for a request that was not ours."""
    parts = key.split(".")
    if len(parts) != 3 or parts[0] != "si":
        return None
    try:
        return UUID(parts[1])
    except ValueError:
        return None
