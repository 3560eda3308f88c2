"""Scene 8: while a return is open the bank takes the money back; the customer gets it once."""

import grpc
from aftercare.orders.v1 import payments_pb2, receipts_pb2

from infra.demo.scenes.refund import delivered_order
from infra.demo.story import Story, fact
from infra.shop_simulator.catalogue import PRODUCTS, instant, money
from infra.shop_simulator.lives import Bought

ORDER, DISPUTE = "O-14", "D-14"
UNIT = {"line_id": "L1", "unit": 1}
WHOLE = PRODUCTS[4].price + 490


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(8, "While a return is open the bank takes the money back; the customer gets it once")
    await delivered_order(story, ORDER, (Bought(PRODUCTS[4], 1),), 1)
    anna = stage.as_("anna", "agent")
    items = [{"line_id": "L1", "quantity": 1, "reason": "changed_mind", "stated_condition": "sealed"}]
    rma = (await stage.call(anna, "returns", "RequestReturn", order_id=ORDER, items=items)).receipt.id
    now = await stage.now()
    line = receipts_pb2.ReceiptLine(receipt_line_id="1", sku=PRODUCTS[4].sku, quantity=1, line_id="L1")
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop, receipt_number="R-114", occurred_at=instant(now), rma_id=rma, order_id=ORDER, lines=[line]
    )
    await story.publish(fact(receipt, "R-114", "/shop/warehouse"))
    await stage.settled()
    found = [{"unit": UNIT, "condition": "sealed", "responsibility": "customer", "disposition": "restock"}]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=found)
    opened = payments_pb2.DisputeOpened(
        shop_id=stage.shop,
        dispute_id=DISPUTE,
        occurred_at=instant(now),
        order_id=ORDER,
        tender_id="card",
        amount=money(WHOLE, "EUR"),
        reason="not_received",
    )
    await story.publish(fact(opened, DISPUTE, "/shop/payments"))
    await stage.settled()
    ledger = (await stage.call(stage.as_("fiona", "finance"), "returns", "GetLedger", order_id=ORDER)).ledger
    story.claim("the order's ledger while the dispute is open", _word(ledger.frozen), "GetLedger", ledger.frozen)
    await _refused(story, rma, "while the dispute is open")
    lost = payments_pb2.DisputeClosed(
        shop_id=stage.shop,
        dispute_id=DISPUTE,
        occurred_at=instant(await stage.now()),
        order_id=ORDER,
        tender_id="card",
        outcome=payments_pb2.DISPUTE_OUTCOME_LOST,
        amount=money(WHOLE, "EUR"),
    )
    await story.publish(fact(lost, f"{DISPUTE}.closed", "/shop/payments"))
    await stage.settled()
    await _refused(story, rma, "after the bank has paid")
    statement = (await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=ORDER)).statement
    story.claim(
        "what the customer has, by the bank alone",
        f"{statement.refunded.minor_units} of {statement.paid.minor_units} cents",
        "returns: GetStatement",
        statement.refunded.minor_units == statement.paid.minor_units == WHOLE and statement.closes,
    )


async def _refused(story: Story, rma: str, when: str) -> None:
    """The goods are here and inspected; a refund would be the same money a second time."""
    stage, anna = story.stage, story.stage.as_("anna", "agent")
    told = await stage.call(anna, "returns", "GetCase", case_id=rma)
    offered = any(a.rpc == "RefundReturn" and not a.refused for a in getattr(told, "return").next_actions)
    try:
        await stage.call(anna, "returns", "RefundReturn", rma_id=rma, units=[UNIT], reason="return")
        refused = False
    except grpc.RpcError as error:
        refused = True
        story.say(f"  Anna wants to refund {when} and reads: “{error.details()}”")
    asked = stage.provider.of_order(ORDER)["asked"]
    story.claim(
        f"refunds asked of the provider {when}",
        f"{asked}, {'offered' if offered else 'not offered'} to the agent",
        "the provider's own books, GetCase",
        refused and not offered and asked == 0,
    )


def _word(frozen: bool) -> str:
    return "frozen" if frozen else "open"
