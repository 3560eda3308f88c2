"""Everything a linter has to say of a policy, by line and column.

Guarantee: what is an error may not be activated. A policy by which the shop would refuse what the law gives is one,
however it is written.
"""

from functools import cache

import yaml

from services.returns.domain.policy import ClauseKind, Ground, Policy
from services.returns.domain.policy.law import LawRule, breaches
from services.returns.domain.policy.lint import useless
from services.returns.policies.places import Place, Problem
from services.returns.policies.reading import Draft, read_policy

LAW_STANDS_ABOVE = "LAW_STANDS_ABOVE"


@cache
def law_rules(text: str) -> tuple[LawRule, ...]:
    """What a policy is held against, out of the law that its own flows decide by."""
    known = yaml.safe_load(text)
    countries = tuple(known["countries"])
    withdrawal, conformity = known["withdrawal"], known["conformity"]
    return (
        LawRule(
            kind=ClauseKind.CONFORMITY,
            ground=Ground.DEFECT,
            days=0,
            years=int(conformity["liability_years"]),
            countries=countries,
            excepted=(),
            source=conformity["sources"]["right"],
        ),
        LawRule(
            kind=ClauseKind.WITHDRAWAL,
            ground=Ground.REMORSE,
            days=int(withdrawal["withdraw_days"]),
            years=0,
            countries=countries,
            excepted=tuple(ClauseKind(entry["kind"]) for entry in withdrawal["exceptions"]),
            source=withdrawal["sources"]["right"],
        ),
    )


def lint(text: str, law: tuple[LawRule, ...]) -> Draft:
    """The policy with what is wrong and what may be meant otherwise; without a policy where it may not be activated."""
    draft = read_policy(text)
    if draft.policy is None:
        return draft
    found = [*draft.problems, *_of_law(draft.policy, law, draft), *_of_use(draft.policy, draft)]
    problems = tuple(sorted(found, key=lambda p: (p.place.line, p.place.column, p.reason, p.text)))
    lawful = not any(problem.severity == "error" for problem in problems)
    return Draft(draft.policy if lawful else None, problems, draft.places)


def _of_law(policy: Policy, law: tuple[LawRule, ...], draft: Draft) -> list[Problem]:
    protected = {ClauseKind.CONFORMITY: "a defect", ClauseKind.WITHDRAWAL: "a withdrawal"}
    return [
        Problem(
            draft.places.get(breach.clause, Place(1, 1)),
            LAW_STANDS_ABOVE,
            f"clause {breach.clause} would refuse {protected[breach.rule.kind]} in {', '.join(breach.countries)}"
            f" ({breach.text}); a clause of kind {breach.rule.kind.value} has to stand above it there:"
            f" {breach.rule.source}",
        )
        for breach in breaches(policy, law)
    ]


def _of_use(policy: Policy, draft: Draft) -> list[Problem]:
    return [Problem(draft.places[one.clause], one.reason, one.text, "warning") for one in useless(policy)]
