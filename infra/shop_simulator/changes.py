"""The shop's side of changes before dispatch: done, refused, or not answered, as staged for an order.

Guarantee: the same request is answered the same, however often it comes; a swap is never dearer than the customer
agreed to.
"""

import json
from pathlib import Path
from typing import Any

from aftercare.orders.v1 import answers_pb2, change_requests_pb2, fulfilment_requests_pb2, stop_requests_pb2
from google.protobuf.message import Message

from infra.shop_simulator.bus import Fact
from infra.shop_simulator.catalogue import PRODUCTS, money

TYPES: tuple[type[Message], ...] = (
    change_requests_pb2.VariantSwapRequested,
    change_requests_pb2.TenderChangeRequested,
)
STAGED = (
    *(t.DESCRIPTOR.name for t in TYPES),
    fulfilment_requests_pb2.OrderCancellationRequested.DESCRIPTOR.name,
    fulfilment_requests_pb2.InterceptionRequested.DESCRIPTOR.name,
    stop_requests_pb2.DispatchStopRequested.DESCRIPTOR.name,
)
"""Requests whose answer can be staged."""

DONE, REFUSE, SILENT = "done", "refuse", "silent"


class Warehouse:
    """How the shop answers about an order; set by whoever stages a scene, in a file that all processes read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "warehouse.json"

    def stage(self, order_id: str, behaviour: str) -> None:
        """From now on answer like this about `order_id`: done, refuse, or silent."""
        if behaviour not in (DONE, REFUSE, SILENT):
            raise ValueError(f"{behaviour!r} is none of {DONE}, {REFUSE}, {SILENT}")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_suffix(".part")
        temporary.write_text(json.dumps(self._table() | {order_id: behaviour}))
        temporary.replace(self._file)

    def behaviour(self, order_id: str) -> str:
        """How it answers about an order now."""
        return self._table().get(order_id, DONE)

    def _table(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return found


def price_difference(request: Any) -> Any:
    """What a swap costs more, or less, by the shop's own prices."""
    prices = {product.sku: product.price for product in PRODUCTS}
    more = (prices.get(request.to_sku, 0) - prices.get(request.from_sku, 0)) * request.quantity
    return money(more, request.most_on_top.currency)


def refusal(request: Any, behaviour: str) -> str:
    """Why the shop will not do it; empty where it does."""
    if behaviour == REFUSE:
        return "already_packed"
    if request.DESCRIPTOR.name == "VariantSwapRequested":
        known = {product.sku for product in PRODUCTS}
        if request.to_sku not in known:
            return "no_such_variant"
        if price_difference(request).minor_units > request.most_on_top.minor_units:
            return "price_changed"
    return ""


def refused(common: dict[str, Any], reason: str) -> Fact:
    """The shop will not do it."""
    return Fact(
        answers_pb2.RequestRefused(**common, reason=reason), f"{common['request_id']}.refused", "/shop/fulfilment"
    )
