"""A service's log filled the way it is in production: its own consumer on the records of many parcels."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.place import Place
from bench.shipments import TOPIC, Record, produce
from chassis.inbox import Inbox
from chassis.runtime.process import context_of
from chassis.runtime.stores import Stores

PATIENCE = 300.0


async def consume(here: Place, stores: Stores, records: Sequence[Record]) -> None:
    """Returns when every record is applied and its position is stored."""
    topic = here.access.topic(TOPIC)
    await produce(here.access.bootstrap, topic, records)
    ends = await _ends(here, topic)
    wiring = here.definition.wire(context_of(here.settings, stores))
    subscriptions = [s for s in wiring.subscriptions if s.topic == TOPIC]
    inbox = Inbox(
        here.definition.model.name,
        subscriptions,
        access=here.access,
        units=stores.units,
        pool=stores.pool,
        build="bench",
    )
    [consumer] = inbox.consumers
    running = asyncio.create_task(inbox.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while any(consumer.positions().get(n, 0) < end for n, end in ends.items()):
                await asyncio.sleep(0.02)
    finally:
        await inbox.stop()
        await running


async def _ends(here: Place, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(topic, **here.access.connection(), enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = consumer.partitions_for_topic(topic) or set()
        found = await consumer.end_offsets([TopicPartition(topic, n) for n in partitions])
        return {tp.partition: end for tp, end in found.items()}
    finally:
        await consumer.stop()
