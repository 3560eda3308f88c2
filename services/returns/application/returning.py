"""The life of a return: request, a person's word, label, goods, inspection, expiry.

Guarantee: the policy decides with a trace that names its version and the facts it saw; staff may go
against it within their limits, customers never.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from casework.decisions import Alternative, Clause, DecisionRecord
from chassis.domain import Invalid, Money
from chassis.service import EffectChanged, FiredTimer, Receipt
from chassis.work import Work
from services.returns.application.common import LABEL_EFFECT
from services.returns.application.limits import WithinLimits
from services.returns.domain.case import Authorisation, Goods, ReturnCase, SendTime, Verdict
from services.returns.domain.errors import UnitNotReturnable
from services.returns.domain.identity import decision_id_of, unit_id_of
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import Ground, Judged, Outcome, Policy, UnitFacts, judge_inspection, judge_promise
from services.returns.domain.policy.evaluate import combined

REMEDIES = ("refund",)
"""What a return can be asked for. A price reduction needs no return and is a command of its own."""


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one line that somebody wants to return; without numbers those still free, lowest first."""

    line_id: str
    quantity: int
    reason: str
    numbers: tuple[int, ...] = ()
    stated_condition: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one unit; an empty word leaves what was found before."""

    unit_id: str
    condition: str = ""
    responsibility: str = ""
    disposition: str = ""


class Returning(WithinLimits):
    """The use cases of goods that come back."""

    async def request(
        self,
        work: Work,
        shop_id: str,
        order_id: str,
        items: Sequence[Item],
        *,
        remedy: str = "",
        channel: str = "",
        asked_at: datetime | None = None,
    ) -> tuple[Receipt, DecisionRecord]:
        """Ask to return units; the policy decides each at once."""
        if remedy not in ("", *REMEDIES):
            raise Invalid("remedy", f"{remedy} cannot be asked for; there is {', '.join(REMEDIES)}")
        order, snapshot = await self.order_named(work, shop_id, order_id)
        policy = await self.policy_of(work, shop_id, snapshot)
        asked = asked_at or work.now
        if asked > work.now:
            raise Invalid("asked_at", f"{asked.isoformat()} is yet to come")
        chosen = _chosen_units(order, items)
        case = ReturnCase.request(
            work.new_id(),
            shop_id=shop_id,
            order_id=order_id,
            customer_id=snapshot.customer_id,
            units=tuple(self.requested_unit(unit, item.reason, item.stated_condition) for unit, item in chosen),
            remedy=remedy or "refund",
            channel=channel,
            asked_at=asked,
            by=work.actor.id,
            at=work.now,
        )
        facts = _facts(policy, order, snapshot, chosen, asked)
        judged = [judge_promise(policy, fact) for fact in facts]
        decision = _record(case, "return_promise", policy, judged, facts, work, by="policy")
        case.decide_promise(
            decision,
            tuple(_verdict(one) for one in judged),
            until=_send_time(policy, work.now),
            at=work.now,
        )
        held = tuple(one.unit_id for one in judged if one.outcome is not Outcome.DECLINE)
        order.take_units(str(case.id), held, at=work.now)
        work.add(case)
        return _receipt(case, decision_id=str(decision.id)), decision

    async def approve(
        self, work: Work, case_id: UUID, units: Sequence[str], reason: str, approval_id: str = ""
    ) -> Receipt:
        """A person lets units come back. Going against the policy is bound by the person's limit."""
        case = await self.case_of(work, case_id)
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        overruled = [
            case.unit(u).asked.paid.minor for u in units if case.unit(u).authorisation is Authorisation.DECLINED
        ]
        if overruled:
            amount = Money(sum(overruled), snapshot.currency)
            await self.require_limit(
                work, case, policy, "ApproveReturn", amount, Money(0, snapshot.currency), approval_id
            )
        case.authorise(units, reason, until=_send_time(policy, work.now), by=work.actor.id, at=work.now)
        order.take_units(str(case.id), _held(case), at=work.now)
        return _receipt(case)

    async def decline(self, work: Work, case_id: UUID, units: Sequence[str], reason: str) -> Receipt:
        """A person does not let units come back."""
        case = await self.case_of(work, case_id)
        case.decline(units, reason, by=work.actor.id, at=work.now)
        await self._let_go(work, case)
        return _receipt(case)

    async def cancel(self, work: Work, case_id: UUID, units: Sequence[str], reason: str) -> Receipt:
        """Nothing of these will be sent back after all."""
        case = await self.case_of(work, case_id)
        case.cancel(units, reason, by=work.actor.id, at=work.now)
        await self._let_go(work, case)
        return _receipt(case)

    async def issue_label(self, work: Work, case_id: UUID, units: Sequence[str]) -> Receipt:
        """Ask the shop for a label; it comes as the answer to the request."""
        case = await self.case_of(work, case_id)
        label_id = str(work.new_id())
        chosen = case.ask_label(label_id, units, by=work.actor.id, at=work.now)
        asked = [case.unit(unit_id).asked for unit_id in chosen]
        quantities = {(unit.line_id, unit.sku): 0 for unit in asked}
        for unit in asked:
            quantities[unit.line_id, unit.sku] += 1
        body = {
            "shop_id": case.shop_id,
            "order_id": case.order_id,
            "customer_id": case.customer_id,
            "case_id": str(case.id),
            "units": [[line_id, sku, n] for (line_id, sku), n in quantities.items()],
        }
        await work.plan_effect(LABEL_EFFECT, label_id, subject=case.id, body=body)
        return _receipt(case, label_id=label_id)

    async def label_changed(self, work: Work, change: EffectChanged) -> None:
        """The shop's answer to a request for a label."""
        case = await work.get(ReturnCase, change.subject)
        if change.state == "succeeded":
            facts = change.facts
            case.label_made(
                change.key,
                facts.get("carrier", ""),
                facts.get("tracking_number", ""),
                facts.get("label_url", ""),
                at=work.now,
            )
        elif change.state in ("failed", "held"):
            case.label_not_made(change.key, change.reason, at=work.now)

    async def inspect(self, work: Work, case_id: UUID, findings: Sequence[Finding]) -> Receipt:
        """Write down what was found; where it contradicts the promise a person decides."""
        case = await self.case_of(work, case_id)
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        new = [
            finding.unit_id
            for finding in findings
            if case.inspect(
                finding.unit_id,
                finding.condition,
                finding.responsibility,
                finding.disposition,
                by=work.actor.id,
                at=work.now,
            )
        ]
        if not new:
            return _receipt(case)
        items = [(order.unit(u), Item("", 1, _known_reason(policy, case, u))) for u in dict.fromkeys(new)]
        facts = _facts(policy, order, snapshot, items, case.asked_at or work.now)
        judged = [judge_inspection(policy, fact, *_found(case, fact.unit_id)) for fact in facts]
        decision = _record(case, "inspection_outcome", policy, judged, facts, work, by="policy")
        case.decide_outcome(decision, tuple(_verdict(one) for one in judged), at=work.now)
        return _receipt(case, decision_id=str(decision.id))

    async def return_due(self, work: Work, fired: FiredTimer) -> None:
        """Nothing was sent in time: the units expire."""
        case = await work.get(ReturnCase, fired.subject)
        if case.expire(at=work.now):
            await self._let_go(work, case)

    async def _let_go(self, work: Work, case: ReturnCase) -> None:
        order, _ = await self.order_of(work, case)
        gone = tuple(unit_id for unit_id in case.units if unit_id not in _held(case))
        order.free_units(str(case.id), gone, at=work.now)


