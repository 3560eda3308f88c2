"""Scene 9: a new policy is tried on the day's own decisions, put into force, and a cheap thing need not come back."""

import asyncio
import re
from datetime import timedelta

from aftercare.orders.v1 import shipments_pb2

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.story import Cast, Story, fact
from infra.shop_simulator.catalogue import PRODUCTS
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record

ORDER = "O-15"
MUGS = PRODUCTS[5]
_RETURNLESS = """  - id: small
    kind: returnless
    below: [25.00 EUR]
    grounds: [defect]
"""


async def play(story: Story) -> None:
    stage, sara = story.stage, story.stage.as_("sara", "supervisor")
    story.scene(9, "A new policy is tried on what was decided, put into force, and a broken mug need not come back")
    now = (await stage.call(sara, "returns", "GetPolicy", shop_id=stage.shop)).text
    text = proposed(now)
    await _what_if(story, text)
    begins = await stage.now() + timedelta(minutes=5)
    stamp = begins.isoformat().replace("+00:00", "Z")
    await stage.call(sara, "returns", "ActivatePolicy", shop_id=stage.shop, text=text, active_from=stamp)
    await stage.set_clock(begins + timedelta(hours=6))
    await _bought(story)
    await _returnless(story)


def proposed(text: str) -> str:
    """The policy in force, with less approved by itself, and small defects paid without the goods."""
    text = re.sub(r"^version: .*$", 'version: "demo"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r"up_to: \[[0-9.]+ EUR", "up_to: [100.00 EUR", text, count=1)
    return text.replace("clauses:\n", f"clauses:\n{_RETURNLESS}", 1)


async def _what_if(story: Story, text: str) -> None:
    stage, sara = story.stage, story.stage.as_("sara", "supervisor")
    recorded = await stage.value("returns", "SELECT count(*) FROM events WHERE topic = 'returns.Return.PromiseDecided'")
    before = await stage.events()
    told = await asyncio.to_thread(list, sara.stream("returns", "WhatIf", shop_id=stage.shop, text=text, examples=3))
    report = told[-1].report
    for example in report.examples:
        story.say(f"  {example.before} → {example.after} by {example.after_clause}: {example.explanation}")
    story.claim(
        "decisions of the day, decided again by what is proposed",
        f"{report.decisions} of {recorded}, {report.changed_units} units otherwise",
        "returns: WhatIf, its log",
        report.decisions == recorded and report.changed_units > 0,
    )
    new = sum((await stage.events()).values()) - sum(before.values())
    story.claim("new events by the what-if", new, "the four logs", new == 0)


async def _bought(story: Story) -> None:
    """An order that the new version governs, delivered within hours."""
    stage, who = story.stage, PEOPLE[3]
    now = await stage.now()
    order = order_record(stage.shop, ORDER, who, (Bought(MUGS, 1),), placed_at=now - timedelta(hours=5))
    parcel = "S-15"
    delivered = about_parcel(
        shipments_pb2.Delivered, order, parcel, at=now - timedelta(hours=1), delivery_key="1", handed_to="recipient"
    )
    await story.publish(
        fact(order, f"{ORDER}.1"),
        fact(captured_record(order), f"{ORDER}.capture"),
        fact(parcel_record(order, parcel, at=now - timedelta(hours=4), promised_by=None), f"{parcel}.1"),
        fact(about_parcel(shipments_pb2.HandedOver, order, parcel, at=now - timedelta(hours=4)), f"{parcel}.handed"),
        fact(delivered, f"{parcel}.delivered"),
    )
    story.cast.append(Cast(ORDER, who.given_name, who.customer_id))
    await stage.settled()


async def _returnless(story: Story) -> None:
    stage, anna = story.stage, story.stage.as_("anna", "agent")
    customer = stage.as_("grace", "customer", customer=PEOPLE[3].customer_id)
    items = [{"line_id": "L1", "quantity": 1, "reason": "damaged"}]
    asked = await stage.call(customer, "returns", "RequestMyReturn", order_id=ORDER, items=items)
    rma = asked.receipt.id
    story.say(f"  The customer reads: “{asked.decision.outcome}”, by policy version {asked.decision.policy_version}")
    answer = await stage.call(anna, "returns", "GetCase", case_id=rma)
    if any(a.rpc == "RefundReturn" and not a.refused for a in getattr(answer, "return").next_actions):
        await stage.call(anna, "returns", "RefundReturn", rma_id=rma, reason="damaged")

    async def paid_out() -> int:
        return stage.provider.of_order(ORDER)["paid_out"]

    paid = await stage.until("the provider has paid for the mugs", paid_out)
    await stage.settled()
    (unit,) = getattr(await stage.call(anna, "returns", "GetCase", case_id=rma), "return").units
    kept = type(unit).DESCRIPTOR.fields_by_name["goods"].enum_type.values_by_number[unit.goods].name
    story.claim(
        "a damaged set of mugs: paid back, and where it is",
        f"{paid} cents, {kept.removeprefix('GOODS_').lower().replace('_', ' ')}",
        "the provider's own books, GetCase",
        paid == MUGS.price and kept == "GOODS_KEPT_BY_CUSTOMER",
    )
