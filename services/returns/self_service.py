"""The customers' API of returns: their own orders and returns, in their own words. No decisions.

Whatever belongs to somebody else is NOT_FOUND.
"""

from typing import Any

import grpc
from aftercare.returns.v1 import self_service_pb2 as pb
from aftercare.returns.v1 import self_service_pb2_grpc, withdrawal_pb2_grpc
from aftercare.returns.v1 import withdrawal_pb2 as withdrawal_pb

from casework import DecisionRecord
from chassis.grpc import Commands
from chassis.grpc.convert import id_from_text, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application import Application
from services.returns.application.deciding import Item
from services.returns.domain.identity import order_id_of
from services.returns.domain.withdrawal import WithdrawalLaw
from services.returns.grpc_api.reads import actor, decision_of, return_id, units_named
from services.returns.grpc_api.withdrawal import items_of
from services.returns.presenting import orders as present_order
from services.returns.presenting import returns as present
from services.returns.presenting import shared
from services.returns.presenting import withdrawals as present_withdrawal
from services.returns.presenting.gifts import concealed
from services.returns.queries import Queries

Context = grpc.aio.ServicerContext[Any, Any]


class ReturnsSelfService(self_service_pb2_grpc.ReturnsSelfServiceServicer):
    """What customers may ask of their own returns."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def GetMyOrder(self, request: pb.GetMyOrderRequest, context: Context) -> pb.GetMyOrderResponse:
        caller = actor()
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=caller)
        order, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=caller)
        ledger = await self._queries.ledger(shop_id, request.order_id)
        policy = await self._queries.policy(shop_id, snapshot)
        rows = await self._queries.cases_of_order(order, seen_by=caller)
        returns = [present.summary({**row, "assignee": ""}) for row in rows]
        view = present_order.view(order, snapshot, ledger, policy, returns, self._app.legal_days, self._queries.now)
        secret = await self._queries.secret_units(order, seen_by=caller)
        return pb.GetMyOrderResponse(order=concealed(view, secret))

    async def RequestMyReturn(self, request: pb.RequestMyReturnRequest, context: Context) -> pb.RequestMyReturnResponse:
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=actor())
        items = [Item(i.line_id, i.quantity, i.reason, (), i.stated_condition, tuple(i.proofs)) for i in request.items]
        decided: list[DecisionRecord] = []

        async def decide(work: Work) -> Receipt:
            receipt, decision = await self._app.ask_return(
                work, shop_id, request.order_id, items, remedy=request.remedy, channel=shared.SELF_SERVICE
            )
            decided[:] = [decision]
            return receipt

        receipt = await self._commands.run(request, context, decide, on=order_id_of(shop_id, request.order_id))
        decision = await decision_of(self._queries, receipt, decided)
        return pb.RequestMyReturnResponse(
            receipt=receipt_to_proto(receipt), decision=shared.decision(receipt.id, decision)
        )

    async def ListMyReturns(self, request: pb.ListMyReturnsRequest, context: Context) -> pb.ListMyReturnsResponse:
        caller = actor()
        listed = await self._queries.cases(page_of(request), {}, seen_by=caller)
        found = [await self._queries.case(row["id"], seen_by=caller) for row in listed.rows]
        return pb.ListMyReturnsResponse(
            returns=[present.mine(case, self._queries.now) for case in found], next_page_token=listed.next_token
        )

    async def GetMyReturn(self, request: pb.GetMyReturnRequest, context: Context) -> pb.GetMyReturnResponse:
        case = await self._queries.case(return_id(request.rma_id), seen_by=actor())
        return pb.GetMyReturnResponse(**{"return": present.mine(case, self._queries.now)})

    async def CancelMyReturn(self, request: pb.CancelMyReturnRequest, context: Context) -> pb.CancelMyReturnResponse:
        case_id = return_id(request.rma_id)
        units = units_named(request.units)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.cancel(work, case_id, units, "customer"), on=case_id
        )
        return pb.CancelMyReturnResponse(receipt=receipt_to_proto(receipt))


class WithdrawalSelfService(withdrawal_pb2_grpc.WithdrawalSelfServiceServicer):
    """The customer's own withdrawal, in two steps."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, law: WithdrawalLaw) -> None:
        self._app, self._queries, self._commands, self._law = app, queries, commands, law

    async def DeclareMyWithdrawal(
        self, request: withdrawal_pb.DeclareMyWithdrawalRequest, context: Context
    ) -> withdrawal_pb.DeclareMyWithdrawalResponse:
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=actor())
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.declare_withdrawal(
                work,
                shop_id,
                request.order_id,
                items_of(request.items),
                statement=request.statement,
                channel=shared.SELF_SERVICE,
            ),
            on=order_id_of(shop_id, request.order_id),
        )
        return withdrawal_pb.DeclareMyWithdrawalResponse(
            receipt=receipt_to_proto(receipt), declared=await self._mine(receipt.id)
        )

    async def ConfirmMyWithdrawal(
        self, request: withdrawal_pb.ConfirmMyWithdrawalRequest, context: Context
    ) -> withdrawal_pb.ConfirmMyWithdrawalResponse:
        id = id_from_text("withdrawal", request.withdrawal_id)
        receipt = await self._commands.run(request, context, lambda work: self._app.confirm_withdrawal(work, id), on=id)
        return withdrawal_pb.ConfirmMyWithdrawalResponse(
            receipt=receipt_to_proto(receipt), acknowledgement=await self._mine(receipt.id)
        )

    async def ListMyWithdrawals(
        self, request: withdrawal_pb.ListMyWithdrawalsRequest, context: Context
    ) -> withdrawal_pb.ListMyWithdrawalsResponse:
        listed = await self._queries.withdrawals(page_of(request), {}, seen_by=actor())
        found = [await self._mine(str(row["id"])) for row in listed.rows]
        return withdrawal_pb.ListMyWithdrawalsResponse(withdrawals=found, next_page_token=listed.next_token)

    async def GetMyWithdrawal(
        self, request: withdrawal_pb.GetMyWithdrawalRequest, context: Context
    ) -> withdrawal_pb.GetMyWithdrawalResponse:
        return withdrawal_pb.GetMyWithdrawalResponse(withdrawal=await self._mine(request.withdrawal_id))

    async def RecordMyProofOfSending(
        self, request: withdrawal_pb.RecordMyProofOfSendingRequest, context: Context
    ) -> withdrawal_pb.RecordMyProofOfSendingResponse:
        id = id_from_text("withdrawal", request.withdrawal_id)
        sent_at = timestamp_from_proto(request.sent_at, "sent_at") if request.HasField("sent_at") else None
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.prove_sending(work, id, (), request.carrier, request.tracking_number, sent_at),
            on=id,
        )
        return withdrawal_pb.RecordMyProofOfSendingResponse(receipt=receipt_to_proto(receipt))

    async def _mine(self, withdrawal_id: str) -> withdrawal_pb.Withdrawal:
        known = await self._queries.withdrawal(id_from_text("withdrawal", withdrawal_id), seen_by=actor())
        ledger = await self._queries.ledger(known.shop_id, known.order_id)
        return present_withdrawal.mine(known, ledger, self._law)
