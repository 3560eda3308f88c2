"""Complaints about one lot meet in one investigation, and each customer is told of its cause once. What comes back of
the lot is in it too."""

from typing import Any

from aftercare.returns.v1 import events_pb2

from infra.demo.stage import Stage
from infra.shop_simulator.bus import Fact
from tests.e2e.goods import FIRST, came_back, returned
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


async def test_what_comes_back_of_a_lot_is_looked_into_before_anybody_complains(stage: Stage, shop: Shop) -> None:
    """Two kettles of one lot come back faulty. Each is counted once, also where Kafka brings an older word about it
    again; a grade that is put right takes one out."""
    agent, lot = stage.as_(f"quinn-{shop.tag}", "senior_agent"), f"LOT-{shop.tag}"
    rmas = {}
    for name in ("Ida", "Otto"):
        order = await shop.order(shop.customer(name, "en"), (KETTLE, 1), lot=lot)
        await shop.delivered(order)
        rma = await returned(stage, shop, order.order_id, "refund", reason="faulty", condition="damaged")
        found = {"condition": "damaged", "responsibility": "maker", "disposition": "scrap"}
        await came_back(stage, shop, rma, order.order_id, KETTLE, **found)
        rmas[rma] = order
    await stage.settled()

    async def looked_into() -> Any:
        listed = await stage.call(
            agent, "quality_complaints", "ListInvestigations", filter=f'sku = "{KETTLE.sku}" AND lot_id = "{lot}"'
        )
        (investigation,) = listed.investigations
        return investigation

    first = await looked_into()
    assert ({unit.return_id for unit in first.evidence}, len(first.members)) == (set(rmas), 0)
    put_right, order = next(iter(rmas.items()))
    again = events_pb2.ReturnedUnitRecorded(
        shop_id=stage.shop,
        case_id=put_right,
        occurred_at=first.evidence[0].taken_at,
        order_id=order.order_id,
        customer_id=order.customer_id,
        line_id="L1",
        unit=1,
        sku=KETTLE.sku,
        version=1,
        ground="defect",
    )
    for _ in range(2):  # at two offsets, under ids of their own
        await stage.bus.publish(Fact(again, source="/aftercare/returns"))
    await stage.settled()
    assert await looked_into() == first
    inspections = [{"unit": FIRST, "condition": "damaged", "responsibility": "customer", "disposition": "scrap"}]
    warehouse = stage.as_("wanda", "warehouse")
    await stage.call(
        warehouse, "returns", "InspectUnits", rma_id=put_right, inspections=inspections, reason="it was dropped"
    )
    await stage.settled()
    assert {unit.return_id for unit in (await looked_into()).evidence} == set(rmas) - {put_right}
