"""Changes before dispatch on real Kafka and PostgreSQL: a shop that does it, one that will not, one that is silent, and
a parcel that is faster."""

from datetime import timedelta
from typing import Any

import pytest
from aftercare.orders.v1 import orders_pb2, shipments_pb2

from infra.demo.stage import Stage
from tests.e2e.shop import LAMP, SHIRT, Shop, refusal

MIND = "changed_mind"


@pytest.mark.timeout(400)
async def test_what_a_customer_cancels_is_done_refused_unanswered_or_overtaken(stage: Stage, shop: Shop) -> None:
    """Done: exactly one refund of what was paid. Refused: told, nothing moved. Silent: a person's task after the
    answer-by time. Overtaken: a return, and the shop's late word after it moves no money."""
    who = shop.customer("Nina")
    nina = stage.as_(who.customer_id, "customer", customer=who.customer_id)
    done, no, late, faster = [await shop.order(who, (SHIRT, 2)) for _ in range(4)]
    stage.warehouse.stage(no.order_id, "refuse")
    for order in (late, faster):
        stage.warehouse.stage(order.order_id, "silent")
    await stage.settled()

    found = (await stage.call(nina, "returns", "GetMyChangeable", order_id=done.order_id)).changeable
    assert [(line.packed, line.cancellable, line.swappable) for line in found.lines] == [(2, 2, 0)]
    before = await stage.events()
    quoted = await stage.call(nina, "returns", "RequestMyChange", **_one(done), validate_only=True)
    assert (quoted.receipt.facts["back"], quoted.receipt.facts["refund"]) == ("1999 EUR", "1999 EUR")
    assert await stage.events() == before

    asked = {order.order_id: await _asked(stage, nina, order) for order in (done, no, late, faster)}
    code, reason, _ = await refusal(stage, nina, "returns", "RequestMyChange", **_one(done, 2))
    assert (code, reason) == ("FAILED_PRECONDITION", "NOT_CHANGEABLE")
    await shop.about(shipments_pb2.HandedOver, faster, at=await stage.now())
    await stage.until("the refund is carried out", lambda: _carried_out(stage, done))
    await stage.settled()

    assert await _state(stage, nina, asked[done.order_id]) == ("done", "")
    assert stage.provider.of_order(done.order_id)["paid_out"] == SHIRT.price
    assert await _state(stage, nina, asked[no.order_id]) == ("refused", "already_packed")
    overtaken = (await stage.call(nina, "returns", "GetMyChange", change_id=asked[faster.order_id])).change
    assert overtaken.state == "overtaken"
    mine = getattr(await stage.call(nina, "returns", "GetMyReturn", rma_id=overtaken.return_id), "return")
    assert [unit.unit.unit for unit in mine.units] == [2]

    await stage.set_clock(await stage.now() + timedelta(hours=5))
    await stage.settled()
    assert await _state(stage, nina, asked[late.order_id]) == ("unanswered", "")
    agent = stage.as_(f"anna-{shop.tag}", "agent")
    await stage.call(
        agent, "returns", "AnswerChange", change_id=asked[late.order_id], done=True, reason="said on the phone"
    )
    await stage.until("that refund is carried out", lambda: _carried_out(stage, late))
    await stage.settled()
    assert [stage.provider.of_order(one.order_id)["paid_out"] for one in (done, no, late, faster)] == [1999, 0, 1999, 0]


async def test_what_is_packed_is_not_swapped(stage: Stage, shop: Shop) -> None:
    """The clause lets a swap be asked until it is packed, and says so to the agent."""
    order = await shop.order(shop.customer("Paula", "en"), (SHIRT, 1))
    await stage.settled()
    agent = stage.as_(f"ben-{shop.tag}", "agent")
    swap = {
        "reason": "too_small",
        "swap": {
            "line_id": "L1",
            "quantity": 1,
            "sku": LAMP.sku,
            "shown_price": {"minor_units": SHIRT.price, "currency": "EUR"},
        },
    }
    code, reason, words = await refusal(stage, agent, "returns", "RequestChange", order_id=order.order_id, wanted=swap)
    assert (code, reason) == ("FAILED_PRECONDITION", "NOT_CHANGEABLE")
    assert "packed" in words


def _one(order: orders_pb2.OrderRecorded, quantity: int = 1) -> dict[str, Any]:
    items = [{"line_id": "L1", "quantity": quantity}]
    return {"order_id": order.order_id, "wanted": {"reason": MIND, "cancellation": {"items": items}}}


async def _asked(stage: Stage, who: Any, order: orders_pb2.OrderRecorded) -> str:
    asked = await stage.call(who, "returns", "RequestMyChange", **_one(order))
    return str(asked.receipt.id)


async def _state(stage: Stage, who: Any, change_id: str) -> tuple[str, str]:
    known = (await stage.call(who, "returns", "GetMyChange", change_id=change_id)).change
    return known.state, known.refusal


async def _carried_out(stage: Stage, order: orders_pb2.OrderRecorded) -> bool:
    return stage.provider.of_order(order.order_id)["carried_out"] == 1
