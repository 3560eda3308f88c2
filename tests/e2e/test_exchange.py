"""Exchange: dearer, then cheaper, then money back, over three orders of a real shop; each statement closes."""

from typing import Any

from aftercare.orders.v1 import receipts_pb2, shipments_pb2

from infra.demo.stage import Stage
from infra.shop_simulator.catalogue import PRODUCTS, VARIANTS, Product, instant
from tests.e2e.shop import SHIRT, Shop, refusal

FIRST = {"line_id": "L1", "unit": 1}
BY_SKU = {product.sku: product for product in (*PRODUCTS, *VARIANTS)}
ORGANIC, KETTLE = BY_SKU["TEE-ORG-M"], BY_SKU["KETTLE-12"]


async def test_a_shirt_becomes_a_dearer_one_then_its_first_kind_again_then_money(stage: Stage, shop: Shop) -> None:
    """19.99 and 5.00 on top; 5.00 back by the second order; 19.99 back by the first. Three refunds asked, each once."""
    order = await shop.order(shop.customer("Paula", "en"), (SHIRT, 1))
    await shop.delivered(order)
    own = order.order_id
    second = await _exchanged(stage, shop, own, SHIRT, ORGANIC, on_top=500, back=0)
    await _delivered(stage, shop, second)
    third = await _exchanged(stage, shop, second, ORGANIC, SHIRT, on_top=0, back=500)
    await _delivered(stage, shop, third)
    assert await _sums(stage, second) == (500, 0, 0)
    rma = await _returned(stage, shop, third, "refund")
    await _came_back(stage, shop, rma, third, SHIRT)
    paid = await stage.call(_agent(stage, shop), "returns", "RefundReturn", rma_id=rma, units=[FIRST], reason="return")
    assert paid.receipt.facts["amount"] == f"{SHIRT.price} EUR"
    await stage.until("all money is back", lambda: _closed(stage, rma))
    # the shipping of the first order stays what it was
    assert [await _sums(stage, one) for one in (own, second, third)] == [(1999, 0, 490), (500, 0, 0), (0, 0, 0)]
    books = [stage.provider.of_order(one) for one in (own, second, third)]
    assert [(book["carried_out"], book["paid_out"]) for book in books] == [(1, 1999), (1, 500), (0, 0)]


async def test_what_the_shop_has_not_is_refused_and_the_unit_is_free(stage: Stage, shop: Shop) -> None:
    """No such SKU: the customer reads why, and another product can be asked for at once; a second one beside it not."""
    who = shop.customer("Nina", "en")
    order = await shop.order(who, (SHIRT, 1))
    await shop.delivered(order)
    nina = stage.as_(who.customer_id, "customer", customer=who.customer_id)
    rma = await _returned(stage, shop, order.order_id, "exchange")
    asked: dict[str, Any] = {"rma_id": rma, "unit": FIRST, "price": {"minor_units": 1999, "currency": "EUR"}}
    only = await stage.call(nina, "returns", "ExchangeMyUnit", sku=KETTLE.sku, validate_only=True, **asked)
    assert (only.receipt.facts["worth"], only.receipt.facts["on_top"]) == ("1999 EUR", "0 EUR")
    await stage.call(nina, "returns", "ExchangeMyUnit", sku="GONE-1", **asked)
    await stage.settled()
    (off,) = (await stage.call(nina, "returns", "ListMyExchanges", rma_id=rma)).exchanges
    assert (off.state, off.reason) == ("refused", "out_of_stock")
    await stage.call(nina, "returns", "ExchangeMyUnit", sku=KETTLE.sku, **asked)
    code, reason, _ = await refusal(stage, nina, "returns", "ExchangeMyUnit", sku=SHIRT.sku, **asked)
    assert (code, reason) == ("FAILED_PRECONDITION", "EXCHANGE_UNDER_WAY")
    await stage.settled()
    found = (await stage.call(nina, "returns", "ListMyExchanges", rma_id=rma)).exchanges
    assert [(x.state, x.price.minor_units) for x in found] == [("refused", 1999), ("to_agree", KETTLE.price)]


async def _exchanged(
    stage: Stage, shop: Shop, order_id: str, old: Product, new: Product, *, on_top: int, back: int
) -> str:
    """One exchange to its end; the new order's id."""
    agent = _agent(stage, shop)
    rma = await _returned(stage, shop, order_id, "exchange")
    asked = await stage.call(
        agent,
        "returns",
        "ExchangeUnit",
        rma_id=rma,
        unit=FIRST,
        sku=new.sku,
        price={"minor_units": new.price, "currency": "EUR"},
    )
    facts = asked.receipt.facts
    assert (facts["on_top"], facts["back"]) == (f"{on_top} EUR", f"{back} EUR")
    await stage.settled()
    await _came_back(stage, shop, rma, order_id, old)
    await stage.until("the exchange is done", lambda: _closed(stage, rma))
    (done,) = (await stage.call(agent, "returns", "ListExchanges", rma_id=rma)).exchanges
    assert (done.state, done.carried.minor_units + done.on_top.minor_units) == ("done", new.price)
    return str(done.new_order_id)


async def _returned(stage: Stage, shop: Shop, order_id: str, remedy: str) -> str:
    items = [{"line_id": "L1", "quantity": 1, "reason": "too_small", "stated_condition": "sealed"}]
    agent = _agent(stage, shop)
    asked = await stage.call(agent, "returns", "RequestReturn", order_id=order_id, items=items, remedy=remedy)
    assert asked.receipt.facts["authorised"] == "1"
    return str(asked.receipt.id)


async def _came_back(stage: Stage, shop: Shop, rma: str, order_id: str, product: Product) -> None:
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop,
        receipt_number=f"R-{rma}",
        occurred_at=instant(await stage.now()),
        rma_id=rma,
        order_id=order_id,
        warehouse_id="W1",
        lines=[
            receipts_pb2.ReceiptLine(receipt_line_id="1", sku=product.sku, quantity=1, condition="sealed", line_id="L1")
        ],
    )
    await shop.tell(receipt, f"receipt.{rma}", "/shop/warehouse")
    await stage.settled()
    inspections = [{"unit": FIRST, "condition": "sealed", "responsibility": "customer", "disposition": "restock"}]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=inspections)


async def _delivered(stage: Stage, shop: Shop, order_id: str) -> None:
    """The new parcel reached the customer."""
    view = await stage.call(_agent(stage, shop), "returns", "GetOrderView", order_id=order_id)
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


async def _sums(stage: Stage, order_id: str) -> tuple[int, int, int]:
    """(refunded, pending, left) of an order's statement, which closes."""
    finance = stage.as_("fiona", "finance")
    found = (await stage.call(finance, "returns", "GetStatement", order_id=order_id)).statement
    assert found.closes
    return found.refunded.minor_units, found.pending.minor_units, found.left.minor_units


async def _closed(stage: Stage, rma: str) -> bool:
    await stage.settled()
    found = getattr(await stage.call(stage.as_("reader", "agent"), "returns", "GetCase", case_id=rma), "return")
    return found.summary.state in ("exchanged", "refunded")


def _agent(stage: Stage, shop: Shop) -> Any:
    return stage.as_(f"anna-{shop.tag}", "senior_agent")
