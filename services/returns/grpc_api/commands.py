"""What agents, clerks and supervisors may do: proto to application and back, no decisions."""

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import service_pb2 as pb
from google.protobuf.message import Message

from casework import DecisionRecord
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.charging import FeeAsked
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine
from services.returns.domain.identity import ledger_id_of, order_id_of, unit_id_of
from services.returns.domain.receipt import ReceiptFact
from services.returns.grpc_api.reads import Context, ReturnsReads, actor, decision_of, return_id, units_named
from services.returns.presenting import shared
from services.returns.presenting.labels import address_of


class ReturnsApi(ReturnsReads):
    """The whole agents' API."""

    async def RequestReturn(self, request: pb.RequestReturnRequest, context: Context) -> pb.RequestReturnResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        items = [
            Item(i.line_id, i.quantity, i.reason, tuple(i.units), i.stated_condition, tuple(i.proofs))
            for i in request.items
        ]
        asked_at = timestamp_from_proto(request.asked_at, "asked_at") if request.HasField("asked_at") else None
        decided: list[DecisionRecord] = []

        async def decide(work: Work) -> Receipt:
            receipt, decision = await self._app.ask_return(
                work,
                shop_id,
                request.order_id,
                items,
                remedy=request.remedy,
                channel=request.channel,
                asked_at=asked_at,
            )
            decided[:] = [decision]
            return receipt

        receipt = await self._commands.run(request, context, decide, on=order_id_of(shop_id, request.order_id))
        decision = await decision_of(self._queries, receipt, decided)
        return pb.RequestReturnResponse(
            receipt=receipt_to_proto(receipt), decision=shared.decision(receipt.id, decision)
        )

    async def ApproveReturn(self, request: pb.ApproveReturnRequest, context: Context) -> pb.ApproveReturnResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.approve(work, case_id, units, request.reason, request.approval_id),
        )
        return pb.ApproveReturnResponse(receipt=receipt)

    async def DeclineReturn(self, request: pb.DeclineReturnRequest, context: Context) -> pb.DeclineReturnResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        receipt = await self._run(
            request, context, lambda work: self._app.decline(work, case_id, units, request.reason)
        )
        return pb.DeclineReturnResponse(receipt=receipt)

    async def CancelReturn(self, request: pb.CancelReturnRequest, context: Context) -> pb.CancelReturnResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        receipt = await self._run(request, context, lambda work: self._app.cancel(work, case_id, units, request.reason))
        return pb.CancelReturnResponse(receipt=receipt)

    async def IssueLabel(self, request: pb.IssueLabelRequest, context: Context) -> pb.IssueLabelResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        sender = address_of(request.sender) if request.HasField("sender") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.issue_label(work, case_id, units, sender=sender, paperless=request.paperless),
        )
        return pb.IssueLabelResponse(receipt=receipt)

    async def ReceiveGoods(self, request: pb.ReceiveGoodsRequest, context: Context) -> pb.ReceiveGoodsResponse:
        case_id = return_id(request.rma_id)
        lines = tuple(
            ArrivedLine(str(n), item.sku, item.quantity, item.condition, item.line_id)
            for n, item in enumerate(request.items, start=1)
        )

        async def decide(work: Work) -> Receipt:
            fact = ReceiptFact(0, request.rma_id, "", lines, work.now)
            return await self._app.receive(work, case_id, request.receipt_number, fact)

        return pb.ReceiveGoodsResponse(receipt=await self._run(request, context, decide))

    async def InspectUnits(self, request: pb.InspectUnitsRequest, context: Context) -> pb.InspectUnitsResponse:
        case_id = return_id(request.rma_id)
        findings = [
            Finding(
                unit_id_of(i.unit.line_id, i.unit.unit),
                i.condition,
                i.responsibility,
                i.disposition,
                tuple(i.answers.items()),
                tuple((photo.shows, photo.uri) for photo in i.photos),
                i.serial,
                i.lot_id,
            )
            for i in request.inspections
        ]
        receipt = await self._run(
            request, context, lambda work: self._app.inspect(work, case_id, findings, request.reason)
        )
        return pb.InspectUnitsResponse(receipt=receipt)

    async def RefundReturn(self, request: pb.RefundReturnRequest, context: Context) -> pb.RefundReturnResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        fees = [
            FeeAsked(
                fee.kind,
                money_from_proto(fee.amount),
                fee.reason,
                unit_id_of(fee.unit.line_id, fee.unit.unit) if fee.HasField("unit") else "",
            )
            for fee in request.fees
        ]
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.refund(
                work,
                case_id,
                units=units,
                components=tuple(request.component_ids),
                amount=amount,
                tender_id=request.tender_id,
                reason=request.reason,
                approval_id=request.approval_id,
                override_reason=request.override_reason,
                fees=fees,
                shipping=request.shipping,
                store_credit=request.store_credit,
            ),
        )
        return pb.RefundReturnResponse(receipt=receipt)

    async def GiveKeepItDiscount(
        self, request: pb.GiveKeepItDiscountRequest, context: Context
    ) -> pb.GiveKeepItDiscountResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        case_id = return_id(request.rma_id) if request.rma_id else None
        units, amount = units_named(request.units), money_from_proto(request.amount)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.keep_it(
                work,
                shop_id,
                request.order_id,
                units,
                amount,
                request.reason,
                case_id=case_id,
                approval_id=request.approval_id,
            ),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.GiveKeepItDiscountResponse(receipt=receipt_to_proto(receipt))

    async def GiveGoodwill(self, request: pb.GiveGoodwillRequest, context: Context) -> pb.GiveGoodwillResponse:
        case_id, amount = return_id(request.rma_id), money_from_proto(request.amount)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.goodwill(work, case_id, amount, request.reason, request.approval_id),
        )
        return pb.GiveGoodwillResponse(receipt=receipt)

    async def AcceptExcess(self, request: pb.AcceptExcessRequest, context: Context) -> pb.AcceptExcessResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        ledger_id = ledger_id_of(shop_id, request.order_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.accept_excess(work, ledger_id, request.reason), on=ledger_id
        )
        return pb.AcceptExcessResponse(receipt=receipt_to_proto(receipt))

    async def RequestApproval(self, request: pb.RequestApprovalRequest, context: Context) -> pb.RequestApprovalResponse:
        case_id = return_id(request.case_id)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.request_approval(work, case_id, request.action, amount, request.reason),
        )
        return pb.RequestApprovalResponse(receipt=receipt)

    async def GrantApproval(self, request: pb.GrantApprovalRequest, context: Context) -> pb.GrantApprovalResponse:
        case_id, approval_id = return_id(request.case_id), id_from_text("approval", request.approval_id)
        grant, place = self._app.grant_approval, request.in_place_of
        receipt = await self._run(request, context, lambda work: grant(work, case_id, approval_id, place))
        return pb.GrantApprovalResponse(receipt=receipt)

    async def DeclineApproval(self, request: pb.DeclineApprovalRequest, context: Context) -> pb.DeclineApprovalResponse:
        case_id, approval_id = return_id(request.case_id), id_from_text("approval", request.approval_id)
        why, place = request.comment, request.in_place_of
        receipt = await self._run(
            request, context, lambda work: self._app.decline_approval(work, case_id, approval_id, why, place)
        )
        return pb.DeclineApprovalResponse(receipt=receipt)

    async def AddNote(self, request: pb.AddNoteRequest, context: Context) -> pb.AddNoteResponse:
        case_id = return_id(request.case_id)
        receipt = await self._run(request, context, lambda work: self._app.add_note(work, case_id, request.text))
        return pb.AddNoteResponse(receipt=receipt)

    async def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        case_id = return_id(request.case_id)
        receipt = await self._run(request, context, lambda work: self._app.assign(work, case_id, request.assignee))
        return pb.AssignCaseResponse(receipt=receipt)

    async def RecordContact(self, request: pb.RecordContactRequest, context: Context) -> pb.RecordContactResponse:
        case_id = return_id(request.case_id)
        contact_at = timestamp_from_proto(request.at, "at") if request.HasField("at") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.record_contact(
                work,
                case_id,
                from_customer=request.direction == "from_customer",
                channel=request.channel,
                contact_at=contact_at,
                waiting_on=request.waiting_on,
            ),
        )
        return pb.RecordContactResponse(receipt=receipt)

    async def _run(self, request: Message, context: Context, decide: Decide) -> command_pb2.Receipt:
        name = "rma_id" if "rma_id" in request.DESCRIPTOR.fields_by_name else "case_id"
        case_id = return_id(getattr(request, name))
        return receipt_to_proto(await self._commands.run(request, context, decide, on=case_id))
