"""Labels, for agents and for customers: proto to application and back, no decisions."""

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import labels_pb2 as pb
from aftercare.returns.v1 import labels_pb2_grpc

from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto, timestamp_from_proto
from services.returns.application import Application
from services.returns.domain.identity import unit_id_of
from services.returns.grpc_api.reads import Context, return_id
from services.returns.presenting.labels import address_of


class LabelApi(labels_pb2_grpc.LabelServiceServicer):
    """What agents may do about labels."""

    def __init__(self, app: Application, commands: Commands) -> None:
        self._app, self._commands = app, commands

    async def VoidLabel(self, request: pb.VoidLabelRequest, context: Context) -> pb.VoidLabelResponse:
        id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.void_label(work, id, request.label_id, request.reason), on=id
        )
        return pb.VoidLabelResponse(receipt=receipt_to_proto(receipt))

    async def BookPickup(self, request: pb.BookPickupRequest, context: Context) -> pb.BookPickupResponse:
        return pb.BookPickupResponse(receipt=await booked(self._app, self._commands, request, context))

    async def CancelPickup(self, request: pb.CancelPickupRequest, context: Context) -> pb.CancelPickupResponse:
        id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.cancel_pickup(work, id, request.pickup_id, request.reason), on=id
        )
        return pb.CancelPickupResponse(receipt=receipt_to_proto(receipt))


class LabelSelfService(labels_pb2_grpc.LabelSelfServiceServicer):
    """What customers may ask for to send their own goods back."""

    def __init__(self, app: Application, commands: Commands) -> None:
        self._app, self._commands = app, commands

    async def RequestMyLabel(self, request: pb.RequestMyLabelRequest, context: Context) -> pb.RequestMyLabelResponse:
        id = return_id(request.rma_id)
        sender = address_of(request.sender) if request.HasField("sender") else None
        units = [unit_id_of(unit.line_id, unit.unit) for unit in request.units]
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.issue_label(work, id, units, sender=sender, paperless=request.paperless),
            on=id,
        )
        return pb.RequestMyLabelResponse(receipt=receipt_to_proto(receipt))

    async def BookMyPickup(self, request: pb.BookMyPickupRequest, context: Context) -> pb.BookMyPickupResponse:
        return pb.BookMyPickupResponse(receipt=await booked(self._app, self._commands, request, context))

    async def CancelMyPickup(self, request: pb.CancelMyPickupRequest, context: Context) -> pb.CancelMyPickupResponse:
        id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.cancel_pickup(work, id, request.pickup_id, "customer"), on=id
        )
        return pb.CancelMyPickupResponse(receipt=receipt_to_proto(receipt))


async def booked(
    app: Application,
    commands: Commands,
    request: pb.BookPickupRequest | pb.BookMyPickupRequest,
    context: Context,
) -> command_pb2.Receipt:
    """A pickup, whoever asks for it."""
    id = return_id(request.rma_id)
    ready_from = timestamp_from_proto(request.ready_from, "ready_from")
    ready_until = timestamp_from_proto(request.ready_until, "ready_until")
    sender = address_of(request.sender) if request.HasField("sender") else None
    receipt = await commands.run(
        request,
        context,
        lambda work: app.book_pickup(work, id, request.label_id, ready_from, ready_until, sender=sender),
        on=id,
    )
    return receipt_to_proto(receipt)
