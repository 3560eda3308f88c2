"""Takes partitions over: each is sought to where PostgreSQL says, and stays paused until all are."""

from collections.abc import Collection

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.failpoints import failpoint
from chassis.inbox.lease import Lease, Place
from chassis.inbox.store import InboxStore
from chassis.kafka_meta import identify

log = structlog.get_logger(__name__)


class PositionLost(Exception):
    """Records between the stored position and the log's start are gone from Kafka: a person must decide."""


async def take_over(
    kafka: AIOKafkaConsumer, assigned: Collection[TopicPartition], topic: str, kafka_topic: str, store: InboxStore
) -> Lease:
    """The lease of the assigned partitions, each at its stored position; the caller resumes them.

    A topic that was deleted and made again has no position yet and is read from its beginning; that is said, because
    what was published before it and not read is gone.

    Raises PositionLost, KafkaError, or a database error; then nothing of the assignment may be read.
    """
    for tp in assigned:  # a valid position at once: else aiokafka asks for the group's, and fails without one
        kafka.pause(tp)
        kafka.seek(tp, 0)
    lease = Lease()
    if not assigned:
        return lease
    await failpoint("before-seek")
    source = (await identify(kafka._client, [kafka_topic])).source(kafka_topic)
    if await store.is_made_again(topic, source):
        log.error("topic_made_again", topic=topic, source=source)
    stored = await store.positions(source)
    starts, ends = await kafka.beginning_offsets(assigned), await kafka.end_offsets(assigned)
    for tp in assigned:
        known = stored.get(tp.partition, 0)
        position = resume_at(f"{tp.topic}/{tp.partition}", known, starts[tp], ends[tp])
        kafka.seek(tp, position)
        lease.places[tp.partition] = Place(source, tp.partition, known, position)
    return lease


def resume_at(partition: str, stored: int, start: int, end: int) -> int:
    """Where to go on: at the stored position, or at the start where nothing was ever read."""
    if stored == 0:
        return start
    if stored < start:
        raise PositionLost(f"{partition}: position {stored} is below the log's start {start}")
    if stored > end:
        raise PositionLost(f"{partition}: position {stored} is beyond the log's end {end}")
    return stored
