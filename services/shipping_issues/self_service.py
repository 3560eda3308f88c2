"""What customers may ask of their own parcels. Somebody else's is not there."""

from typing import Any

import grpc
from aftercare.shipping_issues.v1 import self_service_pb2 as pb
from aftercare.shipping_issues.v1 import self_service_pb2_grpc

from chassis.grpc import Commands, current_principal
from chassis.grpc.convert import receipt_to_proto, timestamp_to_proto
from chassis.grpc.pages import page_of
from services.shipping_issues.application import Application
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.queries import Queries

Context = grpc.aio.ServicerContext[Any, Any]


class ShippingIssuesSelfService(self_service_pb2_grpc.ShippingIssuesSelfServiceServicer):
    """The customer's own view."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def ListMyParcels(self, request: pb.ListMyParcelsRequest, context: Context) -> pb.ListMyParcelsResponse:
        terms = {"order_id": request.order_id} if request.order_id else {}
        listed = await self._queries.shipments(page_of(request), terms, seen_by=current_principal().actor())
        parcels = [await self._queries.shipment_by_id(row["id"]) for row in listed.rows]
        return pb.ListMyParcelsResponse(
            parcels=[await self._parcel(parcel) for parcel in parcels], next_page_token=listed.next_token
        )

    async def GetMyParcel(self, request: pb.GetMyParcelRequest, context: Context) -> pb.GetMyParcelResponse:
        parcel = await self._queries.shipment(request.shipment_id, seen_by=current_principal().actor())
        return pb.GetMyParcelResponse(parcel=await self._parcel(parcel))

    async def ReportMyParcel(self, request: pb.ReportMyParcelRequest, context: Context) -> pb.ReportMyParcelResponse:
        parcel = await self._queries.shipment(request.shipment_id, seen_by=current_principal().actor())
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.report_trouble(
                work, parcel.shop_id, parcel.shipment_id, finding=request.trouble, comment=request.comment
            ),
            on=parcel.id,
        )
        return pb.ReportMyParcelResponse(receipt=receipt_to_proto(receipt))

    async def _parcel(self, parcel: Shipment) -> pb.MyParcel:
        cases = await self._queries.cases_of_shipment(parcel)
        open_cases = [case for case in cases if case.is_open]
        remedies = [remedy for case in cases for remedy in case.remedies.values() if remedy.stands]
        expected = open_cases[-1].expected_by if open_cases else self._queries.our_estimate(parcel)
        return pb.MyParcel(
            shipment_id=parcel.shipment_id,
            order_id=parcel.order_id,
            carrier=parcel.carrier,
            tracking_number=parcel.parcel.tracking_number if parcel.parcel else "",
            status=parcel.whereabouts.status,
            promised_by=timestamp_to_proto(parcel.promised_by),
            expected_by=timestamp_to_proto(expected),
            delivered_at=timestamp_to_proto(parcel.whereabouts.delivered_at),
            trouble=open_cases[-1].finding if open_cases else "",
            remedy=remedies[-1].remedy if remedies else "wait" if any(c.waits_until for c in open_cases) else "",
            remedy_state=remedies[-1].state if remedies else "",
        )
