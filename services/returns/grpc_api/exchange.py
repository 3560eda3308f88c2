"""Exchanges for the people at the desk and for customers: proto to application and back, no decisions.

How to drive one: ask for a return (`remedy` may be exchange), then ExchangeUnit with the wanted SKU and the price that
was shown; `validate_only` answers with worth, carried, on_top and back, and changes nothing. The shop's answer reserves
the goods; receipt and inspection of the old unit have the new order made by themselves (at once where it is instant).
The shop's order with `exchange_of` and `exchange_value` places it; a difference in the customer's favour is paid back.
"""

from typing import Any

from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import exchange_pb2 as pb
from aftercare.returns.v1 import exchange_pb2_grpc
from google.protobuf.message import Message

from chassis.grpc import Commands
from chassis.grpc.commands import Decide
from chassis.grpc.convert import money_from_proto, receipt_to_proto, timestamp_from_proto
from services.returns.application import Application
from services.returns.domain.identity import unit_id_of
from services.returns.grpc_api.reads import Context, actor, return_id
from services.returns.presenting import exchanges as present
from services.returns.presenting import shared
from services.returns.queries import Queries


class _Running:
    """What both APIs share."""

    def __init__(self, app: Application, queries: Queries, commands: Commands) -> None:
        self._app, self._queries, self._commands = app, queries, commands

    async def _run(self, request: Any, context: Context, decide: Decide) -> command_pb2.Receipt:
        found: Message = request
        return receipt_to_proto(await self._commands.run(found, context, decide, on=return_id(request.rma_id)))

    async def _listed(self, rma_id: str) -> list[pb.Exchange]:
        return present.exchanges(await self._queries.case(return_id(rma_id), seen_by=actor()))


class ExchangeApi(_Running, exchange_pb2_grpc.ExchangeServiceServicer):
    """What staff and other programs may ask of exchanges."""

    async def ExchangeUnit(self, request: pb.ExchangeUnitRequest, context: Context) -> pb.ExchangeUnitResponse:
        id, unit_id = return_id(request.rma_id), unit_id_of(request.unit.line_id, request.unit.unit)
        price = money_from_proto(request.price)
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.exchange_unit(
                work, id, unit_id, request.sku, price, instant=request.instant, consent=request.consent
            ),
        )
        return pb.ExchangeUnitResponse(receipt=receipt)

    async def AgreeToExchange(self, request: pb.AgreeToExchangeRequest, context: Context) -> pb.AgreeToExchangeResponse:
        id = return_id(request.rma_id)
        receipt = await self._run(
            request, context, lambda work: self._app.agree_to_exchange(work, id, request.exchange_id)
        )
        return pb.AgreeToExchangeResponse(receipt=receipt)

    async def PlaceExchange(self, request: pb.PlaceExchangeRequest, context: Context) -> pb.PlaceExchangeResponse:
        id = return_id(request.rma_id)
        receipt = await self._run(
            request, context, lambda work: self._app.place_exchange(work, id, request.exchange_id)
        )
        return pb.PlaceExchangeResponse(receipt=receipt)

    async def CancelExchange(self, request: pb.CancelExchangeRequest, context: Context) -> pb.CancelExchangeResponse:
        id = return_id(request.rma_id)
        receipt = await self._run(
            request, context, lambda work: self._app.cancel_exchange(work, id, request.exchange_id, request.reason)
        )
        return pb.CancelExchangeResponse(receipt=receipt)

    async def SettleUnreturned(
        self, request: pb.SettleUnreturnedRequest, context: Context
    ) -> pb.SettleUnreturnedResponse:
        id = return_id(request.rma_id)
        until = timestamp_from_proto(request.until, "until") if request.HasField("until") else None
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.settle_unreturned(
                work,
                id,
                request.exchange_id,
                request.decision,
                request.reason,
                until=until,
                consent=request.consent,
            ),
        )
        return pb.SettleUnreturnedResponse(receipt=receipt)

    async def ListExchanges(self, request: pb.ListExchangesRequest, context: Context) -> pb.ListExchangesResponse:
        return pb.ListExchangesResponse(exchanges=await self._listed(request.rma_id))


class ExchangeSelfService(_Running, exchange_pb2_grpc.ExchangeSelfServiceServicer):
    """What customers may ask of their own exchanges."""

    async def ExchangeMyUnit(self, request: pb.ExchangeMyUnitRequest, context: Context) -> pb.ExchangeMyUnitResponse:
        id, unit_id = return_id(request.rma_id), unit_id_of(request.unit.line_id, request.unit.unit)
        price = money_from_proto(request.price)
        consent = shared.SELF_SERVICE if request.consent_to_charge else ""
        receipt = await self._run(
            request,
            context,
            lambda work: self._app.exchange_unit(
                work, id, unit_id, request.sku, price, instant=request.instant, consent=consent
            ),
        )
        return pb.ExchangeMyUnitResponse(receipt=receipt)

    async def AgreeToMyExchange(
        self, request: pb.AgreeToMyExchangeRequest, context: Context
    ) -> pb.AgreeToMyExchangeResponse:
        id = return_id(request.rma_id)
        receipt = await self._run(
            request, context, lambda work: self._app.agree_to_exchange(work, id, request.exchange_id)
        )
        return pb.AgreeToMyExchangeResponse(receipt=receipt)

    async def CancelMyExchange(
        self, request: pb.CancelMyExchangeRequest, context: Context
    ) -> pb.CancelMyExchangeResponse:
        id = return_id(request.rma_id)
        receipt = await self._run(
            request, context, lambda work: self._app.cancel_exchange(work, id, request.exchange_id, "customer")
        )
        return pb.CancelMyExchangeResponse(receipt=receipt)

    async def ListMyExchanges(self, request: pb.ListMyExchangesRequest, context: Context) -> pb.ListMyExchangesResponse:
        return pb.ListMyExchangesResponse(exchanges=await self._listed(request.rma_id))
