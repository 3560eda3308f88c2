"""The order and warehouse systems' side of our requests: each is done once per request id and answered by facts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aftercare.orders.v1 import (
    answers_pb2,
    fulfilment_requests_pb2,
    label_requests_pb2,
    orders_pb2,
    shipments_pb2,
    stop_requests_pb2,
)
from google.protobuf.message import Message

from infra.shop_simulator import changes, exchanges
from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import instant, money

TYPES = (
    fulfilment_requests_pb2.ReshipRequested,
    fulfilment_requests_pb2.ReplacementRequested,
    fulfilment_requests_pb2.RepairRequested,
    fulfilment_requests_pb2.OrderCancellationRequested,
    fulfilment_requests_pb2.InterceptionRequested,
    fulfilment_requests_pb2.AddressCorrectionRequested,
    fulfilment_requests_pb2.ReturnLabelRequested,
    fulfilment_requests_pb2.StopShipRequested,
    label_requests_pb2.ReturnLabelVoidRequested,
    label_requests_pb2.CarrierPickupRequested,
    stop_requests_pb2.DispatchStopRequested,
    label_requests_pb2.CarrierPickupCancelRequested,
    *exchanges.TYPES,
    *changes.TYPES,
)

SENDS_GOODS = ("ReshipRequested", "ReplacementRequested")


class Fulfilment:
    """Consumes fulfilment requests. What it makes is named after the request, so doing it twice makes nothing new."""

    def __init__(
        self,
        bus: Bus,
        *,
        currency: str = "EUR",
        out_of_stock: Callable[[str], bool] = lambda sku: False,
        warehouse: changes.Warehouse | None = None,
    ) -> None:
        self._bus, self._currency, self._out_of_stock = bus, currency, out_of_stock
        self._exchanges = exchanges.Exchanges(out_of_stock)
        self._warehouse = warehouse

    async def run(self) -> None:
        """Until cancelled."""
        await self._bus.consume("simulator.fulfilment", ["aftercare.fulfilment.requests.v1"], TYPES, self._act)

    async def _act(self, message: Message) -> None:
        await self._bus.publish(*self.answers(message))

    def answers(self, request: Any) -> list[Fact]:
        """Accepted, the new order and its parcel where goods are sent, done; or refused for want of stock."""
        name = request.DESCRIPTOR.name
        tag = request.request_id
        common: dict[str, Any] = {
            "shop_id": request.shop_id,
            "request_id": tag,
            "occurred_at": request.occurred_at,
            "order_id": getattr(request, "order_id", ""),
            "requester": request.requester,
            "case_id": request.case_id,
        }
        if isinstance(request, exchanges.TYPES):
            return self._exchanges.answers(request, common)
        if name == "OrderCancellationRequested" and request.order_id in self._exchanges.orders:
            return self._exchanges.cancelled(request, common)
        units = getattr(request, "units", ())
        if name in SENDS_GOODS and any(self._out_of_stock(u.sku) for u in units):
            refused = answers_pb2.RequestRefused(**common, reason="out_of_stock")
            return [Fact(refused, f"{tag}.refused", "/shop/fulfilment")]
        if name in changes.STAGED and self._warehouse is not None:
            behaviour = self._warehouse.behaviour(request.order_id)
            if behaviour == changes.SILENT:
                return []
            if reason := changes.refusal(request, behaviour):
                return [changes.refused(common, reason)]
        reference = f"{'O' if name in SENDS_GOODS else 'W'}-{tag[-10:]}"
        done = answers_pb2.RequestDone(**common, reference=reference)
        if name == "ReturnLabelRequested":
            done.carrier, done.tracking_number = "dhl", f"JR{int.from_bytes(tag.encode()[-6:], 'big') % 10**10:010d}"
            done.label_url = f"https://shop.example/labels/{reference}.pdf"
            if request.paperless:
                done.qr_code_url = f"https://shop.example/labels/{reference}.png"
        if name == "CarrierPickupRequested":
            done.reference = f"P-{tag[-10:]}"
        if name == "VariantSwapRequested":
            done.price_difference.CopyFrom(changes.price_difference(request))
        facts = [
            Fact(answers_pb2.RequestAccepted(**common, reference=reference), f"{tag}.accepted", "/shop/fulfilment")
        ]
        if name in SENDS_GOODS:
            facts += self._goods(request, reference)
        return [*facts, Fact(done, f"{tag}.done", "/shop/fulfilment")]

    def _goods(self, request: Any, order_id: str) -> list[Fact]:
        """A free order and its parcel, both naming the request they answer."""
        at = request.occurred_at.ToDatetime(tzinfo=UTC)
        tag = request.request_id
        lines = [
            orders_pb2.Line(
                line_id=u.line_id or f"L{n}", sku=u.sku, quantity=u.quantity, unit_price=money(0, self._currency)
            )
            for n, u in enumerate(request.units, 1)
        ]
        order = orders_pb2.OrderRecorded(
            shop_id=request.shop_id,
            order_id=order_id,
            occurred_at=request.occurred_at,
            version=1,
            customer_id=request.customer_id,
            placed_at=request.occurred_at,
            country="DE",
            time_zone="Europe/Berlin",
            currency=self._currency,
            prices_include_tax=True,
            lines=lines,
            exchange_of=request.order_id,
            fulfilment_request_id=tag,
        )
        parcel = shipments_pb2.ShipmentCreated(
            shop_id=request.shop_id,
            shipment_id=f"S-{tag[-10:]}",
            occurred_at=request.occurred_at,
            order_id=order_id,
            customer_id=request.customer_id,
            direction=shipments_pb2.DIRECTION_OUTBOUND,
            carrier="dhl",
            service_level="express",
            tracking_number=f"{int.from_bytes(tag.encode()[-6:], 'big') % 10**12:012d}",
            contents=[
                shipments_pb2.ParcelContent(line_id=line.line_id, sku=line.sku, quantity=line.quantity)
                for line in lines
            ],
            destination_country="DE",
            destination_time_zone="Europe/Berlin",
            promised_by=instant(_in_days(at, 2)),
            fulfilment_request_id=tag,
        )
        return [
            Fact(order, f"{tag}.order", "/shop/orders"),
            Fact(parcel, f"{tag}.parcel", "/shop/warehouse"),
        ]


def _in_days(at: datetime, days: int) -> datetime:
    return at + timedelta(days=days)
