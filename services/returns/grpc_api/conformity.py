"""Goods that do not conform, for the people at the desk: proto to application and back, no decisions."""
# long: one method for each rpc, read beside each other

from typing import Any

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import conformity_pb2 as pb
from aftercare.returns.v1 import conformity_pb2_grpc, model_pb2

from chassis.grpc import Commands
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto, timestamp_from_proto
from chassis.grpc.pages import page_of, parse_filter
from services.returns.application import Application
from services.returns.domain.conformity import ConformityLaw
from services.returns.domain.identity import order_id_of
from services.returns.grpc_api.reads import Context, actor
from services.returns.presenting import conformity as present
from services.returns.presenting import shared
from services.returns.queries import WITHDRAWAL_FILTERS, Queries


class ConformityApi(conformity_pb2_grpc.ConformityServiceServicer):
    """What staff and other programs may ask of goods that do not conform."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, law: ConformityLaw) -> None:
        self._app, self._queries, self._commands, self._law = app, queries, commands, law

    async def ListConformity(self, request: pb.ListConformityRequest, context: Context) -> pb.ListConformityResponse:
        terms = parse_filter(request.filter, WITHDRAWAL_FILTERS)
        listed = await self._queries.conformity_files(page_of(request), terms, seen_by=actor())
        found = [present.summary(row) for row in listed.rows]
        return pb.ListConformityResponse(files=found, next_page_token=listed.next_token)

    async def GetConformity(self, request: pb.GetConformityRequest, context: Context) -> pb.GetConformityResponse:
        known = await self._queries.conformity(id_from_text("conformity", request.conformity_id), seen_by=actor())
        ledger = await self._queries.ledger(known.shop_id, known.order_id)
        actions = await self._commands.look(lambda work: self._app.offered_on_conformity(work, known.id))
        return pb.GetConformityResponse(
            conformity=present.whole(known, ledger, self._law),
            story=[shared.story_entry(entry) for entry in await self._queries.history(known.id)],
            next_actions=[shared.next_action(action) for action in actions],
        )

    async def ReportLack(self, request: pb.ReportLackRequest, context: Context) -> pb.ReportLackResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        unit = request.unit
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.report_lack(
                work,
                shop_id,
                request.order_id,
                unit.line_id,
                unit.unit,
                request.description,
                apparent_at=_instant(request, "apparent_at"),
                sought=request.sought,
                channel=request.channel,
            ),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.ReportLackResponse(receipt=receipt_to_proto(receipt))

    async def RecordLackEvidence(
        self, request: pb.RecordLackEvidenceRequest, context: Context
    ) -> pb.RecordLackEvidenceResponse:
        id, seen_at = _id(request), _instant(request, "observed_at")
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.record_evidence(
                work, id, request.says, request.source, request.reference, request.text, seen_at
            ),
        )
        return pb.RecordLackEvidenceResponse(receipt=receipt)

    async def AskForLackProof(self, request: pb.AskForLackProofRequest, context: Context) -> pb.AskForLackProofResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.ask_for_proof(work, id))
        return pb.AskForLackProofResponse(receipt=receipt)

    async def AcknowledgeLack(self, request: pb.AcknowledgeLackRequest, context: Context) -> pb.AcknowledgeLackResponse:
        id = _id(request)
        receipt = await self._run(
            request, context, lambda work: self._app.acknowledge_lack(work, id, request.severity, request.reason)
        )
        return pb.AcknowledgeLackResponse(receipt=receipt)

    async def RejectLack(self, request: pb.RejectLackRequest, context: Context) -> pb.RejectLackResponse:
        id, evidence = _id(request), tuple(request.evidence)
        receipt = await self._run(
            request, context, lambda work: self._app.reject_lack(work, id, evidence, request.reason)
        )
        return pb.RejectLackResponse(receipt=receipt)

    async def ChooseRemedy(self, request: pb.ChooseRemedyRequest, context: Context) -> pb.ChooseRemedyResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.choose_remedy(work, id, request.remedy))
        return pb.ChooseRemedyResponse(receipt=receipt)

    async def RefuseRemedy(self, request: pb.RefuseRemedyRequest, context: Context) -> pb.RefuseRemedyResponse:
        id = _id(request)
        cost = money_from_proto(request.cost) if request.HasField("cost") else None
        other = money_from_proto(request.other_cost) if request.HasField("other_cost") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.refuse_remedy(work, id, request.remedy, request.ground, request.reason, cost, other),
        )
        return pb.RefuseRemedyResponse(receipt=receipt)

    async def StartRemedy(self, request: pb.StartRemedyRequest, context: Context) -> pb.StartRemedyResponse:
        id, needed = _id(request), request.goods_needed
        receipt = await self._run(request, context, lambda work: self._app.start_remedy(work, id, goods_needed=needed))
        return pb.StartRemedyResponse(receipt=receipt)

    async def RecordRemedyOutcome(
        self, request: pb.RecordRemedyOutcomeRequest, context: Context
    ) -> pb.RecordRemedyOutcomeResponse:
        id = _id(request)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.record_remedy_outcome(
                work, id, done=request.done, reference=request.reference, reason=request.reason
            ),
        )
        return pb.RecordRemedyOutcomeResponse(receipt=receipt)

    async def ReducePrice(self, request: pb.ReducePriceRequest, context: Context) -> pb.ReducePriceResponse:
        id = _id(request)
        worth, as_is = money_from_proto(request.worth), money_from_proto(request.worth_as_is)
        receipt = await self._run(request, context, lambda work: self._app.reduce_price(work, id, worth, as_is))
        return pb.ReducePriceResponse(receipt=receipt)

    async def TerminateContract(
        self, request: pb.TerminateContractRequest, context: Context
    ) -> pb.TerminateContractResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.terminate(work, id))
        return pb.TerminateContractResponse(receipt=receipt)

    async def RecordLackGoodsSent(
        self, request: pb.RecordLackGoodsSentRequest, context: Context
    ) -> pb.RecordLackGoodsSentResponse:
        id, sent_at = _id(request), _instant(request, "sent_at")
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.prove_conformity_sending(
                work, id, request.carrier, request.tracking_number, sent_at
            ),
        )
        return pb.RecordLackGoodsSentResponse(receipt=receipt)

    async def PayConformity(self, request: pb.PayConformityRequest, context: Context) -> pb.PayConformityResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.pay_conformity(work, id, request.tender_id))
        return pb.PayConformityResponse(receipt=receipt)

    async def AddConformityNote(
        self, request: pb.AddConformityNoteRequest, context: Context
    ) -> pb.AddConformityNoteResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.note_conformity(work, id, request.text))
        return pb.AddConformityNoteResponse(receipt=receipt)

    async def AssignConformity(
        self, request: pb.AssignConformityRequest, context: Context
    ) -> pb.AssignConformityResponse:
        id, to = _id(request), request.assignee
        receipt = await self._run(request, context, lambda work: self._app.assign_conformity(work, id, to))
        return pb.AssignConformityResponse(receipt=receipt)

    async def _run(self, request: Any, context: Context, decide: Decide) -> command_pb2.Receipt:
        return receipt_to_proto(await self._commands.run(request, context, decide, on=_id(request)))


class ConformitySelfService(conformity_pb2_grpc.ConformitySelfServiceServicer):
    """What customers may ask of goods of theirs that do not conform."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, law: ConformityLaw) -> None:
        self._app, self._queries, self._commands, self._law = app, queries, commands, law

    async def ReportMyLack(self, request: pb.ReportMyLackRequest, context: Context) -> pb.ReportMyLackResponse:
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=actor())
        unit: model_pb2.UnitRef = request.unit
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.report_lack(
                work,
                shop_id,
                request.order_id,
                unit.line_id,
                unit.unit,
                request.description,
                apparent_at=_instant(request, "apparent_at"),
                sought=request.sought,
                channel=shared.SELF_SERVICE,
            ),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.ReportMyLackResponse(receipt=receipt_to_proto(receipt), conformity=await self._mine(receipt.id))

    async def GetMyConformity(self, request: pb.GetMyConformityRequest, context: Context) -> pb.GetMyConformityResponse:
        return pb.GetMyConformityResponse(conformity=await self._mine(request.conformity_id))

    async def ListMyConformity(
        self, request: pb.ListMyConformityRequest, context: Context
    ) -> pb.ListMyConformityResponse:
        listed = await self._queries.conformity_files(page_of(request), {}, seen_by=actor())
        found = [await self._mine(str(row["id"])) for row in listed.rows]
        return pb.ListMyConformityResponse(files=found, next_page_token=listed.next_token)

    async def ChooseMyRemedy(self, request: pb.ChooseMyRemedyRequest, context: Context) -> pb.ChooseMyRemedyResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.choose_remedy(work, id, request.remedy))
        return pb.ChooseMyRemedyResponse(receipt=receipt)

    async def TerminateMyContract(
        self, request: pb.TerminateMyContractRequest, context: Context
    ) -> pb.TerminateMyContractResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.terminate(work, id))
        return pb.TerminateMyContractResponse(receipt=receipt)

    async def RecordMyLackGoodsSent(
        self, request: pb.RecordMyLackGoodsSentRequest, context: Context
    ) -> pb.RecordMyLackGoodsSentResponse:
        id, sent_at = _id(request), _instant(request, "sent_at")
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.prove_conformity_sending(
                work, id, request.carrier, request.tracking_number, sent_at
            ),
        )
        return pb.RecordMyLackGoodsSentResponse(receipt=receipt)

    async def DropMyLack(self, request: pb.DropMyLackRequest, context: Context) -> pb.DropMyLackResponse:
        id = _id(request)
        receipt = await self._run(request, context, lambda work: self._app.drop_lack(work, id, "customer"))
        return pb.DropMyLackResponse(receipt=receipt)

    async def _run(self, request: Any, context: Context, decide: Decide) -> command_pb2.Receipt:
        return receipt_to_proto(await self._commands.run(request, context, decide, on=_id(request)))

    async def _mine(self, conformity_id: str) -> pb.Conformity:
        known = await self._queries.conformity(id_from_text("conformity", conformity_id), seen_by=actor())
        ledger = await self._queries.ledger(known.shop_id, known.order_id)
        return present.mine(known, ledger, self._law)


def _id(request: Any) -> Any:
    return id_from_text("conformity", request.conformity_id)


def _instant(request: Any, field: str) -> Any:
    return timestamp_from_proto(getattr(request, field), field) if request.HasField(field) else None
