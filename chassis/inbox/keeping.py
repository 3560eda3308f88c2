"""What a consumer owes to others about once a second, beside its records.

Nothing here decides what is applied: group offsets are for lag tools, the topic's identity is read again, blocked
partitions are tried again, and positions move over the marks that a producer's transactions leave behind.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from chassis.failpoints import failpoint
from chassis.inbox.lease import Lease
from chassis.kafka_meta import identify
from chassis.unit import Fence, Unit, Verdict
from chassis.units import Units

log = structlog.get_logger(__name__)

IDENTIFY_EVERY = 5.0
BLOCKED_FOR = 5.0
COMMIT_LIMIT = 1.0
IDENTIFY_LIMIT = 3.0


class Keeper:
    """Keeps one consumer's side matters for as long as its lease."""

    def __init__(self, kafka_topic: str) -> None:
        self._kafka_topic = kafka_topic
        self.silence = ""
        """Why it is not known what Kafka has; empty while it answers."""
        self.begin()

    def begin(self) -> None:
        """A new lease, from a Kafka that answers: nothing is told, polled or blocked yet."""
        self.silence = ""
        self._committed: dict[int, int] = {}
        self._polled_to: dict[int, int] = {}
        self._blocked_since: dict[tuple[int, int], float] = {}
        self.identified_at = time.monotonic()

    def polled(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """Records left Kafka's client: their partitions' positions are ahead of what was handled."""
        for tp, records in found.items():
            if records:
                self._polled_to[tp.partition] = records[-1].offset + 1

    def identity_due(self) -> bool:
        return time.monotonic() - self.identified_at >= IDENTIFY_EVERY

    async def source(self, kafka: AIOKafkaConsumer | None) -> str | None:
        """What the topic under this name is stored under now; None where Kafka does not say.

        A silent broker looks to a poll like a topic without news: here it is noticed, as `silence`.
        """
        if kafka is None:
            return None
        try:
            async with asyncio.timeout(IDENTIFY_LIMIT):
                found = await identify(kafka._client, [self._kafka_topic])
        except (KafkaError, TimeoutError) as error:
            log.warning("topic_not_identified", topic=self._kafka_topic, error=repr(error))
            self.silence = f"Kafka does not answer: {error!r}"
            return None
        self.identified_at, self.silence = time.monotonic(), ""
        known = kafka.partitions_for_topic(self._kafka_topic) or ()
        if found.partitions[self._kafka_topic] > len(known):
            # also a topic that was away: the client would hear of it with its next look, minutes later
            log.warning("partitions_added", topic=self._kafka_topic, partitions=found.partitions[self._kafka_topic])
            kafka._client.force_metadata_update()
        return found.source(self._kafka_topic)

    def try_blocked_again(self, kafka: AIOKafkaConsumer, lease: Lease) -> None:
        """Read blocked partitions again from their stored position: what blocked them may be readable by now."""
        for place in lease.places.values():
            if place.blocked_by:
                since = self._blocked_since.setdefault((place.partition, place.term), time.monotonic())
                if time.monotonic() - since >= BLOCKED_FOR:
                    kafka.seek(self._tp(place.partition), place.stored)
                    self._polled_to.pop(place.partition, None)
                    place.read_to, place.blocked_by, place.term = place.stored, "", place.term + 1

    async def pass_markers(self, kafka: AIOKafkaConsumer, lease: Lease, units: Units) -> None:
        """Store a position that Kafka's client moved over offsets without records (marks of transactions).

        Otherwise retention would one day leave the stored position below the log's start, as if records were lost.
        """
        for place in lease.places.values():
            position = await kafka.position(self._tp(place.partition))
            settled = place.stored == place.read_to and not place.blocked_by
            if not settled or position <= place.stored or self._polled_to.get(place.partition, 0) > place.stored:
                continue
            fence = Fence(place.source, place.partition, place.stored, position)
            judgement = await units.writer.submit(Unit(fences=[fence]))
            if judgement.verdict is Verdict.ACCEPTED:
                place.stored, place.read_to = position, max(place.read_to, position)

    async def commit(self, kafka: AIOKafkaConsumer | None, lease: Lease) -> None:
        """Tell the group how far we are. Every failure is harmless."""
        moved = {n: p.stored for n, p in lease.places.items() if p.stored and self._committed.get(n) != p.stored}
        if kafka is None or not moved:
            return
        await failpoint("before-offset-commit")
        try:
            async with asyncio.timeout(COMMIT_LIMIT):
                await kafka.commit({self._tp(n): position for n, position in moved.items()})
            self._committed |= moved
        except (KafkaError, TimeoutError) as error:
            log.debug("group_offset_not_committed", topic=self._kafka_topic, error=repr(error))

    def _tp(self, partition: int) -> TopicPartition:
        return TopicPartition(self._kafka_topic, partition)
