"""The agents' API of returns: proto to application and back, no decisions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import grpc
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import model_pb2, service_pb2_grpc
from aftercare.returns.v1 import service_pb2 as pb
from google.protobuf.message import Message

from casework import DecisionRecord
from chassis.domain import NotFound
from chassis.grpc import Commands, current_principal
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.service import Receipt
from chassis.work import Actor, Work
from services.returns.application import Application
from services.returns.application.returning import Finding, Item
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.identity import ledger_id_of, order_id_of, unit_id_of
from services.returns.domain.receipt import ReceiptFact
from services.returns.presenting import orders as present_order
from services.returns.presenting import returns as present
from services.returns.queries import APPROVAL_FILTERS, CASE_FILTERS, Queries

Context = grpc.aio.ServicerContext[Any, Any]


class ReturnsReads(service_pb2_grpc.ReturnsServiceServicer):
    """What agents, clerks, finance and other services may ask of returns."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def ListCases(self, request: pb.ListCasesRequest, context: Context) -> pb.ListCasesResponse:
        terms = parse_filter(request.filter, CASE_FILTERS)
        listed = await self._queries.cases(page_of(request), terms, seen_by=_actor())
        cases = [present.summary(row) for row in listed.rows]
        return pb.ListCasesResponse(cases=cases, next_page_token=listed.next_token)

    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        case = await self._case(request.case_id)
        return pb.GetCaseResponse(**{"return": await self._whole(case)})

    async def GetCaseStory(self, request: pb.GetCaseStoryRequest, context: Context) -> pb.GetCaseStoryResponse:
        case = await self._case(request.case_id)
        actions = await self._queries.next_actions(case, asked_by=_actor())
        return pb.GetCaseStoryResponse(
            summary=present.summary_of(case),
            entries=[present.story_entry(entry) for entry in await self._queries.history(case.id)],
            next_actions=[present.next_action(action) for action in actions],
            notes=[present.note(note) for note in case.notes],
        )

    async def ListApprovals(self, request: pb.ListApprovalsRequest, context: Context) -> pb.ListApprovalsResponse:
        terms = parse_filter(request.filter, APPROVAL_FILTERS)
        listed = await self._queries.approvals(page_of(request), terms, seen_by=_actor())
        found = []
        for row in listed.rows:
            case = await self._queries.case(row["case_id"], seen_by=_actor())
            found.append(present.approval(case, case.approval(row["id"])))
        return pb.ListApprovalsResponse(approvals=found, next_page_token=listed.next_token)

    async def GetOrderView(self, request: pb.GetOrderViewRequest, context: Context) -> pb.GetOrderViewResponse:
        actor = _actor()
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor)
        order, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=actor)
        ledger = await self._queries.ledger(shop_id, request.order_id)
        policy = await self._queries.policy(shop_id, snapshot)
        returns = [present.summary(row) for row in await self._queries.cases_of_order(order, seen_by=actor)]
        return pb.GetOrderViewResponse(
            order=present_order.view(order, snapshot, ledger, policy, returns, self._queries.now)
        )

    async def GetLedger(self, request: pb.GetLedgerRequest, context: Context) -> pb.GetLedgerResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=_actor())
        ledger = await self._queries.ledger(shop_id, request.order_id)
        return pb.GetLedgerResponse(ledger=present_order.ledger_view(ledger))

    async def GetStatement(self, request: pb.GetStatementRequest, context: Context) -> pb.GetStatementResponse:
        actor = _actor()
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor)
        _, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=actor)
        as_of = timestamp_from_proto(request.as_of, "as_of") if request.HasField("as_of") else None
        ledger = (
            await self._queries.ledger_at(shop_id, request.order_id, as_of)
            if as_of
            else await self._queries.ledger(shop_id, request.order_id)
        )
        titles = {line.line_id: line.title or line.sku for line in snapshot.lines}
        titles |= {component.component_id: component.kind for component in snapshot.components}
        statement = present_order.statement(ledger, titles, as_of or self._queries.now)
        return pb.GetStatementResponse(statement=statement)

    async def ExplainDecision(self, request: pb.ExplainDecisionRequest, context: Context) -> pb.ExplainDecisionResponse:
        decision_id = id_from_text("decision", request.decision_id)
        case = await self._queries.case_of_decision(decision_id, seen_by=_actor())
        if decision_id not in case.decisions:
            raise NotFound("decision", request.decision_id)
        decision = present.decision(str(case.id), case.decisions[decision_id])
        return pb.ExplainDecisionResponse(decision=decision)

    async def _case(self, case_id: str) -> ReturnCase:
        return await self._queries.case(_id(case_id), seen_by=_actor())

    async def _whole(self, case: ReturnCase) -> model_pb2.Return:
        ledger = await self._queries.ledger(case.shop_id, case.order_id)
        return present.whole(case, ledger, await self._queries.next_actions(case, asked_by=_actor()))


