"""Gifts returned by who was given them: proto to application and back, no decisions.

Guarantee: no answer to a recipient names who bought the gift or how it was paid.
"""

from aftercare.returns.v1 import gift_pb2 as pb
from aftercare.returns.v1 import gift_pb2_grpc

from casework import DecisionRecord
from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application import Application
from services.returns.application.deciding import Item
from services.returns.application.gifts import gift_known, rule_of_gift
from services.returns.domain.identity import order_id_of
from services.returns.grpc_api.reads import Context, actor, decision_of
from services.returns.presenting import shared
from services.returns.presenting.gifts import shown
from services.returns.queries import Queries

USUAL = "store_credit"


class GiftSelfService(gift_pb2_grpc.GiftSelfServiceServicer):
    """What somebody may ask who was given goods."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def GetMyGift(self, request: pb.GetMyGiftRequest, context: Context) -> pb.GetMyGiftResponse:
        found = await self._queries.gift(request.shop_id, request.order_id, seen_by=actor())
        order, snapshot = gift_known(found, request.order_id, request.line_id, request.gift_code)
        policy = await self._queries.policy(order.shop_id, snapshot)
        item = Item(request.line_id, 1, "")
        rule = rule_of_gift(policy, order, snapshot, item, self._app.legal_days, self._queries.now)
        return shown(order, snapshot, request.line_id, policy, rule, self._app.legal_days, self._queries.now)

    async def RequestMyGiftReturn(
        self, request: pb.RequestMyGiftReturnRequest, context: Context
    ) -> pb.RequestMyGiftReturnResponse:
        item = Item(
            request.line_id, request.quantity, request.reason, (), request.stated_condition, tuple(request.proofs)
        )
        decided: list[DecisionRecord] = []

        async def decide(work: Work) -> Receipt:
            receipt, decision = await self._app.request_gift(
                work, request.shop_id, request.order_id, request.gift_code, item, remedy=request.remedy or USUAL
            )
            decided[:] = [decision]
            return receipt

        receipt = await self._commands.run(request, context, decide, on=order_id_of(request.shop_id, request.order_id))
        decision = await decision_of(self._queries, receipt, decided)
        return pb.RequestMyGiftReturnResponse(receipt=receipt_to_proto(receipt), outcome=decision.outcome)


class GiftApi(gift_pb2_grpc.GiftServiceServicer):
    """The same by staff."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def RequestGiftReturn(
        self, request: pb.RequestGiftReturnRequest, context: Context
    ) -> pb.RequestGiftReturnResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        items = [Item(request.line_id, request.quantity, request.reason, (), request.stated_condition)]
        decided: list[DecisionRecord] = []

        async def decide(work: Work) -> Receipt:
            receipt, decision = await self._app.request_gift_for(
                work,
                shop_id,
                request.order_id,
                items,
                request.recipient_customer_id,
                remedy=request.remedy or USUAL,
                channel=request.channel,
            )
            decided[:] = [decision]
            return receipt

        receipt = await self._commands.run(request, context, decide, on=order_id_of(shop_id, request.order_id))
        decision = await decision_of(self._queries, receipt, decided)
        return pb.RequestGiftReturnResponse(
            receipt=receipt_to_proto(receipt), decision=shared.decision(receipt.id, decision)
        )
