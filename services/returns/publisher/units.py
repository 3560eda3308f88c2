"""What is told of each unit that comes back, for whoever looks for causes.

Guarantee: one message for each unit that a stored event says something new of, and none of a return's record loaded as
history. A unit that was sent in for a lack is told of as a defect for as long as nobody found that there is none.
"""

from collections.abc import Iterable

from aftercare.returns.v1 import events_pb2 as pb

from chassis.domain import Event
from chassis.grpc.convert import timestamp_to_proto
from services.returns.domain.case import ReturnCase
from services.returns.domain.case import events as e
from services.returns.domain.conformity import Conformity
from services.returns.domain.conformity import events as lack
from services.returns.domain.identity import parse_unit_id

LACK, DEFECT = "lack_of_conformity", "defect"

_OF_LACK = (lack.UnitReceived, lack.ReceiptUndone, lack.LackAcknowledged, lack.LackRejected, lack.LackDropped)


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


def publish_unit_of_lack(event: Event, known: Conformity) -> Iterable[pb.ReturnedUnitRecorded]:
    """The unit of a file, when it comes, is found not to have come, or the seller answers. Once it was here it stays
    told of as here: what goes back repaired has lacked all the same."""
    if not isinstance(event, _OF_LACK):
        return
    asked = known.unit.asked
    receipts = [one for one in known.receipts.values() if not one.voided and known.unit_id in one.units]
    lines = [line for one in receipts for line in one.lines if known.unit_id in line.units]
    stands = [one for one in known.lacks.values() if one.answer != "rejected"]
    if known.dropped and stands and stands[-1].number == known.lack.number:
        stands.pop()
    yield pb.ReturnedUnitRecorded(
        shop_id=known.shop_id,
        case_id=str(known.id),
        occurred_at=timestamp_to_proto(event.timestamp),
        order_id=known.order_id,
        customer_id=known.customer_id,
        line_id=asked.line_id,
        unit=asked.number,
        sku=asked.sku,
        version=known.version,
        asked_at=timestamp_to_proto(known.lack.reported_at),
        reason=LACK,
        ground=DEFECT if stands else "",
        received=bool(receipts),
        lot_id=next((line.lot_id for line in reversed(lines) if line.lot_id), ""),
        serial=next((serial for line in reversed(lines) if (serial := line.serial_of(known.unit_id))), ""),
        condition=next((line.condition for line in reversed(lines) if line.condition), ""),
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
