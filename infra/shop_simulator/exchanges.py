"""The shop's side of exchanges: it keeps one unit, names its price, and makes an order of it that says what it is for.

Everything is named after the request, so asking twice makes nothing new; what was let go of before is not kept later.
"""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from aftercare.orders.v1 import answers_pb2, exchanges_pb2, orders_pb2, payments_pb2, shipments_pb2

from infra.shop_simulator.bus import Fact
from infra.shop_simulator.catalogue import PRODUCTS, VARIANTS, Product, instant, money

TYPES = (
    exchanges_pb2.ExchangeReservationRequested,
    exchanges_pb2.ExchangeReservationReleased,
    exchanges_pb2.ExchangeOrderRequested,
)

KEPT_FOR = timedelta(days=21)
PRICES = {product.sku: product for product in (*PRODUCTS, *VARIANTS)}


class Exchanges:
    """Reservations and the orders made of them."""

    def __init__(self, out_of_stock: Callable[[str], bool]) -> None:
        self._out_of_stock = out_of_stock
        self._let_go: set[str] = set()
        self.orders: dict[str, orders_pb2.OrderRecorded] = {}

    def answers(self, request: Any, common: dict[str, Any]) -> list[Fact]:
        """What the shop says to one request, and what it makes."""
        if isinstance(request, exchanges_pb2.ExchangeReservationRequested):
            return self._keep(request, common)
        if isinstance(request, exchanges_pb2.ExchangeReservationReleased):
            self._let_go.add(request.reservation_request_id)
            return [_said(answers_pb2.RequestDone(**common), "done")]
        return self._order(request, common)

    def cancelled(self, request: Any, common: dict[str, Any]) -> list[Fact]:
        """The end of an order that was made of an exchange."""
        order = orders_pb2.OrderRecorded()
        order.CopyFrom(self.orders[request.order_id])
        order.version += 1
        order.occurred_at.CopyFrom(request.occurred_at)
        order.cancelled_at.CopyFrom(request.occurred_at)
        return [
            Fact(order, f"{order.order_id}.cancelled", "/shop/orders"),
            _said(answers_pb2.RequestDone(**common, reference=order.order_id), "done"),
        ]

    def _keep(self, request: exchanges_pb2.ExchangeReservationRequested, common: dict[str, Any]) -> list[Fact]:
        product = PRICES.get(request.sku)
        if product is None or self._out_of_stock(request.sku):
            return [_said(answers_pb2.RequestRefused(**common, reason="out_of_stock"), "refused")]
        if request.request_id in self._let_go:
            return [_said(answers_pb2.RequestRefused(**common, reason="cancelled"), "refused")]
        until = request.occurred_at.ToDatetime(tzinfo=UTC) + KEPT_FOR
        kept = exchanges_pb2.ExchangeReserved(
            **common,
            reservation_id=f"R-{request.request_id[-14:]}",
            expires_at=instant(until),
            price=money(product.price, request.currency),
        )
        return [_said(kept, "reserved")]

    def _order(self, request: exchanges_pb2.ExchangeOrderRequested, common: dict[str, Any]) -> list[Fact]:
        if request.request_id.rpartition(".")[0] in self._let_go:
            return [_said(answers_pb2.RequestRefused(**common, reason="cancelled"), "refused")]
        order = exchange_order(request, PRICES[request.sku])
        self.orders[order.order_id] = order
        facts = [_said(answers_pb2.RequestDone(**common, reference=order.order_id), "done")]
        if order.tenders:
            tender = order.tenders[0]
            captured = payments_pb2.PaymentCaptured(
                shop_id=order.shop_id,
                capture_id=tender.captures[0].capture_id,
                occurred_at=order.placed_at,
                order_id=order.order_id,
                tender_id=tender.tender_id,
                amount=tender.captures[0].amount,
            )
            facts.append(Fact(captured, f"{order.order_id}.capture", "/shop/payments"))
        parcel = _parcel(order, request.request_id)
        return [*facts, Fact(order, f"{order.order_id}.1", "/shop/orders"), Fact(parcel, f"{order.order_id}.p")]


