"""A part of a bundle that comes back only whole is not let be, exchanged or changed without the rest.

Guarantee: a refusal names the clause, the bundle and what is missing, and nothing is written. The clause is asked as it
was when the return was; what the law gives, and what somebody let come back alone, is not held by it.
"""

from collections.abc import Collection, Sequence

from chassis.work import Work
from services.returns.application.common import UseCases
from services.returns.application.deciding import Asking, Item, known_reason, unit_facts
from services.returns.domain.case import Authorisation, Goods, ReturnCase
from services.returns.domain.case.bundles import came_alone
from services.returns.domain.errors import OnlyWhole
from services.returns.domain.order.bundles import missing_with, written_out
from services.returns.domain.policy import Policy, UnitFacts
from services.returns.domain.policy.bundles import only_whole

_COMING = (Authorisation.REQUESTED, Authorisation.AUTHORISED)


class OnlyWholeBundles(UseCases):
    """Asks the policy's clause of bundles."""

    async def require_rest_comes_too(self, work: Work, case: ReturnCase, units: Sequence[str]) -> None:
        """Without these units, or all that are at home, no bundle would come back in parts."""
        if not any(unit.asked.part_of for unit in case.units.values()):
            return
        at_home = (u for u, unit in case.units.items() if unit.goods is Goods.WITH_CUSTOMER)
        staying = frozenset(units or at_home)
        coming = [u for u, unit in case.units.items() if unit.authorisation in _COMING and u not in staying]
        await self._require_whole(work, case, [u for u in coming if not came_alone(case, u)], staying, case.remedy)

    async def require_whole_for_exchange(self, work: Work, case: ReturnCase, unit_id: str) -> None:
        """All of its bundle comes back, or somebody let it come back alone."""
        unit = case.units[unit_id]
        if unit.asked.part_of is None or (unit.let_by_person and came_alone(case, unit_id)):
            return
        await self._require_whole(work, case, [unit_id], (), "exchange")

    async def _require_whole(
        self, work: Work, case: ReturnCase, units: Sequence[str], staying: Collection[str], remedy: str
    ) -> None:
        order, snapshot = await self.order_of(work, case)
        policy = await self.policy_of(work, case.shop_id, snapshot)
        sold = {unit.unit_id: unit for unit in order.units()}
        coming = [u for u in units if u in sold]
        asking = Asking(
            case.asked_at or work.now,
            self.legal_days,
            remedy,
            missing=written_out(missing_with(order, coming, staying=staying)),
        )
        chosen = [
            (sold[u], Item("", 1, known_reason(policy, case, u), stated_condition=case.units[u].asked.stated_condition))
            for u in coming
        ]
        require_whole(policy, unit_facts(policy, order, snapshot, chosen, asking))


def require_whole(policy: Policy, facts: Sequence[UnitFacts]) -> None:
    """None of these goes without the rest of its bundle where a clause says that it does not, or `OnlyWhole`."""
    for fact in facts:
        if (against := only_whole(policy, fact)) is not None:
            raise OnlyWhole(
                f"unit {fact.unit_id}: {against.text}",
                clause=against.clause.id,
                bundle=fact.bundle,
                unit=fact.unit_id,
                missing=", ".join(fact.bundle_missing),
            )
