"""Who may see what, and what is left of a person who is forgotten."""

from typing import Any

from chassis.kafka_meta import KafkaAccess
from infra.demo.stage import Stage
from infra.local.topics import read_topics
from tests.e2e.shop import KETTLE, SHIRT, Shop, refusal
from tests.faults.oracle import read_all


async def test_a_customers_token_sees_its_own_cases_only(stage: Stage, shop: Shop) -> None:
    """Somebody else's return and parcel look exactly like ones that do not exist."""
    grace, noah = shop.customer("Grace", "en"), shop.customer("Noah", "en")
    order = await shop.order(grace, (SHIRT, 1))
    await shop.delivered(order)
    hers = stage.as_(grace.customer_id, "customer", customer=grace.customer_id)
    his = stage.as_(noah.customer_id, "customer", customer=noah.customer_id)
    items = [{"line_id": "L1", "quantity": 1, "reason": "too_small", "stated_condition": "sealed"}]
    rma = (await stage.call(hers, "returns", "RequestMyReturn", order_id=order.order_id, items=items)).receipt.id
    assert [r.rma_id for r in (await stage.call(hers, "returns", "ListMyReturns")).returns] == [rma]
    assert list((await stage.call(his, "returns", "ListMyReturns")).returns) == []
    other = await refusal(stage, his, "returns", "GetMyReturn", rma_id=rma)
    absent = await refusal(stage, his, "returns", "GetMyReturn", rma_id="01890000-0000-7000-8000-000000000000")
    assert other[:2] == absent[:2] == ("NOT_FOUND", "NOT_FOUND")
    before = await stage.events()
    stranger = await refusal(stage, his, "returns", "RequestMyReturn", order_id=order.order_id, items=items)
    assert stranger[0] == "NOT_FOUND"
    agents = await refusal(stage, hers, "returns", "ListCases")
    assert agents[0] == "PERMISSION_DENIED"
    assert await stage.events() == before


async def test_a_forgotten_customers_plaintext_is_nowhere_and_sums_stay(stage: Stage, shop: Shop) -> None:
    """Every row of every table in four databases, and every record of our own topics, is searched."""
    sofia = shop.customer("Sofia", "en")
    order = await shop.order(sofia, (KETTLE, 1))
    case_id = await shop.damaged(order)
    agent = stage.as_(f"anna-{shop.tag}", "agent")
    note = f"{sofia.family_name} called"
    await stage.call(agent, "shipping_issues", "AddNote", case_id=case_id, text=note)

    async def told() -> bool:
        return bool(stage.mails(sofia.email))

    await stage.until("she has her mail", told)
    await stage.settled()
    shown = await stage.call(agent, "shipping_issues", "GetCaseStory", case_id=case_id)
    assert [n.text for n in shown.notes] == [note]
    paid = await _paid(stage, order.order_id)
    asked = {
        name: (
            await stage.call(stage.operator, name, "EraseCustomer", shop_id=stage.shop, customer_id=sofia.customer_id)
        ).receipt.id
        for name in stage.services
    }

    async def forgotten() -> bool:
        found = [await stage.call(stage.operator, name, "GetErasure", erasure_id=id) for name, id in asked.items()]
        return all(erasure.state == "done" for erasure in found)

    await stage.until("every service has forgotten her", forgotten)
    await stage.settled()
    words = [sofia.email, sofia.family_name]
    assert await _plaintext(stage, words) == []
    shown = await stage.call(agent, "shipping_issues", "GetCaseStory", case_id=case_id)
    assert note not in [n.text for n in shown.notes]
    assert await _paid(stage, order.order_id) == paid


async def _paid(stage: Stage, order_id: str) -> int:
    finance = stage.as_("fiona", "finance")
    return int((await stage.call(finance, "returns", "GetStatement", order_id=order_id)).statement.paid.minor_units)


async def _plaintext(stage: Stage, words: list[str]) -> list[Any]:
    """(service, table) or topic of each place where one of `words` still stands, as text or as bytes."""
    patterns = [f"%{word}%" for word in words] + [f"%{word.encode().hex()}%" for word in words]
    found: list[Any] = []
    for name in stage.services:
        for row in await stage.rows(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            table = row["tablename"]
            if await stage.value(name, f'SELECT count(*) FROM ONLY "{table}" t WHERE t::text ILIKE ANY($1)', patterns):
                found.append((name, table))
    kafka = KafkaAccess(stage.environment.kafka, stage.stack.topic_prefix)
    for topic in (t.name for t in read_topics() if t.name.startswith("aftercare.")):
        records = await read_all(kafka, topic)
        if any(word.encode() in (record.value or b"") for record in records for word in words):
            found.append(topic)
    return found
