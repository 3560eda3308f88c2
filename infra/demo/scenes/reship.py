"""Scene 3: one order's story; two agents press reship at once; the first parcel turns up after all."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
from aftercare.orders.v1 import shipments_pb2

from infra.demo.scenes.silence import first_order
from infra.demo.story import Story, at, fact
from infra.shop_simulator.lives import about_parcel


async def shipping_case(story: Story, order_id: str) -> Any:
    """The newest shipping case of an order."""
    agent = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "shipping_issues", "ListCases", filter=f'order_id = "{order_id}"')
    return max(listed.cases, key=lambda c: c.updated_at.seconds)


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(3, "Two agents press reship at once; one parcel goes out; then the first one turns up")
    case = await shipping_case(story, "O-1")
    anna, ben = stage.as_("anna", "senior_agent"), stage.as_("ben", "senior_agent")
    answers = await asyncio.gather(
        stage.call(anna, "shipping_issues", "Reship", case_id=case.case_id),
        stage.call(ben, "shipping_issues", "Reship", case_id=case.case_id),
        return_exceptions=True,
    )
    refused = [a for a in answers if isinstance(a, grpc.RpcError)]
    accepted = [a for a in answers if not isinstance(a, BaseException)]
    story.claim("accepted", len(accepted), "answers to the two agents", len(accepted) == 1)
    for error in refused:
        story.say(f"  The other agent reads: “{error.details()}”")
    await stage.settled()

    async def sent() -> list[Any]:
        return await stage.rows("shipping_issues", "SELECT 1 FROM effects WHERE state = 'succeeded'")

    await stage.until("the shop has sent the goods again", sent)
    await stage.settled()
    asked = await stage.rows("shipping_issues", "SELECT count(*) AS n, max(attempt) AS a FROM effects")
    story.claim("new parcels asked of the shop", asked[0]["n"], "shipping_issues: effects", asked[0]["n"] == 1)
    await _tell(story, case.case_id)
    await _turns_up(story, case.case_id)


async def _tell(story: Story, case_id: str) -> None:
    agent = story.stage.as_("anna", "agent")
    told = await story.stage.call(agent, "shipping_issues", "GetCaseStory", case_id=case_id)
    rows = [(f"{at(e.at):%a %H:%M}", e.what, e.text, e.actor.id) for e in told.entries]
    story.table("Order O-1, as `aftercare cases show` tells it", ("when", "what", "in words", "by"), rows)


async def _turns_up(story: Story, case_id: str) -> None:
    stage = story.stage
    order = first_order(story, "O-1")
    now = await stage.now()
    delivered = about_parcel(
        shipments_pb2.Delivered, order, "S-1", at=now + timedelta(minutes=5), delivery_key="1", handed_to="neighbour"
    )
    await stage.set_clock(now + timedelta(minutes=10))
    await story.publish(fact(delivered, "S-1.delivered", "/shop/carrier"))
    await stage.settled()
    told = await stage.call(stage.as_("anna", "agent"), "shipping_issues", "GetCaseStory", case_id=case_id)
    story.claim(
        "the first parcel turns up, and the case knows",
        told.entries[-1].text or told.entries[-1].what,
        "shipping_issues: GetCaseStory",
        at(told.entries[-1].at) >= now,
    )
