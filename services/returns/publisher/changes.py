"""Public events of a change before dispatch."""

from collections.abc import Iterable
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.returns.domain.change import ChangeKind, OrderChange
from services.returns.domain.change import events as e
from services.returns.domain.identity import parse_unit_id

EVENTS = "aftercare.returns.events.v1"


def publish_change(event: Event, known: OrderChange) -> Iterable[PublicEvent]:
    """What the world hears of one event of a change."""
    for message in _messages(event, known):
        yield PublicEvent(EVENTS, str(known.id), message, known.shop_id)


def _messages(event: Event, known: OrderChange) -> Iterable[Message]:
    about = _about(event, known)
    match event:
        case e.ChangeRequested():
            units = [unit.unit_id for unit in event.wish.units]
            answer_by = timestamp_to_proto(event.under.answer_by)
            yield pb.OrderChangeRequested(units=_units(known, units), answer_by=answer_by, **about)
        case e.ChangeConfirmed() if event.units or known.kind is ChangeKind.TENDER:
            difference = money_to_proto(event.difference) if event.difference else None
            yield pb.OrderChangeConfirmed(units=_units(known, event.units), difference=difference, **about)
        case e.ChangeRefused():
            yield pb.OrderChangeRefused(units=_units(known, event.units), reason=event.reason, **about)
        case e.UnitsLeft():
            yield pb.OrderChangeOvertaken(
                units=_units(known, event.units), shipment_id=event.shipment_id, becomes=event.becomes, **about
            )
        case e.AnswerMissed(what="change"):
            yield pb.OrderChangeUnanswered(answer_by=timestamp_to_proto(event.due_at), **about)
        case shared.CaseClosed():
            yield pb.OrderChangeClosed(outcome=event.outcome, **about)
        case _:
            return


def _units(known: OrderChange, units: Iterable[str]) -> list[pb.EventUnits]:
    lines: dict[str, list[int]] = {}
    for unit_id in units:
        line_id, number = parse_unit_id(unit_id)
        lines.setdefault(line_id, []).append(number)
    skus = {unit.line_id: unit.sku for unit in known.wish.units}
    return [pb.EventUnits(line_id=line, sku=skus.get(line, ""), units=numbers) for line, numbers in lines.items()]


def _about(event: Event, known: OrderChange) -> dict[str, Any]:
    return {
        "shop_id": known.shop_id,
        "case_id": str(known.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": known.order_id,
        "customer_id": known.customer_id,
        "kind": known.kind.value,
    }
