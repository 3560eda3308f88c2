"""Who decides on what others ask for, and in whose place: proto to use cases and back, no decisions.

What may be decided is never computed here: it is tried by the very use case that the command calls.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import grpc
from aftercare.casework.v1 import approvals_pb2 as pb
from aftercare.casework.v1 import approvals_pb2_grpc

from casework import Case
from casework.delegations import Bounds
from chassis.domain import DomainError
from chassis.grpc import Commands, GrpcService, current_principal
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import Page, page_of
from chassis.service import Receipt
from chassis.work import Actor, Work
from desk import presenting, staff
from desk.approvals import approval_facts
from desk.staff import Term

Context = grpc.aio.ServicerContext[Any, Any]


class Desk(Protocol):
    """The use cases of a service, as far as approvals need them."""

    @property
    def approval_rpcs(self) -> Mapping[str, str]:
        """The commands that can be asked of a second person, each with the name of its limit."""
        ...

    async def approval_case(self, work: Work, case_id: UUID) -> Case:
        """A case the caller may see."""
        ...

    async def grant_approval(self, work: Work, case_id: UUID, approval_id: UUID, in_place_of: str = "") -> Receipt:
        """Say yes."""
        ...


class Listed(Protocol):
    """A page of rows."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def next_token(self) -> str: ...


class Waiting(Protocol):
    """The list of approvals of a service."""

    async def approvals(self, page: Page, terms: Mapping[str, str], *, seen_by: Actor) -> Listed:
        """Rows with the id of the approval and of its case; those that wait where nothing else is asked for."""
        ...


class ApprovalApi(approvals_pb2_grpc.ApprovalServiceServicer):
    """See the module."""

    def __init__(self, desk: Desk, waiting: Waiting, commands: Commands) -> None:
        self._desk, self._waiting, self._commands = desk, waiting, commands

    def service(self) -> GrpcService:
        """Ready to be served."""
        return GrpcService.of(self)

    async def ListOpenApprovals(
        self, request: pb.ListOpenApprovalsRequest, context: Context
    ) -> pb.ListOpenApprovalsResponse:
        caller = current_principal().actor()
        listed = await self._waiting.approvals(page_of(request, default=50), {}, seen_by=caller)
        places = await self._commands.look(lambda work: staff.places_of(work, caller.id))
        found = [await self._open(row["case_id"], row["id"], places) for row in listed.rows]
        shown = [one for one in found if one is not None and (request.include_others or not one.why_not)]
        return pb.ListOpenApprovalsResponse(approvals=shown, next_page_token=listed.next_token)

    async def _open(
        self, case_id: UUID, approval_id: UUID, places: Sequence[str]
    ) -> pb.ListOpenApprovalsResponse.OpenApproval | None:
        async def read(work: Work) -> tuple[Case, datetime]:
            return await self._desk.approval_case(work, case_id), work.now

        case, now = await self._commands.look(read)
        asked = case.approval(approval_id)
        if now >= asked.expires_at:
            return None
        why = {place: await self._obstacle(case_id, approval_id, place) for place in ("", *places)}
        rpc = dict(asked.arguments).get("rpc", asked.action)
        may = [place for place in places if not why[place]]
        shown = presenting.approval(case_id, asked, rpc)
        return presenting.open_approval(shown, asked, now, not why[""], may, why[""])

    async def _obstacle(self, case_id: UUID, approval_id: UUID, in_place_of: str) -> str:
        try:
            await self._commands.look(
                lambda work: self._desk.grant_approval(work, case_id, approval_id, in_place_of=in_place_of)
            )
        except DomainError as error:
            return error.message
        return ""

    async def GetStaffMember(self, request: pb.GetStaffMemberRequest, context: Context) -> pb.GetStaffMemberResponse:
        given, held, absences = await self._commands.look(lambda work: staff.staff_member(work, request.person))
        return pb.GetStaffMemberResponse(
            person=request.person or current_principal().subject,
            given=[presenting.delegation(giver, known) for giver, known in given],
            held=[presenting.delegation(giver, known) for giver, known in held],
            absences=[presenting.absence(known) for known in absences],
        )

    async def DelegateApprovals(
        self, request: pb.DelegateApprovalsRequest, context: Context
    ) -> pb.DelegateApprovalsResponse:
        up_to = money_from_proto(request.up_to) if request.HasField("up_to") else None
        bounds = Bounds((), tuple(request.shops), up_to, tuple(request.actions))
        receipt = await self._commands.run(
            request,
            context,
            lambda work: staff.hand_on(work, request.deputy, bounds, _term(request, work), self._desk.approval_rpcs),
        )
        return pb.DelegateApprovalsResponse(receipt=receipt_to_proto(receipt))

    async def RevokeDelegation(
        self, request: pb.RevokeDelegationRequest, context: Context
    ) -> pb.RevokeDelegationResponse:
        delegation_id = id_from_text("delegation", request.delegation_id)
        receipt = await self._commands.run(
            request, context, lambda work: staff.take_back(work, request.giver, delegation_id)
        )
        return pb.RevokeDelegationResponse(receipt=receipt_to_proto(receipt))

    async def RecordAbsence(self, request: pb.RecordAbsenceRequest, context: Context) -> pb.RecordAbsenceResponse:
        receipt = await self._commands.run(
            request,
            context,
            lambda work: staff.go_away(work, request.person, request.cover, _term(request, work), tuple(request.roles)),
        )
        return pb.RecordAbsenceResponse(receipt=receipt_to_proto(receipt))

    async def EndAbsence(self, request: pb.EndAbsenceRequest, context: Context) -> pb.EndAbsenceResponse:
        receipt = await self._commands.run(request, context, lambda work: staff.come_back(work, request.person))
        return pb.EndAbsenceResponse(receipt=receipt_to_proto(receipt))

    async def HandOverApproval(
        self, request: pb.HandOverApprovalRequest, context: Context
    ) -> pb.HandOverApprovalResponse:
        case_id, approval_id = id_from_text("case", request.case_id), id_from_text("approval", request.approval_id)

        async def hand_over(work: Work) -> Receipt:
            case = await self._desk.approval_case(work, case_id)
            asked = case.hand_over_approval(approval_id, request.to, request.reason, by=work.actor.id, at=work.now)
            return Receipt(str(case.id), case.version, approval_facts(asked))

        receipt = await self._commands.run(request, context, hand_over, on=case_id)
        return pb.HandOverApprovalResponse(receipt=receipt_to_proto(receipt))


def _term(request: pb.DelegateApprovalsRequest | pb.RecordAbsenceRequest, work: Work) -> Term:
    starts_at = timestamp_from_proto(request.starts_at, "starts_at") if request.HasField("starts_at") else work.now
    return Term(starts_at, timestamp_from_proto(request.ends_at, "ends_at"), request.reason)
