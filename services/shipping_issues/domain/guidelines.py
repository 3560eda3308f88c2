"""Rules as values: how long silence may last per carrier, what each finding means and allows.

They are loaded from data by `policies.py`; every decision names the version it was made under.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from casework import Limits, ServicePlan, WorkingCalendar
from services.shipping_issues.domain.values import NeutralStatus

NO_FIRST_SCAN, STALLED, LEAD_TIME_EXCEEDED = "no_first_scan", "stalled", "lead_time_exceeded"
ESTIMATE_SLIPPED, PROMISE_AT_RISK, PROMISE_MISSED = "estimate_slipped", "promise_at_risk", "promise_missed"
LATE_TO_SHIP, AWAITING_PICKUP, NOT_RECEIVED = "late_to_ship", "awaiting_pickup", "not_received"

WAIT, CORRECT_ADDRESS, REDELIVER = "wait", "correct_address", "redeliver"
RESHIP, REFUND, CARRIER_CLAIM = "reship", "refund", "carrier_claim"

# After one of these, the next sign of the parcel is news to the customer. The others are found of parcels that move.
NO_SIGN_OF_LIFE = frozenset(
    {
        NO_FIRST_SCAN,
        STALLED,
        LATE_TO_SHIP,
        AWAITING_PICKUP,
        NOT_RECEIVED,
        "failed_attempt",
        "customs_hold",
        "address_problem",
        "lost",
        "damaged",
    }
)


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """When a carrier takes a claim, in days after the hand-over."""

    earliest_days: int
    latest_days: int
    source: str


@dataclass(frozen=True, slots=True)
class CarrierRules:
    """One carrier: its codes, its working time, and how long its silence may last (in that working time)."""

    name: str
    calendar: WorkingCalendar
    codes: Mapping[str, NeutralStatus]
    no_first_scan: timedelta
    stalled: timedelta
    stalled_in: Mapping[str, timedelta]
    lead_time: timedelta
    at_risk_before: timedelta
    pickup: timedelta
    claim: ClaimRule | None
    source: str

    def meaning(self, code: str) -> NeutralStatus:
        """What a code means; `unknown` is a sign of life that moves nothing."""
        return self.codes.get(code.upper(), NeutralStatus("unknown"))

    def silence_allowed(self, sub_status: str) -> timedelta:
        """How long nothing may be heard in this sub-status."""
        return self.stalled_in.get(sub_status, self.stalled)


@dataclass(frozen=True, slots=True)
class Carriers:
    """All carriers; one not listed is judged by the default rules."""

    version: str
    default: CarrierRules
    by_name: Mapping[str, CarrierRules]

    def of(self, carrier: str) -> CarrierRules:
        """The rules of one carrier."""
        return self.by_name.get(carrier.lower(), self.default)


@dataclass(frozen=True, slots=True)
class FindingGuideline:
    """What one finding means and allows. `expect` is the carrier's working time after which the parcel can
    honestly be expected; None where nobody can say."""

    finding: str
    trouble: str
    proposals: tuple[str, ...]
    choices: tuple[str, ...]
    expect: timedelta | None
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Guidelines:
    """What agents may do for each finding."""

    version: str
    by_finding: Mapping[str, FindingGuideline]

    def of(self, finding: str) -> FindingGuideline:
        """The guideline of one finding; every finding has one, checked at load."""
        return self.by_finding[finding]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything a decision may rest on beside the facts."""

    carriers: Carriers
    guidelines: Guidelines
    limits: Limits
    plans: Mapping[str, ServicePlan]
    answer_within: timedelta
    approval_within: timedelta

    def plan_of(self, country: str) -> ServicePlan:
        """The service levels at the customer's place."""
        return self.plans.get(country, self.plans["default"])
