"""What each kind of clause says of one unit.

Guarantee: pure; a clause gives exactly one reading, with the figures it rests on. How readings are weighed against
each other is `evaluate`'s matter.
"""
# long: one reader for each kind of clause, read beside each other

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from casework.amounts import spoken
from chassis.domain import Money
from services.returns.domain.law.period import last_day, years_after
from services.returns.domain.policy.customer import NOT_RECEIVED, SERIAL
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.values import Clause, ClauseKind, Fee, Ground
from services.returns.domain.policy.windows import Span, local_day, season_of, span_of

ALLOWS, REFUSES, LIMITS, SETS, SILENT = "allows", "refuses", "limits", "sets", "silent"

LABEL_FEE = "return_label"
"""The one fee that a customer who withdraws may be made to bear (Directive 2011/83/EU, Article 14(1))."""


@dataclass(slots=True)
class Course:
    """What clauses that were read before mean for those that follow. `inspected`: the goods are here and were seen."""

    inspected: bool = False
    refused: set[ClauseKind] = field(default_factory=set)
    law: ClauseKind | None = None
    season: tuple[date, str] | None = None
    returnless: bool = False


class Spoken(NamedTuple):
    """What one clause says. Of clauses equally near to a unit the kinder counts; `gives` is what it sets."""

    clause: Clause
    verdict: str
    text: str
    kindness: int = 0
    gives: Any = None


Reader = Callable[[Clause, UnitFacts, Course], Spoken]


