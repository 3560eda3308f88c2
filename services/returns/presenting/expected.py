"""What should be in a box, in the contract's words."""

from collections.abc import Mapping

from aftercare.returns.v1 import intake_pb2 as pb

from services.returns.domain.case import ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.order import Order
from services.returns.domain.order.way import sold_lots, sold_serials
from services.returns.domain.policy.grading import Checklist
from services.returns.domain.withdrawal import Withdrawal
from services.returns.presenting.shared import unit_ref
from services.returns.publisher.expected import expected_units
from services.returns.unit_rows import CONFORMITY, RETURN, WHERE, WITHDRAWAL, said_of

_KINDS: Mapping[type, str] = {ReturnCase: RETURN, Withdrawal: WITHDRAWAL, Conformity: CONFORMITY}


def expected(case: GoodsCase, order: Order, lists: Mapping[str, Checklist]) -> pb.ScanParcelResponse.Expected:
    """Every unit of a case, those first that are to come. `lists`: by which each is looked at."""
    awaited = expected_units(case)
    units = [_unit(case, order, unit_id, unit_id in awaited) for unit_id in case.units]
    for unit_id, told in zip(case.units, units, strict=True):
        told.checklist_clause_id = lists[unit_id].clause if unit_id in lists else ""
    return pb.ScanParcelResponse.Expected(
        case_id=str(case.id),
        kind=_KINDS[type(case)],
        order_id=case.order_id,
        units=sorted(units, key=lambda unit: not unit.awaited),
    )


def _unit(case: GoodsCase, order: Order, unit_id: str, awaited: bool) -> pb.ScanParcelResponse.Unit:
    asked = case.units[unit_id].asked
    told = pb.ScanParcelResponse.Unit(
        unit=unit_ref(unit_id),
        sku=asked.sku,
        title=asked.title,
        awaited=awaited,
        sold_serials=sold_serials(order, asked.line_id),
        sold_lots=sold_lots(order, asked.line_id),
    )
    if isinstance(case, Withdrawal):
        withdrawn = case.units[unit_id]
        told.reason, told.goods = WITHDRAWAL, WHERE[withdrawn.where]
        told.authorisation = withdrawn.ruling.rule if withdrawn.ruling else "requested"
    elif isinstance(case, Conformity):
        told.reason, told.goods, told.authorisation = CONFORMITY, WHERE[case.unit.where], said_of(case)
    else:
        unit = case.units[unit_id]
        told.reason, told.goods, told.authorisation = unit.asked.reason, unit.goods.value, unit.authorisation.value
    return told
