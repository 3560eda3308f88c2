"""What a policy says of one unit, and why: the promise at request, the outcome at inspection.

Guarantee: pure; the same policy and the same facts give the same decision with the same trace, however the clauses are
ordered in the policy (`weighing` says how conflicts are settled). An inspection never declines: what stands against a
promise is a person's decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from casework.decisions import Alternative
from casework.decisions import Clause as Reading
from services.returns.domain.policy.compiled import Compiled, compiled
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.sentences import for_customer
from services.returns.domain.policy.speaking import LIMITS, REFUSES, SILENT, Course, Spoken
from services.returns.domain.policy.values import NOTHING_OFFERED, ClauseKind, Ground, Offer, Outcome, Policy
from services.returns.domain.policy.weighing import Weighed, first, heard, weighed
from services.returns.domain.policy.windows import Span, end_of

SHOWN_WHEN_HERE = (ClauseKind.SIGNAL, ClauseKind.BUNDLE)
"""What only the goods themselves, or their absence, can show: whatever they came back for, a person looks."""

AT_INSPECTION = frozenset(
    {ClauseKind.CONDITION, ClauseKind.HYGIENE, ClauseKind.DIGITAL, ClauseKind.WINDOW, *SHOWN_WHEN_HERE}
)
"""What is asked again when the goods are here; everything else was settled by the promise."""


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
    found = weighed(heard(ready, facts, Course(), every_word=True))
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
    all_said = heard(ready, seen, Course(inspected=True), every_word=True)
    said = [one for one in all_said if one.clause.kind in AT_INSPECTION and _asked_again(one)]
    readings = _readings(ready, said)
    refusal = first([one for one in said if one.verdict == REFUSES])
    seen_here = first([one for one in said if one.verdict == LIMITS and one.clause.kind in SHOWN_WHEN_HERE])
    if refusal is not None and facts.ground is Ground.REMORSE:
        if responsibility not in ("", "customer", "unknown"):
            text = f"Found {condition}, and the {responsibility} answers for it."
            return Judged(facts.unit_id, Outcome.AUTHORISE, refusal.clause.id, text, readings, ())
        against = refusal
    elif seen_here is not None:
        against = seen_here
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
    if refusal is not None and refusal.clause.kind is ClauseKind.BUNDLE and outcome is Outcome.DECLINE:
        found.append(Alternative("all of it", "Offered instead: whole, it may come back."))
    if offer.preferred:
        found.append(Alternative(offer.preferred, "The shop would rather, if the customer agrees."))
    return tuple(found)
