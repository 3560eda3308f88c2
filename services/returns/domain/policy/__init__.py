"""A shop's policy as versioned data, and the pure function that reads it."""

from services.returns.domain.policy.book import PolicyBook
from services.returns.domain.policy.customer import CustomerReturns
from services.returns.domain.policy.evaluate import Judged, judge_inspection, judge_promise
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.values import (
    Clause,
    ClauseKind,
    Fee,
    Ground,
    Offer,
    Outcome,
    Policy,
    Reason,
    RoleLimit,
    Terms,
)

__all__ = [
    "Clause",
    "ClauseKind",
    "CustomerReturns",
    "Fee",
    "Ground",
    "Judged",
    "Offer",
    "Outcome",
    "Policy",
    "PolicyBook",
    "Reason",
    "RoleLimit",
    "Terms",
    "UnitFacts",
    "judge_inspection",
    "judge_promise",
]
