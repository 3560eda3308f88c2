"""Reads a policy over the facts of a return, and says why.

Guarantee: pure; the same policy and the same facts give the same decision with the same trace. The order
in which clauses count, whatever the order they are written in: a rule of law that allows stands above
every refusal of the shop; then a refusal; then a limit, which asks for a person; then permission.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from casework.amounts import spoken, written
from casework.decisions import Alternative
from casework.decisions import Clause as Reading
from chassis.domain import Money
from services.returns.domain.policy.values import Clause, ClauseKind, Ground, Outcome, Policy

ALLOWS, REFUSES, LIMITS, SILENT = "allows", "refuses", "limits", "silent"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Everything a promise about one unit rests on. `asked_at` is when the customer asked."""

    unit_id: str
    sku: str
    category: str
    tags: tuple[str, ...]
    final_sale: bool
    reason: str
    ground: Ground
    stated_condition: str
    possession_at: datetime | None
    asked_at: datetime
    country: str
    time_zone: str
    paid: Money
    asked_total: Money

    def named(self) -> dict[str, str]:
        """The same by name, for the record of the decision."""
        possession = self.possession_at.isoformat() if self.possession_at else "not delivered"
        return {
            "sku": self.sku,
            "category": self.category,
            "tags": ",".join(self.tags),
            "final_sale": str(self.final_sale).lower(),
            "reason": self.reason,
            "ground": self.ground.value,
            "stated_condition": self.stated_condition,
            "possession_at": possession,
            "asked_at": self.asked_at.isoformat(),
            "country": self.country,
            "time_zone": self.time_zone,
            "paid": written(self.paid),
            "asked_total": written(self.asked_total),
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """What the policy says of one unit. `clause` is the one that decided; `by_law` names the rule of law
    that no refusal of the shop may go against."""

    unit_id: str
    outcome: Outcome
    clause: str
    explanation: str
    readings: tuple[Reading, ...]
    alternatives: tuple[Alternative, ...]
    by_law: str = ""


def judge_promise(policy: Policy, facts: UnitFacts) -> Judged:
    """The promise at request: may this unit come back?"""
    readings = tuple(_read(clause, facts) for clause in policy.clauses)
    law = next((r for r in readings if r.source and r.verdict == ALLOWS), None)
    refusal = next((r for r in readings if r.verdict == REFUSES), None)
    limit = next((r for r in readings if r.verdict == LIMITS), None)
    allowed = next((r for r in readings if r.verdict == ALLOWS), None)
    if law is None and refusal is not None:
        outcome, deciding = Outcome.DECLINE, refusal
    elif limit is not None:
        outcome, deciding = Outcome.PERSON, limit
    elif law is not None or allowed is not None:
        outcome, deciding = Outcome.AUTHORISE, law or allowed or readings[0]
    else:
        outcome, deciding = Outcome.PERSON, Reading("no_clause", SILENT, "No clause of the policy speaks of this.")
    alternatives = _alternatives(outcome, law, refusal, limit, deciding)
    return Judged(facts.unit_id, outcome, deciding.id, deciding.text, readings, alternatives, law.id if law else "")


def judge_inspection(policy: Policy, facts: UnitFacts, condition: str, responsibility: str) -> Judged:
    """The outcome at inspection: as promised, or a contradiction that a person decides."""
    readings = tuple(
        _condition(clause, facts, condition) for clause in policy.clauses if clause.kind is ClauseKind.CONDITION
    )
    refusal = next((r for r in readings if r.verdict == REFUSES), None)
    if refusal is None or facts.ground is not Ground.REMORSE:
        deciding = refusal or next(iter(readings), Reading("promise", ALLOWS, "As promised."))
        return Judged(facts.unit_id, Outcome.AUTHORISE, deciding.id, "As promised.", readings, ())
    if responsibility not in ("", "customer", "unknown"):
        text = f"Found {condition}, and the {responsibility} answers for it."
        return Judged(facts.unit_id, Outcome.AUTHORISE, refusal.id, text, readings, ())
    alternatives = (Alternative("refund as promised", refusal.text), Alternative("refuse", "It had been promised."))
    return Judged(facts.unit_id, Outcome.PERSON, refusal.id, refusal.text, readings, alternatives)


def last_day_to_ask(policy: Policy, possession_at: datetime | None, time_zone: str) -> datetime | None:
    """The end of the last local day on which the shortest window is open; None before delivery or without one."""
    days = [clause.number("days") for clause in policy.clauses if clause.kind is ClauseKind.WINDOW]
    if possession_at is None or not days:
        return None
    zone = ZoneInfo(time_zone)
    day = possession_at.astimezone(zone).date() + timedelta(days=min(days) + 1)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _alternatives(
    outcome: Outcome, law: Reading | None, refusal: Reading | None, limit: Reading | None, deciding: Reading
) -> tuple[Alternative, ...]:
    found = []
    if outcome is not Outcome.DECLINE and refusal is not None:
        found.append(Alternative(Outcome.DECLINE.value, f"{law.id if law else deciding.id} stands above {refusal.id}."))
    if outcome is not Outcome.AUTHORISE:
        found.append(Alternative(Outcome.AUTHORISE.value, deciding.text))
    if outcome is Outcome.AUTHORISE and limit is None:
        found.append(Alternative(Outcome.PERSON.value, "No limit was met."))
    return tuple(found)


def _read(clause: Clause, facts: UnitFacts) -> Reading:
    return _READERS[clause.kind](clause, facts)


def _window(clause: Clause, facts: UnitFacts) -> Reading:
    if not _on_ground(clause, facts):
        return _reading(clause, SILENT, f"Speaks of {' and '.join(clause.texts('grounds'))} only.")
    if facts.possession_at is None:
        return _reading(clause, ALLOWS, "Not delivered yet: the window has not begun.")
    zone = ZoneInfo(facts.time_zone)
    delivered = facts.possession_at.astimezone(zone).date()
    asked = facts.asked_at.astimezone(zone).date()
    last = delivered + timedelta(days=clause.number("days"))
    text = f"Delivered on {delivered}, {clause.number('days')} days end on {last}, asked on {asked}."
    return _reading(clause, ALLOWS if asked <= last else REFUSES, text)


def _final_sale(clause: Clause, facts: UnitFacts) -> Reading:
    tag = next((tag for tag in facts.tags if tag in clause.texts("tags")), "")
    if facts.final_sale or tag:
        return _reading(clause, REFUSES, f"Sold as final sale{f' (tag {tag})' if tag else ''}.")
    return _reading(clause, SILENT, "Not sold as final sale.")


def _stated_condition(clause: Clause, facts: UnitFacts) -> Reading:
    if not _on_ground(clause, facts):
        return _reading(clause, SILENT, f"Speaks of {' and '.join(clause.texts('grounds'))} only.")
    return _condition(clause, facts, facts.stated_condition)


def _condition(clause: Clause, facts: UnitFacts, condition: str) -> Reading:
    accepted = clause.texts("accepted")
    if not condition:
        return _reading(clause, SILENT, "The condition is not known.")
    verdict = ALLOWS if condition in accepted else REFUSES
    return _reading(clause, verdict, f"{condition.capitalize()}; accepted: {', '.join(accepted)}.")


def _automatic_approval(clause: Clause, facts: UnitFacts) -> Reading:
    limit = clause.amount("up_to", facts.asked_total.currency)
    if limit is None:
        return _reading(clause, LIMITS, f"No automatic approval in {facts.asked_total.currency}.")
    if facts.asked_total > limit:
        return _reading(
            clause, LIMITS, f"{spoken(facts.asked_total)} is above the automatic approval limit of {spoken(limit)}."
        )
    return _reading(
        clause, SILENT, f"{spoken(facts.asked_total)} is within the automatic approval limit of {spoken(limit)}."
    )


def _conformity(clause: Clause, facts: UnitFacts) -> Reading:
    countries = clause.texts("countries")
    if facts.ground is not Ground.DEFECT:
        return _reading(clause, SILENT, "Not asked because of a defect.")
    if countries and facts.country not in countries:
        return _reading(clause, SILENT, f"Does not govern in {facts.country}.")
    if facts.possession_at is None:
        return _reading(clause, ALLOWS, "A defect claim, and the goods are not delivered yet.")
    zone = ZoneInfo(facts.time_zone)
    delivered = facts.possession_at.astimezone(zone).date()
    last = _years_later(delivered.year, clause.number("years"), delivered.month, delivered.day, zone)
    within = facts.asked_at < last + timedelta(days=1)
    text = f"A defect claim; delivered on {delivered}, {clause.number('years')} years end on {last.date()}."
    return _reading(clause, ALLOWS if within else SILENT, text)


def _years_later(year: int, years: int, month: int, day: int, zone: ZoneInfo) -> datetime:
    leap_day_gone = month == 2 and day == 29 and (year + years) % 4 != 0
    return datetime(year + years, month, 28 if leap_day_gone else day, tzinfo=zone)


def _on_ground(clause: Clause, facts: UnitFacts) -> bool:
    grounds = clause.texts("grounds")
    return not grounds or facts.ground.value in grounds


def _reading(clause: Clause, verdict: str, text: str) -> Reading:
    return Reading(clause.id, verdict, text, clause.source)


_READERS: Mapping[ClauseKind, Callable[[Clause, UnitFacts], Reading]] = {
    ClauseKind.WINDOW: _window,
    ClauseKind.FINAL_SALE: _final_sale,
    ClauseKind.CONDITION: _stated_condition,
    ClauseKind.AUTOMATIC_APPROVAL: _automatic_approval,
    ClauseKind.CONFORMITY: _conformity,
}


def combined(judged: Sequence[Judged]) -> str:
    """The outcome of a whole request in words, for instance ``authorise 2, decline 1``."""
    counts = {outcome: sum(1 for j in judged if j.outcome is outcome) for outcome in Outcome}
    return ", ".join(f"{outcome.value} {n}" for outcome, n in counts.items() if n)
