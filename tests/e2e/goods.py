"""Steps that goods take in a journey: asked back, received, inspected, delivered; and what the statement says then."""

from typing import Any

from aftercare.orders.v1 import receipts_pb2, shipments_pb2

from infra.demo.stage import Stage
from infra.shop_simulator.catalogue import Product, instant
from tests.e2e.shop import Shop

FIRST = {"line_id": "L1", "unit": 1}


async def returned(
    stage: Stage, shop: Shop, order_id: str, remedy: str, *, reason: str = "too_small", condition: str = "sealed"
) -> str:
    """A return of one piece, authorised at once; its id."""
    items = [{"line_id": "L1", "quantity": 1, "reason": reason, "stated_condition": condition}]
    agent = agent_of(stage, shop)
    asked = await stage.call(agent, "returns", "RequestReturn", order_id=order_id, items=items, remedy=remedy)
    assert asked.receipt.facts["authorised"] == "1"
    return str(asked.receipt.id)


async def came_back(
    stage: Stage,
    shop: Shop,
    rma: str,
    order_id: str,
    product: Product,
    *,
    condition: str = "sealed",
    responsibility: str = "customer",
    disposition: str = "restock",
) -> None:
    """The warehouse has it and looked at it."""
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop,
        receipt_number=f"R-{rma}",
        occurred_at=instant(await stage.now()),
        rma_id=rma,
        order_id=order_id,
        warehouse_id="W1",
        lines=[
            receipts_pb2.ReceiptLine(
                receipt_line_id="1", sku=product.sku, quantity=1, condition=condition, line_id="L1"
            )
        ],
    )
    await shop.tell(receipt, f"receipt.{rma}", "/shop/warehouse")
    await stage.settled()
    seen = {"condition": condition, "responsibility": responsibility, "disposition": disposition}
    inspections = [{"unit": FIRST, **seen}]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=inspections)


async def refunded(stage: Stage, shop: Shop, rma: str) -> Any:
    """An agent asks for the money of what came back."""
    agent = agent_of(stage, shop)
    return await stage.call(agent, "returns", "RefundReturn", rma_id=rma, units=[FIRST], reason="return")


async def delivered(stage: Stage, shop: Shop, order_id: str) -> None:
    """The new parcel reached the customer."""
    view = await stage.call(agent_of(stage, shop), "returns", "GetOrderView", order_id=order_id)
    assert view.order.order_id == order_id
    said = shipments_pb2.Delivered(
        shop_id=stage.shop,
        shipment_id=f"S{order_id[1:]}",
        order_id=order_id,
        occurred_at=instant(await stage.now()),
        delivery_key="1",
        handed_to="recipient",
    )
    await shop.tell(said, f"{order_id}.delivered", "/shop/carrier")
    await stage.settled()


async def sums(stage: Stage, order_id: str) -> tuple[int, int, int]:
    """(refunded, pending, left) of an order's statement, which closes."""
    finance = stage.as_("fiona", "finance")
    found = (await stage.call(finance, "returns", "GetStatement", order_id=order_id)).statement
    assert found.closes
    return found.refunded.minor_units, found.pending.minor_units, found.left.minor_units


def agent_of(stage: Stage, shop: Shop) -> Any:
    """Whoever works for the shop in this test."""
    return stage.as_(f"anna-{shop.tag}", "senior_agent")