def exchange_order(request: exchanges_pb2.ExchangeOrderRequested, product: Product) -> orders_pb2.OrderRecorded:
    """The new order: what was carried over, and what was paid on top as a tender of its own."""
    tag = request.request_id
    order_id = f"X-{tag[-17:]}"
    on_top, currency = request.on_top.minor_units, request.on_top.currency
    paid = request.carried.minor_units + on_top
    order = orders_pb2.OrderRecorded(
        shop_id=request.shop_id,
        order_id=order_id,
        occurred_at=request.occurred_at,
        version=1,
        customer_id=request.customer_id,
        placed_at=request.occurred_at,
        country="DE",
        time_zone="Europe/Berlin",
        currency=currency,
        prices_include_tax=True,
        lines=[
            orders_pb2.Line(
                line_id="L1",
                sku=product.sku,
                title=product.title,
                category=product.category,
                quantity=1,
                unit_price=money(paid, currency),
                taxes=[
                    orders_pb2.TaxLine(
                        name="VAT", rate="0.19", jurisdiction="DE", amount=money(round(paid * 19 / 119), currency)
                    )
                ],
            )
        ],
        exchange_of=request.order_id,
        exchange_value=request.carried,
        fulfilment_request_id=tag,
    )
    if on_top:
        capture = orders_pb2.Tender.Capture(
            capture_id=f"cap-{order_id}", amount=request.on_top, captured_at=request.occurred_at
        )
        order.tenders.add(tender_id="card", kind="card", provider="acme-pay", captures=[capture])
    return order


def charged(request: exchanges_pb2.ChargeRequested, *, declined: bool) -> list[Fact]:
    """Money taken once per request id, because the capture is named after it; or not, where the card is declined."""
    common: dict[str, Any] = {
        "shop_id": request.shop_id,
        "request_id": request.request_id,
        "occurred_at": request.occurred_at,
        "order_id": request.order_id,
        "requester": request.requester,
        "case_id": request.case_id,
    }
    if declined:
        refused = answers_pb2.RequestRefused(**common, reason="card_declined")
        return [Fact(refused, f"{request.request_id}.refused", "/shop/payments")]
    capture_id = f"chg-{request.request_id[-17:]}"
    captured = payments_pb2.PaymentCaptured(
        shop_id=request.shop_id,
        capture_id=capture_id,
        occurred_at=request.occurred_at,
        order_id=request.order_id,
        tender_id="card",
        amount=request.amount,
    )
    done = answers_pb2.RequestDone(**common, reference=capture_id)
    return [
        Fact(captured, f"{capture_id}.fact", "/shop/payments"),
        Fact(done, f"{request.request_id}.done", "/shop/payments"),
    ]


def _parcel(order: orders_pb2.OrderRecorded, tag: str) -> shipments_pb2.ShipmentCreated:
    return shipments_pb2.ShipmentCreated(
        shop_id=order.shop_id,
        shipment_id=f"S{order.order_id[1:]}",
        occurred_at=order.occurred_at,
        order_id=order.order_id,
        customer_id=order.customer_id,
        direction=shipments_pb2.DIRECTION_OUTBOUND,
        carrier="dhl",
        service_level="standard",
        tracking_number=f"{int.from_bytes(tag.encode()[-6:], 'big') % 10**12:012d}",
        contents=[shipments_pb2.ParcelContent(line_id=o.line_id, sku=o.sku, quantity=o.quantity) for o in order.lines],
        destination_country="DE",
        destination_time_zone="Europe/Berlin",
        fulfilment_request_id=tag,
    )


def _said(message: Any, what: str) -> Fact:
    return Fact(message, f"{message.request_id}.{what}", "/shop/fulfilment")
