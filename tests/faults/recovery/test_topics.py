"""A topic that is deleted and made again, and one that is given more partitions, while orders come in."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from infra.demo.stage import SERVICES
from tests.faults.recovery.drill import PATIENCE, Drill

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(1200)]

SHIPMENTS = "shop.shipments.v1"
ISSUES = "aftercare.shipping_issues.events.v1"


@pytest.mark.fault(19)
async def test_a_topic_made_again_is_read_from_its_beginning_and_an_operator_is_told(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """Its offsets begin at 0 below every stored position: none of its records is taken for one that was read."""
    for _ in range(server_rounds):
        await drill.orders(2)
        await drill.quiet()
        mails, goods, paid = drill.mails(), await drill.goods(), drill.stage.provider.totals()
        for topic in (SHIPMENTS, ISSUES):
            await drill.make_again(topic)
        await drill.orders(3)
        await drill.quiet()
        told = [t for name in SERVICES for t in await drill.troubles(name) if "made again" in t]
        assert {topic for topic in (SHIPMENTS, ISSUES) if any(topic in t for t in told)} == {SHIPMENTS, ISSUES}
        after = drill.mails()
        assert [id for id, n in mails.items() if after[id] != n] == []
        assert [case for case, n in (await drill.goods()).items() if n > 1 or goods.get(case, n) != n] == []
        assert drill.stage.provider.totals()["carried_out"] >= paid["carried_out"]
        await drill.stop(SERVICES)
        await drill.jobs("republish")  # what stood on the deleted topics, for whoever has not read it
        await drill.start(*(drill.component(name) for name in SERVICES))
        await drill.quiet()
        assert await drill.judged() == []
    record_property("rounds", server_rounds)


@pytest.mark.fault(19)
async def test_added_partitions_are_read_within_seconds_and_nothing_is_skipped_or_done_twice(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """Under load, without stopping anybody; the shop's producer uses them at once."""
    for _ in range(server_rounds):
        enough = asyncio.Event()
        load = asyncio.ensure_future(drill.load.run(enough, at_least=4))
        for topic in (SHIPMENTS, ISSUES):
            await _more(drill, topic, by=3)
        await drill.stage.bus.forget_partitions()
        enough.set()
        await load
        await drill.quiet()

        async def all_are_read() -> bool:
            found = [p for name in SERVICES for p in (await drill.status(name)).partitions]
            return all(p.owner for p in found) and max(p.partition for p in found if p.topic == SHIPMENTS) >= 12

        await drill.stage.until("somebody reads each partition", all_are_read, patience=PATIENCE, pause=0.5)
        await drill.quiet()
        assert await drill.judged() == []
    record_property("rounds", server_rounds)


async def _more(drill: Drill, topic: str, *, by: int) -> None:
    name = drill.kafka.topic(topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=drill.kafka.bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([name])
        await admin.create_partitions({name: NewPartitions(len(described["partitions"]) + by)})
    finally:
        await admin.close()
