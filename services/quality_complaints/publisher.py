"""What quality complaints tells the world, mapped at save time: ids and facts, never personal data.

Public events are keyed by the complaint, or by the investigation; requests to the compensation ledger by the order.
"""

from collections.abc import Iterable
from typing import Any

from aftercare.common.v1 import command_pb2
from aftercare.compensation.v1 import ledger_pb2, requests_pb2
from aftercare.quality_complaints.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Aggregate, Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.remedy import IN_KIND
from services.quality_complaints.domain.values import REFUND

EVENTS = "aftercare.quality_complaints.events.v1"
LEDGER = "aftercare.compensation.requests.v1"
REQUESTER = "quality_complaints"


def publish(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    """The public events of one domain event."""
    if isinstance(aggregate, Complaint):
        for message in _of_complaint(event, aggregate):
            yield PublicEvent(EVENTS, str(aggregate.id), message, aggregate.shop_id)
        for message in _of_ledger(event, aggregate):
            yield PublicEvent(LEDGER, aggregate.order_id, message, aggregate.shop_id)
    elif isinstance(aggregate, Investigation):
        for message in _of_investigation(event, aggregate):
            yield PublicEvent(EVENTS, str(aggregate.id), message, aggregate.shop_id)


def _of_complaint(event: Event, complaint: Complaint) -> Iterable[Message]:
    about = _about(event, complaint)
    match event:
        case e.ComplaintReceived():
            yield pb.ComplaintReceived(
                line_id=event.line_id,
                sku=event.sku,
                quantity=event.quantity,
                lot_id=event.lot_id,
                symptom=event.symptom,
                remedy_sought=event.remedy_sought,
                safety=event.safety,
                **about,
            )
        case e.ComplaintAssessed():
            yield pb.ComplaintAssessed(
                severity=event.severity, safety=event.safety, urgency=event.urgency, lot_id=complaint.lot_id, **about
            )
        case e.InvestigationJoined():
            yield pb.ComplaintJoinedInvestigation(
                investigation_id=str(event.investigation_id),
                sku=complaint.sku,
                lot_id=complaint.lot_id,
                complaints=event.complaints,
                **about,
            )
        case e.InvestigationLeft():
            yield pb.ComplaintLeftInvestigation(investigation_id=str(event.investigation_id), **about)
        case e.RemedyReserved():
            remedy = complaint.remedy(event.remedy_id)
            amount = event.amount or remedy.amount
            yield pb.ComplaintRemedyStarted(
                remedy_id=remedy.id,
                remedy=remedy.remedy,
                amount=money_to_proto(amount) if amount and remedy.remedy == REFUND else None,
                decided_by=remedy.role,
                **about,
            )
        case e.RemedyDone():
            remedy = complaint.remedy(event.remedy_id)
            yield pb.ComplaintRemedyDone(
                remedy_id=remedy.id,
                remedy=remedy.remedy,
                amount=money_to_proto(event.amount) if event.amount else None,
                reference="" if remedy.remedy == REFUND else event.reference,
                **about,
            )
        case e.RemedyRefused() | e.RemedyFailed():
            remedy = complaint.remedy(event.remedy_id)
            yield pb.ComplaintRemedyFailed(remedy_id=remedy.id, remedy=remedy.remedy, reason=event.reason, **about)
        case shared.CaseClosed():
            yield pb.ComplaintClosed(outcome=event.outcome, **about)


def _of_ledger(event: Event, complaint: Complaint) -> Iterable[Message]:
    match event:
        case e.RemedyAsked():
            yield requests_pb2.CompensationRequested(
                book=ledger_pb2.BOOK_IN_KIND if event.remedy in IN_KIND else ledger_pb2.BOOK_RESTITUTION,
                units=[ledger_pb2.LineUnits(line_id=complaint.line_id, quantity=complaint.quantity)],
                amount=money_to_proto(event.amount) if event.amount and event.remedy == REFUND else None,
                reason="faulty",
                decided_by=command_pb2.Actor(kind="agent", id=event.by, role=event.role),
                approved_by=command_pb2.Actor(kind="agent", id=event.approved_by) if event.approved_by else None,
                **_request(event, complaint, event.remedy_id),
            )
        case e.RemedyDone() if complaint.remedy(event.remedy_id).remedy in IN_KIND:
            yield requests_pb2.CompensationSettled(
                reference=event.reference, **_request(event, complaint, event.remedy_id)
            )
        case e.RemedyFailed() | e.RemedyWithdrawn():
            yield requests_pb2.CompensationReleased(
                reason=event.reason[:128], **_request(event, complaint, event.remedy_id)
            )


def _of_investigation(event: Event, investigation: Investigation) -> Iterable[Message]:
    about: dict[str, Any] = {
        "shop_id": investigation.shop_id,
        "investigation_id": str(investigation.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
    }
    match event:
        case e.InvestigationOpened():
            yield pb.InvestigationOpened(sku=event.sku, lot_id=event.lot_id, symptom=event.symptom, **about)
        case e.CauseRecorded():
            yield pb.RootCauseRecorded(
                sku=investigation.sku,
                lot_id=investigation.lot_id,
                cause=event.cause,
                escape_point=event.escape_point,
                members=[
                    pb.RootCauseRecorded.Member(
                        case_id=str(member.case_id), order_id=member.order_id, customer_id=member.customer_id
                    )
                    for member in investigation.members.values()
                ],
                **about,
            )
        case e.InvestigationClosed():
            yield pb.InvestigationClosed(outcome=event.outcome, **about)


def _about(event: Event, complaint: Complaint) -> dict[str, Any]:
    return {
        "shop_id": complaint.shop_id,
        "case_id": str(complaint.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": complaint.order_id,
        "customer_id": complaint.customer_id,
    }


def _request(event: Event, complaint: Complaint, key: str) -> dict[str, Any]:
    return {**_about(event, complaint), "request_key": key, "requester": REQUESTER}
