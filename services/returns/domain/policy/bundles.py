"""Whether a policy lets a part of a bundle go without the rest.

Guarantee: pure; the same clause says it to whoever asks for a return, lets a part of one be, exchanges it, or cancels
it before it leaves. Law stands above it here as everywhere.
"""

from services.returns.domain.policy.compiled import compiled
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.speaking import LIMITS, REFUSES, Course, Spoken
from services.returns.domain.policy.values import ClauseKind, Policy
from services.returns.domain.policy.weighing import heard, weighed


def only_whole(policy: Policy, facts: UnitFacts, *, inspected: bool = False) -> Spoken | None:
    """The clause that stands against this unit without what is missing of its bundle; None where none does."""
    if not facts.bundle_missing:
        return None
    found = weighed(heard(compiled(policy), facts, Course(inspected=inspected), every_word=False))
    said = [one for one in found.said if one.clause.kind is ClauseKind.BUNDLE]
    against = [one for one in said if one.verdict == LIMITS or (one.verdict == REFUSES and found.law is None)]
    return next(iter(against), None)
