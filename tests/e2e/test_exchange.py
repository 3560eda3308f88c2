"""Exchange: dearer, then cheaper, then money back, over three orders of a real shop; each statement closes."""

from typing import Any

from infra.demo.stage import Stage
from infra.shop_simulator.catalogue import PRODUCTS, VARIANTS, Product
from tests.e2e.goods import FIRST, agent_of, came_back, delivered, refunded, returned, sums
from tests.e2e.shop import SHIRT, Shop, refusal

BY_SKU = {product.sku: product for product in (*PRODUCTS, *VARIANTS)}
ORGANIC, KETTLE = BY_SKU["TEE-ORG-M"], BY_SKU["KETTLE-12"]


async def test_a_shirt_becomes_a_dearer_one_then_its_first_kind_again_then_money(stage: Stage, shop: Shop) -> None:
    """19.99 and 5.00 on top; 5.00 back by the second order; 19.99 back by the first. Three refunds asked, each once."""
    order = await shop.order(shop.customer("Paula", "en"), (SHIRT, 1))
    await shop.delivered(order)
    own = order.order_id
    second = await _exchanged(stage, shop, own, SHIRT, ORGANIC, on_top=500, back=0)
    await delivered(stage, shop, second)
    third = await _exchanged(stage, shop, second, ORGANIC, SHIRT, on_top=0, back=500)
    await delivered(stage, shop, third)
    assert await sums(stage, second) == (500, 0, 0)
    rma = await returned(stage, shop, third, "refund")
    await came_back(stage, shop, rma, third, SHIRT)
    paid = await refunded(stage, shop, rma)
    assert paid.receipt.facts["amount"] == f"{SHIRT.price} EUR"
    await stage.until("all money is back", lambda: _closed(stage, rma))
    # the shipping of the first order stays what it was
    assert [await sums(stage, one) for one in (own, second, third)] == [(1999, 0, 490), (500, 0, 0), (0, 0, 0)]
    books = [stage.provider.of_order(one) for one in (own, second, third)]
    assert [(book["carried_out"], book["paid_out"]) for book in books] == [(1, 1999), (1, 500), (0, 0)]


async def test_what_the_shop_has_not_is_refused_and_the_unit_is_free(stage: Stage, shop: Shop) -> None:
    """No such SKU: the customer reads why, and another product can be asked for at once; a second one beside it not."""
    who = shop.customer("Nina", "en")
    order = await shop.order(who, (SHIRT, 1))
    await shop.delivered(order)
    nina = stage.as_(who.customer_id, "customer", customer=who.customer_id)
    rma = await returned(stage, shop, order.order_id, "exchange")
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
    agent = agent_of(stage, shop)
    rma = await returned(stage, shop, order_id, "exchange")
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
    await came_back(stage, shop, rma, order_id, old)
    await stage.until("the exchange is done", lambda: _closed(stage, rma))
    (done,) = (await stage.call(agent, "returns", "ListExchanges", rma_id=rma)).exchanges
    assert (done.state, done.carried.minor_units + done.on_top.minor_units) == ("done", new.price)
    return str(done.new_order_id)


async def _closed(stage: Stage, rma: str) -> bool:
    await stage.settled()
    found = getattr(await stage.call(stage.as_("reader", "agent"), "returns", "GetCase", case_id=rma), "return")
    return found.summary.state in ("exchanged", "refunded")
