"""Scene 10: a shirt is exchanged for a dearer one; its worth is carried over, and the difference is paid on top."""

from typing import Any

from aftercare.orders.v1 import receipts_pb2

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.scenes.refund import delivered_order
from infra.demo.story import Story, fact
from infra.shop_simulator.catalogue import PRODUCTS, VARIANTS, instant
from infra.shop_simulator.lives import Bought

ORDER = "O-16"
OLD, NEW = PRODUCTS[2], next(product for product in VARIANTS if product.sku == "TEE-ORG-M")
UNIT = {"line_id": "L1", "unit": 1}


async def play(story: Story) -> None:
    stage, who = story.stage, PEOPLE[2]
    story.scene(10, "A shirt is exchanged for a dearer one; what it was worth is carried over")
    await delivered_order(story, ORDER, (Bought(OLD, 1),), 2)
    customer = stage.as_("mia", "customer", customer=who.customer_id)
    items = [{"line_id": "L1", "quantity": 1, "reason": "not_as_expected", "stated_condition": "sealed"}]
    asked = await stage.call(customer, "returns", "RequestMyReturn", order_id=ORDER, items=items, remedy="exchange")
    rma = asked.receipt.id
    wanted: dict[str, Any] = {
        "rma_id": rma,
        "unit": UNIT,
        "sku": NEW.sku,
        "price": {"minor_units": NEW.price, "currency": "EUR"},
    }
    shown = await stage.call(customer, "returns", "ExchangeMyUnit", validate_only=True, **wanted)
    story.say(
        f"  Before she asks she reads: worth {shown.receipt.facts['worth']}, on top {shown.receipt.facts['on_top']}"
    )
    await stage.call(customer, "returns", "ExchangeMyUnit", **wanted)
    await _state(story, rma, "reserved")
    now = await stage.now()
    line = receipts_pb2.ReceiptLine(receipt_line_id="1", sku=OLD.sku, quantity=1, line_id="L1")
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop, receipt_number="R-116", occurred_at=instant(now), rma_id=rma, order_id=ORDER, lines=[line]
    )
    await story.publish(fact(receipt, "R-116", "/shop/warehouse"))
    await stage.settled()
    found = [{"unit": UNIT, "condition": "sealed", "responsibility": "customer", "disposition": "restock"}]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=found)
    done = await _state(story, rma, "done")
    await stage.settled()
    sums = (done.carried.minor_units, done.on_top.minor_units, done.back.minor_units)
    story.claim(
        "carried over, on top, back",
        f"{sums[0]} + {sums[1]} = {NEW.price} cents, back {sums[2]}",
        "returns: ListExchanges",
        sums == (OLD.price, NEW.price - OLD.price, 0),
    )
    paid = stage.provider.of_order(ORDER)["paid_out"]
    story.claim("money paid back for the old shirt", f"{paid} cents", "the provider's own books", paid == 0)
    for order_id in (ORDER, done.new_order_id):
        answer = await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=order_id)
        word = "closes" if answer.statement.closes else "does not close"
        story.claim(f"the statement of {order_id}", word, "returns: GetStatement", answer.statement.closes)


async def _state(story: Story, rma: str, wanted: str) -> Any:
    """The one exchange of the return, once it stands there."""
    stage, anna = story.stage, story.stage.as_("anna", "agent")

    async def there() -> Any:
        (known,) = (await stage.call(anna, "returns", "ListExchanges", rma_id=rma)).exchanges
        return known if known.state == wanted else None

    return await stage.until(f"the exchange is {wanted}", there)
