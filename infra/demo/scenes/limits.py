"""Scene 5: an agent above the limit is refused, a second person approves; a discount and a full refund race."""

import asyncio
from typing import Any

import grpc

from infra.demo.scenes.refund import delivered_order
from infra.demo.story import Story, euros
from infra.shop_simulator.catalogue import PRODUCTS
from infra.shop_simulator.lives import Bought

ORDER, RACE = "O-7", "O-8"
UNIT = {"line_id": "L1", "unit": 1}


async def play(story: Story) -> None:
    story.scene(5, "Above the limit a second person decides; a keep-it discount and a full refund race")
    await _approval(story)
    await _race(story)


async def _approval(story: Story) -> None:
    stage = story.stage
    await delivered_order(story, ORDER, (Bought(PRODUCTS[7], 1),), 3)
    tom, sara = stage.as_("tom", "agent"), stage.as_("sara", "supervisor")
    items = [{"line_id": "L1", "quantity": 1, "reason": "faulty"}]
    rma = (await stage.call(tom, "returns", "RequestReturn", order_id=ORDER, items=items)).receipt.id
    discount: dict[str, Any] = {"order_id": ORDER, "units": [UNIT], "reason": "faulty", "rma_id": rma}
    amount = {"minor_units": 6000, "currency": "EUR"}
    await stage.settled()
    before = await stage.events()
    try:
        await stage.call(tom, "returns", "GiveKeepItDiscount", amount=amount, **discount)
        story.claim("the agent is refused", "accepted", "returns: GiveKeepItDiscount", holds=False)
    except grpc.RpcError as error:
        story.say(f"  Tom wants to give 60.00 EUR and reads: “{error.details()}”")
        new = sum((await stage.events()).values()) - sum(before.values())
        story.claim("the agent above the limit is refused; new events", new, "the four logs", new == 0)
    asked = await stage.call(
        tom,
        "returns",
        "RequestApproval",
        case_id=rma,
        action="GiveKeepItDiscount",
        amount=amount,
        reason="scratched cup",
    )
    approval = asked.receipt.facts["approval_id"]
    try:
        await stage.call(tom, "returns", "GrantApproval", case_id=rma, approval_id=approval)
        story.claim("who asked cannot approve", "approved", "returns: GrantApproval", holds=False)
    except grpc.RpcError as error:
        story.claim("who asked cannot approve", error.code().name, "returns: GrantApproval", holds=True)
    await stage.call(sara, "returns", "GrantApproval", case_id=rma, approval_id=approval)
    await stage.call(tom, "returns", "GiveKeepItDiscount", amount=amount, approval_id=approval, **discount)
    await stage.settled()

    async def paid_out() -> int:
        return stage.provider.of_order(ORDER)["paid_out"]

    paid = await stage.until("the provider has paid the discount", paid_out)
    story.claim("approved by a second person and paid out", f"{paid} cents", "the provider's own books", paid == 6000)


async def _race(story: Story) -> None:
    stage = story.stage
    await delivered_order(story, RACE, (Bought(PRODUCTS[3], 1),), 4)
    anna, ben = stage.as_("anna", "senior_agent"), stage.as_("ben", "supervisor")
    items = [{"line_id": "L1", "quantity": 1, "reason": "damaged"}]
    rma = (await stage.call(anna, "returns", "RequestReturn", order_id=RACE, items=items)).receipt.id
    full = {"minor_units": PRODUCTS[3].price, "currency": "EUR"}
    keep = stage.call(
        anna,
        "returns",
        "GiveKeepItDiscount",
        order_id=RACE,
        units=[UNIT],
        amount={"minor_units": 2000, "currency": "EUR"},
        reason="damaged",
        rma_id=rma,
    )
    refund = stage.call(ben, "returns", "RefundReturn", rma_id=rma, units=[UNIT], amount=full, reason="damaged")
    answers = await asyncio.gather(keep, refund, return_exceptions=True)
    refused = [a for a in answers if isinstance(a, grpc.RpcError)]
    for error in refused:
        story.say(f"  The second reads: “{error.details()}”")
    story.claim("of a discount and a full refund at once, refused", len(refused), "the two answers", len(refused) == 1)
    await stage.settled()
    ledger = (await stage.call(stage.as_("fiona", "finance"), "returns", "GetLedger", order_id=RACE)).ledger
    given = sum(g.amount.minor_units for g in ledger.grants if g.state not in ("failed", "released"))
    givers = ", ".join(f"{euros(g.amount)} by {g.given_by.id}" for g in ledger.grants)
    story.claim(
        "given to the customer, at most what was paid",
        f"{given} of {ledger.entitlement.minor_units} cents ({givers})",
        "returns: GetLedger",
        0 < given <= ledger.entitlement.minor_units,
    )