def _send_time(policy: Policy, now: datetime) -> SendTime:
    send_by = now + timedelta(days=policy.terms.send_within_days)
    return SendTime(send_by, send_by + timedelta(days=policy.terms.grace_days))


def _held(case: ReturnCase) -> tuple[str, ...]:
    holding = (Authorisation.REQUESTED, Authorisation.AUTHORISED)
    return tuple(
        u
        for u, unit in case.units.items()
        if (unit.authorisation in holding and unit.goods is not Goods.KEPT_BY_CUSTOMER) or unit.receipt_number
    )


def _chosen_units(order: Order, items: Sequence[Item]) -> list[tuple[SoldUnit, Item]]:
    chosen: dict[str, tuple[SoldUnit, Item]] = {}
    for item in items:
        free = [u for u in order.free_units_of(item.line_id) if u not in chosen]
        named = [unit_id_of(item.line_id, n) for n in item.numbers] or free[: item.quantity]
        if len(named) < item.quantity:
            raise UnitNotReturnable(
                f"{item.quantity} of line {item.line_id} were asked for, {len(named)} are in no return",
                line=item.line_id,
                free=len(named),
            )
        for unit_id in named:
            if unit_id in chosen:
                raise Invalid("items", f"unit {unit_id} is named twice")
            chosen[unit_id] = (order.unit(unit_id), item)
    return list(chosen.values())


