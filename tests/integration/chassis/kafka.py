"""Real topics and real records for the kernel's tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from chassis.kafka_meta import KafkaAccess

PATIENCE = 20.0


async def eventually(check: Callable[[], Awaitable[bool]], what: str = "", within: float = PATIENCE) -> None:
    """Return as soon as `check` holds; fail after a generous while."""
    try:
        async with asyncio.timeout(within):
            while not await check():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"did not happen within {within} s: {what or check}") from None


@dataclass(frozen=True, slots=True)
class Fact:
    """A record to send. Without `headers` it is a proper CloudEvent made of the other fields."""

    value: bytes | None
    key: bytes | None = None
    partition: int = 0
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)


class OddName(str):
    """A header name that a client with another character set might send."""

    def encode(self, *_: Any) -> bytes:
        return b"na\xefve"


@dataclass(slots=True)
class Broker:
    """What a shop, an operator or a bystander may do with Kafka."""

    access: KafkaAccess
    admin: AIOKafkaAdminClient
    producer: AIOKafkaProducer

    async def make(self, topic: str, partitions: int = 2) -> None:
        await self.admin.create_topics([NewTopic(self.access.topic(topic), partitions, 1)])
        await self.producer.client.force_metadata_update()

    async def remove(self, topic: str) -> None:
        await self.admin.delete_topics([self.access.topic(topic)])

        async def gone() -> bool:
            topics = await self.admin.list_topics()
            return self.access.topic(topic) not in topics

        await eventually(gone, "topic deleted")

    async def send(self, topic: str, facts: Sequence[Fact]) -> list[int]:
        """Send in order; the offsets they got."""
        offsets = []
        for fact in facts:
            sent = await self.producer.send_and_wait(
                self.access.topic(topic), fact.value, key=fact.key, partition=fact.partition, headers=fact.headers
            )
            offsets.append(sent.offset)
        return offsets

    async def send_odd_names(self, topic: str, facts: Sequence[Fact]) -> None:
        """Send one batch whose records have one more header each, with a name that is not UTF-8."""
        batch = self.producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(
            2, 0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=0, batch_size=100_000
        )
        for fact in facts:
            headers = [*fact.headers, (OddName("odd"), b"1")]
            batch.append(timestamp=None, key=fact.key, value=fact.value, headers=headers)
        await (await self.producer.send_batch(batch, self.access.topic(topic), partition=0))

    async def limit(self, topic: str, most: int) -> None:
        """Let the topic take no batch of more bytes than this."""
        changed = {"max.message.bytes": str(most)}
        await self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self.access.topic(topic), changed)])

    async def cut_off(self, topic: str, partition: int, before: int) -> None:
        """Let retention take every record below `before`."""
        place = TopicPartition(self.access.topic(topic), partition)
        await self.admin.delete_records({place: RecordsToDelete(before)})

    async def commit(self, group: str, topic: str, offsets: dict[int, int]) -> None:
        """Set a group's offsets, as a lag tool or an older version might have."""
        consumer = AIOKafkaConsumer(**self.access.connection(), group_id=group, enable_auto_commit=False)
        consumer.assign([TopicPartition(self.access.topic(topic), n) for n in offsets])
        await consumer.start()
        await consumer.commit({TopicPartition(self.access.topic(topic), n): o for n, o in offsets.items()})
        await consumer.stop()

    async def committed(self, group: str, topic: str, partition: int) -> int | None:
        offsets = await self.admin.list_consumer_group_offsets(group)
        found = offsets.get(TopicPartition(self.access.topic(topic), partition))
        return None if found is None else found.offset

    async def read(self, topic: str, count: int) -> list[ConsumerRecord[Any, Any]]:
        """The first `count` records of a topic, by partition and offset."""
        consumer = AIOKafkaConsumer(**self.access.connection(), group_id=None, auto_offset_reset="earliest")
        name = self.access.topic(topic)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(name, n) for n in sorted(await consumer._client._wait_on_metadata(name))])
            await consumer.seek_to_beginning()
            found: list[ConsumerRecord[Any, Any]] = []
            try:
                async with asyncio.timeout(PATIENCE):
                    while len(found) < count:
                        for records in (await consumer.getmany(timeout_ms=100)).values():
                            found += records
            except TimeoutError:
                raise AssertionError(f"{len(found)} records instead of {count} within {PATIENCE} s") from None
            return sorted(found, key=lambda r: (r.partition, r.offset))
        finally:
            await consumer.stop()

    async def exists(self, topic: str) -> bool:
        try:
            return bool(await self.admin.describe_topics([self.access.topic(topic)]))
        except UnknownTopicOrPartitionError:
            return False


@asynccontextmanager
async def broker(access: KafkaAccess) -> AsyncIterator[Broker]:
    """An admin and a producer for one test."""
    admin = AIOKafkaAdminClient(**access.connection())
    producer = AIOKafkaProducer(**access.connection(), linger_ms=0)
    await admin.start()
    await producer.start()
    try:
        yield Broker(access, admin, producer)
    finally:
        await producer.stop()
        await admin.close()
