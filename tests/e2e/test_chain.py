"""Goods for goods, then money: every statement closes at each step, and nothing is given twice over the chain."""

from datetime import timedelta
from typing import Any

from aftercare.orders.v1 import orders_pb2, shipments_pb2

from infra.demo.stage import Stage
from tests.e2e.goods import FIRST, agent_of, came_back, delivered, refunded, returned, sums
from tests.e2e.shop import LAMP, Shop, refusal

SHIPPING = 490


async def test_paid_lost_replaced_and_the_defective_replacement_is_paid_back_once(stage: Stage, shop: Shop) -> None:
    """The replacement cost nothing and stands for what was paid: its price goes back by the first order."""
    order = await shop.order(shop.customer("Rosa"), (LAMP, 1))
    new = await _sent_again(stage, shop, order)
    assert [await sums(stage, one) for one in (order.order_id, new)] == [(0, 0, LAMP.price + SHIPPING), (0, 0, 0)]
    await delivered(stage, shop, new)
    await _paid_back(stage, shop, new)
    assert [await sums(stage, one) for one in (order.order_id, new)] == [(LAMP.price, 0, SHIPPING), (0, 0, 0)]
    items = [{"line_id": "L1", "quantity": 1, "reason": "faulty"}]
    asked = {"order_id": order.order_id, "items": items, "remedy": "refund"}
    assert (await refusal(stage, agent_of(stage, shop), "returns", "RequestReturn", **asked))[1] == "NOTHING_LEFT"
    books = [stage.provider.of_order(one) for one in (order.order_id, new)]
    assert [(book["carried_out"], book["paid_out"]) for book in books] == [(1, LAMP.price), (0, 0)]


async def test_replaced_and_the_first_parcel_turns_up_and_money_is_for_one_of_the_two(stage: Stage, shop: Shop) -> None:
    """What turned up is owed back and gives no money: only the one that stands for what was paid does, once."""
    order = await shop.order(shop.customer("Sara"), (LAMP, 1))
    new = await _sent_again(stage, shop, order)
    await stage.set_clock(await stage.now() + timedelta(hours=1))
    await shop.about(shipments_pb2.Delivered, order, at=await stage.now(), delivery_key="late", handed_to="recipient")
    await stage.settled()
    assert await sums(stage, order.order_id) == (0, 0, LAMP.price + SHIPPING)
    first = await returned(stage, shop, order.order_id, "refund")
    await came_back(stage, shop, first, order.order_id, LAMP)
    agent = agent_of(stage, shop)
    _, reason, _ = await refusal(stage, agent, "returns", "RefundReturn", rma_id=first, units=[FIRST], reason="return")
    assert reason == "NOTHING_LEFT"
    await delivered(stage, shop, new)
    await _paid_back(stage, shop, new)
    assert [await sums(stage, one) for one in (order.order_id, new)] == [(LAMP.price, 0, SHIPPING), (0, 0, 0)]
    assert stage.provider.of_order(order.order_id)["paid_out"] == LAMP.price


async def _sent_again(stage: Stage, shop: Shop, order: orders_pb2.OrderRecorded) -> str:
    """The carrier broke it, an agent sends another: the new order's id, whatever of it was heard of first."""
    case_id = await shop.damaged(order)
    agent = agent_of(stage, shop)
    await stage.call(agent, "shipping_issues", "Reship", case_id=case_id)

    async def sent() -> Any:
        case = (await stage.call(agent, "shipping_issues", "GetCase", case_id=case_id)).shipping_issue
        return case.remedies[-1].reference if case.remedies[-1].state == "done" else ""

    order_or_parcel = str(await stage.until("the goods left once more", sent))
    await stage.settled()
    return f"O{order_or_parcel[1:]}"


async def _paid_back(stage: Stage, shop: Shop, order_id: str) -> None:
    """It is broken, comes back and is paid back."""
    rma = await returned(stage, shop, order_id, "refund", reason="faulty", condition="damaged")
    broken = {"condition": "damaged", "responsibility": "shop", "disposition": "scrap"}
    await came_back(stage, shop, rma, order_id, LAMP, **broken)
    paid = await refunded(stage, shop, rma)
    assert paid.receipt.facts["amount"] == f"{LAMP.price} EUR"

    async def closed() -> bool:
        found = getattr(await stage.call(agent_of(stage, shop), "returns", "GetCase", case_id=rma), "return")
        return bool(found.summary.state == "refunded")

    await stage.until("the money is back", closed)
    await stage.settled()
