"""The customers' word on where money goes that cannot go back the way it came: proto to application, no decisions."""

from aftercare.returns.v1 import payout_pb2 as pb
from aftercare.returns.v1 import payout_pb2_grpc

from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto
from services.returns.application import Application
from services.returns.grpc_api.reads import Context, return_id


class PayoutSelfService(payout_pb2_grpc.PayoutSelfServiceServicer):
    """What customers may say of their own money."""

    def __init__(self, app: Application, commands: Commands) -> None:
        self._app, self._commands = app, commands

    async def GiveMyBankAccount(
        self, request: pb.GiveMyBankAccountRequest, context: Context
    ) -> pb.GiveMyBankAccountResponse:
        id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.give_bank_account(work, id, request.iban, request.account_holder),
            on=id,
        )
        return pb.GiveMyBankAccountResponse(receipt=receipt_to_proto(receipt))

    async def ChooseMyRefundWay(
        self, request: pb.ChooseMyRefundWayRequest, context: Context
    ) -> pb.ChooseMyRefundWayResponse:
        id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.choose_way(work, id, request.refund_id, request.way), on=id
        )
        return pb.ChooseMyRefundWayResponse(receipt=receipt_to_proto(receipt))
