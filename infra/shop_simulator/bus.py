"""How the shop's systems speak on Kafka: CloudEvents in binary mode, protobuf or JSON, not always in order or once."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aftercare.common.v1 import event_pb2
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from google.protobuf import json_format
from google.protobuf.message import Message


@dataclass(frozen=True, slots=True)
class Fact:
    """One record to publish. `ce_id` stays the same however often it is sent."""

    message: Message
    ce_id: str = field(default_factory=lambda: str(uuid4()))
    source: str = "/shop"
    as_json: bool = False

    @property
    def topic(self) -> str:
        """Where its contract says it travels."""
        return str(event_options(self.message).topics[0])

    @property
    def key(self) -> str:
        return str(getattr(self.message, event_options(self.message).key))


def event_options(message: Message) -> Any:
    """The contract's own word on a message: topics and key field."""
    return message.DESCRIPTOR.GetOptions().Extensions[event_pb2.event]


def headers(fact: Fact) -> list[tuple[str, bytes]]:
    """CloudEvents attributes as Kafka headers."""
    occurred = getattr(fact.message, "occurred_at", None)
    instant = occurred.ToDatetime(tzinfo=UTC) if occurred is not None else datetime.now(UTC)
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": fact.ce_id,
        "ce_source": fact.source,
        "ce_type": fact.message.DESCRIPTOR.full_name,
        "ce_time": instant.isoformat().replace("+00:00", "Z"),
        "ce_shopid": str(getattr(fact.message, "shop_id", "")),
        "content-type": "application/json" if fact.as_json else "application/protobuf",
    }
    return [(name, value.encode()) for name, value in attributes.items()]


def payload(fact: Fact) -> bytes:
    """The message as the fact's content type says."""
    if fact.as_json:
        return json.dumps(json_format.MessageToDict(fact.message)).encode()
    return fact.message.SerializeToString(deterministic=True)


class Bus:
    """One producer for all actors of a process."""

    def __init__(self, bootstrap: str, *, topic_prefix: str = "") -> None:
        self.bootstrap, self.prefix = bootstrap, topic_prefix
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
        self.sent = 0

    async def __aenter__(self) -> "Bus":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def publish(self, *facts: Fact) -> None:
        """Send in the given order and wait until the broker has them."""
        acknowledgements = [
            await self._producer.send(
                self.prefix + fact.topic, payload(fact), key=fact.key.encode(), headers=headers(fact)
            )
            for fact in facts
        ]
        await asyncio.gather(*acknowledgements)
        self.sent += len(facts)

    async def forget_partitions(self) -> None:
        """Ask the broker again how many partitions there are; by itself the client does so every few minutes."""
        await self._producer.client.force_metadata_update()

    async def publish_raw(self, topic: str, key: bytes, value: bytes, attributes: Mapping[str, bytes]) -> None:
        """Send bytes as they are, however broken."""
        await self._producer.send_and_wait(self.prefix + topic, value, key=key, headers=list(attributes.items()))
        self.sent += 1

    async def consume(
        self,
        group: str,
        topics: Sequence[str],
        types: Sequence[type[Message]],
        act: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Hand every message of a known type to `act`; at least once, offsets after the deed. Runs until cancelled."""
        known = {t.DESCRIPTOR.full_name: t for t in types}
        consumer = AIOKafkaConsumer(
            *(self.prefix + topic for topic in topics),
            bootstrap_servers=self.bootstrap,
            group_id=self.prefix + group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=500,
            session_timeout_ms=6000,
        )
        await consumer.start()
        try:
            async for record in consumer:
                attributes = dict(record.headers)
                message_class = known.get((attributes.get("ce_type") or b"").decode())
                if message_class is not None:
                    await act(_parse(message_class, record.value, attributes))
                await consumer.commit()
        finally:
            await consumer.stop()


def _parse(message_class: type[Message], value: bytes, attributes: Mapping[str, bytes]) -> Message:
    message = message_class()
    if attributes.get("content-type") == b"application/json":
        json_format.Parse(value, message, ignore_unknown_fields=True)
    else:
        message.ParseFromString(value)
    return message


def unruly(facts: Sequence[Fact], rng: random.Random, *, twice: float = 0.1) -> list[Fact]:
    """The same facts as a real shop sends them: neighbours swapped, some sent twice, some as JSON."""
    out = [Fact(f.message, f.ce_id, f.source, rng.random() < 0.3) for f in facts]
    for n in range(len(out) - 1):
        if rng.random() < 0.3:
            out[n], out[n + 1] = out[n + 1], out[n]
    return [copy for f in out for copy in ([f, f] if rng.random() < twice else [f])]