def _excluded(what: str) -> Reader:
    def read(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
        return Spoken(clause, REFUSES, clause.text("why") or what)

    return read


def _final_sale(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    tag = next((tag for tag in facts.tags if tag in clause.texts("tags")), "")
    if facts.final_sale or tag:
        return Spoken(clause, REFUSES, f"Sold as final sale{f' (tag {tag})' if tag else ''}.")
    return Spoken(clause, SILENT, "Not sold as final sale.")


def _only_as(unknown: str, what: str) -> Reader:
    """Goods that come back in certain conditions only."""

    def read(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
        accepted = clause.texts("accepted") or ("sealed",)
        condition = facts.stated_condition
        if not condition:
            verdict = {"allow": SILENT, "review": LIMITS, "refuse": REFUSES}[clause.text("unknown", unknown)]
            return Spoken(clause, verdict, f"{what} only {' or '.join(accepted)}; the condition is not known.")
        if condition in accepted:
            return Spoken(clause, SILENT, f"{condition.capitalize()}, as {what[:1].lower()}{what[1:]} has to be.")
        return Spoken(clause, REFUSES, f"{what} only {' or '.join(accepted)}; it is {condition}.")

    return read


def _condition(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    accepted = clause.texts("accepted")
    if not facts.stated_condition:
        return Spoken(clause, SILENT, "The condition is not known.", len(accepted))
    verdict = ALLOWS if facts.stated_condition in accepted else REFUSES
    text = f"{facts.stated_condition.capitalize()}; accepted: {', '.join(accepted)}."
    return Spoken(clause, verdict, text, len(accepted))


def _window(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    span: Span = span_of(clause, facts, course.season)
    kindness = span.last.toordinal() if span.last else date.max.toordinal()
    return Spoken(clause, ALLOWS if span.open else REFUSES, span.text, kindness, span)


def _season(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    until = season_of(clause, facts)
    if until is None:
        return Spoken(clause, SILENT, "The day of the order is not known.")
    return Spoken(clause, SETS, f"Windows end on {until} at the earliest.", until.toordinal(), until)


def _review(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    return Spoken(clause, LIMITS, clause.text("why") or "A person looks at this.")


def _hazardous(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    return Spoken(clause, LIMITS, clause.text("why") or "Dangerous goods: a person arranges how they come back.")


def _automatic_approval(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    limit = clause.amount("up_to", facts.asked_total.currency)
    if limit is None:
        return Spoken(clause, LIMITS, f"No automatic approval in {facts.asked_total.currency}.")
    within = facts.asked_total <= limit
    text = f"{spoken(facts.asked_total)} is {'within' if within else 'above'} the automatic approval limit of"
    return Spoken(clause, SILENT if within else LIMITS, f"{text} {spoken(limit)}.", limit.minor)


def _signal(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    name = clause.text("signal")
    if name == SERIAL:
        return _often(clause, facts, clause.number("returns"), facts.returns_before, "returns")
    if name == NOT_RECEIVED:
        told = "reports of a delivered parcel that did not come"
        return _often(clause, facts, clause.number("reports"), facts.not_received_before, told)
    if name in facts.signals:
        return Spoken(clause, LIMITS, f"Seen: {name.replace('_', ' ')}. A person looks at it.")
    return Spoken(clause, SILENT, f"No sign of {name.replace('_', ' ')}.")


def _often(clause: Clause, facts: UnitFacts, most: int, seen: tuple[date, ...], what: str) -> Spoken:
    days = clause.number("within_days")
    since = local_day(facts.asked_at, facts) - timedelta(days=days)
    count = sum(1 for day in seen if day > since)
    text = f"{count} {what} within {days} days before this one, {most} are usual."
    return Spoken(clause, LIMITS if count > most else SILENT, text)


def _proof(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    needs = clause.texts("needs")
    missing = [proof for proof in needs if proof not in facts.proofs]
    if missing and not course.inspected:
        return Spoken(clause, LIMITS, f"Needs {', '.join(needs)}; not given: {', '.join(missing)}.", gives=needs)
    return Spoken(clause, SETS, f"Needs {', '.join(needs)}.", gives=needs)


def _remedies(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    allowed = clause.texts("allowed")
    preferred = clause.text("preferred")
    kindness = len(allowed)
    if course.law is ClauseKind.WITHDRAWAL:
        return Spoken(clause, SILENT, "Who withdraws by law gets the money back.", kindness)
    text = f"Offered: {', '.join(allowed)}{f'; {preferred} first' if preferred else ''}."
    if facts.remedy in allowed:
        return Spoken(clause, SETS, text, kindness, (allowed, preferred))
    verdict = REFUSES if course.law is None else LIMITS
    return Spoken(clause, verdict, f"{facts.remedy.capitalize()} was asked for. {text}", kindness, (allowed, preferred))


def _fee(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    name = clause.text("name")
    fee = _amount_of(clause, facts)
    kindness = -(fee.minor if fee else 0)
    waived = _waived(clause, facts, course, name)
    if waived:
        return Spoken(clause, SILENT, f"No {_said(name)}: {waived}.", kindness)
    if fee is None:
        return Spoken(clause, SILENT, f"No {_said(name)} in {facts.paid.currency}.", kindness)
    per = clause.text("per", "unit")
    text = f"{_said(name).capitalize()}: {spoken(fee)}{' once' if per == 'return' else ''}."
    return Spoken(clause, SETS, text, kindness, Fee(name, clause.id, fee, per))


def _said(name: str) -> str:
    words = name.replace("_", " ")
    return words if words.endswith(("fee", "cost", "label")) else f"{words} fee"


def _waived(clause: Clause, facts: UnitFacts, course: Course, name: str) -> str:
    if course.law is ClauseKind.CONFORMITY:
        return "what does not conform comes back free of charge, by law"
    if course.law is ClauseKind.WITHDRAWAL and name != LABEL_FEE:
        return "who withdraws by law bears nothing but the way back"
    if course.returnless:
        return "nothing has to be sent"
    if facts.tier in clause.texts("waived_tiers"):
        return f"waived for {facts.tier}"
    if facts.reason in clause.texts("waived_reasons"):
        return f"waived for {facts.reason}"
    if facts.remedy in clause.texts("waived_remedies"):
        return f"waived for {facts.remedy}"
    above = clause.amount("waived_from", facts.asked_total.currency)
    if above is not None and facts.asked_total >= above:
        return f"waived from {spoken(above)}"
    return ""


def _amount_of(clause: Clause, facts: UnitFacts) -> Money | None:
    percent = clause.text("percent")
    if not percent:
        given = clause.amount("amount", facts.paid.currency)
        return given if given is None or clause.text("per", "unit") == "return" else min(given, facts.paid)
    share = (Decimal(facts.paid.minor) * Decimal(percent) / 100).to_integral_value("ROUND_DOWN")  # never too much
    return Money(int(share), facts.paid.currency)


def _refund_at(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    at = clause.text("at")
    kindness = ("inspection", "receipt", "first_scan").index(at)
    return Spoken(clause, SETS, f"The money goes back at {at.replace('_', ' ')}.", kindness, at)


def _returnless(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    limit = clause.amount("below", facts.asked_total.currency)
    if limit is None:
        return Spoken(clause, SILENT, f"Nothing is kept by the customer in {facts.asked_total.currency}.")
    if facts.asked_total >= limit:
        text = f"{spoken(facts.asked_total)} is not below {spoken(limit)}: it has to come back."
        return Spoken(clause, SILENT, text, limit.minor)
    text = f"{spoken(facts.asked_total)} is below {spoken(limit)}: the customer keeps it."
    return Spoken(clause, SETS, text, limit.minor, True)


def _bundle(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    parts = clause.text("returns") == "parts"
    if not facts.bundle:
        return Spoken(clause, SILENT, "Not sold as a part of a bundle.", parts)
    name = facts.bundle_title or facts.bundle
    if parts:
        return Spoken(clause, SILENT, f"{name} comes back in parts too.", parts)
    if facts.ground is not Ground.REMORSE:
        return Spoken(clause, SILENT, f"{name} comes back whole, but not for what is wrong with one part of it.")
    missing = ", ".join(facts.bundle_missing)
    if not missing:
        return Spoken(clause, SILENT, f"{name} comes back whole.")
    if course.inspected and course.law is not None:
        return Spoken(clause, SILENT, f"{name} is not whole; the law gives each part of it back by itself.")
    if course.inspected:
        return Spoken(clause, LIMITS, f"{name} was to come back whole; not here: {missing}.")
    text = f"{name} comes back only whole; not with it: {missing}."
    if facts.received_back_at is not None:
        return Spoken(clause, LIMITS, f"{text} It is here already.")
    if course.law is not None and facts.remedy != "refund":
        return Spoken(clause, LIMITS, f"{text} Of a part of it the law gives the money back, nothing else.")
    return Spoken(clause, REFUSES, text)


def _conformity(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    if facts.ground is not Ground.DEFECT:
        return Spoken(clause, SILENT, "Not asked because of a defect.")
    if facts.possession_at is None:
        return Spoken(clause, ALLOWS, "A defect claim, and the goods are not delivered yet.")
    delivered = local_day(facts.possession_at, facts)
    last = years_after(delivered, clause.number("years"))
    last = max(last, facts.liable_by or last)  # the law's own date, where it is later than what the policy says of it
    text = f"A defect claim; delivered on {delivered}, {clause.number('years')} years end on {last}."
    return Spoken(clause, ALLOWS if local_day(facts.asked_at, facts) <= last else SILENT, text)


def _withdrawal(clause: Clause, facts: UnitFacts, course: Course) -> Spoken:
    if facts.ground is not Ground.REMORSE:
        return Spoken(clause, SILENT, "Not a change of mind.")
    if facts.channel and facts.channel in clause.texts("shops"):
        return Spoken(clause, SILENT, "Bought in a shop, not at a distance.")
    excepted = sorted(kind.value for kind in course.refused if kind.value in clause.texts("except"))
    if excepted:
        return Spoken(clause, SILENT, f"The law excepts it: {', '.join(excepted).replace('_', ' ')}.")
    possession = facts.last_possession_at
    if facts.possession_at is None or possession is None:
        return Spoken(clause, ALLOWS, "A change of mind, and not everything is delivered yet.")
    delivered = local_day(possession, facts)
    last = last_day(delivered, clause.number("days"), ())
    last = max(last, facts.withdraw_by or last)  # as above: days of rest count there
    text = f"A change of mind; the last goods came on {delivered}, the period ends on {last}."
    return Spoken(clause, ALLOWS if local_day(facts.asked_at, facts) <= last else SILENT, text)


READERS: Mapping[ClauseKind, Reader] = {
    ClauseKind.FINAL_SALE: _final_sale,
    ClauseKind.PERISHABLE: _excluded("Perishable goods do not come back."),
    ClauseKind.MADE_TO_MEASURE: _excluded("Made to the customer's measure."),
    ClauseKind.DIGITAL: _only_as("review", "Digital content comes back"),
    ClauseKind.HYGIENE: _only_as("allow", "Hygiene goods come back"),
    ClauseKind.EXCLUSION: _excluded("The shop does not take this back."),
    ClauseKind.CONFORMITY: _conformity,
    ClauseKind.WITHDRAWAL: _withdrawal,
    ClauseKind.SEASON: _season,
    ClauseKind.WINDOW: _window,
    ClauseKind.CONDITION: _condition,
    ClauseKind.HAZARDOUS: _hazardous,
    ClauseKind.SIGNAL: _signal,
    ClauseKind.REVIEW: _review,
    ClauseKind.PROOF: _proof,
    ClauseKind.AUTOMATIC_APPROVAL: _automatic_approval,
    ClauseKind.REMEDIES: _remedies,
    ClauseKind.BUNDLE: _bundle,
    ClauseKind.RETURNLESS: _returnless,
    ClauseKind.FEE: _fee,
    ClauseKind.REFUND_AT: _refund_at,
}
"""In the order in which they are read: what a later one rests on comes before it."""
