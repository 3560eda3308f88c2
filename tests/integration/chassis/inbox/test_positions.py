"""What moves a position, what must not, and who is told of it."""

from aiokafka import AIOKafkaProducer, TopicPartition

from chassis.inbox import lags
from chassis.inbox.lag import PartitionLag
from chassis.unit import Fence, Unit
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.inbox.conftest import World, fact, running
from tests.integration.chassis.kafka import eventually


async def test_an_offset_below_the_last_one_seen_rereads_the_topics_id_first(world: World) -> None:
    """Offsets that go back are repeats while the topic is the same one, and end the consumer when it is not."""
    inbox = world.inbox()
    consumer = inbox.consumers[0]
    await world.send(fact(world.name(), note="0"), fact(world.name(), note="1"))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        kafka, identified = consumer.kafka(), consumer._keeper.identified_at
        assert kafka is not None
        kafka.seek(TopicPartition(world.kafka.access.topic(world.topic), 0), 0)
        await world.send(fact(world.name(), note="2"))
        await world.reach(3, inboxes=[inbox])
        assert consumer._keeper.identified_at > identified
        assert await world.notes() == ["0", "1", "2"]
        lease = consumer._lease
        assert lease is not None
        lease.places[0].source = "cluster/another-topic"
        kafka.seek(TopicPartition(world.kafka.access.topic(world.topic), 0), 0)
        await world.waits(inbox, "was made again")
        assert lease.leaving.is_set()


async def test_positions_move_over_the_marks_of_transactions(world: World) -> None:
    """Offsets without records do not hold the position back: retention cannot overtake it while nothing is unread."""
    inbox = world.inbox()
    producer = AIOKafkaProducer(**world.kafka.access.connection(), transactional_id=world.topic)
    await producer.start()
    name = world.kafka.access.topic(world.topic)
    async with running(inbox):
        for note in ("0", "1"):
            async with producer.transaction():
                sent = fact(world.name(), note=note)
                await producer.send_and_wait(name, sent.value, key=sent.key, partition=0, headers=sent.headers)
        await world.reach(4, inboxes=[inbox])
        await world.send(fact(world.name(), note="2"))
        await world.reach(5, inboxes=[inbox])
    await producer.stop()
    assert await world.notes() == ["0", "1", "2"]


async def test_facts_of_an_aborted_transaction_are_no_facts(world: World) -> None:
    """What a producer took back was never said."""
    inbox = world.inbox()
    producer = AIOKafkaProducer(**world.kafka.access.connection(), transactional_id=world.topic)
    await producer.start()
    name, sent = world.kafka.access.topic(world.topic), fact(world.name(), note="taken back")
    await producer.begin_transaction()
    await producer.send_and_wait(name, sent.value, key=sent.key, partition=0, headers=sent.headers)
    await producer.abort_transaction()
    await producer.stop()
    await world.send(fact(world.name(), note="said"))
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
    assert await world.notes() == ["said"]


async def test_group_offsets_follow_the_stored_positions(world: World) -> None:
    """Lag tools see in Kafka what PostgreSQL says, and `lags` reads it from PostgreSQL and the partitions' ends."""
    inbox = world.inbox()
    group = inbox.group(inbox.consumers[0])
    await world.send(*(fact(world.name()) for _ in range(3)), fact(world.name(), partition=1))
    async with running(inbox):
        await world.reach(3, 1, inboxes=[inbox])

        async def told() -> bool:
            return await world.kafka.committed(group, world.topic, 0) == 3

        await eventually(told, "group offset committed")
    await world.send(fact(world.name()), fact(world.name()))
    assert await lags(world.kafka.access, world.core.pool, [world.topic]) == [
        PartitionLag(world.topic, 0, 3, 5),
        PartitionLag(world.topic, 1, 1, 1),
    ]


async def test_a_zombie_can_move_nothing(world: World, other: Core) -> None:
    """A unit that rests on an older position than the stored one is refused whole."""
    inbox = world.inbox()
    await world.send(fact(world.name()))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        source = inbox.consumers[0]._lease.places[0].source  # type: ignore[union-attr]
    judgement = await other.writer.submit(Unit(fences=[Fence(source, 0, 0, 9)]))
    assert (judgement.verdict.name, list(judgement.positions)) == ("FENCE", [1])
    assert await world.db.fetchval("SELECT position FROM tracking WHERE source = $1 AND partition = 0", source) == 1
