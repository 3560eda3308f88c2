"""One subscription's consumer: from an assignment to records behind us, and back to nothing when anything is in doubt.

PostgreSQL decides where a partition resumes. Only after a partition's own seek do its records reach the applier,
because records of the group's offset may arrive while the listener still asks the database. What cannot be made right
in place (a listener that fails, a position that went back, a topic made again) ends the consumer; its host restarts it.
"""

# long: one consumer's life from its assignment to its end, which only reads as a whole

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError

from chassis.inbox.applying import Applier
from chassis.inbox.assignment import PositionLost, take_over
from chassis.inbox.deciding import BLOCKING
from chassis.inbox.entries import Entry, Reader, arrived, tell_taken
from chassis.inbox.keeping import Keeper
from chassis.inbox.lease import Abandoned, Lease, LeaseLost
from chassis.inbox.redrive import Redriver
from chassis.inbox.store import InboxStore
from chassis.kafka_meta import KafkaAccess
from chassis.service import Subscription
from chassis.told import told

log = structlog.get_logger(__name__)

SESSION = 10.0
ASSIGN_SHARE = 0.8  # of the session, for a listener: no heartbeat is sent before it is done
DRAIN_LIMIT = 15.0
"""Seconds a revocation waits for the transaction in flight; the group allows thirty."""
TICK = 1.0


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """See the module. `host` gives it its Kafka client and starts it again when `ended` is set."""

    def __init__(
        self, subscription: Subscription, access: KafkaAccess, reader: Reader, applier: Applier, store: InboxStore
    ) -> None:
        self.topic, self.kafka_topic = subscription.topic, access.topic(subscription.topic)
        self._reader, self.applier, self._store = reader, applier, store
        self._redriver = Redriver(self.topic, reader, applier, store)
        self._serial = asyncio.Lock()
        self._lease: Lease | None = None
        self._poll_lease: Lease | None = None
        self._poll_terms: dict[int, int] = {}
        self._running: asyncio.Task[None] | None = None
        self._keeper = Keeper(self.kafka_topic)
        self.kafka: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self.ended = asyncio.Event()
        self.halted = self.took_over = False
        self.session = SESSION
        self.trouble = "not started yet"
        self._turned_at = time.monotonic()

    def turn(self) -> None:
        """The loop went round. Every wait in it ends well before the limit of liveness."""
        self._turned_at = time.monotonic()

    def turn_age(self) -> float:
        """Seconds since the loop last went round."""
        return time.monotonic() - self._turned_at

    def not_ready(self) -> str:
        """Why records wait; empty while they do not."""
        blocked = "" if self._lease is None else self._lease.blocked()
        return self.trouble or self.applier.trouble or blocked or self._keeper.silence

    @property
    def paused(self) -> bool:
        """Whether the topic waits for an operator."""
        return self.applier.paused

    def positions(self) -> Mapping[int, int]:
        """The stored position of each partition this consumer owns."""
        return {} if self._lease is None else {n: place.stored for n, place in self._lease.places.items()}

    def read_to(self) -> dict[TopicPartition, int]:
        """The next offset expected of each partition this consumer owns."""
        places = {} if self._lease is None else self._lease.places
        return {TopicPartition(self.kafka_topic, n): place.read_to for n, place in places.items()}

    def end(self, why: str, *, halted: bool = False) -> None:
        """Nothing more is taken from this run of the consumer."""
        if not self.ended.is_set():
            log.error("consumer_halted" if halted else "consumer_ended", topic=self.topic, why=why)
        self.trouble, self.halted = why, self.halted or halted
        if self._lease is not None:
            self._lease.leaving.set()
        self._lease = None
        self.ended.set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self.drain()

    async def drain(self) -> None:
        """Let the transaction in flight end; what has not begun stays in Kafka."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        lease.leaving.set()
        if self._running is not None and not self._running.done():
            await asyncio.wait({self._running}, timeout=DRAIN_LIMIT)
            self._running.cancel()
        await self._keeper.commit(self.kafka(), lease)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.turn()
        try:
            async with asyncio.timeout(self.session * ASSIGN_SHARE):
                await self._take_over(assigned)
        except PositionLost as lost:
            self.end(str(lost), halted=True)
        except (*BLOCKING, KafkaError) as error:
            self.end(f"assignment failed: {told(error)}")
        except Exception as error:
            log.exception("assignment_failed", topic=self.topic)
            self.end(f"assignment failed: {told(error)}")

    async def _take_over(self, assigned: set[TopicPartition]) -> None:
        kafka = self.kafka()
        if kafka is None:
            raise LeaseLost("assigned while stopping")
        lease = await take_over(kafka, assigned, self.topic, self.kafka_topic, self._store)
        await self.applier.load(lease)
        self.applier.paused = await self._store.paused(self.topic)
        self._keeper.begin()
        self._lease, self.trouble, self.took_over = lease, "", True
        kafka.resume(*assigned)
        log.info("partitions_assigned", topic=self.topic, positions={n: p.read_to for n, p in lease.places.items()})

    async def handle(self, records: tuple[ConsumerRecord, ...]) -> None:
        """Take one poll's records. Returns when they are on their way and those before are behind us. Never raises."""
        lease = self._lease
        if lease is None or lease is not self._poll_lease:
            return
        try:
            await self._pass_on(lease, records)
        except Exception as error:  # FastStream would swallow it and read on: these records would be skipped
            log.exception("poll_failed", topic=self.topic)
            self.end(f"poll failed: {told(error)}")

    async def _pass_on(self, lease: Lease, records: tuple[ConsumerRecord, ...]) -> None:
        entries = await self._take(lease, records)
        await self._before(lease)
        if entries and lease is self._lease:
            queued = asyncio.Event()
            self._running = asyncio.create_task(self._apply(entries, lease, queued), name=f"inbox {self.topic}")
            flag = asyncio.ensure_future(queued.wait())
            await asyncio.wait({self._running, flag}, return_when=asyncio.FIRST_COMPLETED)
            flag.cancel()
            await asyncio.sleep(0)  # lets the writer send before the next poll, which may not yield at all

    async def _take(self, lease: Lease, records: tuple[ConsumerRecord, ...]) -> list[Entry]:
        entries: list[Entry] = []
        identified = False
        for record in records:
            place = lease.places.get(record.partition)
            if place is None or place.blocked_by or place.term != self._poll_terms[record.partition]:
                continue
            if record.offset < place.read_to:
                if not identified and not await self._same_topic(lease):
                    return []
                identified = True
                continue
            place.read_to = record.offset + 1
            entry = self._reader.read(arrived(self.topic, record), place.source)
            entry.term = place.term
            entries.append(entry)
        tell_taken(self.topic, entries)
        return entries

    async def _before(self, lease: Lease) -> None:
        """Wait for the batch before this one, and while the topic is paused."""
        if self._running is not None:
            await asyncio.wait({self._running})
        while self.paused and lease is self._lease:
            self.turn()
            await asyncio.sleep(TICK / 4)

    async def _apply(self, entries: list[Entry], lease: Lease, queued: asyncio.Event) -> None:
        try:
            async with self._serial:
                await self.applier.apply(entries, lease, queued)
        except Abandoned:
            pass
        except LeaseLost as lost:
            self.end(str(lost))
        except Exception as error:
            log.exception("batch_failed", topic=self.topic)
            self.end(f"batch failed: {told(error)}")

    def polled(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        """These records have left Kafka's client and are on their way to `handle`.

        Told in the same step as the poll returns: what is sought after it makes them records of another time.
        """
        self._poll_lease = self._lease
        self._poll_terms = {} if self._lease is None else {n: p.term for n, p in self._lease.places.items()}
        self._keeper.polled(found)

    def poll_failed(self, error: Exception) -> None:
        """A poll raised. Without a group offset that is expected until the seek; all else ends the consumer."""
        if not isinstance(error, NoOffsetForPartitionError):
            self.end(f"cannot read: {told(error)}")

    async def tick(self) -> None:
        """What is due about once a second: group offsets, the pause, the topic's identity, operators' requests."""
        lease, kafka = self._lease, self.kafka()
        if lease is None or kafka is None:
            return
        if not lease.places:  # others have it all, or the topic was deleted and may be there again
            if self._keeper.identity_due():
                await self._keeper.source(kafka)
            return
        try:
            self.applier.paused = await self._store.paused(self.topic)
            await self._keeper.commit(kafka, lease)
            if self._keeper.identity_due() and not await self._same_topic(lease):
                return
            if not await self._turn_within(5 * TICK):
                return
            try:
                self._keeper.try_blocked_again(kafka, lease)
                await self._keeper.pass_markers(kafka, lease, self.applier.units)
                if self.applier.index:
                    self.applier.index.keep(await self._store.still_parked(self.topic, list(lease.places)))
                await self._redriver.carry_out(lease)
            finally:
                self._serial.release()
        except Abandoned:
            pass
        except LeaseLost as lost:
            self.end(str(lost))
        except (*BLOCKING, KafkaError) as error:
            log.warning("inbox_tick_failed", topic=self.topic, error=repr(error))

    async def _turn_within(self, seconds: float) -> bool:
        """Wait for the batch in flight. One that waits for the store keeps its turn: False then."""
        try:
            async with asyncio.timeout(seconds):
                return await self._serial.acquire()
        except TimeoutError:
            return False

    async def _same_topic(self, lease: Lease) -> bool:
        """Whether the topic under this name is still the one the lease is about; ends the consumer where not."""
        source = await self._keeper.source(self.kafka())
        if source is None or {place.source for place in lease.places.values()} == {source}:
            return True
        self.end(f"topic {self.kafka_topic} was made again: it is now {source}")
        return False
