"""Goods that are here are looked at: by the policy's list for them, then as promised or not.

Guarantee: an inspection that lacks what the list needs is refused whole, with every field and why. The list is that of
the version in force now, which is part of what the decision rests on: how goods are looked at is no promise to the
customer. What was promised is judged by the version that governs the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from casework.decisions import Clause, DecisionRecord
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.case_told import case_told
from services.returns.application.deciding import (
    Finding,
    Item,
    back_again,
    decision_record,
    known_reason,
    seen_signals,
    unit_facts,
    verdict_of,
)
from services.returns.application.legal_days import LegalDays
from services.returns.application.short_bundles import ShortBundles
from services.returns.domain.case import Grading, ReturnCase
from services.returns.domain.errors import ChecklistIncomplete
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.order.way import sold_before
from services.returns.domain.policy import Policy, judge_inspection
from services.returns.domain.policy.grading import Checklist, checklist_for, lacks


class Inspecting(ShortBundles):
    """The use cases of inspection."""

    async def inspect(self, work: Work, case_id: UUID, findings: Sequence[Finding], reason: str = "") -> Receipt:
        """Write down what was found, or put it right; where it contradicts the promise a person decides."""
        case = await self.case_of(work, case_id)
        was = case.written_down()
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        sold = {unit.unit_id: unit for unit in order.units()}  # one that was cancelled since has no outcome to judge
        graded = await self._graded(work, case, order, snapshot, findings)
        new = [
            finding.unit_id
            for finding in findings
            if _written_down(work, case, finding, graded.get(finding.unit_id)) or finding.unit_id in graded
        ]
        items = [
            (sold[u], Item("", 1, known_reason(policy, case, u), signals=seen_signals(case, u)))
            for u in dict.fromkeys(new)
            if u in sold
        ]
        if not items:
            case.put_right(was, "inspection", reason, by=work.actor.id, at=work.now)
            return case_told(case)
        facts = unit_facts(policy, order, snapshot, items, back_again(case, order, work.now, self.legal_days))
        judged = [judge_inspection(policy, fact, *case.found_of(fact.unit_id)) for fact in facts]
        decision = decision_record(case, "inspection_outcome", policy, judged, facts, work, by="policy")
        case.decide_outcome(_with_gradings(decision, graded), tuple(verdict_of(one) for one in judged), at=work.now)
        case.put_right(was, "inspection", reason, by=work.actor.id, at=work.now)
        await self.exchanges_on(work, case)
        return case_told(case, decision_id=str(decision.id))

    async def _graded(
        self,
        work: Work,
        case: ReturnCase,
        order: Order,
        snapshot: OrderSnapshot,
        findings: Sequence[Finding],
    ) -> dict[str, Grading]:
        """The gradings that are news, once every list has all it needs."""
        book = await self.book_of(work, case.shop_id)
        in_force = book.version_at(work.now).policy
        lacking: list[tuple[str, str, str]] = []
        looked_at: dict[str, Grading] = {}
        for n, finding in enumerate(findings):
            unit = case.require_here(finding.unit_id)
            again = unit.grading is not None or finding.unit_id in looked_at
            checklist = checklist_of(in_force, case, order, snapshot, finding.unit_id, self.legal_days, work.now)
            if checklist is None or (again and not finding.answers):
                continue
            marks = {"serial": finding.serial or unit.serial, "lot": finding.lot_id or unit.lot_id}
            missing = lacks(checklist, dict(finding.answers), dict(finding.photos), marks)
            lacking += [(f"inspections[{n}].{lack.field}", lack.text, lack.reason) for lack in missing]
            if not missing:
                looked_at[finding.unit_id] = _grading(checklist, finding)
        if lacking:
            raise ChecklistIncomplete(tuple(lacking))
        news = {u: one for u, one in looked_at.items() if case.grade(u, one, by=work.actor.id, at=work.now)}
        for unit_id in news:
            case.see_marks(unit_id, sold_before(order, str(case.id)), at=work.now)
        return news


def checklist_of(
    in_force: Policy,
    case: ReturnCase,
    order: Order,
    snapshot: OrderSnapshot,
    unit_id: str,
    days: LegalDays,
    now: datetime,
) -> Checklist | None:
    """The list for a unit of a return; None where the policy has none, or the unit is not sold any more."""
    unit = next((one for one in order.units() if one.unit_id == unit_id), None)
    if unit is None:
        return None
    stated = case.unit(unit_id).asked.stated_condition
    item = Item("", 1, known_reason(in_force, case, unit_id), stated_condition=stated)
    (facts,) = unit_facts(in_force, order, snapshot, [(unit, item)], back_again(case, order, now, days))
    return checklist_for(in_force, facts)


def _written_down(work: Work, case: ReturnCase, finding: Finding, grading: Grading | None) -> bool:
    """What was said of it; where nothing was, what the answers suggest."""
    return case.inspect(
        finding.unit_id,
        finding.condition or (grading.condition if grading else ""),
        finding.responsibility,
        finding.disposition or (grading.disposition if grading else ""),
        by=work.actor.id,
        at=work.now,
    )


def _grading(checklist: Checklist, finding: Finding) -> Grading:
    grade = checklist.grade(dict(finding.answers))
    return Grading(
        checklist.clause,
        checklist.policy,
        checklist.policy_version,
        tuple(sorted(finding.answers)),
        tuple(sorted(finding.photos)),
        finding.serial,
        finding.lot_id,
        grade.name,
        grade.condition,
        grade.disposition,
    )


def _with_gradings(decision: DecisionRecord, graded: Mapping[str, Grading]) -> DecisionRecord:
    """The record with each list that was answered, as one of the clauses that spoke."""
    facts = {
        f"{unit_id}.{name}": text
        for unit_id, one in graded.items()
        for name, text in (
            ("checklist", f"{one.checklist} of {one.policy} {one.policy_version}"),
            ("grade", one.grade),
            *((f"answer.{question}", answer) for question, answer in one.answers),
        )
    }
    clauses = tuple(
        Clause(
            one.checklist,
            "sets",
            f"{unit_id}: grade {one.grade} ({', '.join(f'{q}: {a}' for q, a in one.answers)});"
            f" suggests {' and '.join(word for word in (one.condition, one.disposition) if word) or 'nothing'}.",
            f"{one.policy} {one.policy_version}",
        )
        for unit_id, one in graded.items()
    )
    return replace(decision, facts=decision.facts | facts, clauses=(*clauses, *decision.clauses))
