"""PostgreSQL decides where a partition resumes, whatever Kafka's groups, listeners and topics do meanwhile."""

# long: one way to lose a record after the other, all on one set of shorthands

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.inbox import Inbox
from chassis.unit import Unit
from tests.faults.oracle import read_all
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.inbox.conftest import World, fact, running
from tests.integration.chassis.kafka import eventually


async def assigned(*inboxes: Inbox) -> None:
    """Wait until each inbox has taken over its partitions."""

    async def all_have() -> bool:
        return all(inbox.consumers[0]._lease is not None for inbox in inboxes)

    await eventually(all_have, "assigned")


@pytest.mark.parametrize("group_offset", [0, 2, 3])
async def test_the_groups_offset_decides_nothing(world: World, group_offset: int) -> None:
    """Whether the group's offset is at the start, ahead, or at the end: nothing stored means from the beginning."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note=str(n)) for n in range(3)))
    await world.kafka.commit(inbox.group(inbox.consumers[0]), world.topic, {0: group_offset})
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "2"]


async def test_nothing_is_handed_over_before_the_partitions_own_seek(world: World) -> None:
    """Records of the group's offset that arrive while the listener asks the database are not applied."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note=str(n)) for n in range(3)))
    await world.kafka.commit(inbox.group(inbox.consumers[0]), world.topic, {0: 1})
    consumer = inbox.consumers[0]
    ask, asked, may_answer = consumer._store.positions, asyncio.Event(), asyncio.Event()

    async def slow(source: str) -> dict[int, int]:
        asked.set()
        await may_answer.wait()
        return await ask(source)

    consumer._store.positions = slow  # type: ignore[method-assign]
    async with running(inbox):
        await asked.wait()
        turned = consumer._turned_at

        async def polled() -> bool:
            return consumer._turned_at > turned

        await eventually(polled, "the loop polls while the listener waits")
        await world.send(fact(world.name(), note="3"))
        assert await world.notes() == []
        may_answer.set()
        await world.reach(4, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "2", "3"]


async def test_what_was_polled_before_the_partitions_own_seek_is_not_taken_after_it(world: World) -> None:
    """FastStream may call late. Taken then, records of the group's offset would pass over those before it."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note=str(n)) for n in range(3)))
    early = [r for r in await read_all(world.kafka.access, world.topic) if r.offset > 0]
    assert [record.offset for record in early] == [1, 2]
    consumer = inbox.consumers[0]
    take_over = consumer._take_over

    async def polled_before(assigned: set[TopicPartition]) -> None:
        consumer.polled({TopicPartition(r.topic, r.partition): early for r in early[:1]})
        await take_over(assigned)
        await consumer.handle(tuple(early))

    consumer._take_over = polled_before  # type: ignore[method-assign]
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "2"]


async def test_a_listener_that_fails_stops_the_consumer_and_is_tried_again(world: World) -> None:
    """No record is read on an assignment whose positions could not be learnt; the next try reads them all."""
    inbox = world.inbox()
    await world.send(fact(world.name(), note="0"))
    consumer = inbox.consumers[0]
    ask, failures = consumer._store.positions, ["first", "second"]

    async def failing(source: str) -> dict[int, int]:
        if failures:
            failures.pop()
            assert await world.notes() == []
            raise OSError("database away")
        return await ask(source)

    consumer._store.positions = failing  # type: ignore[method-assign]
    async with running(inbox):
        await world.waits(inbox, "assignment failed: OSError: database away")
        await world.reach(1, inboxes=[inbox])
        assert inbox.not_ready() == ""
    assert failures == []
    assert await world.notes() == ["0"]


async def test_a_position_below_the_logs_start_is_a_loud_stop(world: World) -> None:
    """Records lost to retention are not passed over: the consumer halts, says why, and applies nothing more."""
    first, second = world.inbox(), world.inbox()
    await world.send(fact(world.name(), 1))
    async with running(first):
        await world.reach(1, inboxes=[first])
    await world.send(*(fact(world.name(), 10) for _ in range(3)))
    await world.kafka.cut_off(world.topic, 0, 3)
    async with running(second):
        await world.waits(second, f"{world.topic}/0: position 1 is below the log's start 3")
        assert second.consumers[0].halted
        assert second.not_alive() == ""
    assert await world.total() == 1


async def test_an_offset_out_of_range_while_reading_starts_the_consumer_afresh(world: World) -> None:
    """The error FastStream would swallow ends the consumer, and the next assignment resumes where PostgreSQL says."""
    inbox = world.inbox()
    await world.send(fact(world.name(), 1))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        kafka = inbox.consumers[0].kafka()
        assert kafka is not None
        kafka.seek(TopicPartition(world.kafka.access.topic(world.topic), 0), 99)
        await world.waits(inbox, "cannot read: OffsetOutOfRangeError")
        await world.send(fact(world.name(), 1), fact(world.name(), 1))
        await world.reach(3, inboxes=[inbox])
    assert await world.total() == 3


async def test_never_read_partitions_begin_where_the_log_begins(world: World) -> None:
    """Without a stored position the start of the log is the beginning, even after retention took what was there."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note=str(n)) for n in range(4)))
    await world.kafka.cut_off(world.topic, 0, 2)
    async with running(inbox):
        await world.reach(4, inboxes=[inbox])
    assert await world.notes() == ["2", "3"]


