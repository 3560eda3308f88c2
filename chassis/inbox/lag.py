"""How far each partition of a service's topics is behind, by PostgreSQL's positions and Kafka's ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.inbox.store import InboxStore
from chassis.kafka_meta import KafkaAccess, identify


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition. `position` is the next offset to be applied."""

    topic: str
    partition: int
    position: int
    end: int

    @property
    def lag(self) -> int:
        return max(self.end - self.position, 0)


async def lags(access: KafkaAccess, pool: "asyncpg.Pool[Any]", topics: Iterable[str]) -> list[PartitionLag]:
    """Ask Kafka and PostgreSQL; joins no group, so any process may. Raises KafkaError or a database error."""
    store = InboxStore(pool)
    names = sorted(topics)
    kafka = AIOKafkaConsumer(
        **access.connection(), group_id=None, isolation_level="read_committed", request_timeout_ms=10_000
    )
    found: list[PartitionLag] = []
    await kafka.start()
    try:
        identity = await identify(kafka._client, [access.topic(name) for name in names])
        for name in names:
            topic = access.topic(name)
            stored = await store.positions(identity.source(topic))
            places = [TopicPartition(topic, n) for n in sorted(await kafka._client._wait_on_metadata(topic))]
            starts, ends = await kafka.beginning_offsets(places), await kafka.end_offsets(places)
            found += [
                PartitionLag(name, tp.partition, max(stored.get(tp.partition, 0), starts[tp]), ends[tp])
                for tp in places
            ]
    finally:
        await kafka.stop()
    return found
