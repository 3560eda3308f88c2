"""The words of a return, as immutable values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from chassis.domain import Money
from services.returns.domain.bundle import PartOf
from services.returns.domain.policy.values import NOTHING_OFFERED, Offer


class Authorisation(Enum):
    """Whether a unit may come back."""

    REQUESTED = "requested"
    AUTHORISED = "authorised"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Goods(Enum):
    """Where a unit is. Every state can be revised: lost parcels turn up."""

    WITH_CUSTOMER = "with_customer"
    HANDED_OVER = "handed_over"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    MISSING = "missing"
    KEPT_BY_CUSTOMER = "kept_by_customer"
    SENT_BACK = "sent_back"


class MoneyState(Enum):
    """Where the money of one refund is; `settled` is not final."""

    PLANNED = "planned"
    ATTEMPTING = "attempting"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    DISPUTED = "disputed"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class RequestedUnit:
    """One sold unit that is to come back, with what was paid for it."""

    unit_id: str
    line_id: str
    number: int
    sku: str
    title: str
    reason: str
    stated_condition: str
    paid: Money
    part_of: PartOf | None = None


@dataclass(frozen=True, slots=True)
class SendTime:
    """By when goods are to be sent, and when what was not sent expires."""

    send_by: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One fact of an inspection, with who found it and when."""

    value: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Grading:
    """What was written down of one unit by a list of the policy, and what the answers suggest. `answers` and `photos`
    are (question, answer) and (what it shows, where it is)."""

    checklist: str
    policy: str
    policy_version: str
    answers: tuple[tuple[str, str], ...]
    photos: tuple[tuple[str, str], ...]
    serial: str
    lot_id: str
    grade: str
    condition: str
    disposition: str


@dataclass(frozen=True, slots=True)
class ReturnUnit:
    """One unit in a return. `by_law` names the rule of law under which it may not be declined by shop policy;
    `announced` is False where it came in a parcel without having been asked for."""

    asked: RequestedUnit
    authorisation: Authorisation = Authorisation.REQUESTED
    goods: Goods = Goods.WITH_CUSTOMER
    condition: Found | None = None
    responsibility: Found | None = None
    disposition: Found | None = None
    explanation: str = ""
    decision_id: str = ""
    by_law: str = ""
    contradicts: str = ""
    announced: bool = True
    receipt_number: str = ""
    customer_text: str = ""
    offer: Offer = NOTHING_OFFERED
    serial: str = ""
    lot_id: str = ""
    tracking_numbers: tuple[str, ...] = ()
    before_receipt: Goods = Goods.WITH_CUSTOMER
    nothing_owed: str = ""
    ended_before: Authorisation | None = None
    grading: Grading | None = None
    let_by_person: bool = False

    @property
    def unasked(self) -> bool:
        """It was booked by mistake: nobody had asked for it, and it never came."""
        return not self.announced and not self.receipt_number and self.authorisation is Authorisation.CANCELLED

    @property
    def inspected(self) -> bool:
        """Its condition is known; whose fault it is may still be open."""
        return self.condition is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one unit, in an event: outcome is authorise, person or decline."""

    unit_id: str
    outcome: str
    clause: str
    explanation: str
    by_law: str = ""
    customer_text: str = ""
    offer: Offer = NOTHING_OFFERED


USUAL_DAYS = timedelta(days=5)
"""So long a provider usually needs from a refund to the customer's account."""


@dataclass(frozen=True, slots=True)
class CaseRefund:
    """Money of this return on its way. `kind`: refund, price_reduction or goodwill."""

    claim_id: str
    request_key: str
    kind: str
    amount: Money
    parts: tuple[tuple[str, Money], ...]
    state: MoneyState
    planned_at: datetime
    by: str
    reference: str = ""
    failure: str = ""
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A line of a receipt with the units it was booked on. Findings: short, wrong, extra, unknown. The first serial is
    the first unit's."""

    receipt_line_id: str
    sku: str
    quantity: int
    condition: str
    units: tuple[str, ...]
    findings: tuple[str, ...]
    serials: tuple[str, ...] = ()
    lot_id: str = ""

    def serial_of(self, unit_id: str) -> str:
        """The serial that was read off a unit; empty where none was."""
        place = self.units.index(unit_id)
        return self.serials[place] if place < len(self.serials) else ""


@dataclass(frozen=True, slots=True)
class ReceivedGoods:
    """One receipt as booked on this return. `short` counts announced units that were not in it."""

    receipt_number: str
    received_at: datetime
    lines: tuple[MatchedLine, ...]
    short: int
    extra: int
    wrong: int
    unknown: int
    correction: int = 0
    voided: bool = False
    by: str = ""
    tracking_number: str = ""
    weight_grams: int = 0

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit it was booked on."""
        return () if self.voided else tuple(unit for line in self.lines for unit in line.units)
