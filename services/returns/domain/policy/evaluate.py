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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from casework.decisions import Alternative
from casework.decisions import Clause as Reading
from services.returns.domain.policy.compiled import WEIGHT, Compiled, Group, Prepared, compiled
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.sentences import for_customer
from services.returns.domain.policy.speaking import ALLOWS, LIMITS, REFUSES, SILENT, Course, Spoken
from services.returns.domain.policy.values import LAW, NOTHING_OFFERED, ClauseKind, Fee, Ground, Offer, Outcome, Policy
from services.returns.domain.policy.windows import Span, end_of

EXCEPTED = frozenset(
    {
        ClauseKind.FINAL_SALE,
        ClauseKind.PERISHABLE,
        ClauseKind.MADE_TO_MEASURE,
        ClauseKind.DIGITAL,
        ClauseKind.HYGIENE,
        ClauseKind.EXCLUSION,
    }
)
AT_INSPECTION = frozenset(
    {ClauseKind.CONDITION, ClauseKind.HYGIENE, ClauseKind.DIGITAL, ClauseKind.WINDOW, ClauseKind.SIGNAL}
)
"""What is asked again when the goods are here; everything else was settled by the promise."""

NO_CLAUSE = "no_clause"


@dataclass(frozen=True, slots=True)
class Judged:
    """What the policy says of one unit. `clause` is the one that decided; `by_law` names the rule of law
    that no refusal of the shop may go against; `until` is the end of the window that counts."""

    unit_id: str
    outcome: Outcome
    clause: str
    explanation: str
    readings: tuple[Reading, ...]
    alternatives: tuple[Alternative, ...]
    by_law: str = ""
    customer_text: str = ""
    offer: Offer = NOTHING_OFFERED
    until: datetime | None = None


def judge_promise(policy: Policy, facts: UnitFacts) -> Judged:
    """The promise at request: may this unit come back, and on what terms?"""
    ready = compiled(policy)
    said, _ = _heard(ready, facts, Course())
    law = _first(said, lambda one: one.clause.kind in LAW and one.verdict == ALLOWS)
    refusal = _first(said, lambda one: one.verdict == REFUSES)
    limit = _first(said, lambda one: one.verdict == LIMITS)
    allowed = _first(said, lambda one: one.verdict == ALLOWS)
    if law is None and refusal is not None:
        outcome, decider = Outcome.DECLINE, refusal
    elif limit is not None:
        outcome, decider = Outcome.PERSON, limit
    elif (permission := law or allowed) is not None:
        outcome, decider = Outcome.AUTHORISE, permission
    else:
        outcome, decider = Outcome.PERSON, None
    offer = _offer(said) if outcome is not Outcome.DECLINE else NOTHING_OFFERED
    clause = decider.clause.id if decider else NO_CLAUSE
    text = decider.text if decider else "No clause of the policy speaks of this."
    return Judged(
        unit_id=facts.unit_id,
        outcome=outcome,
        clause=clause,
        explanation=text,
        readings=_readings(ready, said),
        alternatives=_alternatives(outcome, law, refusal, limit, clause, text, offer),
        by_law=law.clause.id if law else "",
        customer_text=for_customer(outcome, decider, facts, offer),
        offer=offer,
        until=_until(said, facts),
    )


def judge_inspection(policy: Policy, facts: UnitFacts, condition: str, responsibility: str) -> Judged:
    """The outcome at inspection: as promised, or a contradiction that a person decides."""
    ready = compiled(policy)
    seen = replace(facts, stated_condition=condition)
    heard, _ = _heard(ready, seen, Course(inspected=True))
    said = [one for one in heard if one.clause.kind in AT_INSPECTION and _asked_again(one)]
    readings = _readings(ready, said)
    refusal = _first(said, lambda one: one.verdict == REFUSES)
    signal = _first(said, lambda one: one.verdict == LIMITS and one.clause.kind is ClauseKind.SIGNAL)
    if refusal is not None and facts.ground is Ground.REMORSE:
        if responsibility not in ("", "customer", "unknown"):
            text = f"Found {condition}, and the {responsibility} answers for it."
            return Judged(facts.unit_id, Outcome.AUTHORISE, refusal.clause.id, text, readings, ())
        against = refusal
    elif signal is not None:
        against = signal
    else:
        deciding = refusal.clause.id if refusal else next((r.id for r in readings), "promise")
        return Judged(facts.unit_id, Outcome.AUTHORISE, deciding, "As promised.", readings, ())
    alternatives = (Alternative("refund as promised", against.text), Alternative("refuse", "It had been promised."))
    return Judged(facts.unit_id, Outcome.PERSON, against.clause.id, against.text, readings, alternatives)


def combined(judged: Sequence[Judged]) -> str:
    """The outcome of a whole request in words, for instance ``authorise 2, decline 1``."""
    counts = {outcome: sum(1 for j in judged if j.outcome is outcome) for outcome in Outcome}
    return ", ".join(f"{outcome.value} {n}" for outcome, n in counts.items() if n)


def kindness(judged: Sequence[Judged]) -> tuple[int, ...]:
    """How good a decision is for the customer, to hold versions against each other: the greater the kinder."""
    worth = {Outcome.AUTHORISE: 2, Outcome.PERSON: 1, Outcome.DECLINE: 0}
    fees = sum(fee.amount.minor for one in judged for fee in one.offer.fees)
    return (sum(worth[one.outcome] for one in judged), sum(one.offer.returnless for one in judged), -fees)


