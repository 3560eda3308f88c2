"""What a ruling about one withdrawn unit rests on: goods that the law leaves out, and where the unit is. Pure."""

from services.returns.domain.case import Goods, ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.law import Whereabouts
from services.returns.domain.order import Order
from services.returns.domain.policy import Policy, UnitFacts
from services.returns.domain.policy.scope import bounds_of
from services.returns.domain.withdrawal import ExceptedGoods, WithdrawalLaw

_BY_LAW_ALONE = frozenset({"conditions", "not_conditions", "grounds", "reasons", "not_grounds", "not_reasons"})
"""Bounds of a clause that say when the shop takes goods back, not which goods they are."""

_ON_THE_WAY = (Goods.HANDED_OVER, Goods.IN_TRANSIT)


def excepted_goods(law: WithdrawalLaw, policy: Policy, facts: UnitFacts) -> ExceptedGoods | None:
    """The exception of the law that holds for a unit: the shop's clause says which goods, the law says when."""
    by_kind = {excepted.kind: excepted for excepted in law.exceptions}
    for clause in policy.clauses:
        excepted = by_kind.get(clause.kind.value)
        if excepted is None or not excepted.holds(facts.stated_condition, facts.tags):
            continue
        if all(bound.holds(facts) for bound in bounds_of(clause) if bound.name not in _BY_LAW_ALONE):
            return excepted
    return None


def where_is(order: Order, line_id: str, unit_id: str, case: GoodsCase | None) -> Whereabouts:
    """Where a unit is at the notice; a case that holds it may know that it is on its way, or here."""
    if isinstance(case, Conformity):
        return case.unit.where
    goods = case.units[unit_id].goods if isinstance(case, ReturnCase) and unit_id in case.units else None
    if goods is Goods.RECEIVED:
        return Whereabouts.RECEIVED
    if goods in _ON_THE_WAY:
        return Whereabouts.SENT
    delivered = order.possession_of(line_id) is not None
    return Whereabouts.WITH_CUSTOMER if delivered else Whereabouts.NOT_DELIVERED
