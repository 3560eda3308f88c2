"""A shop's policy as versioned data, and the pure function that reads it."""

from services.returns.domain.policy.book import PolicyBook
from services.returns.domain.policy.evaluate import Judged, UnitFacts, judge_inspection, judge_promise
from services.returns.domain.policy.values import (
    Clause,
    ClauseKind,
    Ground,
    Outcome,
    Policy,
    Reason,
    RoleLimit,
    Terms,
)

__all__ = [
    "Clause",
    "ClauseKind",
    "Ground",
    "Judged",
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
