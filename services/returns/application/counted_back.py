"""Which units of a case count as back and by what, and which are let go when they do not."""

from collections.abc import Sequence

from chassis.work import Work
from services.returns.application.deciding import held_units
from services.returns.domain.case import Goods, ReturnCase, ReturnUnit
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.order import Order


def back_by(case: GoodsCase) -> dict[str, str]:
    """Why each unit counts as back: the receipt it is booked on, or its loss on the way here, which is the shop's."""
    lost = [u for u, unit in case.units.items() if isinstance(unit, ReturnUnit) and unit.goods is Goods.MISSING]
    booked = {unit: f"receipt {known.receipt_number}" for known in case.receipts.values() for unit in known.units}
    return dict.fromkeys(lost, f"lost {case.id}") | booked


def let_go(order: Order, case: ReturnCase, units: Sequence[str], work: Work) -> None:
    """Units that are not here after all, and that nobody asked to return, are free for another return."""
    held = held_units(case)
    order.free_units(str(case.id), tuple(unit_id for unit_id in units if unit_id not in held), at=work.now)


def held_elsewhere(order: Order, case: ReturnCase, unit_id: str) -> bool:
    """Whether another return holds a unit by now, or a change before dispatch."""
    return unit_id in order.units_in_changes or order.units_in_returns.get(unit_id, str(case.id)) != str(case.id)
