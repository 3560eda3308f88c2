"""Money: limits and second persons, one refund although the provider hangs, and never more than was paid."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
from aftercare.orders.v1 import orders_pb2, receipts_pb2

from infra.demo.stage import Stage
from infra.shop_simulator.catalogue import instant
from tests.e2e.shop import HEADSET, LAMP, SHIRT, Shop, refusal

FIRST = {"line_id": "L1", "unit": 1}


async def test_above_the_limit_a_second_person_carries_it_through(stage: Stage, shop: Shop) -> None:
    """The agent reads the limit, the requester cannot approve, and nothing is written by a refusal."""
    order = await _delivered(shop, HEADSET)
    tom, sara = stage.as_(f"tom-{shop.tag}", "agent"), stage.as_(f"sara-{shop.tag}", "supervisor")
    rma = await _return(stage, tom, order, "faulty")
    amount = {"minor_units": 6000, "currency": "EUR"}
    discount: dict[str, Any] = {
        "order_id": order.order_id, "units": [FIRST], "reason": "faulty", "rma_id": rma, "amount": amount,
    }  # fmt: skip
    await stage.settled()
    before = await stage.events()
    code, reason, words = await refusal(stage, tom, "returns", "GiveKeepItDiscount", **discount)
    assert (code, reason) == ("FAILED_PRECONDITION", "ABOVE_LIMIT")
    assert "30.00" in words or "3000" in words
    assert await stage.events() == before
    asked = await stage.call(
        tom, "returns", "RequestApproval", case_id=rma, action="GiveKeepItDiscount", amount=amount, reason="scratched"
    )
    approval = asked.receipt.facts["approval_id"]
    own = stage.as_(f"tom-{shop.tag}", "supervisor")
    code, _, _ = await refusal(stage, own, "returns", "GrantApproval", case_id=rma, approval_id=approval)
    assert code in ("FAILED_PRECONDITION", "PERMISSION_DENIED")
    await stage.call(sara, "returns", "GrantApproval", case_id=rma, approval_id=approval)
    await stage.call(tom, "returns", "GiveKeepItDiscount", approval_id=approval, **discount)
    await _paid(stage, order, 6000)
    assert stage.provider.of_order(order.order_id) == {"asked": 1, "carried_out": 1, "paid_out": 6000}


async def test_a_refund_is_carried_out_once_although_the_provider_hangs_and_returns_is_killed(
    stage: Stage, shop: Shop
) -> None:
    """The provider does it and says nothing; after a restart the look-up tells, and the statement closes."""
    order = await _delivered(shop, SHIRT, quantity=3, coupon=500)
    agent = stage.as_(f"anna-{shop.tag}", "agent")
    rma = await _return(stage, agent, order, "too_small")
    await _received_and_inspected(stage, shop, order, rma)
    stage.provider.stage(order.order_id, "hang")
    await stage.call(agent, "returns", "RefundReturn", rma_id=rma, units=[FIRST], reason="return")

    async def carried_out() -> int:
        return stage.provider.of_order(order.order_id)["carried_out"]

    await stage.until("the provider has done it, and says nothing", carried_out)
    stage.kill("returns")
    await stage.restart("returns")
    await stage.set_clock(await stage.now() + timedelta(hours=2))
    statement = await _settled(stage, order)
    books = stage.provider.of_order(order.order_id)
    assert books["carried_out"] == 1
    # 3 x 19.99 - 5.00 is 54.97: of equal units the first carries the larger share of the cents
    assert statement.refunded.minor_units == books["paid_out"] == 1833
    assert statement.closes
    assert statement.paid.minor_units == 5497 + 490


async def test_a_discount_and_a_full_refund_race_within_what_was_paid(stage: Stage, shop: Shop) -> None:
    """Of two who give at once the second reads what is left and who gave the rest."""
    order = await _delivered(shop, LAMP)
    anna, ben = stage.as_(f"anna-{shop.tag}", "senior_agent"), stage.as_(f"ben-{shop.tag}", "supervisor")
    rma = await _return(stage, anna, order, "damaged")
    full = {"minor_units": LAMP.price, "currency": "EUR"}
    part = {"minor_units": 2000, "currency": "EUR"}
    common: dict[str, Any] = {"units": [FIRST], "reason": "damaged", "rma_id": rma}
    answers = await asyncio.gather(
        stage.call(anna, "returns", "GiveKeepItDiscount", order_id=order.order_id, amount=part, **common),
        stage.call(ben, "returns", "RefundReturn", amount=full, **common),
        return_exceptions=True,
    )
    refused = [a for a in answers if isinstance(a, grpc.RpcError)]
    assert len(refused) == 1
    await stage.settled()
    ledger = (await stage.call(stage.as_("fiona", "finance"), "returns", "GetLedger", order_id=order.order_id)).ledger
    given = sum(g.amount.minor_units for g in ledger.grants)
    assert given in (2000, LAMP.price)
    assert ledger.entitlement.minor_units == LAMP.price + 490


async def _delivered(shop: Shop, product: Any, *, quantity: int = 1, coupon: int = 0) -> orders_pb2.OrderRecorded:
    order = await shop.order(shop.customer("Paula", "en"), (product, quantity), coupon=coupon)
    await shop.delivered(order)
    return order


async def _return(stage: Stage, agent: Any, order: orders_pb2.OrderRecorded, reason: str) -> str:
    items = [{"line_id": "L1", "quantity": 1, "reason": reason, "stated_condition": "sealed"}]
    asked = await stage.call(agent, "returns", "RequestReturn", order_id=order.order_id, items=items)
    return str(asked.receipt.id)


async def _received_and_inspected(stage: Stage, shop: Shop, order: orders_pb2.OrderRecorded, rma: str) -> None:
    """The warehouse finds one more in the box than was announced."""
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop,
        receipt_number=f"R-{shop.tag}",
        occurred_at=instant(await stage.now()),
        rma_id=rma,
        order_id=order.order_id,
        warehouse_id="W1",
        lines=[
            receipts_pb2.ReceiptLine(receipt_line_id="1", sku=SHIRT.sku, quantity=2, condition="sealed", line_id="L1")
        ],
    )
    await shop.tell(receipt, "receipt", "/shop/warehouse")
    await stage.settled()
    found = getattr(await stage.call(stage.as_("reader", "agent"), "returns", "GetCase", case_id=rma), "return")
    assert [f for r in found.receipts for line in r.lines for f in line.findings] == ["extra"]
    inspections = [{"unit": FIRST, "condition": "sealed", "responsibility": "customer", "disposition": "restock"}]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=inspections)


async def _paid(stage: Stage, order: orders_pb2.OrderRecorded, minor: int) -> None:
    async def paid() -> bool:
        return stage.provider.of_order(order.order_id)["paid_out"] == minor

    await stage.until(f"{minor} are paid out for {order.order_id}", paid)
    await stage.settled()


async def _settled(stage: Stage, order: orders_pb2.OrderRecorded) -> Any:
    finance = stage.as_("fiona", "finance")

    async def known() -> Any:
        statement = (await stage.call(finance, "returns", "GetStatement", order_id=order.order_id)).statement
        return statement if statement.refunded.minor_units and not statement.pending.minor_units else None

    return await stage.until("the look-up has told what became of the refund", known)
