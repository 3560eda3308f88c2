"""Whole topics read, and published again byte for byte, as a shop does that cannot say what was read of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from aiokafka import AIOKafkaProducer, ConsumerRecord

from chassis.kafka_meta import KafkaAccess
from tests.faults.oracle import read_all


@dataclass(frozen=True, slots=True)
class Told:
    """One record as it stood on a topic."""

    topic: str
    record: ConsumerRecord


async def everything_on(kafka: KafkaAccess, topics: Iterable[str]) -> list[Told]:
    """All records of these topics, topic by topic and partition by partition."""
    return [Told(topic, record) for topic in sorted(topics) for record in await read_all(kafka, topic)]


async def publish_again(kafka: KafkaAccess, told: Sequence[Told], *, new_ids: bool = False) -> None:
    """The same keys, headers and bytes; with `new_ids` each is another fact to whoever counts by CloudEvents id."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for one in told:
            headers = list(one.record.headers)
            if new_ids:
                headers = [(name, str(uuid4()).encode() if name == "ce_id" else raw) for name, raw in headers]
            await producer.send(kafka.topic(one.topic), one.record.value, key=one.record.key, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()
