"""Quotes of remedies, for agents and for customers: proto to application and back, no decisions."""

from collections.abc import Iterable

from aftercare.returns.v1 import quotes_pb2 as pb
from aftercare.returns.v1 import quotes_pb2_grpc

from chassis.grpc import Commands
from services.returns.application import Application
from services.returns.application.deciding import Item
from services.returns.application.quoting import REMEDIES, Quote
from services.returns.grpc_api.reads import Context, actor
from services.returns.presenting import quotes as present
from services.returns.queries import Queries


class _Quotes:
    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def quotes(self, order_id: str, shop_id: str, items: Iterable[pb.QuotedItem]) -> list[pb.Quote]:
        """Every remedy, each tried by itself."""
        shop = await self._queries.shop_of(order_id, shop_id, seen_by=actor())
        wanted = [Item(i.line_id, i.quantity, i.reason, (), i.stated_condition, tuple(i.proofs)) for i in items]

        async def tried(remedy: str) -> Quote:
            return await self._commands.look(lambda work: self._app.quoted(work, shop, order_id, wanted, remedy))

        return [present.quote(await tried(remedy)) for remedy in REMEDIES]


class QuoteApi(_Quotes, quotes_pb2_grpc.QuoteServiceServicer):
    """What an agent may ask before a return is requested."""

    async def QuoteReturn(self, request: pb.QuoteReturnRequest, context: Context) -> pb.QuoteReturnResponse:
        found = await self.quotes(request.order_id, request.shop_id, request.items)
        return pb.QuoteReturnResponse(quotes=found)


class QuoteSelfService(_Quotes, quotes_pb2_grpc.QuoteSelfServiceServicer):
    """What customers may ask before they choose."""

    async def QuoteMyReturn(self, request: pb.QuoteMyReturnRequest, context: Context) -> pb.QuoteMyReturnResponse:
        return pb.QuoteMyReturnResponse(quotes=await self.quotes(request.order_id, "", request.items))
