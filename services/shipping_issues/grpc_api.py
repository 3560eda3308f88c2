"""The agents' API of shipping issues: proto to application and back, no decisions."""

from typing import Any
from uuid import UUID

import grpc
from aftercare.common.v1 import command_pb2
from aftercare.shipping_issues.v1 import model_pb2, service_pb2_grpc
from aftercare.shipping_issues.v1 import service_pb2 as pb
from google.protobuf.message import Message

from chassis.domain import NotFound
from chassis.grpc import Commands, current_principal
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.work import Actor
from services.shipping_issues import presenting
from services.shipping_issues.application import Application
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.queries import APPROVAL_FILTERS, CASE_FILTERS, SHIPMENT_FILTERS, Queries
from services.shipping_issues.translation import address_to_text

Context = grpc.aio.ServicerContext[Any, Any]


class ShippingIssues(service_pb2_grpc.ShippingIssuesServiceServicer):
    """What agents and other services may ask of shipping issues."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def ListCases(self, request: pb.ListCasesRequest, context: Context) -> pb.ListCasesResponse:
        terms = parse_filter(request.filter, CASE_FILTERS)
        listed = await self._queries.cases(page_of(request), terms, seen_by=_actor())
        cases = [presenting.summary(row) for row in listed.rows]
        return pb.ListCasesResponse(cases=cases, next_page_token=listed.next_token)

    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        case = await self._case(request.case_id)
        actions = await self._queries.next_actions(case, asked_by=_actor())
        return pb.GetCaseResponse(shipping_issue=presenting.issue(case, actions))

    async def GetCaseStory(self, request: pb.GetCaseStoryRequest, context: Context) -> pb.GetCaseStoryResponse:
        case = await self._case(request.case_id)
        actions = await self._queries.next_actions(case, asked_by=_actor())
        return pb.GetCaseStoryResponse(
            summary=presenting.summary_of(case),
            entries=[presenting.story_entry(entry) for entry in await self._queries.history(case.id)],
            next_actions=[presenting.next_action(action) for action in actions],
            notes=[presenting.note(note) for note in case.notes],
        )

    async def GetShipment(self, request: pb.GetShipmentRequest, context: Context) -> pb.GetShipmentResponse:
        parcel = await self._queries.shipment(request.shipment_id, seen_by=_actor())
        return pb.GetShipmentResponse(shipment=await self._shipment(parcel))

    async def ListShipments(self, request: pb.ListShipmentsRequest, context: Context) -> pb.ListShipmentsResponse:
        terms = parse_filter(request.filter, SHIPMENT_FILTERS)
        listed = await self._queries.shipments(page_of(request), terms, seen_by=_actor())
        parcels = [await self._queries.shipment_by_id(row["id"]) for row in listed.rows]
        return pb.ListShipmentsResponse(
            shipments=[await self._shipment(parcel) for parcel in parcels], next_page_token=listed.next_token
        )

    async def ListApprovals(self, request: pb.ListApprovalsRequest, context: Context) -> pb.ListApprovalsResponse:
        terms = parse_filter(request.filter, APPROVAL_FILTERS)
        listed = await self._queries.approvals(page_of(request), terms, seen_by=_actor())
        found = []
        for row in listed.rows:
            case = await self._queries.case(row["case_id"], seen_by=_actor())
            found.append(presenting.approval(case, case.approval(row["id"])))
        return pb.ListApprovalsResponse(approvals=found, next_page_token=listed.next_token)

    async def ExplainDecision(self, request: pb.ExplainDecisionRequest, context: Context) -> pb.ExplainDecisionResponse:
        decision_id = id_from_text("Decision", request.decision_id)
        case = await self._queries.case_of_decision(decision_id, seen_by=_actor())
        if decision_id not in case.decisions:
            raise NotFound("Decision", request.decision_id)
        return pb.ExplainDecisionResponse(decision=presenting.decision(case, case.decisions[decision_id]))

    async def ReportTrouble(self, request: pb.ReportTroubleRequest, context: Context) -> pb.ReportTroubleResponse:
        parcel = await self._queries.shipment(request.shipment_id, seen_by=_actor())
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.report_trouble(
                work, parcel.shop_id, parcel.shipment_id, finding=request.finding, comment=request.comment
            ),
            on=parcel.id,
        )
        return pb.ReportTroubleResponse(receipt=receipt_to_proto(receipt))

    async def Reship(self, request: pb.ReshipRequest, context: Context) -> pb.ReshipResponse:
        case_id, approval_id = _case_id(request.case_id), _approval_id(request.approval_id)
        items = tuple((item.line_id, item.quantity) for item in request.items)
        address = address_to_text(request.address) if request.HasField("address") else ""
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.reship(
                work,
                case_id,
                items=items,
                address=address,
                service_level=request.service_level,
                approval_id=approval_id,
            ),
        )
        return pb.ReshipResponse(receipt=receipt)

    async def RequestRefund(self, request: pb.RequestRefundRequest, context: Context) -> pb.RequestRefundResponse:
        case_id, approval_id = _case_id(request.case_id), _approval_id(request.approval_id)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.refund(work, case_id, amount=amount, reason=request.reason, approval_id=approval_id),
        )
        return pb.RequestRefundResponse(receipt=receipt)

    async def Wait(self, request: pb.WaitRequest, context: Context) -> pb.WaitResponse:
        case_id, expect_by = _case_id(request.case_id), timestamp_from_proto(request.expect_by, "expect_by")
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.wait(work, case_id, expect_by=expect_by, reason=request.reason),
        )
        return pb.WaitResponse(receipt=receipt)

    async def CorrectAddress(self, request: pb.CorrectAddressRequest, context: Context) -> pb.CorrectAddressResponse:
        case_id, address = _case_id(request.case_id), address_to_text(request.address)
        receipt = await self._run(
            request, context, lambda work: self._app.correct_address(work, case_id, address=address)
        )
        return pb.CorrectAddressResponse(receipt=receipt)

    async def WithdrawRemedy(self, request: pb.WithdrawRemedyRequest, context: Context) -> pb.WithdrawRemedyResponse:
        case_id = _case_id(request.case_id)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.withdraw(work, case_id, remedy_id=request.remedy_id, reason=request.reason),
        )
        return pb.WithdrawRemedyResponse(receipt=receipt)

    async def CloseCase(self, request: pb.CloseCaseRequest, context: Context) -> pb.CloseCaseResponse:
        case_id = _case_id(request.case_id)
        receipt = await self._run(
            request, context, lambda work: self._app.close_case(work, case_id, outcome=request.outcome)
        )
        return pb.CloseCaseResponse(receipt=receipt)

    async def RequestApproval(self, request: pb.RequestApprovalRequest, context: Context) -> pb.RequestApprovalResponse:
        case_id = _case_id(request.case_id)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.request_approval(
                work, case_id, action=request.action, amount=amount, reason=request.reason
            ),
        )
        return pb.RequestApprovalResponse(receipt=receipt)

    async def GrantApproval(self, request: pb.GrantApprovalRequest, context: Context) -> pb.GrantApprovalResponse:
        case_id, approval_id = _case_id(request.case_id), id_from_text("Approval", request.approval_id)
        receipt = await self._run(
            request, context, lambda work: self._app.grant_approval(work, case_id, approval_id, request.in_place_of)
        )
        return pb.GrantApprovalResponse(receipt=receipt)

    async def DeclineApproval(self, request: pb.DeclineApprovalRequest, context: Context) -> pb.DeclineApprovalResponse:
        case_id, approval_id = _case_id(request.case_id), id_from_text("Approval", request.approval_id)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.decline_approval(
                work, case_id, approval_id, reason=request.comment, in_place_of=request.in_place_of
            ),
        )
        return pb.DeclineApprovalResponse(receipt=receipt)

    async def AddNote(self, request: pb.AddNoteRequest, context: Context) -> pb.AddNoteResponse:
        case_id = _case_id(request.case_id)
        receipt = await self._run(request, context, lambda work: self._app.add_note(work, case_id, text=request.text))
        return pb.AddNoteResponse(receipt=receipt)

    async def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        case_id = _case_id(request.case_id)
        receipt = await self._run(
            request, context, lambda work: self._app.assign(work, case_id, assignee=request.assignee)
        )
        return pb.AssignCaseResponse(receipt=receipt)

    async def RecordContact(self, request: pb.RecordContactRequest, context: Context) -> pb.RecordContactResponse:
        case_id = _case_id(request.case_id)
        contact_at = timestamp_from_proto(request.at, "at") if request.HasField("at") else None
        receipt = await self._run(
            request,
            context,
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

    async def _run(self, request: Message, context: Context, decide: Decide) -> command_pb2.Receipt:
        """Every command about a case takes its turn on that case."""
        case_id = _case_id(request.case_id)  # type: ignore[attr-defined]  # each of these requests has one
        return receipt_to_proto(await self._commands.run(request, context, decide, on=case_id))

    async def _case(self, text: str) -> DeliveryCase:
        return await self._queries.case(_case_id(text), seen_by=_actor())

    async def _shipment(self, parcel: Shipment) -> model_pb2.Shipment:
        open_cases = [case for case in await self._queries.cases_of_shipment(parcel) if case.is_open]
        case_id = str(open_cases[-1].id) if open_cases else ""
        return presenting.shipment(parcel, self._queries.our_estimate(parcel), case_id)


def _actor() -> Actor:
    return current_principal().actor()


def _case_id(text: str) -> UUID:
    return id_from_text("DeliveryCase", text)


def _approval_id(text: str) -> UUID | None:
    return id_from_text("Approval", text) if text else None