def _facts(
    policy: Policy,
    order: Order,
    snapshot: OrderSnapshot,
    chosen: Sequence[tuple[SoldUnit, Item]],
    asked_at: datetime,
) -> list[UnitFacts]:
    total = Money(sum(unit.price.paid.minor for unit, _ in chosen), snapshot.currency)
    return [
        UnitFacts(
            unit_id=unit.unit_id,
            sku=unit.line.sku,
            category=unit.line.category,
            tags=unit.line.tags,
            final_sale=unit.line.final_sale,
            reason=item.reason,
            ground=policy.ground_of(item.reason) if item.reason else Ground.REMORSE,
            stated_condition=item.stated_condition,
            possession_at=order.possession_of(unit.line.line_id),
            asked_at=asked_at,
            country=snapshot.country,
            time_zone=snapshot.time_zone,
            paid=unit.price.paid,
            asked_total=total,
        )
        for unit, item in chosen
    ]


def _verdict(judged: Judged) -> Verdict:
    return Verdict(judged.unit_id, judged.outcome.value, judged.clause, judged.explanation, judged.by_law)


def _record(
    case: ReturnCase,
    question: str,
    policy: Policy,
    judged: Sequence[Judged],
    facts: Sequence[UnitFacts],
    work: Work,
    *,
    by: str,
) -> DecisionRecord:
    number = 1 + sum(1 for known in case.decisions.values() if known.question == question)

    def about(unit_id: str, text: str) -> str:
        return f"{unit_id}: {text}" if len(judged) > 1 else text

    return DecisionRecord(
        id=decision_id_of(case.id, question, number),
        question=question,
        outcome=combined(judged),
        policy=policy.id,
        policy_version=policy.version,
        decided_at=work.now,
        decided_by=by,
        facts={f"{fact.unit_id}.{name}": value for fact in facts for name, value in fact.named().items()},
        clauses=tuple(
            Clause(r.id, r.verdict, about(one.unit_id, r.text), r.source) for one in judged for r in one.readings
        ),
        alternatives=tuple(
            Alternative(a.outcome, about(one.unit_id, a.why_not)) for one in judged for a in one.alternatives
        ),
    )


def _known_reason(policy: Policy, case: ReturnCase, unit_id: str) -> str:
    reason = case.unit(unit_id).asked.reason
    return reason if policy.knows_reason(reason) else ""


def _found(case: ReturnCase, unit_id: str) -> tuple[str, str]:
    unit = case.unit(unit_id)
    return (
        unit.condition.value if unit.condition else "",
        unit.responsibility.value if unit.responsibility else "",
    )


def _receipt(case: ReturnCase, **facts: str) -> Receipt:
    ways = [unit.authorisation for unit in case.units.values()]
    counts = {
        "authorised": str(ways.count(Authorisation.AUTHORISED)),
        "declined": str(ways.count(Authorisation.DECLINED)),
        "waiting": str(ways.count(Authorisation.REQUESTED)),
    }
    return Receipt(str(case.id), case.version, {"state": case.state, **counts, **facts})
