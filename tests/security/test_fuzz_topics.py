"""Whatever a topic carries, each record has a fate, nobody who reads it dies, and nobody repeats what it says."""

import asyncio
import json
import random
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import structlog

from chassis.inbox import Inbox
from chassis.kafka_meta import KafkaAccess
from infra.local.parts import Parts
from infra.shop_simulator.bus import Bus
from tests.security.nasty import EXAMPLES, MARK, bad_json, garbage, nasty
from tests.security.served import NAMES
from tests.security.world import ANNA, World

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

HANG = 240.0
LARGEST = 900_000
TIMES = (
    "",
    "yesterday",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-11-01T10:00:00",
    "1e400",
    "\x00",
)


@pytest_asyncio.fixture(loop_scope="module")
async def bus(parts: Parts, topics: str) -> AsyncIterator[Bus]:
    async with Bus(parts.kafka_bootstrap, topic_prefix=topics) as found:
        yield found


def record(handled: Any, rng: random.Random, given: dict[str, str]) -> tuple[bytes | None, dict[str, Any]]:
    """One bad record of a type: its value and its headers."""
    message = nasty(handled, rng, given)
    sound = message.SerializeToString()
    value, content = rng.choice(
        (
            (sound, "application/protobuf"),
            (sound, "application/protobuf"),
            (garbage(rng, [sound]), "application/protobuf"),
            (bad_json(message, rng), "application/json"),
            (bad_json(message, rng), "application/json; charset=utf-16"),
            (sound, "text/html"),
        )
    )
    attributes: dict[str, Any] = {
        "ce_specversion": b"1.0",
        "ce_id": secrets.token_hex(8).encode(),
        "ce_source": b"/shop",
        "ce_type": handled.full_name.encode(),
        "ce_time": b"2026-11-01T10:00:00Z",
        "content-type": content.encode(),
    }
    spoilt = rng.choice((None, None, None, *attributes))
    if spoilt == "ce_time":
        attributes[spoilt] = rng.choice(TIMES).encode()
    elif spoilt is not None and spoilt != "ce_type":
        attributes[spoilt] = rng.choice((b"", b"\xff\xfe", b"\x00", None, b"attribute" * 3000))
    return rng.choice((value, value, value, value, None)), attributes


@pytest.mark.parametrize("name", NAMES)
async def test_every_record_has_a_fate(
    shops: World, parts: Parts, topics: str, bus: Bus, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Applied, ignored or parked with a reason that repeats nothing of the payload; nothing waits, and nobody dies."""
    service, rng = shops.services[name], random.Random(name)
    stores, kafka = service.stores, KafkaAccess(parts.kafka_bootstrap, topics)
    inbox = Inbox(
        name,
        service.wiring.subscriptions,
        access=kafka,
        units=stores.units,
        pool=stores.pool,
        build="fuzz",
        pause_after_kinds=10**6,
    )
    ends: dict[tuple[str, int], int] = {}
    for subscription in service.wiring.subscriptions:
        for message_class, _ in subscription.handlers.values():
            for n in range(EXAMPLES * 2):
                value, headers = record(message_class.DESCRIPTOR, rng, shops.ids[name, ANNA.order_id])
                if len(value or b"") > LARGEST:
                    continue  # no broker takes it
                told = await bus._producer.send_and_wait(
                    topics + subscription.topic,
                    value,
                    key=rng.choice((b"", b"\xff\x00", b"k%d" % n) if value is None else (None, b"k%d" % n)),
                    headers=list(headers.items()),
                )
                place = (subscription.topic, told.partition)
                ends[place] = max(ends.get(place, 0), told.offset + 1)
    with structlog.testing.capture_logs() as lines:
        running = asyncio.create_task(inbox.run())
        try:
            async with asyncio.timeout(HANG):
                while {place: inbox.positions().get(place, 0) for place in ends} != ends:
                    assert not running.done(), "the consumer ended"
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"records wait: {inbox.not_ready()}; {lines[-3:]}") from None
        finally:
            await inbox.stop()
            await running
    rows = await stores.pool.fetch("SELECT topic, ce_type, reason, detail FROM parked")
    told = [(row["reason"], row["detail"]) for row in rows if MARK in row["reason"] + row["detail"]]
    assert told == []
    assert [line for line in lines if MARK in json.dumps(line, default=str)] == []
    assert 0 < len(rows) <= sum(ends.values())
