"""What warehouses may expect: told whole, whenever it may have changed.

Guarantee: the last of them, by its version, is what is to come; of a case that never expected anything nobody is told.
"""

from collections.abc import Iterable

from aftercare.returns.v1 import events_pb2 as pb

from chassis.domain import Event
from chassis.grpc.convert import timestamp_to_proto
from services.returns.domain.case import Authorisation, Goods, ReturnCase
from services.returns.domain.case import events as e
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.identity import parse_unit_id
from services.returns.domain.labels import LabelStage
from services.returns.domain.labels.events import LabelIssued
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal import events as w

_BEGINS = (e.PromiseDecided, w.NoticeGiven)
_CHANGES = (
    e.UnitsAuthorised,
    e.UnitsDeclined,
    e.UnitsCancelled,
    e.UnitsExpired,
    e.UnitsKept,
    LabelIssued,
    e.UnitsSent,
    e.UnitsMissing,
    e.ReceiptVoided,
    w.UnitsDelivered,
    w.UnitsSentBack,
    w.UnitsReceivedBack,
    w.ReceiptWithdrawn,
)
_TO_COME = (Goods.WITH_CUSTOMER, Goods.HANDED_OVER, Goods.IN_TRANSIT)


def publish_expected(event: Event, case: ReturnCase | Withdrawal) -> Iterable[pb.ReturnExpected]:
    """What is to come after an event that may change it."""
    received = isinstance(event, e.GoodsReceived) and not event.history
    units = expected_units(case)
    if isinstance(event, _CHANGES) or received or (isinstance(event, _BEGINS) and units):
        yield pb.ReturnExpected(
            shop_id=case.shop_id,
            case_id=str(case.id),
            occurred_at=timestamp_to_proto(event.timestamp),
            order_id=case.order_id,
            customer_id=case.customer_id,
            version=case.version,
            units=_by_line(units),
            tracking_numbers=_numbers(case),
            send_by=timestamp_to_proto(case.send_by if isinstance(case, ReturnCase) else case.send_back_by),
        )


def expected_units(case: GoodsCase) -> dict[str, str]:
    """Units that are to come and are not here, with their articles."""
    if isinstance(case, Conformity):
        return {case.unit_id: case.unit.asked.sku} if case.awaits_unit else {}
    if isinstance(case, Withdrawal):
        away = (Whereabouts.WITH_CUSTOMER, Whereabouts.SENT)
        return {u: case.units[u].asked.sku for u in case.effective if case.units[u].where in away}
    return {
        u: unit.asked.sku
        for u, unit in case.units.items()
        if unit.authorisation is Authorisation.AUTHORISED and unit.goods in _TO_COME
    }


def _by_line(units: dict[str, str]) -> list[pb.EventUnits]:
    lines: dict[str, pb.EventUnits] = {}
    for unit_id, sku in units.items():
        line_id, number = parse_unit_id(unit_id)
        lines.setdefault(line_id, pb.EventUnits(line_id=line_id, sku=sku)).units.append(number)
    return list(lines.values())


def _numbers(case: ReturnCase | Withdrawal) -> list[str]:
    if isinstance(case, Withdrawal):
        found = [proof.tracking_number for proof in case.proofs if proof.tracking_number]
        found += [label.tracking_number for label in case.labels.values() if label.stage is LabelStage.ISSUED]
    else:
        found = [number for unit in case.units.values() for number in unit.tracking_numbers]
    return list(dict.fromkeys(found))
