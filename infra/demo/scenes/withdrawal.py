"""Scene 7: a customer withdraws in two steps; nobody declines it, and the money waits for the goods or their proof."""

from datetime import UTC
from typing import Any

import grpc

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.scenes.refund import delivered_order
from infra.demo.story import Story, at
from infra.shop_simulator.catalogue import PRODUCTS
from infra.shop_simulator.lives import Bought

ORDER = "O-13"
BOUGHT = Bought(PRODUCTS[2], 2)


async def play(story: Story) -> None:
    stage, who = story.stage, PEOPLE[4]
    story.scene(7, "A customer withdraws from the contract; nobody declines it, and the money waits for proof")
    await delivered_order(story, ORDER, (BOUGHT,), 4)
    customer = stage.as_("jonas", "customer", customer=who.customer_id)
    declared = await stage.call(customer, "returns", "DeclareMyWithdrawal", order_id=ORDER, statement="I withdraw.")
    id = declared.receipt.id
    confirmed = await stage.call(customer, "returns", "ConfirmMyWithdrawal", withdrawal_id=id)
    known = confirmed.acknowledgement
    effective = sum(unit.rule == "effective" for unit in known.units)
    noticed = at(known.noticed_at).astimezone(UTC)
    story.claim(
        "two steps; effective for both units, acknowledged with date and time",
        f"{effective} units, {noticed:%a %d %b %H:%M} UTC",
        "returns: ConfirmMyWithdrawal",
        effective == 2 and known.HasField("acknowledged_at"),
    )
    await stage.settled()
    mails = await _told(story, id)
    story.claim("the acknowledgement, by mail", mails, "notifications: ListMessages", mails == 1)
    await _waits(story, id)
    await stage.call(
        customer, "returns", "RecordMyProofOfSending", withdrawal_id=id, carrier="dhl", tracking_number="T-13"
    )
    await stage.settled()
    await _repaid(story, id)


async def _waits(story: Story, id: str) -> None:
    """The customer has the goods: the law lets the shop wait."""
    stage = story.stage
    try:
        await stage.call(stage.as_("anna", "agent"), "returns", "RepayWithdrawal", withdrawal_id=id)
        told, refused = "paid", False
    except grpc.RpcError as error:
        told, refused = str(error.details()), True
        story.say(f"  Anna wants to pay back and reads: “{told}”")
    asked = stage.provider.of_order(ORDER)["asked"]
    story.claim("paid back before goods or proof", asked, "the provider's own books", refused and asked == 0)


async def _repaid(story: Story, id: str) -> None:
    """With the proof the money is owed: by itself, or by an agent who finds it as the next step."""
    stage, anna = story.stage, story.stage.as_("anna", "agent")
    answer = await stage.call(anna, "returns", "GetWithdrawal", withdrawal_id=id)
    if any(action.rpc == "RepayWithdrawal" and not action.refused for action in answer.next_actions):
        await stage.call(anna, "returns", "RepayWithdrawal", withdrawal_id=id)

    async def paid_out() -> int:
        return stage.provider.of_order(ORDER)["paid_out"]

    paid = await stage.until("the provider has paid the withdrawal back", paid_out)
    await stage.settled()
    whole = BOUGHT.product.price * BOUGHT.quantity + 490
    story.claim(
        "paid back with the outward shipping, and nothing kept",
        f"{paid} of {whole} cents",
        "the provider's own books",
        paid == whole,
    )
    answer = await stage.call(anna, "returns", "GetWithdrawal", withdrawal_id=id)
    duties = {duty.name: duty.state for duty in answer.withdrawal.duties}
    story.claim("the shop's duty to pay back", duties.get("repay", "-"), "GetWithdrawal", duties.get("repay") == "done")


async def _told(story: Story, id: str) -> int:
    agent: Any = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "notifications", "ListMessages", filter=f'case_id = "{id}"')
    return sum(1 for message in listed.messages if message.sent_at.seconds)
