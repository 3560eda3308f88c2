"""A parcel in trouble: found before its customer notices, told once, sent again once, and turning up after all."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
from aftercare.orders.v1 import shipments_pb2

from infra.demo.stage import Stage, body
from tests.e2e.shop import KETTLE, LAMP, Shop, parcel_of
from tests.faults.load import reason_of


async def test_a_silent_parcel_is_told_in_her_language_before_the_promise(stage: Stage, shop: Shop) -> None:
    """Silence is noticed by the clock alone; the mail says how many hours are left."""
    nina = shop.customer("Nina", "de")
    order = await shop.order(nina, (KETTLE, 1), promised_in=120)
    await shop.silent(order)

    async def told() -> bool:
        return bool(stage.mails(nina.email))

    await shop.pass_time(told)
    ((mail, message),) = stage.mails(nina.email)
    ahead = order.promises[0].deliver_by.ToDatetime() - (await stage.now()).replace(tzinfo=None)
    assert mail.language == "de"
    assert message["X-Aftercare-Hours-Before-Promise"] == str(ahead // timedelta(hours=1))
    assert ahead > timedelta(0)
    assert order.order_id in body(message)


async def test_a_late_older_scan_changes_no_case_and_sends_no_mail(stage: Stage, shop: Shop) -> None:
    """What happened before the last known sign is known now, and means nothing new."""
    oliver = shop.customer("Oliver", "en")
    order = await shop.order(oliver, (KETTLE, 1))
    handed = await stage.now()
    await shop.silent(order)

    async def told() -> bool:
        return bool(stage.mails(oliver.email))

    await shop.pass_time(told)
    before = [(c.case_id, c.version, c.state) for c in await shop.cases("shipping_issues", order)]
    mails = len(stage.mails())
    await shop.scan(order, at=handed - timedelta(minutes=20), key="older")
    await stage.settled()
    assert [(c.case_id, c.version, c.state) for c in await shop.cases("shipping_issues", order)] == before
    assert len(before) == 1
    assert len(stage.mails()) == mails


async def test_of_two_agents_who_reship_one_reads_who_did_it_and_one_parcel_leaves(stage: Stage, shop: Shop) -> None:
    """One entitlement, one parcel, whoever presses."""
    mia = shop.customer("Mia")
    order = await shop.order(mia, (LAMP, 1))
    case_id = await shop.damaged(order)
    anna, ben = stage.as_(f"anna-{shop.tag}", "senior_agent"), stage.as_(f"ben-{shop.tag}", "senior_agent")
    answers = await asyncio.gather(
        *(stage.call(agent, "shipping_issues", "Reship", case_id=case_id) for agent in (anna, ben)),
        return_exceptions=True,
    )
    (refused,) = [a for a in answers if isinstance(a, grpc.RpcError)]
    (accepted,) = [a for a in answers if not isinstance(a, BaseException)]
    winner = f"anna-{shop.tag}" if answers[0] is accepted else f"ben-{shop.tag}"
    assert reason_of(refused) == "ALREADY_REMEDIED"
    assert winner in str(refused.details())

    async def sent() -> bool:
        return bool((await _remedy(stage, case_id)).state == "done")

    await stage.until("the goods left once more", sent)
    await stage.settled()
    assert await _parcels_asked(stage, case_id) == 1
    await stage.set_clock(await stage.now() + timedelta(hours=1))
    now = await stage.now()
    await shop.about(shipments_pb2.Delivered, order, at=now, delivery_key="late", handed_to="neighbour")
    await stage.settled()
    told = await stage.call(anna, "shipping_issues", "GetCaseStory", case_id=case_id)
    assert [e.facts["status"] for e in told.entries if e.what == "ParcelTurnedUp"] == ["delivered"]
    assert await _parcels_asked(stage, case_id) == 1


async def _remedy(stage: Stage, case_id: str) -> Any:
    agent = stage.as_("reader", "agent")
    case = (await stage.call(agent, "shipping_issues", "GetCase", case_id=case_id)).shipping_issue
    return case.remedies[-1]


async def _parcels_asked(stage: Stage, case_id: str) -> int:
    listed = await stage.call(stage.operator, "shipping_issues", "ListEffects", filter=f'case_id = "{case_id}"')
    return len(listed.effects)


async def test_who_often_says_that_a_delivered_parcel_did_not_come_is_looked_at_when_returning(
    stage: Stage, shop: Shop
) -> None:
    """Shipping issues hear the reports, returns counts them; a late parcel that is missed is no such report."""
    tara = shop.customer("Tara")
    orders = [await shop.order(tara, (LAMP, 1)) for _ in range(3)]
    await shop.silent(orders[2])
    for order in orders[:2]:
        await shop.delivered(order)
    reader = stage.as_(f"anna-{shop.tag}", "agent")
    policy = await stage.call(reader, "returns", "GetPolicy", shop_id=stage.shop)
    rule = "clauses:\n  - {id: missing, kind: signal, signal: item_not_received, reports: 1, within_days: 30}\n"
    items = [{"line_id": "L1", "quantity": 1, "reason": "too_small", "stated_condition": "sealed"}]
    asked = {"order_id": orders[0].order_id, "items": items, "text": policy.text.replace("clauses:\n", rule, 1)}
    seen = []
    for order in (orders[2], *orders[:2]):
        missed = {"shipment_id": parcel_of(order), "finding": "not_received"}
        await stage.call(reader, "shipping_issues", "ReportTrouble", **missed)
        await stage.settled()
        (unit,) = (await stage.call(reader, "returns", "ExplainPolicy", **asked)).units
        seen.append((unit.outcome, unit.facts["not_received_before"].count("-") // 2))
    assert seen == [("authorise", 0), ("authorise", 1), ("person", 2)]
