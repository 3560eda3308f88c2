"""Scene 4: a couponed order, one unit of three back with one unannounced; the provider hangs; returns is killed."""

from datetime import timedelta

from aftercare.orders.v1 import receipts_pb2, shipments_pb2

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.story import Cast, Story, euros, fact
from infra.shop_simulator.catalogue import PRODUCTS, instant
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record

ORDER = "O-6"


async def delivered_order(
    story: Story, order_id: str, bought: tuple[Bought, ...], person: int, *, lot: str = ""
) -> None:
    """An order that was placed, paid, sent and delivered."""
    stage, who = story.stage, PEOPLE[person]
    now = await stage.now()
    order = order_record(stage.shop, order_id, who, bought, placed_at=now - timedelta(days=5))
    parcel = f"S-{order_id[2:]}"
    delivered = about_parcel(
        shipments_pb2.Delivered, order, parcel, at=now - timedelta(days=2), delivery_key="1", handed_to="recipient"
    )
    await story.publish(  # the delivery first: the order in which facts come does not matter
        fact(delivered, f"{parcel}.delivered"),
        fact(order, f"{order_id}.1"),
        fact(captured_record(order), f"{order_id}.capture"),
        fact(parcel_record(order, parcel, at=now - timedelta(days=4), promised_by=None, lot=lot), f"{parcel}.1"),
        fact(about_parcel(shipments_pb2.HandedOver, order, parcel, at=now - timedelta(days=4)), f"{parcel}.handed"),
    )
    story.cast.append(Cast(order_id, who.given_name, who.customer_id))
    await stage.settled()


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(4, "One of three shirts comes back, a stranger in the box; the provider hangs and returns is killed")
    await delivered_order(story, ORDER, (Bought(PRODUCTS[2], 3, coupon=500),), 1)
    customer = stage.as_("customer", "customer", customer=PEOPLE[1].customer_id)
    items = [{"line_id": "L1", "quantity": 1, "reason": "too_small", "stated_condition": "sealed"}]
    asked = await stage.call(customer, "returns", "RequestMyReturn", order_id=ORDER, items=items)
    rma = asked.receipt.id
    story.say(f"  The customer asks, the policy answers: “{asked.decision.outcome}” by {_spoke(asked.decision)}")
    await _box_arrives(story, rma)
    stage.provider.stage(ORDER, "hang")
    await _inspect_and_refund(story, rma)

    async def carried_out() -> int:
        return stage.provider.of_order(ORDER)["carried_out"]

    await stage.until("the provider has carried the refund out, and says nothing", carried_out)
    pid = stage.kill("returns")
    story.say(f"  The provider did it and hangs. kill -9 {pid}: returns is gone, not knowing.")
    await stage.restart("returns")
    now = await stage.now()
    await stage.set_clock(now + timedelta(hours=2))

    async def settled() -> bool:
        statement = (
            await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=ORDER)
        ).statement
        return bool(statement.refunded.minor_units and not statement.pending.minor_units)

    await stage.until("the look-up has told what became of the refund", settled)
    await stage.settled()
    await _close(story)


def _spoke(decision: object) -> str:
    clauses = getattr(decision, "clauses", ())
    return ", ".join(c.clause_id for c in clauses if c.verdict == "allows") or "no clause"


async def _box_arrives(story: Story, rma: str) -> None:
    """The warehouse receives the shirt and, unannounced, a mug set."""
    stage = story.stage
    now = await stage.now()
    lines = [
        receipts_pb2.ReceiptLine(
            receipt_line_id="1", sku=PRODUCTS[2].sku, quantity=2, condition="sealed", line_id="L1"
        ),
    ]
    receipt = receipts_pb2.ReceiptMade(
        shop_id=stage.shop,
        receipt_number="R-100",
        occurred_at=instant(now),
        rma_id=rma,
        order_id=ORDER,
        warehouse_id="W1",
        lines=lines,
    )
    await story.publish(fact(receipt, "R-100", "/shop/warehouse"))
    await stage.settled()
    answer = await stage.call(stage.as_("anna", "agent"), "returns", "GetCase", case_id=rma)
    found = getattr(answer, "return")
    findings = [f for r in found.receipts for line in r.lines for f in line.findings]
    story.claim(
        "announced 1, in the box 2; found", ", ".join(findings) or "nothing", "returns: GetCase", "extra" in findings
    )


async def _inspect_and_refund(story: Story, rma: str) -> None:
    stage = story.stage
    unit = {"line_id": "L1", "unit": 1}
    inspections = [
        {"unit": unit, "condition": "sealed", "responsibility": "customer", "disposition": "restock"},
    ]
    await stage.call(stage.as_("wanda", "warehouse"), "returns", "InspectUnits", rma_id=rma, inspections=inspections)
    await stage.call(stage.as_("anna", "agent"), "returns", "RefundReturn", rma_id=rma, units=[unit], reason="return")


async def _close(story: Story) -> None:
    stage = story.stage
    books = stage.provider.of_order(ORDER)
    story.claim("provider carried out", books["carried_out"], "the provider's own books", books["carried_out"] == 1)
    statement = (await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=ORDER)).statement
    rows: list[tuple[str, ...]] = [
        (x.subject, x.title, euros(x.paid), euros(x.refunded), euros(x.pending), euros(x.kept)) for x in statement.lines
    ]
    rows.append(("", "sum", *map(euros, (statement.paid, statement.refunded, statement.pending, statement.kept))))
    story.table(f"Statement of {ORDER}", ("unit or component", "title", "paid", "refunded", "pending", "kept"), rows)
    rest = statement.paid.minor_units - sum(
        m.minor_units for m in (statement.refunded, statement.pending, statement.kept)
    )
    story.claim(
        "paid - refunded - pending - kept", f"{rest} cents", "returns: GetStatement", rest == 0 and statement.closes
    )
    story.claim(
        "the ledger's refund is the provider's",
        f"{statement.refunded.minor_units} = {books['paid_out']}",
        "returns: GetStatement, the provider's own books",
        statement.refunded.minor_units == books["paid_out"],
    )
