"""Weighs what the clauses of a policy say of one unit, and says why.

Guarantee: pure; the same policy and the same facts give the same decision with the same trace, however the clauses are
ordered in the policy. How conflicts are settled, in this order:

1. Of clauses of one kind that set one thing (a window, a condition, an automatic approval, remedies, a fee by its
   name, the time of the refund, what is kept) one counts: that of the highest `priority`, then the one with most
   bounds, then the one kinder to the customer, then the first by id. Of all other kinds each clause speaks for itself.
2. A rule of law that allows stands above every refusal of the shop. What the law itself excepts is no refusal of the
   shop. Where the law gives another remedy first, a person decides about the one that was asked for.
3. A refusal. Of several the first by kind, then by id, is named.
4. A limit, which asks for a person: approval, proof, signal, review.
5. Permission. Where nothing speaks, a person decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.returns.domain.policy.compiled import WEIGHT, Compiled, Group, Prepared, compiled
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.speaking import ALLOWS, LIMITS, REFUSES, SETS, SILENT, Course, Spoken
from services.returns.domain.policy.values import LAW, ClauseKind, Fee, Outcome, Policy

NO_CLAUSE = "no_clause"


@dataclass(frozen=True, slots=True)
class Weighed:
    """An outcome with the clauses it came from. `decider` is None where nothing spoke."""

    outcome: Outcome
    decider: Spoken | None
    law: Spoken | None
    refusal: Spoken | None
    limit: Spoken | None
    said: list[Spoken]

    @property
    def clause(self) -> str:
        return self.decider.clause.id if self.decider else NO_CLAUSE

    @property
    def fees(self) -> tuple[Fee, ...]:
        """What the customer bears; nothing where it does not come back."""
        if self.outcome is Outcome.DECLINE:
            return ()
        fees = (one.gives for one in self.said if one.clause.kind is ClauseKind.FEE and one.verdict == SETS)
        return tuple(sorted((fee for fee in fees if fee.amount), key=_name_of))


def weigh(policy: Policy, facts: UnitFacts) -> Weighed:
    """The outcome alone, for whoever decides many: clauses that do not speak are not even asked why."""
    return weighed(heard(compiled(policy), facts, Course(), every_word=False))


def weighed(said: list[Spoken]) -> Weighed:
    allows, refuses, limits = [], [], []
    for one in said:
        if one.verdict == ALLOWS:
            allows.append(one)
        elif one.verdict == REFUSES:
            refuses.append(one)
        elif one.verdict == LIMITS:
            limits.append(one)
    law = first([one for one in allows if one.clause.kind in LAW])
    refusal, limit = first(refuses), first(limits)
    decider: Spoken | None
    if law is None and refusal is not None:
        outcome, decider = Outcome.DECLINE, refusal
    elif limit is not None:
        outcome, decider = Outcome.PERSON, limit
    else:
        decider = law or first(allows)
        outcome = Outcome.AUTHORISE if decider else Outcome.PERSON
    return Weighed(outcome, decider, law, refusal, limit, said)


def heard(ready: Compiled, facts: UnitFacts, course: Course, *, every_word: bool) -> list[Spoken]:
    """What every clause says; without `every_word` those that do not speak of the unit are left out."""
    said: list[Spoken] = []
    for group in ready.groups if every_word else ready.of_kind(facts):
        spoken = (_nearest if group.nearest else _each)(group, facts, course, every_word)
        said += spoken
        if group.leads:
            for one in spoken:
                _follow(course, one)
    return said


def _follow(course: Course, one: Spoken) -> None:
    kind = one.clause.kind
    if one.verdict == REFUSES:
        course.refused.add(kind)
    elif kind in LAW and one.verdict == ALLOWS:
        course.law = course.law or kind
    elif kind is ClauseKind.SEASON and one.gives is not None:
        found = (one.gives, one.clause.id)
        course.season = max(course.season or found, found)
    elif kind is ClauseKind.RETURNLESS and one.gives:
        course.returnless = True


def _each(group: Group, facts: UnitFacts, course: Course, every_word: bool) -> list[Spoken]:
    said = []
    for ready in group.clauses:
        outside = ready.outside(facts)
        if not outside:
            said.append(ready.read(ready.clause, facts, course))
        elif every_word:
            said.append(Spoken(ready.clause, SILENT, outside))
    return said


def _nearest(group: Group, facts: UnitFacts, course: Course, every_word: bool) -> list[Spoken]:
    inside, said = [], []
    for ready in group.clauses:
        outside = ready.outside(facts)
        if not outside:
            inside.append((ready, ready.read(ready.clause, facts, course)))
        elif every_word:
            said.append(Spoken(ready.clause, SILENT, outside))
    if not inside:
        return said
    best = inside[0] if len(inside) == 1 else min(inside, key=_by_nearness)
    said.append(best[1])
    if every_word and len(inside) > 1:
        text = f"{best[1].clause.id} is nearer."
        said += [Spoken(ready.clause, SILENT, text) for ready, one in inside if one is not best[1]]
    return said


def _by_nearness(pair: tuple[Prepared, Spoken]) -> tuple[int, int, int, str]:
    ready, one = pair
    priority, bounds = ready.nearness
    return -priority, -bounds, -one.kindness, ready.clause.id


def first(said: Sequence[Spoken]) -> Spoken | None:
    """Of several the first by kind, then by id."""
    if len(said) < 2:
        return said[0] if said else None
    return min(said, key=_by_weight)


def _by_weight(one: Spoken) -> tuple[int, str]:
    return WEIGHT[one.clause.kind], one.clause.id


def _name_of(fee: Fee) -> str:
    return fee.name
