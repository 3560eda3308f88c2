"""Scene 6: three complaints on one lot meet in one investigation; each customer is told once."""

from datetime import timedelta
from typing import Any

import grpc

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.scenes.refund import delivered_order
from infra.demo.story import Story
from infra.shop_simulator.catalogue import PRODUCTS, Person
from infra.shop_simulator.lives import Bought

LOT = "LOT-2211"


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(6, "Three complaints on one lot meet in one investigation; each customer is told once")
    agent = stage.as_("quinn", "senior_agent")
    complaints: list[str] = []
    for n, person in enumerate((1, 2, 3)):
        order_id = f"O-{9 + n}"
        await delivered_order(story, order_id, (Bought(PRODUCTS[1], 1),), person, lot=LOT)
        filed = await stage.call(
            agent,
            "quality_complaints",
            "FileComplaint",
            order_id=order_id,
            line_id="L1",
            quantity=1,
            symptom="leaks",
            remedy_sought="replacement",
            safety=False,
        )
        complaints.append(filed.receipt.id)
        await stage.call(
            agent, "quality_complaints", "AssessComplaint", case_id=filed.receipt.id, severity="major", urgency="normal"
        )
    opened = await stage.call(
        agent,
        "quality_complaints",
        "OpenInvestigation",
        shop_id=stage.shop,
        sku=PRODUCTS[1].sku,
        lot_id=LOT,
        symptom="leaks",
    )
    investigation = opened.receipt.id
    for case_id in complaints:
        await _join(story, agent, case_id, investigation)
    await stage.settled()
    found = (
        await stage.call(agent, "quality_complaints", "GetInvestigation", investigation_id=investigation)
    ).investigation
    members = len(found.members)
    story.claim("complaints in one investigation", members, "quality_complaints: GetInvestigation", members == 3)
    for _ in range(2):  # the second is a repeat of the first, by another hand
        try:
            await stage.call(
                agent,
                "quality_complaints",
                "RecordRootCause",
                investigation_id=investigation,
                cause="seal_batch_defect",
                escape_point="incoming_inspection",
            )
        except grpc.RpcError as refused:
            story.say(f"  Recorded again: {refused.details()}")
    await stage.settled()
    now = await stage.now()
    story.say("  It is late, and the letters can wait for others that may join them. The next morning …")
    await stage.set_clock((now + timedelta(days=1)).replace(hour=9, minute=0))
    await stage.settled()
    told = {PEOPLE[p].given_name: await _mails_about(story, investigation, PEOPLE[p]) for p in (1, 2, 3)}
    story.claim(
        "mails about the cause to each customer",
        ", ".join(f"{name} {n}" for name, n in told.items()),
        "mailbox, by the Message-ID that notifications gave it",
        all(n == 1 for n in told.values()),
    )


async def _mails_about(story: Story, investigation: str, who: Person) -> int:
    """How many mails of this investigation the mailbox has for this person."""
    terms = f'customer_id = "{who.customer_id}"'
    agent = story.stage.as_("quinn", "senior_agent")
    listed = await story.stage.call(agent, "notifications", "ListMessages", filter=terms, page_size=200)
    ours = {m.mail_message_id.strip("<>") for m in listed.messages if investigation in m.trouble}
    return sum(mail.message_id.strip("<>") in ours for mail, _ in story.stage.mails(who.email))


async def _join(story: Story, agent: Any, case_id: str, investigation: str) -> None:
    """Join, where the service has not joined it by lot already."""
    stage = story.stage
    complaint = (await stage.call(agent, "quality_complaints", "GetCase", case_id=case_id)).complaint
    if complaint.investigation_id != investigation:
        await stage.call(
            agent, "quality_complaints", "JoinInvestigation", case_id=case_id, investigation_id=investigation
        )
