"""Changes before dispatch, for the desk and for customers: proto to application and back, no decisions.

Whatever belongs to somebody else is NOT_FOUND.
"""

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import changes_pb2 as pb
from aftercare.returns.v1 import changes_pb2_grpc

from chassis.grpc import Commands
from chassis.grpc.commands import Decide
from chassis.grpc.convert import id_from_text, money_from_proto, receipt_to_proto
from chassis.grpc.pages import page_of, parse_filter
from services.returns.application import Application
from services.returns.application.changeable import Asker, Wanted
from services.returns.domain.change import ChangeKind
from services.returns.domain.identity import order_id_of
from services.returns.grpc_api.reads import Context, actor
from services.returns.presenting import changes as present
from services.returns.presenting import shared
from services.returns.queries import CHANGE_FILTERS, Queries


class ChangeApi(changes_pb2_grpc.ChangeServiceServicer):
    """What staff and other programs may ask of changes."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def GetChangeable(self, request: pb.GetChangeableRequest, context: Context) -> pb.GetChangeableResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        found = await changeable_of(self._app, self._queries, shop_id, request.order_id, request.reason)
        return pb.GetChangeableResponse(changeable=found)

    async def RequestChange(self, request: pb.RequestChangeRequest, context: Context) -> pb.RequestChangeResponse:
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=actor())
        wanted = wanted_of(request.wanted)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.request_change(work, shop_id, request.order_id, wanted, channel=request.channel),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.RequestChangeResponse(receipt=receipt_to_proto(receipt))

    async def ListChanges(self, request: pb.ListChangesRequest, context: Context) -> pb.ListChangesResponse:
        terms = parse_filter(request.filter, CHANGE_FILTERS)
        listed = await self._queries.changes(page_of(request), terms, seen_by=actor())
        found = [present.summary(row) for row in listed.rows]
        return pb.ListChangesResponse(changes=found, next_page_token=listed.next_token)

    async def GetChange(self, request: pb.GetChangeRequest, context: Context) -> pb.GetChangeResponse:
        known = await self._queries.change(id_from_text("change", request.change_id), seen_by=actor())
        ledger = await self._queries.ledger(known.shop_id, known.order_id)
        actions = await self._commands.look(lambda work: self._app.offered_on_change(work, known.id))
        return pb.GetChangeResponse(
            change=present.whole(known, ledger),
            story=[shared.story_entry(entry) for entry in await self._queries.history(known.id)],
            next_actions=[shared.next_action(action) for action in actions],
        )

    async def AnswerChange(self, request: pb.AnswerChangeRequest, context: Context) -> pb.AnswerChangeResponse:
        id = id_from_text("change", request.change_id)
        difference = money_from_proto(request.difference) if request.HasField("difference") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.answer_change(work, id, request.reason, done=request.done, difference=difference),
        )
        return pb.AnswerChangeResponse(receipt=receipt)

    async def RepayChange(self, request: pb.RepayChangeRequest, context: Context) -> pb.RepayChangeResponse:
        id = id_from_text("change", request.change_id)
        receipt = await self._run(request, context, lambda work: self._app.repay_change(work, id, request.tender_id))
        return pb.RepayChangeResponse(receipt=receipt)

    async def CloseChange(self, request: pb.CloseChangeRequest, context: Context) -> pb.CloseChangeResponse:
        id = id_from_text("change", request.change_id)
        receipt = await self._run(request, context, lambda work: self._app.close_change(work, id, request.reason))
        return pb.CloseChangeResponse(receipt=receipt)

    async def _run(
        self,
        request: pb.AnswerChangeRequest | pb.RepayChangeRequest | pb.CloseChangeRequest,
        context: Context,
        decide: Decide,
    ) -> command_pb2.Receipt:
        id = id_from_text("change", request.change_id)
        return receipt_to_proto(await self._commands.run(request, context, decide, on=id))


class ChangeSelfService(changes_pb2_grpc.ChangeSelfServiceServicer):
    """What customers may ask of their own orders before they leave."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def GetMyChangeable(self, request: pb.GetMyChangeableRequest, context: Context) -> pb.GetMyChangeableResponse:
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=actor())
        found = await changeable_of(self._app, self._queries, shop_id, request.order_id, request.reason)
        return pb.GetMyChangeableResponse(changeable=found)

    async def RequestMyChange(self, request: pb.RequestMyChangeRequest, context: Context) -> pb.RequestMyChangeResponse:
        shop_id = await self._queries.shop_of(request.order_id, "", seen_by=actor())
        wanted = wanted_of(request.wanted)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.request_change(work, shop_id, request.order_id, wanted, channel=shared.SELF_SERVICE),
            on=order_id_of(shop_id, request.order_id),
        )
        return pb.RequestMyChangeResponse(receipt=receipt_to_proto(receipt))

    async def ListMyChanges(self, request: pb.ListMyChangesRequest, context: Context) -> pb.ListMyChangesResponse:
        listed = await self._queries.changes(page_of(request), {}, seen_by=actor())
        found = [await self._mine(str(row["id"])) for row in listed.rows]
        return pb.ListMyChangesResponse(changes=found, next_page_token=listed.next_token)

    async def GetMyChange(self, request: pb.GetMyChangeRequest, context: Context) -> pb.GetMyChangeResponse:
        return pb.GetMyChangeResponse(change=await self._mine(request.change_id))

    async def _mine(self, change_id: str) -> pb.Change:
        known = await self._queries.change(id_from_text("change", change_id), seen_by=actor())
        return present.mine(known, await self._queries.ledger(known.shop_id, known.order_id))


async def changeable_of(app: Application, queries: Queries, shop_id: str, order_id: str, reason: str) -> pb.Changeable:
    """What the caller could ask for now."""
    caller = actor()
    order, snapshot = await queries.order(shop_id, order_id, seen_by=caller)
    ledger = await queries.ledger(shop_id, order_id)
    policy = await queries.policy(shop_id, snapshot)
    asker = Asker(caller.customer_id is not None, app.legal_days, queries.now)
    return present.changeable(policy, order, snapshot, ledger, reason, asker)


def wanted_of(said: pb.WantedChange) -> Wanted:
    """What is wanted, in the application's words."""
    match said.WhichOneof("change"):
        case "swap":
            swap = said.swap
            return Wanted(
                ChangeKind.SWAP,
                said.reason,
                ((swap.line_id, swap.quantity),),
                sku=swap.sku,
                variant_id=swap.variant_id,
                shown_price=money_from_proto(swap.shown_price),
            )
        case "tender":
            tender = said.tender
            return Wanted(
                ChangeKind.TENDER,
                said.reason,
                tender_id=tender.tender_id,
                to_kind=tender.to_kind,
                to_reference=tender.reference,
            )
        case _:
            items = tuple((item.line_id, item.quantity) for item in said.cancellation.items)
            return Wanted(ChangeKind.CANCEL, said.reason, items)
