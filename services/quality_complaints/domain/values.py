"""Values of quality complaints that events carry. Stored: a field is added with a default, never renamed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.domain import Money

REPLACEMENT, REPAIR, REFUND = "replacement", "repair", "refund"
REMEDIES = (REPLACEMENT, REPAIR, REFUND)

SEVERITIES = ("minor", "major", "critical")
URGENCIES = ("low", "normal", "high")

STATED, PICKED, AGENT = "stated", "picking", "agent"
"""How a lot is known: the customer read it off the goods, all units of the line were picked from it, or an agent
found out. What the goods or a person say stands above what is inferred."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, with what the customer paid for each unit."""

    line_id: str
    sku: str
    quantity: int
    paid_each: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class PickedLot:
    """Units of one line in one parcel, picked from one lot; an empty lot was not recorded."""

    line_id: str
    sku: str
    lot_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gave of the same entitlement."""

    requester: str
    case_id: str
    by: str
    amount: Money | None
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """How bad it is."""

    severity: str
    safety: bool
    urgency: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A complaint in an investigation."""

    case_id: UUID
    order_id: str
    customer_id: str
    joined_at: datetime
    joined_by: str


@dataclass(frozen=True, slots=True)
class RootCause:
    """Why it happened, and why nobody noticed."""

    cause: str
    escape_point: str
    description: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ToldUnit:
    """What one return tells of a unit, as of a version of the return; what was not found is empty."""

    return_id: str
    version: int
    at: datetime
    received: bool
    reason: str
    ground: str
    lot_id: str
    serial: str
    condition: str
    responsibility: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit that came back, in an investigation."""

    return_id: str
    order_id: str
    customer_id: str
    line_id: str
    unit: int
    taken_at: datetime
