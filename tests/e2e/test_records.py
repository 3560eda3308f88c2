"""Records nobody can apply: set aside with their reason, seen, repaired and redriven; all others flow on."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiokafka import AIOKafkaProducer

from docs.examples import plug_in_a_shop as example
from infra.demo.stage import Stage
from tests.e2e.command import aftercare
from tests.e2e.shop import Shop

PARTITION = 0
"""All records of these tests stand in one partition, the broken ones first."""


@pytest_asyncio.fixture(loop_scope="package")
async def producer(stage: Stage) -> AsyncIterator[AIOKafkaProducer]:
    """A plain client."""
    made = AIOKafkaProducer(bootstrap_servers=stage.environment.kafka)
    await made.start()
    yield made
    await made.stop()


async def test_a_malformed_record_is_parked_seen_repaired_and_redriven(
    stage: Stage, shop: Shop, producer: AIOKafkaProducer
) -> None:
    """A record behind it in the same partition does not wait; the repaired one is applied like any other."""
    topic, kind, key, message = await _said(stage, shop.tag, "OrderRecorded")
    whole = json.dumps(message).encode()
    await _send(stage, producer, topic, kind, key, whole[:-9], "broken")
    behind = await _said(stage, f"{shop.tag}-b", "OrderRecorded")
    await _send(stage, producer, *behind[:3], json.dumps(behind[3]).encode(), "behind")
    await stage.settled()
    agent = stage.as_("reader", "agent")
    known = await stage.call(agent, "returns", "GetOrderView", order_id=f"O-{shop.tag}-b")
    assert known.order.version == 1
    for name in ("returns", "shipping_issues", "quality_complaints"):
        (record,) = await _parked(stage, name, key)
        assert (record.reason, record.type) == ("UNDECODABLE", f"aftercare.orders.v1.{kind}")
    seen = await aftercare(stage, "operator", "parked", "list", "--json")
    assert seen.code == 0, seen.errors
    listed = [record for record in json.loads(seen.output) if record["key"] == key]
    assert [record["service"] for record in listed] == ["returns", "shipping_issues", "quality_complaints"]
    place = stage.stack.layout.root / "repaired.json"
    place.write_bytes(whole)
    for record in listed:
        done = await aftercare(
            stage, "operator", "parked", "redrive", record["parked_id"], "--service", record["service"],
            "--replacement", str(place), "--reason", "cut short",
        )  # fmt: skip
        assert done.code == 0, done.errors

    async def applied() -> bool:
        return not [r for name in stage.services for r in await _parked(stage, name, key)]

    await stage.until("the repaired record is applied everywhere", applied)
    assert (await stage.call(agent, "returns", "GetOrderView", order_id=f"O-{shop.tag}")).order.version == 1


async def test_a_record_whose_decision_always_raises_is_parked_with_its_reason(
    stage: Stage, shop: Shop, producer: AIOKafkaProducer
) -> None:
    """A parcel that answers a request nobody made: parked at once, repaired by taking the claim away."""
    topic, kind, key, message = await _said(stage, shop.tag, "ShipmentCreated")
    nobody = "si.01890000-0000-7000-8000-000000000000.1"
    await _send(
        stage, producer, topic, kind, key, json.dumps(message | {"fulfilmentRequestId": nobody}).encode(), "claims"
    )
    behind = await _said(stage, f"{shop.tag}-b", "ShipmentCreated")
    await _send(stage, producer, *behind[:3], json.dumps(behind[3]).encode(), "behind")
    await stage.settled()
    (record,) = await _parked(stage, "shipping_issues", key)
    assert record.reason == "NOT_FOUND"
    assert (await _parcel(stage, f"S-{shop.tag}-b")) == f"S-{shop.tag}-b"
    events = await stage.events()
    again = await stage.call(
        stage.operator, "shipping_issues", "RedriveParked", parked_id=record.parked_id, reason="perhaps now"
    )
    assert again.receipt.id == record.parked_id

    async def tried() -> bool:
        (found,) = await _parked(stage, "shipping_issues", key)
        return bool(found.attempts >= 1 and found.state == "waiting")

    await stage.until("it was tried again, and still cannot be", tried)
    assert await stage.events() == events
    place = stage.stack.layout.root / "parcel.json"
    place.write_bytes(json.dumps(message).encode())
    done = await aftercare(
        stage, "operator", "parked", "redrive", record.parked_id, "--service", "shipping_issues",
        "--replacement", str(place), "--reason", "claims a request nobody made",
    )  # fmt: skip
    assert done.code == 0, done.errors

    async def applied() -> bool:
        return not await _parked(stage, "shipping_issues", key)

    await stage.until("the repaired record is applied", applied)
    assert (await _parcel(stage, f"S-{shop.tag}")) == f"S-{shop.tag}"


async def test_an_unknown_type_is_counted_and_listed_and_not_parked(
    stage: Stage, shop: Shop, producer: AIOKafkaProducer
) -> None:
    """A shop may publish more than we read."""
    kind = f"LoyaltyPointsGiven{shop.tag.replace('-', '')}"
    for n in range(3):
        await _send(stage, producer, "shop.orders.v1", kind, f"L-{shop.tag}", b"{}", f"points-{n}")
    await stage.settled()
    done = await aftercare(stage, "operator", "parked", "ignored", "--service", "returns", "--json")
    listed = {row["type"]: row for row in json.loads(done.output)}
    assert int(listed[f"aftercare.orders.v1.{kind}"]["count"]) == 3
    assert await _parked(stage, "returns", f"L-{shop.tag}") == []


async def _said(stage: Stage, tag: str, kind: str) -> tuple[str, str, str, dict[str, Any]]:
    """What the example shop says, one record of it."""
    records = example.records(tag, now=await stage.now())
    return next(record for record in records if record[1] == kind)


async def _send(
    stage: Stage, producer: AIOKafkaProducer, topic: str, kind: str, key: str, value: bytes, ce_id: str
) -> None:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{key}.{ce_id}",
        "ce_source": "/my-shop",
        "ce_type": f"aftercare.orders.v1.{kind}",
        "content-type": "application/json",
    }
    await producer.send_and_wait(
        stage.stack.topic_prefix + topic,
        value,
        key=key.encode(),
        partition=PARTITION,
        headers=[(name, text.encode()) for name, text in headers.items()],
    )


async def _parked(stage: Stage, name: str, key: str) -> list[Any]:
    """The parked records of this key."""
    found = await stage.call(stage.operator, name, "ListParked", filter=f'key = "{key}"')
    return list(found.records)


async def _parcel(stage: Stage, shipment_id: str) -> str:
    agent = stage.as_("reader", "agent")
    found = await stage.call(agent, "shipping_issues", "GetShipment", shipment_id=shipment_id)
    return str(found.shipment.shipment_id)
