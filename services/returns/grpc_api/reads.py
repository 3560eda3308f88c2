"""What agents, clerks, finance and other services may ask of returns: reads, folded from the log or paged."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import grpc
from aftercare.returns.v1 import model_pb2, service_pb2_grpc
from aftercare.returns.v1 import service_pb2 as pb

from casework import DecisionRecord
from chassis.domain import NotFound
from chassis.grpc import Commands, current_principal
from chassis.grpc.convert import id_from_text, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.service import Receipt
from chassis.work import Actor
from services.returns.application import Application
from services.returns.domain.case import ReturnCase
from services.returns.domain.identity import unit_id_of
from services.returns.presenting import orders as present_order
from services.returns.presenting import returns as present
from services.returns.presenting import shared
from services.returns.queries import APPROVAL_FILTERS, CASE_FILTERS, Queries

Context = grpc.aio.ServicerContext[Any, Any]


class ReturnsReads(service_pb2_grpc.ReturnsServiceServicer):
    """What agents, clerks, finance and other services may ask of returns."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def ListCases(self, request: pb.ListCasesRequest, context: Context) -> pb.ListCasesResponse:
        terms = parse_filter(request.filter, CASE_FILTERS)
        listed = await self._queries.cases(page_of(request), terms, seen_by=actor())
        cases = [present.summary(row) for row in listed.rows]
        return pb.ListCasesResponse(cases=cases, next_page_token=listed.next_token)

    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        case = await self._case(request.case_id)
        return pb.GetCaseResponse(**{"return": await self._whole(case)})

    async def GetCaseStory(self, request: pb.GetCaseStoryRequest, context: Context) -> pb.GetCaseStoryResponse:
        case = await self._case(request.case_id)
        actions = await self._commands.look(lambda work: self._app.offered(work, case.id))
        return pb.GetCaseStoryResponse(
            summary=present.summary_of(case),
            entries=[shared.story_entry(entry) for entry in await self._queries.history(case.id)],
            next_actions=[shared.next_action(action) for action in actions],
            notes=[shared.note(note) for note in case.notes],
        )

    async def ListApprovals(self, request: pb.ListApprovalsRequest, context: Context) -> pb.ListApprovalsResponse:
        terms = parse_filter(request.filter, APPROVAL_FILTERS)
        listed = await self._queries.approvals(page_of(request), terms, seen_by=actor())
        found = []
        for row in listed.rows:
            case = await self._queries.case(row["case_id"], seen_by=actor())
            found.append(shared.approval(case, case.approval(row["id"])))
        return pb.ListApprovalsResponse(approvals=found, next_page_token=listed.next_token)

    async def GetOrderView(self, request: pb.GetOrderViewRequest, context: Context) -> pb.GetOrderViewResponse:
        caller = actor()
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=caller)
        order, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=caller)
        ledger = await self._queries.ledger(shop_id, request.order_id)
        policy = await self._queries.policy(shop_id, snapshot)
        returns = [present.summary(row) for row in await self._queries.cases_of_order(order, seen_by=caller)]
        return pb.GetOrderViewResponse(
            order=present_order.view(order, snapshot, ledger, policy, returns, self._app.legal_days, self._queries.now)
        )

    async def GetLedger(self, request: pb.GetLedgerRequest, context: Context) -> pb.GetLedgerResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        ledger = await self._queries.ledger(shop_id, request.order_id)
        return pb.GetLedgerResponse(ledger=present_order.ledger_view(ledger))

    async def GetStatement(self, request: pb.GetStatementRequest, context: Context) -> pb.GetStatementResponse:
        caller = actor()
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=caller)
        _, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=caller)
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
        case = await self._queries.case_of_decision(decision_id, seen_by=actor())
        if decision_id not in case.decisions:
            raise NotFound("decision", request.decision_id)
        decision = shared.decision(str(case.id), case.decisions[decision_id])
        return pb.ExplainDecisionResponse(decision=decision)

    async def _case(self, case_id: str) -> ReturnCase:
        return await self._queries.case(return_id(case_id), seen_by=actor())

    async def _whole(self, case: ReturnCase) -> model_pb2.Return:
        ledger = await self._queries.ledger(case.shop_id, case.order_id)
        actions = await self._commands.look(lambda work: self._app.offered(work, case.id))
        return present.whole(case, ledger, actions)


async def decision_of(queries: Queries, receipt: Receipt, decided: list[DecisionRecord]) -> DecisionRecord:
    """What was decided now, or, for a repeat of the request, what was decided then."""
    if decided and str(decided[0].id) == receipt.facts["decision_id"]:
        return decided[0]
    case = await queries.case(UUID(receipt.id), seen_by=actor())
    return case.decisions[UUID(receipt.facts["decision_id"])]


def actor() -> Actor:
    """Who makes the call being answered."""
    return current_principal().actor()


def units_named(refs: Iterable[model_pb2.UnitRef]) -> tuple[str, ...]:
    """The ids of units as a request names them."""
    return tuple(unit_id_of(ref.line_id, ref.unit) for ref in refs)


def return_id(text: str) -> UUID:
    """The id of a return; what cannot be one names nothing."""
    return id_from_text("return", text)
