"""A topic on which a build parks too many kinds of record stops by itself until an operator lifts it."""

from datetime import UTC, datetime
from typing import Any

from chassis.domain import derived_id
from chassis.inbox.parking import PauseRule
from chassis.unit import ParkedRow
from tests.integration.chassis.inbox.conftest import World, broken, fact, running
from tests.integration.chassis.inbox.orders import answered, ask
from tests.integration.chassis.kafka import eventually


async def test_too_many_kinds_of_parked_record_pause_the_topic(world: World, db: Any) -> None:
    """A build that parks too many kinds for one shop in a minute stops by itself until an operator lifts it."""
    inbox = world.inbox(pause_after_kinds=1)
    await world.send(fact(world.name(), 1001), broken(world.name()))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])

        async def is_paused() -> bool:
            return inbox.paused() == [world.topic]

        await eventually(is_paused, "paused")
        reason = await db.fetchval("SELECT reason FROM paused_topics WHERE topic = $1", world.topic)
        assert reason == "build test-1 parks too many kinds of record of shop s1"
        await world.send(fact(world.name(), 5))
        consumer = inbox.consumers[0]
        turned = consumer._turned_at

        async def waits() -> bool:
            return (
                consumer._lease is not None and consumer._lease.places[0].read_to == 3 and consumer._turned_at > turned
            )

        await eventually(waits, "the record is read and waits")
        assert await world.total() == 0
        assert inbox.not_alive() == ""
        await db.execute("DELETE FROM paused_topics WHERE topic = $1", world.topic)
        await world.reach(3, inboxes=[inbox])
    assert await world.total() == 5


async def test_redrives_go_on_while_a_topic_is_paused(world: World, db: Any) -> None:
    """An operator can try a repair before lifting the pause."""
    inbox = world.inbox()
    await world.send(fact(world.name(), 2000))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        await db.execute("INSERT INTO paused_topics(topic, reason, paused_by) VALUES ($1, 'r', 'olga')", world.topic)
        asked = await ask(world, 0, "redrive", replacement=fact(world.name(), 9).value)
        assert await answered(world, asked) == ("done", "")
    assert await world.total() == 9
    await db.execute("DELETE FROM paused_topics WHERE topic = $1", world.topic)


def _row(shop: str, ce_type: str, reason: str) -> ParkedRow:
    id = derived_id(shop, ce_type, reason)
    return ParkedRow(id, "t", 0, 0, None, None, None, ce_type, shop, reason, "", b"", None, datetime.now(UTC))


def test_the_pause_rule_counts_kinds_of_one_shop_within_a_minute() -> None:
    """Many records of one kind never pause; one kind too many of one shop does, unless the first is too long ago."""
    rule = PauseRule(kinds=2, within=60)
    assert rule.note([_row("s", "A", "x")] * 1000, now=0) == ""
    assert rule.note([_row("s", "A", "y"), _row("other", "A", "z")], now=30) == ""
    assert rule.note([_row("s", "B", "x")], now=61) == ""
    assert rule.note([_row("s", "B", "y")], now=62) == "s"
    assert rule.note([_row("s", "A", "x")], now=63) == ""
