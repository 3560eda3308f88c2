"""Complaints about one lot meet in one investigation, and each customer is told of its cause once."""

from infra.demo.stage import Stage
from tests.e2e.shop import KETTLE, Shop


async def test_three_complaints_of_one_lot_are_one_investigation_and_one_mail_each(stage: Stage, shop: Shop) -> None:
    """However often the cause is recorded."""
    agent, lot = stage.as_(f"quinn-{shop.tag}", "senior_agent"), f"LOT-{shop.tag}"
    customers = [shop.customer(name, "en") for name in ("Lea", "Emma", "Noah")]
    complaints = []
    for who in customers:
        order = await shop.order(who, (KETTLE, 1), lot=lot)
        await shop.delivered(order)
        filed = await stage.call(
            agent,
            "quality_complaints",
            "FileComplaint",
            order_id=order.order_id,
            line_id="L1",
            quantity=1,
            symptom="leaks",
            remedy_sought="replacement",
            safety=False,
        )
        complaints.append(filed.receipt.id)
    opened = await stage.call(
        agent,
        "quality_complaints",
        "OpenInvestigation",
        shop_id=stage.shop,
        sku=KETTLE.sku,
        lot_id=lot,
        symptom="leaks",
    )
    investigation = opened.receipt.id
    for case_id in complaints:
        complaint = (await stage.call(agent, "quality_complaints", "GetCase", case_id=case_id)).complaint
        if complaint.investigation_id != investigation:
            await stage.call(
                agent, "quality_complaints", "JoinInvestigation", case_id=case_id, investigation_id=investigation
            )
    await stage.settled()
    got = await stage.call(agent, "quality_complaints", "GetInvestigation", investigation_id=investigation)
    assert sorted(member.case_id for member in got.investigation.members) == sorted(complaints)
    before = [len(stage.mails(who.email)) for who in customers]
    cause = {"investigation_id": investigation, "cause": "seal_batch_defect", "escape_point": "incoming_inspection"}
    recorded = [await stage.call(agent, "quality_complaints", "RecordRootCause", **cause) for _ in range(2)]
    assert recorded[0].receipt.version == recorded[1].receipt.version

    async def told() -> bool:
        return [len(stage.mails(who.email)) for who in customers] == [n + 1 for n in before]

    await shop.pass_time(told, step=0.2, most=2)
    await stage.settled()
    assert [len(stage.mails(who.email)) for who in customers] == [n + 1 for n in before]
