"""The record of a decision: enough to explain it, and to decide it again.

Frozen values for events: policy version, the facts the decision saw, the clock it read, the clauses that
spoke in their order, and the alternatives with why not.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule that was asked. `verdict`: allows, refuses, limits, sets (a term of what is allowed), or silent."""

    id: str
    verdict: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """What else could have been decided."""

    outcome: str
    why_not: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Why something was decided."""

    id: UUID
    question: str
    outcome: str
    policy: str
    policy_version: str
    decided_at: datetime
    decided_by: str
    facts: dict[str, str]
    clauses: tuple[Clause, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
