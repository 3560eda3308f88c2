"""Policies, what they would decide and what they would have decided, in the contract's words."""

from collections.abc import Iterable
from datetime import datetime

from aftercare.common.v1 import decision_pb2, money_pb2
from aftercare.returns.v1 import policy_pb2 as pb

from chassis.grpc.convert import timestamp_to_proto
from services.returns.domain.policy import Judged, Outcome, UnitFacts
from services.returns.domain.policy.book import PolicyBook, Version
from services.returns.domain.policy.diff import Change
from services.returns.domain.policy.grading import Checklist
from services.returns.policies.places import Problem
from services.returns.presenting.gradings import checklist
from services.returns.presenting.returns import offer
from services.returns.presenting.shared import unit_ref
from services.returns.what_if.report import Amounts, Report


def problem(found: Problem) -> pb.PolicyProblem:
    """Something the linter says."""
    return pb.PolicyProblem(
        line=found.place.line,
        column=found.place.column,
        path=found.place.path,
        reason=found.reason,
        text=found.text,
        severity=found.severity,
    )


def version(book: PolicyBook, known: Version, now: datetime, *, stored: bool) -> pb.PolicyVersion:
    """One version of a shop's policy."""
    return pb.PolicyVersion(
        policy_id=known.policy.id,
        version=known.policy.version,
        active_from=timestamp_to_proto(known.active_from),
        adopted_at=timestamp_to_proto(known.adopted_at) if stored else None,
        adopted_by=known.by if stored else "",
        in_force=known is book.version_at(now),
    )


def explained(judged: Judged, facts: UnitFacts, looked_at_by: Checklist | None) -> pb.ExplainPolicyResponse.Unit:
    """What would be decided about one unit, and why."""
    return pb.ExplainPolicyResponse.Unit(
        unit=unit_ref(judged.unit_id),
        outcome=judged.outcome.value,
        clause_id=judged.clause,
        explanation=judged.explanation,
        customer_text=judged.customer_text,
        by_law=judged.by_law,
        offer=offer(judged.offer) if judged.outcome is not Outcome.DECLINE else None,
        clauses=[
            decision_pb2.Decision.Clause(clause_id=r.id, verdict=r.verdict, text=r.text, source=r.source)
            for r in judged.readings
        ],
        alternatives=[
            decision_pb2.Decision.Alternative(outcome=a.outcome, why_not=a.why_not) for a in judged.alternatives
        ],
        facts=facts.named(),
        checklist=checklist(looked_at_by) if looked_at_by else None,
    )


def change(found: Change) -> pb.DiffPoliciesResponse.Change:
    """One difference between two policies."""
    return pb.DiffPoliciesResponse.Change(
        kind=found.kind, subject=found.subject, field=found.field, before=found.before, after=found.after
    )


def report(policy_id: str, version: str, found: Report) -> pb.WhatIfReport:
    """What a proposed policy would have changed."""
    return pb.WhatIfReport(
        policy_id=policy_id,
        version=version,
        decisions=found.decisions,
        units=found.units,
        changed_decisions=found.changed_decisions,
        changed_units=found.changed_units,
        customers=found.customers,
        changed_customers=found.changed_customers,
        customers_better=found.customers_better,
        customers_worse=found.customers_worse,
        transitions=[
            pb.WhatIfReport.Transition(
                before=name.partition(" ")[0],
                after=name.partition(" ")[2],
                units=transition.units,
                paid=list(_amounts(transition.paid)),
            )
            for name, transition in sorted(found.transitions.items())
        ],
        more_authorised=list(_amounts(found.more_authorised)),
        more_fees=list(_amounts(found.more_fees)),
        examples=[
            pb.WhatIfReport.Example(
                case_id=one.case_id,
                unit=unit_ref(one.unit_id),
                before=one.before,
                before_clause=one.before_clause,
                after=one.after,
                after_clause=one.after_clause,
                explanation=one.explanation,
                paid=money_pb2.Money(minor_units=one.minor, currency=one.currency),
            )
            for one in found.examples
        ],
        unknowns=[pb.WhatIfReport.Unknown(what=what, units=units) for what, units in found.unknowns.items()],
    )


def _amounts(found: Amounts) -> Iterable[money_pb2.Money]:
    for currency, minor in sorted(found.by_currency.items()):
        yield money_pb2.Money(minor_units=minor, currency=currency)
