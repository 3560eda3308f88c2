"""What is told of each unit that comes back, for whoever looks for causes.

Guarantee: one message for each unit that a stored event says something new of, and none of a record loaded as history.
"""

from collections.abc import Iterable

from aftercare.returns.v1 import events_pb2 as pb

from chassis.domain import Event
from chassis.grpc.convert import timestamp_to_proto
from services.returns.domain.case import ReturnCase
from services.returns.domain.case import events as e
from services.returns.domain.identity import parse_unit_id


def publish_units(event: Event, case: ReturnCase) -> Iterable[pb.ReturnedUnitRecorded]:
    """The units an event is about, as they are after it."""
    for unit_id in _told_of(event, case):
        unit = case.unit(unit_id)
        line_id, number = parse_unit_id(unit_id)
        grounds = (record.facts.get(f"{unit_id}.ground") for record in case.decisions.values())
        yield pb.ReturnedUnitRecorded(
            shop_id=case.shop_id,
            case_id=str(case.id),
            occurred_at=timestamp_to_proto(event.timestamp),
            order_id=case.order_id,
            customer_id=case.customer_id,
            line_id=line_id,
            unit=number,
            sku=unit.asked.sku,
            version=case.version,
            asked_at=timestamp_to_proto(case.asked_at),
            reason=unit.asked.reason,
            ground=next((ground for ground in grounds if ground), "") if unit.announced else "",
            received=bool(unit.receipt_number),
            lot_id=unit.lot_id,
            serial=unit.serial,
            condition=unit.condition.value if unit.condition else "",
            responsibility=unit.responsibility.value if unit.responsibility else "",
            disposition=unit.disposition.value if unit.disposition else "",
        )


def _told_of(event: Event, case: ReturnCase) -> Iterable[str]:
    match event:
        case e.PromiseDecided():
            return [verdict.unit_id for verdict in event.verdicts]
        case e.GoodsReceived() if not event.history:
            return _booked(case, event.receipt.receipt_number)
        case e.ReceiptVoided():
            return _booked(case, event.receipt_number)
        case e.UnitInspected():
            return [event.unit_id]
        case _:
            return ()


def _booked(case: ReturnCase, receipt_number: str) -> list[str]:
    """What a receipt is or was booked on: a unit it let go is told of too."""
    receipt = case.receipts[receipt_number]
    return list(dict.fromkeys((*(u for line in receipt.lines for u in line.units), *case.let_go(receipt_number))))
