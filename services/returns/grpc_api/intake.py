"""The warehouse's desk: proto to application and back, no decisions."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from aftercare.returns.v1 import intake_pb2 as pb
from aftercare.returns.v1 import intake_pb2_grpc
from aftercare.returns.v1.grading_pb2 import GradingChecklist

from chassis.domain import NotFound
from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto, timestamp_to_proto
from chassis.grpc.pages import page_of, parse_filter
from chassis.work import Work
from services.returns.application import Application
from services.returns.application.inspecting import checklist_of
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.identity import receipt_id_of
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.policy import Policy
from services.returns.domain.policy.grading import Checklist
from services.returns.domain.receipt import ReceiptFact
from services.returns.grpc_api.reads import Context, actor, return_id, units_named
from services.returns.presenting.expected import expected
from services.returns.presenting.gradings import checklist
from services.returns.queries import Queries
from services.returns.searching import PARCEL_FILTERS, UnitSearch


class IntakeApi(intake_pb2_grpc.ReturnsIntakeServiceServicer):
    """What clerks ask and write down."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, search: UnitSearch) -> None:
        self._app, self._queries, self._commands, self._search = app, queries, commands, search

    async def ScanParcel(self, request: pb.ScanParcelRequest, context: Context) -> pb.ScanParcelResponse:
        caller = actor()
        if not caller.may_see(shop_id=request.shop_id, customer_id=None):
            raise NotFound("shop", request.shop_id)
        ids = await self._search.cases_named(request.shop_id, request.code)
        book, _ = await self._queries.book(request.shop_id, seen_by=caller)
        in_force = book.version_at(self._queries.now).policy
        told: list[pb.ScanParcelResponse.Expected] = []
        lists: dict[str, GradingChecklist] = {}
        for case in [await self._case(id) for id in ids]:
            order, snapshot = await self._queries.order(case.shop_id, case.order_id, seen_by=caller)
            own = self._lists(in_force, case, order, snapshot)
            lists |= {one.clause: checklist(one) for one in own.values()}
            told.append(expected(case, order, own))
        told.sort(key=lambda one: -sum(unit.awaited for unit in one.units))
        return pb.ScanParcelResponse(expected=told, checklists=lists.values())

    def _lists(self, in_force: Policy, case: GoodsCase, order: Order, snapshot: OrderSnapshot) -> dict[str, Checklist]:
        """By which list each unit of a return is looked at; what goes by the law's own flows is not graded."""
        if not isinstance(case, ReturnCase):
            return {}
        days, now = self._app.legal_days, self._queries.now
        found = {u: checklist_of(in_force, case, order, snapshot, u, days, now) for u in case.units}
        return {unit_id: one for unit_id, one in found.items() if one is not None}

    async def _case(self, id: UUID) -> GoodsCase:
        with suppress(NotFound):
            return await self._queries.case(id, seen_by=actor())
        with suppress(NotFound):
            return await self._queries.withdrawal(id, seen_by=actor())
        return await self._queries.conformity(id, seen_by=actor())

    async def ListUnidentifiedParcels(
        self, request: pb.ListUnidentifiedParcelsRequest, context: Context
    ) -> pb.ListUnidentifiedParcelsResponse:
        terms = parse_filter(request.filter, PARCEL_FILTERS)
        listed = await self._search.unidentified(page_of(request), terms, seen_by=actor())
        return pb.ListUnidentifiedParcelsResponse(
            parcels=[
                pb.ListUnidentifiedParcelsResponse.Parcel(
                    received_at=timestamp_to_proto(row["received_at"]),
                    **{n: row[n] for n in ("shop_id", "receipt_number", "order_id", "tracking_number", "shelf")},
                )
                for row in listed.rows
            ],
            next_page_token=listed.next_token,
        )

    async def RegisterParcel(self, request: pb.RegisterParcelRequest, context: Context) -> pb.RegisterParcelResponse:
        def fact(work: Work) -> ReceiptFact:
            return ReceiptFact(
                0,
                "",
                request.order_id,
                _lines(request.lines),
                work.now,
                tracking_number=request.tracking_number,
                weight_grams=request.weight_grams,
            )

        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.register_parcel(
                work, request.shop_id, request.receipt_number, fact(work), request.shelf, request.photos
            ),
            on=_on(request),
        )
        return pb.RegisterParcelResponse(receipt=receipt_to_proto(receipt))

    async def ShelveParcel(self, request: pb.ShelveParcelRequest, context: Context) -> pb.ShelveParcelResponse:
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.shelve_parcel(
                work, request.shop_id, request.receipt_number, request.shelf, request.photos
            ),
            on=_on(request),
        )
        return pb.ShelveParcelResponse(receipt=receipt_to_proto(receipt))

    async def MatchParcel(self, request: pb.MatchParcelRequest, context: Context) -> pb.MatchParcelResponse:
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.match_parcel(work, request.shop_id, request.receipt_number, request.rma_id),
            on=_on(request),
        )
        return pb.MatchParcelResponse(receipt=receipt_to_proto(receipt))

    async def CorrectReceipt(self, request: pb.CorrectReceiptRequest, context: Context) -> pb.CorrectReceiptResponse:
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.correct_receipt(
                work, request.shop_id, request.receipt_number, _lines(request.lines), request.reason
            ),
            on=_on(request),
        )
        return pb.CorrectReceiptResponse(receipt=receipt_to_proto(receipt))

    async def VoidReceipt(self, request: pb.VoidReceiptRequest, context: Context) -> pb.VoidReceiptResponse:
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.void_receipt(work, request.shop_id, request.receipt_number, request.reason),
            on=_on(request),
        )
        return pb.VoidReceiptResponse(receipt=receipt_to_proto(receipt))

    async def SettleCorrection(
        self, request: pb.SettleCorrectionRequest, context: Context
    ) -> pb.SettleCorrectionResponse:
        case_id = return_id(request.rma_id)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.settle_correction(
                work, case_id, request.correction_id, request.decision, request.reason
            ),
            on=case_id,
        )
        return pb.SettleCorrectionResponse(receipt=receipt_to_proto(receipt))

    async def RecordProofOfPosting(
        self, request: pb.RecordProofOfPostingRequest, context: Context
    ) -> pb.RecordProofOfPostingResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.record_posting(work, case_id, units, request.tracking_number),
            on=case_id,
        )
        return pb.RecordProofOfPostingResponse(receipt=receipt_to_proto(receipt))

    async def ReportLostReturn(
        self, request: pb.ReportLostReturnRequest, context: Context
    ) -> pb.ReportLostReturnResponse:
        case_id, units = return_id(request.rma_id), units_named(request.units)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.report_lost(work, case_id, units, request.reason), on=case_id
        )
        return pb.ReportLostReturnResponse(receipt=receipt_to_proto(receipt))


_Named = (
    pb.RegisterParcelRequest
    | pb.ShelveParcelRequest
    | pb.MatchParcelRequest
    | pb.CorrectReceiptRequest
    | pb.VoidReceiptRequest
)


def _on(request: _Named) -> UUID:
    return receipt_id_of(request.shop_id, request.receipt_number)


def _lines(lines: Iterable[pb.ParcelLine]) -> tuple[ArrivedLine, ...]:
    return tuple(
        ArrivedLine(
            str(n),
            line.sku,
            line.quantity,
            line.condition,
            line.line_id,
            tuple(line.serials),
            line.lot_id,
            line.rma_id,
        )
        for n, line in enumerate(lines, start=1)
    )