class ReturnsApi(ReturnsReads):
    """What they may do."""

    async def RequestReturn(self, request: pb.RequestReturnRequest, context: Context) -> pb.RequestReturnResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=_actor())
        items = [Item(i.line_id, i.quantity, i.reason, tuple(i.units), i.stated_condition) for i in request.items]
        asked_at = timestamp_from_proto(request.asked_at, "asked_at") if request.HasField("asked_at") else None
        decided: list[DecisionRecord] = []

        async def decide(work: Work) -> Receipt:
            receipt, decision = await self._app.request(
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
            receipt=receipt_to_proto(receipt), decision=present.decision(receipt.id, decision)
        )

    async def ApproveReturn(self, request: pb.ApproveReturnRequest, context: Context) -> pb.ApproveReturnResponse:
        case_id, units = _id(request.rma_id), _units(request.units)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.approve(work, case_id, units, request.reason, request.approval_id),
        )
        return pb.ApproveReturnResponse(receipt=receipt)

    async def DeclineReturn(self, request: pb.DeclineReturnRequest, context: Context) -> pb.DeclineReturnResponse:
        case_id, units = _id(request.rma_id), _units(request.units)
        receipt = await self._run(
            request, context, lambda work: self._app.decline(work, case_id, units, request.reason)
        )
        return pb.DeclineReturnResponse(receipt=receipt)

    async def CancelReturn(self, request: pb.CancelReturnRequest, context: Context) -> pb.CancelReturnResponse:
        case_id, units = _id(request.rma_id), _units(request.units)
        receipt = await self._run(request, context, lambda work: self._app.cancel(work, case_id, units, request.reason))
        return pb.CancelReturnResponse(receipt=receipt)

    async def IssueLabel(self, request: pb.IssueLabelRequest, context: Context) -> pb.IssueLabelResponse:
        case_id, units = _id(request.rma_id), _units(request.units)
        receipt = await self._run(request, context, lambda work: self._app.issue_label(work, case_id, units))
        return pb.IssueLabelResponse(receipt=receipt)

    async def ReceiveGoods(self, request: pb.ReceiveGoodsRequest, context: Context) -> pb.ReceiveGoodsResponse:
        case_id = _id(request.rma_id)
        lines = tuple(
            ArrivedLine(str(n), item.sku, item.quantity, item.condition, item.line_id)
            for n, item in enumerate(request.items, start=1)
        )

        async def decide(work: Work) -> Receipt:
            fact = ReceiptFact(0, request.rma_id, "", lines, work.now)
            return await self._app.receive(work, case_id, request.receipt_number, fact)

        return pb.ReceiveGoodsResponse(receipt=await self._run(request, context, decide))

    async def InspectUnits(self, request: pb.InspectUnitsRequest, context: Context) -> pb.InspectUnitsResponse:
        case_id = _id(request.rma_id)
        findings = [
            Finding(unit_id_of(i.unit.line_id, i.unit.unit), i.condition, i.responsibility, i.disposition)
            for i in request.inspections
        ]
        receipt = await self._run(request, context, lambda work: self._app.inspect(work, case_id, findings))
        return pb.InspectUnitsResponse(receipt=receipt)

    async def RefundReturn(self, request: pb.RefundReturnRequest, context: Context) -> pb.RefundReturnResponse:
        case_id, units = _id(request.rma_id), _units(request.units)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
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
            ),
        )
        return pb.RefundReturnResponse(receipt=receipt)

    async def GiveKeepItDiscount(
        self, request: pb.GiveKeepItDiscountRequest, context: Context
    ) -> pb.GiveKeepItDiscountResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=_actor())
        case_id = _id(request.rma_id) if request.rma_id else None
        units, amount = _units(request.units), money_from_proto(request.amount)
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
        case_id, amount = _id(request.rma_id), money_from_proto(request.amount)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.goodwill(work, case_id, amount, request.reason, request.approval_id),
        )
        return pb.GiveGoodwillResponse(receipt=receipt)

    async def AcceptExcess(self, request: pb.AcceptExcessRequest, context: Context) -> pb.AcceptExcessResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=_actor())
        ledger_id = ledger_id_of(shop_id, request.order_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.accept_excess(work, ledger_id, request.reason), on=ledger_id
        )
        return pb.AcceptExcessResponse(receipt=receipt_to_proto(receipt))

    async def RequestApproval(self, request: pb.RequestApprovalRequest, context: Context) -> pb.RequestApprovalResponse:
        case_id = _id(request.case_id)
        amount = money_from_proto(request.amount) if request.HasField("amount") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.request_approval(work, case_id, request.action, amount, request.reason),
        )
        return pb.RequestApprovalResponse(receipt=receipt)

    async def GrantApproval(self, request: pb.GrantApprovalRequest, context: Context) -> pb.GrantApprovalResponse:
        case_id, approval_id = _id(request.case_id), id_from_text("approval", request.approval_id)
        receipt = await self._run(request, context, lambda work: self._app.grant_approval(work, case_id, approval_id))
        return pb.GrantApprovalResponse(receipt=receipt)

    async def DeclineApproval(self, request: pb.DeclineApprovalRequest, context: Context) -> pb.DeclineApprovalResponse:
        case_id, approval_id = _id(request.case_id), id_from_text("approval", request.approval_id)
        receipt = await self._run(
            request, context, lambda work: self._app.decline_approval(work, case_id, approval_id, request.comment)
        )
        return pb.DeclineApprovalResponse(receipt=receipt)

    async def AddNote(self, request: pb.AddNoteRequest, context: Context) -> pb.AddNoteResponse:
        case_id = _id(request.case_id)
        receipt = await self._run(request, context, lambda work: self._app.add_note(work, case_id, request.text))
        return pb.AddNoteResponse(receipt=receipt)

    async def AssignCase(self, request: pb.AssignCaseRequest, context: Context) -> pb.AssignCaseResponse:
        case_id = _id(request.case_id)
        receipt = await self._run(request, context, lambda work: self._app.assign(work, case_id, request.assignee))
        return pb.AssignCaseResponse(receipt=receipt)

    async def RecordContact(self, request: pb.RecordContactRequest, context: Context) -> pb.RecordContactResponse:
        case_id = _id(request.case_id)
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
        case_id = _id(getattr(request, name))
        return receipt_to_proto(await self._commands.run(request, context, decide, on=case_id))


async def decision_of(queries: Queries, receipt: Receipt, decided: list[DecisionRecord]) -> DecisionRecord:
    """What was decided now, or, for a repeat of the request, what was decided then."""
    if decided and str(decided[0].id) == receipt.facts["decision_id"]:
        return decided[0]
    case = await queries.case(UUID(receipt.id), seen_by=_actor())
    return case.decisions[UUID(receipt.facts["decision_id"])]


def _actor() -> Actor:
    return current_principal().actor()


def _id(text: str) -> UUID:
    return id_from_text("return", text)


def _units(refs: Iterable[model_pb2.UnitRef]) -> tuple[str, ...]:
    return tuple(unit_id_of(ref.line_id, ref.unit) for ref in refs)