def _heard(ready: Compiled, facts: UnitFacts, course: Course) -> tuple[list[Spoken], Course]:
    """What every clause says, those that speak and those that do not."""
    said: list[Spoken] = []
    for group in ready.groups:
        spoken = _nearest(group, facts, course) if group.nearest else _each(group, facts, course)
        said += spoken
        for one in spoken:
            _follow(course, one)
    return said, course


def _follow(course: Course, one: Spoken) -> None:
    kind = one.clause.kind
    if kind in EXCEPTED and one.verdict == REFUSES:
        course.refused.add(kind)
    elif kind in LAW and one.verdict == ALLOWS:
        course.law = course.law or kind
    elif kind is ClauseKind.SEASON and one.gives is not None:
        found = (one.gives, one.clause.id)
        course.season = max(course.season or found, found)
    elif kind is ClauseKind.RETURNLESS and one.gives:
        course.returnless = True


def _each(group: Group, facts: UnitFacts, course: Course) -> list[Spoken]:
    return [_one(ready, facts, course) for ready in group.clauses]


def _one(ready: Prepared, facts: UnitFacts, course: Course) -> Spoken:
    outside = ready.outside(facts)
    return Spoken(ready.clause, SILENT, outside) if outside else ready.read(ready.clause, facts, course)


def _nearest(group: Group, facts: UnitFacts, course: Course) -> list[Spoken]:
    if len(group.clauses) == 1:
        return [_one(group.clauses[0], facts, course)]
    found = [(ready, ready.outside(facts)) for ready in group.clauses]
    inside = [(ready, ready.read(ready.clause, facts, course)) for ready, outside in found if not outside]
    said = [Spoken(ready.clause, SILENT, outside) for ready, outside in found if outside]
    if not inside:
        return said
    best = min(inside, key=lambda pair: (*(-n for n in pair[0].nearness), -pair[1].kindness, pair[0].clause.id))
    said.append(best[1])
    name = best[1].clause.id
    said += [Spoken(r.clause, SILENT, f"{name} is nearer.") for r, one in inside if one is not best[1]]
    return said


def _first(said: Sequence[Spoken], wanted: Callable[[Spoken], bool]) -> Spoken | None:
    found = [one for one in said if wanted(one)]
    return min(found, key=lambda one: (WEIGHT[one.clause.kind], one.clause.id), default=None)


def _asked_again(one: Spoken) -> bool:
    return one.clause.kind is not ClauseKind.WINDOW or one.clause.text("end", "request") != "request"


def _readings(ready: Compiled, said: Sequence[Spoken]) -> tuple[Reading, ...]:
    ordered = sorted(said, key=lambda one: ready.places[one.clause.id])
    return tuple(Reading(one.clause.id, one.verdict, one.text, one.clause.source) for one in ordered)


def _offer(said: Sequence[Spoken]) -> Offer:
    given = {one.clause.kind: one.gives for one in said if one.gives is not None and one.verdict != SILENT}
    fees = tuple(one.gives for one in said if isinstance(one.gives, Fee) and one.verdict != SILENT)
    proofs = {p for one in said if one.clause.kind is ClauseKind.PROOF for p in one.gives or ()}
    remedies, preferred = given.get(ClauseKind.REMEDIES, ((), ""))
    span = given.get(ClauseKind.WINDOW)
    act, act_by = (span.act, span.act_by) if isinstance(span, Span) and span.act else ("", None)
    return Offer(
        remedies=remedies,
        preferred=preferred,
        fees=tuple(sorted((fee for fee in fees if fee.amount), key=lambda fee: fee.name)),
        proofs=tuple(sorted(proofs)),
        refund_at=str(given.get(ClauseKind.REFUND_AT, "inspection")),
        returnless=bool(given.get(ClauseKind.RETURNLESS)),
        act=act,
        act_by=act_by,
    )


def _until(said: Sequence[Spoken], facts: UnitFacts) -> datetime | None:
    spans = (one.gives for one in said if isinstance(one.gives, Span) and one.verdict != SILENT)
    span = next(spans, None)
    return end_of(span.last, facts) if span is not None and span.last is not None else None


def _alternatives(
    outcome: Outcome,
    law: Spoken | None,
    refusal: Spoken | None,
    limit: Spoken | None,
    clause: str,
    text: str,
    offer: Offer,
) -> tuple[Alternative, ...]:
    found = []
    if outcome is not Outcome.DECLINE and refusal is not None:
        above = law.clause.id if law else clause
        found.append(Alternative(Outcome.DECLINE.value, f"{above} stands above {refusal.clause.id}."))
    if outcome is not Outcome.AUTHORISE:
        found.append(Alternative(Outcome.AUTHORISE.value, text))
    if outcome is Outcome.AUTHORISE and limit is None:
        found.append(Alternative(Outcome.PERSON.value, "No limit was met."))
    if refusal is not None and refusal.clause.kind is ClauseKind.REMEDIES and outcome is Outcome.DECLINE:
        found += [Alternative(r, "Offered instead.") for r in refusal.clause.texts("allowed")]
    if offer.preferred:
        found.append(Alternative(offer.preferred, "The shop would rather, if the customer agrees."))
    return tuple(found)
