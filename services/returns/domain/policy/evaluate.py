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
from dataclasses import dataclass, replace
from datetime import datetime

from casework.decisions import Alternative
from casework.decisions import Clause as Reading
from services.returns.domain.policy.compiled import WEIGHT, Compiled, Group, Prepared, compiled
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.sentences import for_customer
from services.returns.domain.policy.speaking import ALLOWS, LIMITS, REFUSES, SETS, SILENT, Course, Spoken
from services.returns.domain.policy.values import LAW, NOTHING_OFFERED, ClauseKind, Fee, Ground, Offer, Outcome, Policy
from services.returns.domain.policy.windows import Span, end_of

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
    return _weighed(_heard(compiled(policy), facts, Course(), every_word=False))


def judge_promise(policy: Policy, facts: UnitFacts) -> Judged:
    """The promise at request: may this unit come back, and on what terms?"""
    ready = compiled(policy)
    found = _weighed(_heard(ready, facts, Course(), every_word=True))
    offer = _offer(found) if found.outcome is not Outcome.DECLINE else NOTHING_OFFERED
    text = found.decider.text if found.decider else "No clause of the policy speaks of this."
    return Judged(
        unit_id=facts.unit_id,
        outcome=found.outcome,
        clause=found.clause,
        explanation=text,
        readings=_readings(ready, found.said),
        alternatives=_alternatives(found, text, offer),
        by_law=found.law.clause.id if found.law else "",
        customer_text=for_customer(found.outcome, found.decider, facts, offer),
        offer=offer,
        until=_until(found.said, facts),
    )


def judge_inspection(policy: Policy, facts: UnitFacts, condition: str, responsibility: str) -> Judged:
    """The outcome at inspection: as promised, or a contradiction that a person decides."""
    ready = compiled(policy)
    seen = replace(facts, stated_condition=condition)
    heard = _heard(ready, seen, Course(inspected=True), every_word=True)
    said = [one for one in heard if one.clause.kind in AT_INSPECTION and _asked_again(one)]
    readings = _readings(ready, said)
    refusal = _first([one for one in said if one.verdict == REFUSES])
    signal = _first([one for one in said if one.verdict == LIMITS and one.clause.kind is ClauseKind.SIGNAL])
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


def _weighed(said: list[Spoken]) -> Weighed:
    allows, refuses, limits = [], [], []
    for one in said:
        if one.verdict == ALLOWS:
            allows.append(one)
        elif one.verdict == REFUSES:
            refuses.append(one)
        elif one.verdict == LIMITS:
            limits.append(one)
    law = _first([one for one in allows if one.clause.kind in LAW])
    refusal, limit = _first(refuses), _first(limits)
    decider: Spoken | None
    if law is None and refusal is not None:
        outcome, decider = Outcome.DECLINE, refusal
    elif limit is not None:
        outcome, decider = Outcome.PERSON, limit
    else:
        decider = law or _first(allows)
        outcome = Outcome.AUTHORISE if decider else Outcome.PERSON
    return Weighed(outcome, decider, law, refusal, limit, said)


def _heard(ready: Compiled, facts: UnitFacts, course: Course, *, every_word: bool) -> list[Spoken]:
    """What every clause says; without `every_word` those that do not speak of the unit are left out."""
    said: list[Spoken] = []
    for group in ready.groups:
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


def _first(said: Sequence[Spoken]) -> Spoken | None:
    """Of several the first by kind, then by id."""
    if len(said) < 2:
        return said[0] if said else None
    return min(said, key=_by_weight)


def _by_weight(one: Spoken) -> tuple[int, str]:
    return WEIGHT[one.clause.kind], one.clause.id


def _name_of(fee: Fee) -> str:
    return fee.name


def _asked_again(one: Spoken) -> bool:
    return one.clause.kind is not ClauseKind.WINDOW or one.clause.text("end", "request") != "request"


def _readings(ready: Compiled, said: Sequence[Spoken]) -> tuple[Reading, ...]:
    ordered = sorted(said, key=lambda one: ready.places[one.clause.id])
    return tuple(Reading(one.clause.id, one.verdict, one.text, one.clause.source) for one in ordered)


def _offer(found: Weighed) -> Offer:
    said = [one for one in found.said if one.gives is not None and one.verdict != SILENT]
    given = {one.clause.kind: one.gives for one in said}
    proofs = {proof for one in said if one.clause.kind is ClauseKind.PROOF for proof in one.gives}
    remedies, preferred = given.get(ClauseKind.REMEDIES, ((), ""))
    span = given.get(ClauseKind.WINDOW)
    act, act_by = (span.act, span.act_by) if isinstance(span, Span) and span.act else ("", None)
    return Offer(
        remedies=remedies,
        preferred=preferred,
        fees=found.fees,
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


def _alternatives(weighed: Weighed, text: str, offer: Offer) -> tuple[Alternative, ...]:
    outcome, refusal, found = weighed.outcome, weighed.refusal, []
    if outcome is not Outcome.DECLINE and refusal is not None:
        above = weighed.law.clause.id if weighed.law else weighed.clause
        found.append(Alternative(Outcome.DECLINE.value, f"{above} stands above {refusal.clause.id}."))
    if outcome is not Outcome.AUTHORISE:
        found.append(Alternative(Outcome.AUTHORISE.value, text))
    if outcome is Outcome.AUTHORISE:
        found.append(Alternative(Outcome.PERSON.value, "No limit was met."))
    if refusal is not None and refusal.clause.kind is ClauseKind.REMEDIES and outcome is Outcome.DECLINE:
        found += [Alternative(remedy, "Offered instead.") for remedy in refusal.clause.texts("allowed")]
    if offer.preferred:
        found.append(Alternative(offer.preferred, "The shop would rather, if the customer agrees."))
    return tuple(found)
