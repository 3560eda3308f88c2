"""What may be done about a complaint, as versioned data, and why.

Every assessment gives a decision: the remedies that are proposed, the clauses that spoke, and why the others are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from casework import Alternative, Clause, DecisionRecord, Limits, ServicePlan
from services.quality_complaints.domain.values import REMEDIES


@dataclass(frozen=True, slots=True)
class SeverityGuideline:
    """What is proposed for complaints of one severity, the best first."""

    proposals: tuple[str, ...]
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything a decision may rest on beside the facts."""

    version: str
    severities: Mapping[str, SeverityGuideline]
    limits: Limits
    plans: Mapping[str, ServicePlan]
    answer_within: timedelta  # the shop is taken to be silent afterwards
    approval_within: timedelta
    verify_after: timedelta  # no word from the customer for so long means that the remedy holds

    def plan_of(self, country: str) -> ServicePlan:
        """The service levels at the customer's place."""
        return self.plans.get(country, self.plans["default"])

    def propose(
        self, severity: str, *, safety: bool, sought: str, decision_id: UUID, by: str, at: datetime
    ) -> DecisionRecord:
        """What may be done, the customer's own wish first where the guideline has it."""
        guideline = self.severities[severity]
        proposals = sorted(guideline.proposals, key=lambda remedy: remedy != sought)
        clauses = [Clause(f"severity.{severity}", "allows", guideline.text, guideline.source)]
        if sought in guideline.proposals:
            clauses.append(Clause("wish", "allows", f"The customer asks for {sought}, which is allowed."))
        elif sought:
            clauses.append(Clause("wish", "silent", f"The customer asks for {sought}, which is not proposed here."))
        if safety:
            text = "Somebody could be hurt: the goods are contained before anybody is compensated."
            clauses.append(Clause("safety", "limits", text))
        return DecisionRecord(
            id=decision_id,
            question="remedies",
            outcome=", ".join(proposals) or "none",
            policy="quality_guidelines",
            policy_version=self.version,
            decided_at=at,
            decided_by=by,
            facts={"severity": severity, "safety": str(safety).lower(), "remedy_sought": sought},
            clauses=tuple(clauses),
            alternatives=tuple(
                Alternative(remedy, f"not proposed for {severity} complaints")
                for remedy in REMEDIES
                if remedy not in guideline.proposals
            ),
        )
