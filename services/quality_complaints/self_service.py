"""What customers may ask of their own complaints. Somebody else's is not there."""

from typing import Any

import grpc
from aftercare.quality_complaints.v1 import self_service_pb2 as pb
from aftercare.quality_complaints.v1 import self_service_pb2_grpc

from chassis.grpc import Commands, current_principal
from chassis.grpc.convert import id_from_text, receipt_to_proto
from chassis.grpc.pages import page_of
from services.quality_complaints import presenting
from services.quality_complaints.application import Application
from services.quality_complaints.queries import Queries

Context = grpc.aio.ServicerContext[Any, Any]


class QualityComplaintsSelfService(self_service_pb2_grpc.QualityComplaintsSelfServiceServicer):
    """The customer's own view."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def FileMyComplaint(self, request: pb.FileMyComplaintRequest, context: Context) -> pb.FileMyComplaintResponse:
        actor = current_principal().actor()
        shop_id = await self._queries.shop_of_order(request.order_id, seen_by=actor)
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
                channel="web",
            ),
        )
        return pb.FileMyComplaintResponse(receipt=receipt_to_proto(receipt))

    async def ListMyComplaints(
        self, request: pb.ListMyComplaintsRequest, context: Context
    ) -> pb.ListMyComplaintsResponse:
        actor = current_principal().actor()
        listed = await self._queries.cases(page_of(request), {}, seen_by=actor)
        found = [await self._queries.complaint(row["id"], seen_by=actor) for row in listed.rows]
        return pb.ListMyComplaintsResponse(
            complaints=[presenting.my_complaint(each) for each in found], next_page_token=listed.next_token
        )

    async def GetMyComplaint(self, request: pb.GetMyComplaintRequest, context: Context) -> pb.GetMyComplaintResponse:
        id = id_from_text("Complaint", request.case_id)
        found = await self._queries.complaint(id, seen_by=current_principal().actor())
        return pb.GetMyComplaintResponse(complaint=presenting.my_complaint(found))
