"""Bundles that came back short: shown at their receipts, and held against what was promised once they were looked at.

Guarantee: what is here of a bundle waits for a person while something of it is not, and goes on as promised in the unit
in which the rest comes, or is not awaited any more. What a person has decided, or money was paid for, stays as it is.
"""

from collections.abc import Sequence

from chassis.work import Work
from services.returns.application.deciding import (
    Item,
    back_again,
    decision_record,
    known_reason,
    seen_signals,
    unit_facts,
    verdict_of,
)
from services.returns.application.exchanging import Exchanging
from services.returns.domain.case import Authorisation, ReturnCase
from services.returns.domain.case.bundles import shorts
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import Judged, Outcome, Policy, UnitFacts, judge_inspection
from services.returns.domain.policy.bundles import only_whole


class ShortBundles(Exchanging):
    """Looks at the bundles of a return whenever something of it came, or is not awaited any more."""

    async def look_at_bundles(self, work: Work, case: ReturnCase) -> None:
        """Show what is short, and judge again what was inspected already."""
        if work.history or not any(unit.asked.part_of for unit in case.units.values()):
            return
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        sold = {unit.unit_id: unit for unit in order.units()}
        facts = self._facts(work, case, order, snapshot, policy, [u for u in case.units if u in sold], sold)
        bound = {fact.unit_id for fact in facts if only_whole(policy, fact, inspected=True) is not None}
        case.see_short([one for one in shorts(case) if bound.intersection(one.alone)], at=work.now)
        open_ = [u for u in case.units if u in sold and _is_open(case, u)]
        again = [
            (fact, judged)
            for fact in self._facts(work, case, order, snapshot, policy, open_, sold)
            if _differs(case, judged := judge_inspection(policy, fact, *case.found_of(fact.unit_id)))
        ]
        if again:
            facts, judgements = [fact for fact, _ in again], [judged for _, judged in again]
            decision = decision_record(case, "inspection_outcome", policy, judgements, facts, work, by="policy")
            case.decide_outcome(decision, tuple(verdict_of(one) for one in judgements), at=work.now)
            await self.exchanges_on(work, case)

    def _facts(
        self,
        work: Work,
        case: ReturnCase,
        order: Order,
        snapshot: OrderSnapshot,
        policy: Policy,
        units: Sequence[str],
        sold: dict[str, SoldUnit],
    ) -> list[UnitFacts]:
        items = [
            (sold[u], Item("", 1, known_reason(policy, case, u), signals=seen_signals(case, u)))
            for u in units
            if case.units[u].asked.part_of
        ]
        return unit_facts(policy, order, snapshot, items, back_again(case, order, work.now, self.legal_days))


def _is_open(case: ReturnCase, unit_id: str) -> bool:
    unit = case.units[unit_id]
    return unit.inspected and unit.authorisation is Authorisation.AUTHORISED and case.money_of(unit_id) is None


def _differs(case: ReturnCase, judged: Judged) -> bool:
    said = judged.explanation if judged.outcome is Outcome.PERSON else ""
    return case.units[judged.unit_id].contradicts != said
