"""What shipping issues tells the world, mapped at save time: ids and facts, never personal data.

Public events are keyed by the case, requests to the compensation ledger by the order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aftercare.common.v1 import command_pb2
from aftercare.compensation.v1 import ledger_pb2, requests_pb2
from aftercare.shipping_issues.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Aggregate, Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.guidelines import CORRECT_ADDRESS, REFUND, RESHIP
from services.shipping_issues.domain.remedy import COMPENSATES, Remedy

EVENTS = "aftercare.shipping_issues.events.v1"
LEDGER = "aftercare.compensation.requests.v1"
REQUESTER = "shipping_issues"


def publish(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    """The public events of one domain event."""
    if not isinstance(aggregate, DeliveryCase):
        return ()
    tell = _TELLERS.get(type(event))
    return () if tell is None else tell(event, aggregate)


def _found(event: e.FindingMade, case: DeliveryCase) -> Iterable[PublicEvent]:
    return (_told(case, _finding(event, case)),)


def _wait(event: e.WaitDecided, case: DeliveryCase) -> Iterable[PublicEvent]:
    about = _about(event, case)
    return (_told(case, pb.WaitAgreed(expected_by=timestamp_to_proto(event.expect_by), **about)),)


def _reserved(event: e.RemedyReserved, case: DeliveryCase) -> Iterable[PublicEvent]:
    return (_told(case, _started(event, case, case.remedies[event.remedy_id])),)


def _withdrawn(event: e.RemedyWithdrawn, case: DeliveryCase) -> Iterable[PublicEvent]:
    if case.remedies[event.remedy_id].remedy in COMPENSATES:
        yield _asked_of_ledger(case, _released(event, case, event.remedy_id, event.reason))


def _turned_up(event: e.ParcelTurnedUp, case: DeliveryCase) -> Iterable[PublicEvent]:
    message = pb.ParcelTurnedUp(
        status=event.status,
        remedy=event.remedy,
        delivered_at=timestamp_to_proto(event.delivered_at),
        expected_by=timestamp_to_proto(event.expected_by),
        **_about(event, case),
    )
    return (_told(case, message),)


def _closed(event: shared.CaseClosed, case: DeliveryCase) -> Iterable[PublicEvent]:
    return (_told(case, pb.ShippingCaseClosed(outcome=event.outcome, **_about(event, case))),)


def _asked(event: e.RemedyAsked, case: DeliveryCase) -> Iterable[PublicEvent]:
    if event.remedy == CORRECT_ADDRESS:
        yield _told(case, _started(event, case, case.remedies[event.remedy_id]))
        return
    yield _asked_of_ledger(
        case,
        requests_pb2.CompensationRequested(
            book=ledger_pb2.BOOK_IN_KIND if event.remedy == RESHIP else ledger_pb2.BOOK_RESTITUTION,
            units=[ledger_pb2.LineUnits(line_id=unit.line_id, quantity=unit.quantity) for unit in event.units],
            amount=money_to_proto(event.amount) if event.amount else None,
            reason=event.reason,
            decided_by=command_pb2.Actor(kind="agent", id=event.by, role=event.role),
            approved_by=command_pb2.Actor(kind="agent", id=event.approved_by) if event.approved_by else None,
            **_request(event, case, event.remedy_id),
        ),
    )


def _done(event: e.RemedyDone, case: DeliveryCase) -> Iterable[PublicEvent]:
    remedy = case.remedies[event.remedy_id]
    amount = money_to_proto(event.amount) if event.amount else None
    yield _told(
        case,
        pb.RemedyDone(
            remedy_id=remedy.id,
            remedy=remedy.remedy,
            amount=amount,
            reference="" if remedy.remedy == REFUND else event.reference,
            **_about(event, case),
        ),
    )
    if remedy.remedy == RESHIP:
        message = requests_pb2.CompensationSettled(reference=event.reference, **_request(event, case, remedy.id))
        yield _asked_of_ledger(case, message)


def _failed(event: e.RemedyRefused | e.RemedyFailed, case: DeliveryCase) -> Iterable[PublicEvent]:
    remedy = case.remedies[event.remedy_id]
    yield _told(
        case,
        pb.RemedyFailed(remedy_id=remedy.id, remedy=remedy.remedy, reason=event.reason, **_about(event, case)),
    )
    if isinstance(event, e.RemedyFailed) and remedy.remedy in COMPENSATES:
        yield _asked_of_ledger(case, _released(event, case, remedy.id, event.reason))


def _finding(event: e.FindingMade, case: DeliveryCase) -> Message:
    values: dict[str, Any] = {
        "finding": event.finding,
        "noticed_by": event.noticed_by,
        "responsibility": event.responsibility,
        "carrier": event.carrier,
        "tracking_number": event.tracking_number,
        "promised_by": timestamp_to_proto(event.promised_by),
        "hours_before_promise": event.hours_before_promise,
        "expected_by": timestamp_to_proto(event.expected_by),
        "last_seen_at": timestamp_to_proto(event.last_seen_at),
        "last_seen_place": event.last_seen_place,
        "choices": event.choices,
        "trouble": case.trouble,
        **_about(event, case),
    }
    if event.previous:
        return pb.ShippingTroubleChanged(previous_finding=event.previous, **values)
    return pb.ShippingTroubleFound(**values)


def _started(event: Event, case: DeliveryCase, remedy: Remedy) -> Message:
    return pb.RemedyStarted(
        remedy_id=remedy.id,
        remedy=remedy.remedy,
        amount=money_to_proto(remedy.amount) if remedy.amount and remedy.remedy == REFUND else None,
        decided_by=remedy.role,
        **_about(event, case),
    )


def _released(event: Event, case: DeliveryCase, key: str, reason: str) -> Message:
    return requests_pb2.CompensationReleased(reason=reason[:128], **_request(event, case, key))


def _about(event: Event, case: DeliveryCase) -> dict[str, Any]:
    return {
        "shop_id": case.shop_id,
        "case_id": str(case.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "trouble_id": case.trouble_id,
        "shipment_id": case.shipment_id,
    }


def _request(event: Event, case: DeliveryCase, key: str) -> dict[str, Any]:
    return {
        "shop_id": case.shop_id,
        "request_key": key,
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "requester": REQUESTER,
        "case_id": str(case.id),
    }


def _told(case: DeliveryCase, message: Message) -> PublicEvent:
    return PublicEvent(EVENTS, str(case.id), message, case.shop_id)


def _asked_of_ledger(case: DeliveryCase, message: Message) -> PublicEvent:
    return PublicEvent(LEDGER, case.order_id, message, case.shop_id)


_TELLERS: Mapping[type[Event], Callable[[Any, DeliveryCase], Iterable[PublicEvent]]] = {
    e.FindingMade: _found,
    e.WaitDecided: _wait,
    e.RemedyAsked: _asked,
    e.RemedyReserved: _reserved,
    e.RemedyDone: _done,
    e.RemedyRefused: _failed,
    e.RemedyFailed: _failed,
    e.RemedyWithdrawn: _withdrawn,
    e.ParcelTurnedUp: _turned_up,
    shared.CaseClosed: _closed,
}
"""What is not in here is nobody else's business."""
