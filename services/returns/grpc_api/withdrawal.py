"""Withdrawals for the people at the desk: proto to application and back, no decisions."""

from collections.abc import Iterable

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import withdrawal_pb2 as pb
from aftercare.returns.v1 import withdrawal_pb2_grpc

from chassis.grpc import Commands
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from services.returns.application import Application
from services.returns.application.noticing import Withdrawn
from services.returns.domain.identity import order_id_of
from services.returns.domain.withdrawal import WithdrawalLaw
from services.returns.grpc_api.reads import Context, actor, units_named
from services.returns.presenting import shared
from services.returns.presenting import withdrawals as present
from services.returns.queries import WITHDRAWAL_FILTERS, Queries


class WithdrawalApi(withdrawal_pb2_grpc.WithdrawalServiceServicer):
    """What staff and other programs may ask of withdrawals."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, law: WithdrawalLaw) -> None:
        self._app, self._queries, self._commands, self._law = app, queries, commands, law

    async def ListWithdrawals(self, request: pb.ListWithdrawalsRequest, context: Context) -> pb.ListWithdrawalsResponse:
        terms = parse_filter(request.filter, WITHDRAWAL_FILTERS)
        listed = await self._queries.withdrawals(page_of(request), terms, seen_by=actor())
        found = [present.summary(row) for row in listed.rows]
        return pb.ListWithdrawalsResponse(withdrawals=found, next_page_token=listed.next_token)

    async def GetWithdrawal(self, request: pb.GetWithdrawalRequest, context: Context) -> pb.GetWithdrawalResponse:
        known = await self._queries.withdrawal(id_from_text("withdrawal", request.withdrawal_id), seen_by=actor())
        ledger = await self._queries.ledger(known.shop_id, known.order_id)
        actions = await self._commands.look(lambda work: self._app.offered_on_withdrawal(work, known.id))
        return pb.GetWithdrawalResponse(
            withdrawal=present.whole(known, ledger, self._law),
            story=[shared.story_entry(entry) for entry in await self._queries.history(known.id)],
            next_actions=[shared.next_action(action) for action in actions],
        )

    async def GiveWithdrawalNotice(
        self, request: pb.GiveWithdrawalNoticeRequest, context: Context
    ) -> pb.GiveWithdrawalNoticeResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        noticed_at = timestamp_from_proto(request.noticed_at, "noticed_at") if request.HasField("noticed_at") else None
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.give_notice(
                work,
                shop_id,
                request.order_id,
                items_of(request.items),
                statement=request.statement,
                channel=request.channel,
                noticed_at=noticed_at,
            ),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.GiveWithdrawalNoticeResponse(receipt=receipt_to_proto(receipt))

    async def RecordProofOfSending(
        self, request: pb.RecordProofOfSendingRequest, context: Context
    ) -> pb.RecordProofOfSendingResponse:
        id, units = id_from_text("withdrawal", request.withdrawal_id), units_named(request.units)
        sent_at = timestamp_from_proto(request.sent_at, "sent_at") if request.HasField("sent_at") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.prove_sending(work, id, units, request.carrier, request.tracking_number, sent_at),
        )
        return pb.RecordProofOfSendingResponse(receipt=receipt)

    async def DeductDiminishedValue(
        self, request: pb.DeductDiminishedValueRequest, context: Context
    ) -> pb.DeductDiminishedValueResponse:
        id, (unit_id,) = id_from_text("withdrawal", request.withdrawal_id), units_named([request.unit])
        amount = money_from_proto(request.amount)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.diminish_value(work, id, unit_id, amount, request.reason, request.informed_by),
        )
        return pb.DeductDiminishedValueResponse(receipt=receipt)

    async def RepayWithdrawal(self, request: pb.RepayWithdrawalRequest, context: Context) -> pb.RepayWithdrawalResponse:
        id, units = id_from_text("withdrawal", request.withdrawal_id), units_named(request.units)
        receipt = await self._run(
            request, context, lambda work: self._app.repay_withdrawal(work, id, units, request.tender_id)
        )
        return pb.RepayWithdrawalResponse(receipt=receipt)

    async def RecordRepaidElsewhere(
        self, request: pb.RecordRepaidElsewhereRequest, context: Context
    ) -> pb.RecordRepaidElsewhereResponse:
        id, units = id_from_text("withdrawal", request.withdrawal_id), units_named(request.units)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.record_repaid_elsewhere(work, id, units, request.reference, request.reason),
        )
        return pb.RecordRepaidElsewhereResponse(receipt=receipt)

    async def AddWithdrawalNote(
        self, request: pb.AddWithdrawalNoteRequest, context: Context
    ) -> pb.AddWithdrawalNoteResponse:
        id = id_from_text("withdrawal", request.withdrawal_id)
        receipt = await self._run(request, context, lambda work: self._app.note_withdrawal(work, id, request.text))
        return pb.AddWithdrawalNoteResponse(receipt=receipt)

    async def AssignWithdrawal(
        self, request: pb.AssignWithdrawalRequest, context: Context
    ) -> pb.AssignWithdrawalResponse:
        id, to = id_from_text("withdrawal", request.withdrawal_id), request.assignee
        receipt = await self._run(request, context, lambda work: self._app.assign_withdrawal(work, id, to))
        return pb.AssignWithdrawalResponse(receipt=receipt)

    async def _run(
        self,
        request: pb.RecordProofOfSendingRequest
        | pb.DeductDiminishedValueRequest
        | pb.RepayWithdrawalRequest
        | pb.RecordRepaidElsewhereRequest
        | pb.AddWithdrawalNoteRequest
        | pb.AssignWithdrawalRequest,
        context: Context,
        decide: Decide,
    ) -> command_pb2.Receipt:
        id = id_from_text("withdrawal", request.withdrawal_id)
        return receipt_to_proto(await self._commands.run(request, context, decide, on=id))


def items_of(items: Iterable[pb.WithdrawnItem]) -> list[Withdrawn]:
    """What a notice names."""
    return [Withdrawn(i.line_id, i.quantity, tuple(i.units), i.stated_condition) for i in items]