async def test_a_topic_made_again_is_read_from_its_start(world: World) -> None:
    """Positions belong to the topic's id: the new topic's first records are not taken for old ones."""
    first, second = world.inbox(), world.inbox()
    await world.send(*(fact(world.name(), note=f"old {n}") for n in range(5)))
    async with running(first):
        await world.reach(5, inboxes=[first])
    await world.kafka.remove(world.topic)
    await world.kafka.make(world.topic)
    await world.send(*(fact(world.name(), note=f"new {n}") for n in range(3)))
    async with running(second):
        await world.reach(3, inboxes=[second])
    assert await world.notes() == [*(f"old {n}" for n in range(5)), *(f"new {n}" for n in range(3))]


async def test_a_topic_made_again_under_a_running_consumer_is_noticed(world: World) -> None:
    """The topic's id is read again while consuming, so records below the old position are not lost."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note="old") for _ in range(2)))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        await world.kafka.remove(world.topic)
        await world.kafka.make(world.topic)
        await world.send(*(fact(world.name(), note=f"new {n}") for n in range(4)))
        await world.reach(4, inboxes=[inbox])
    assert sorted(await world.notes()) == ["new 0", "new 1", "new 2", "new 3", "old", "old"]


async def test_a_missing_topic_does_not_block_the_start_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start gives up in time, says why, and succeeds once the topic is there."""
    monkeypatch.setattr("chassis.inbox.inbox.START_LIMIT", 1.0)
    await world.kafka.remove(world.topic)
    inbox = world.inbox()
    async with running(inbox):
        await world.waits(inbox, "cannot start")
        await world.kafka.make(world.topic)
        await world.send(fact(world.name()))
        await world.reach(1, inboxes=[inbox])
    assert await world.total() == 1


async def test_partitions_that_change_hands_lose_and_double_nothing(world: World, other: Core) -> None:
    """A second process joins and the first leaves while records flow; each takes effect once and in order."""
    first, second = world.inbox(max_records=10), world.inbox(other, max_records=10)
    notes = [str(n) for n in range(150)]

    async def send(some: list[str]) -> None:
        for note in some:
            await world.send(fact(world.name("a"), note=note), fact(world.name("b"), note=note, partition=1))

    task = asyncio.create_task(first.run())
    await assigned(first)
    sending = asyncio.create_task(send(notes))
    async with running(second):
        await assigned(second)

        async def shared() -> bool:
            return len(first.positions()) == len(second.positions()) == 1

        await eventually(shared, "each has one partition")
        await first.stop()
        await task
        await sending
        await world.reach(150, 150, inboxes=[second])
    assert await world.notes("a") == notes
    assert await world.notes("b") == notes
    assert await world.parked() == []


async def test_a_revocation_waits_for_the_transaction_in_flight(world: World) -> None:
    """Draining returns only when the batch that is being written is written, and nothing is begun after it."""
    inbox = world.inbox()
    consumer = inbox.consumers[0]
    submit, begun, may_end = world.core.units.submit, asyncio.Event(), asyncio.Event()

    async def slow(work: Any, unit: Unit) -> Any:
        begun.set()
        await may_end.wait()
        return await submit(work, unit)

    async with running(inbox):
        await assigned(inbox)
        world.core.units.submit = slow  # type: ignore[method-assign]
        await world.send(fact(world.name(), note="0"))
        await begun.wait()
        lease = consumer._lease
        assert lease is not None
        draining = asyncio.create_task(consumer.drain())
        await lease.leaving.wait()
        assert not draining.done()
        may_end.set()
        await draining
        assert lease.places[0].stored == 1
        assert await world.notes() == ["0"]
        consumer.end("test")


async def test_a_question_that_kafka_never_answers_keeps_nobody_from_ending(world: World) -> None:
    """A consumer in the middle of its side matters is stopped all the same, and what it applied stays applied."""
    inbox = world.inbox()
    consumer = inbox.consumers[0]
    asked = asyncio.Event()

    async def never(*_: Any) -> None:
        asked.set()
        await asyncio.Event().wait()

    consumer._keeper.pass_markers = never  # type: ignore[assignment]
    async with asyncio.timeout(60), running(inbox):
        await assigned(inbox)
        await world.send(fact(world.name(), note="0"))
        await asked.wait()
        await world.reach(1, inboxes=[inbox])
    assert await world.notes() == ["0"]


async def test_a_client_whose_own_tasks_broke_costs_the_process_nothing(world: World) -> None:
    """aiokafka awaits its broken tasks when it ends, and hands on that they were cancelled: another one is made."""
    inbox = world.inbox()
    consumer = inbox.consumers[0]
    async with running(inbox):
        await assigned(inbox)
        kafka = consumer.kafka()
        assert kafka is not None
        leave = kafka._coordinator.close

        async def breaking() -> None:
            await leave()
            raise asyncio.CancelledError

        kafka._coordinator.close = breaking
        consumer.end("its client broke")
        await world.send(fact(world.name(), note="0"))
        await world.reach(1, inboxes=[inbox])
        assert [c for c in kafka._client._conns.values() if c.connected()] == []
    assert await world.notes() == ["0"]
