"""The agents' API of quality complaints: proto to application and back, no decisions."""
# long: one thin method for each rpc of the contract, in its order

from typing import Any
from uuid import UUID

import grpc
from aftercare.common.v1 import command_pb2
from aftercare.quality_complaints.v1 import service_pb2 as pb
from aftercare.quality_complaints.v1 import service_pb2_grpc
from google.protobuf.message import Message

from chassis.domain import NotFound
from chassis.grpc import Commands, current_principal
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.work import Actor
from services.quality_complaints import presenting
from services.quality_complaints.application import Application
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.queries import APPROVAL_FILTERS, CASE_FILTERS, INVESTIGATION_FILTERS, Queries
from services.quality_complaints.translation import address_to_text

Context = grpc.aio.ServicerContext[Any, Any]


class QualityComplaints(service_pb2_grpc.QualityComplaintsServiceServicer):
    """What agents and other services may ask of quality complaints."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def ListCases(self, request: pb.ListCasesRequest, context: Context) -> pb.ListCasesResponse:
        terms = parse_filter(request.filter, CASE_FILTERS)
        listed = await self._queries.cases(page_of(request), terms, seen_by=_actor())
        found = [presenting.summary(row) for row in listed.rows]
        return pb.ListCasesResponse(cases=found, next_page_token=listed.next_token)

    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        complaint = await self._complaint(request.case_id)
        actions = await self._queries.next_actions(complaint, asked_by=_actor())
        return pb.GetCaseResponse(complaint=presenting.complaint(complaint, actions))

    async def GetCaseStory(self, request: pb.GetCaseStoryRequest, context: Context) -> pb.GetCaseStoryResponse:
        complaint = await self._complaint(request.case_id)
        actions = await self._queries.next_actions(complaint, asked_by=_actor())
        return pb.GetCaseStoryResponse(
            summary=presenting.summary_of(complaint),
            entries=[presenting.story_entry(entry) for entry in await self._queries.history(complaint.id)],
            next_actions=[presenting.next_action(action) for action in actions],
            notes=[presenting.note(note) for note in complaint.notes],
        )

    async def ListInvestigations(
        self, request: pb.ListInvestigationsRequest, context: Context
    ) -> pb.ListInvestigationsResponse:
        terms = parse_filter(request.filter, INVESTIGATION_FILTERS)
        listed = await self._queries.investigations(page_of(request), terms, seen_by=_actor())
        found = [await self._queries.investigation(row["id"], seen_by=_actor()) for row in listed.rows]
        return pb.ListInvestigationsResponse(
            investigations=[presenting.investigation(each) for each in found], next_page_token=listed.next_token
        )

    async def GetInvestigation(
        self, request: pb.GetInvestigationRequest, context: Context
    ) -> pb.GetInvestigationResponse:
        id = id_from_text("Investigation", request.investigation_id)
        found: Investigation = await self._queries.investigation(id, seen_by=_actor())
        return pb.GetInvestigationResponse(investigation=presenting.investigation(found))

    async def ListApprovals(self, request: pb.ListApprovalsRequest, context: Context) -> pb.ListApprovalsResponse:
        terms = parse_filter(request.filter, APPROVAL_FILTERS)
        listed = await self._queries.approvals(page_of(request), terms, seen_by=_actor())
        found = []
        for row in listed.rows:
            complaint = await self._queries.complaint(row["case_id"], seen_by=_actor())
            found.append(presenting.approval(complaint, complaint.approval(row["id"])))
        return pb.ListApprovalsResponse(approvals=found, next_page_token=listed.next_token)

    async def ExplainDecision(self, request: pb.ExplainDecisionRequest, context: Context) -> pb.ExplainDecisionResponse:
        decision_id = id_from_text("Decision", request.decision_id)
        complaint = await self._queries.complaint_of_decision(decision_id, seen_by=_actor())
        if decision_id not in complaint.decisions:
            raise NotFound("Decision", request.decision_id)
        return pb.ExplainDecisionResponse(decision=presenting.decision(complaint, complaint.decisions[decision_id]))

    async def FileComplaint(self, request: pb.FileComplaintRequest, context: Context) -> pb.FileComplaintResponse:
        shop_id = await self._queries.shop_of_order(request.order_id, seen_by=_actor())
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.file(
                work,
                shop_id=shop_id,
                order_id=request.order_id,
                line_id=request.line_id,
                quantity=request.quantity,
                symptom=request.symptom,
                lot_id=request.lot_id,
                remedy_sought=request.remedy_sought,
                safety=request.safety,
                description=request.description,
                channel=request.channel,
            ),
        )
        return pb.FileComplaintResponse(receipt=receipt_to_proto(receipt))

    async def AssessComplaint(self, request: pb.AssessComplaintRequest, context: Context) -> pb.AssessComplaintResponse:
        case_id = _case(request.case_id)
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.assess(
                work,
                case_id,
                severity=request.severity,
                safety=request.safety,
                urgency=request.urgency,
                symptom=request.symptom,
                lot_id=request.lot_id,
            ),
        )
        return pb.AssessComplaintResponse(receipt=receipt)

    async def OpenInvestigation(
        self, request: pb.OpenInvestigationRequest, context: Context
    ) -> pb.OpenInvestigationResponse:
        case_ids = tuple(_case(id) for id in request.case_ids)
        id = Investigation.id_of(request.shop_id, request.sku, request.lot_id, request.symptom)
        receipt = await self._run(
            request,
            context,
            id,
            lambda work: self._app.open_investigation(
                work,
                shop_id=request.shop_id,
                sku=request.sku,
                lot_id=request.lot_id,
                symptom=request.symptom,
                case_ids=case_ids,
            ),
        )
        return pb.OpenInvestigationResponse(receipt=receipt)

    async def JoinInvestigation(
        self, request: pb.JoinInvestigationRequest, context: Context
    ) -> pb.JoinInvestigationResponse:
        case_id, id = _case(request.case_id), _investigation(request.investigation_id)
        receipt = await self._run(request, context, case_id, lambda work: self._app.join(work, case_id, id))
        return pb.JoinInvestigationResponse(receipt=receipt)

    async def LeaveInvestigation(
        self, request: pb.LeaveInvestigationRequest, context: Context
    ) -> pb.LeaveInvestigationResponse:
        case_id, id = _case(request.case_id), _investigation(request.investigation_id)
        receipt = await self._run(
            request, context, case_id, lambda work: self._app.leave(work, case_id, id, request.reason)
        )
        return pb.LeaveInvestigationResponse(receipt=receipt)

    async def ContainInvestigation(
        self, request: pb.ContainInvestigationRequest, context: Context
    ) -> pb.ContainInvestigationResponse:
        id = _investigation(request.investigation_id)
        receipt = await self._run(request, context, id, lambda work: self._app.contain(work, id, lifted=request.lifted))
        return pb.ContainInvestigationResponse(receipt=receipt)

    async def RecordRootCause(self, request: pb.RecordRootCauseRequest, context: Context) -> pb.RecordRootCauseResponse:
        id = _investigation(request.investigation_id)
        receipt = await self._run(
            request,
            context,
            id,
            lambda work: self._app.find_cause(
                work,
                id,
                cause=request.cause,
                escape_point=request.escape_point,
                description=request.description,
            ),
        )
        return pb.RecordRootCauseResponse(receipt=receipt)

    async def CloseInvestigation(
        self, request: pb.CloseInvestigationRequest, context: Context
    ) -> pb.CloseInvestigationResponse:
        id = _investigation(request.investigation_id)
        receipt = await self._run(
            request, context, id, lambda work: self._app.close_investigation(work, id, request.outcome)
        )
        return pb.CloseInvestigationResponse(receipt=receipt)

    async def ResolveComplaint(
        self, request: pb.ResolveComplaintRequest, context: Context
    ) -> pb.ResolveComplaintResponse:
        case_id = _case(request.case_id)
        remedy = request.WhichOneof("remedy") or ""
        chosen: Any = getattr(request, remedy)
        address = address_to_text(chosen.address) if remedy != "refund" and chosen.HasField("address") else ""
        amount = money_from_proto(chosen.amount) if remedy == "refund" and chosen.HasField("amount") else None
        approval_id = id_from_text("Approval", request.approval_id) if request.approval_id else None
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.resolve(
                work, case_id, remedy, amount=amount, address=address, approval_id=approval_id
            ),
        )
        return pb.ResolveComplaintResponse(receipt=receipt)

    async def WithdrawRemedy(self, request: pb.WithdrawRemedyRequest, context: Context) -> pb.WithdrawRemedyResponse:
        case_id = _case(request.case_id)
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.withdraw(work, case_id, request.remedy_id, request.reason),
        )
        return pb.WithdrawRemedyResponse(receipt=receipt)

    async def CloseComplaint(self, request: pb.CloseComplaintRequest, context: Context) -> pb.CloseComplaintResponse:
        case_id = _case(request.case_id)
        receipt = await self._run(
            request, context, case_id, lambda work: self._app.close(work, case_id, request.outcome)
        )
        return pb.CloseComplaintResponse(receipt=receipt)

    async def RequestApproval(self, request: pb.RequestApprovalRequest, context: Context) -> pb.RequestApprovalResponse:
        case_id = _case(request.case_id)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.request_approval(
                work, case_id, action=request.action, amount=amount, reason=request.reason
            ),
        )
        return pb.RequestApprovalResponse(receipt=receipt)

    async def GrantApproval(self, request: pb.GrantApprovalRequest, context: Context) -> pb.GrantApprovalResponse:
        case_id, approval_id = _case(request.case_id), id_from_text("Approval", request.approval_id)
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.grant_approval(work, case_id, approval_id, request.in_place_of),
        )
        return pb.GrantApprovalResponse(receipt=receipt)

    async def DeclineApproval(self, request: pb.DeclineApprovalRequest, context: Context) -> pb.DeclineApprovalResponse:
        case_id, approval_id = _case(request.case_id), id_from_text("Approval", request.approval_id)
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.decline_approval(work, case_id, approval_id, request.comment, request.in_place_of),
        )
        return pb.DeclineApprovalResponse(receipt=receipt)

    async def AddNote(self, request: pb.AddNoteRequest, context: Context) -> pb.AddNoteResponse:
        case_id = _case(request.case_id)
        receipt = await self._run(request, context, case_id, lambda work: self._app.note(work, case_id, request.text))
        return pb.AddNoteResponse(receipt=receipt)

    async def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        case_id = _case(request.case_id)
        receipt = await self._run(
            request, context, case_id, lambda work: self._app.assign(work, case_id, request.assignee)
        )
        return pb.AssignCaseResponse(receipt=receipt)

    async def RecordContact(self, request: pb.RecordContactRequest, context: Context) -> pb.RecordContactResponse:
        case_id = _case(request.case_id)
        contact_at = timestamp_from_proto(request.at, "at") if request.HasField("at") else None
        receipt = await self._run(
            request,
            context,
            case_id,
            lambda work: self._app.record_contact(
                work,
                case_id,
                direction=request.direction,
                channel=request.channel,
                contact_at=contact_at,
                waiting_on=request.waiting_on,
            ),
        )
        return pb.RecordContactResponse(receipt=receipt)

    async def _complaint(self, text: str) -> Complaint:
        return await self._queries.complaint(_case(text), seen_by=_actor())

    async def _run(self, request: Message, context: Context, on: UUID, decide: Decide) -> command_pb2.Receipt:
        return receipt_to_proto(await self._commands.run(request, context, decide, on=on))


def _actor() -> Actor:
    return current_principal().actor()


def _case(text: str) -> UUID:
    return id_from_text("Complaint", text)


def _investigation(text: str) -> UUID:
    return id_from_text("Investigation", text)
