"""What is applied, from where, and how often."""

# long: one sentence of the protocol after the other, all on one set of shorthands

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aftercare.orders.v1.answers_pb2 import RequestDone
from aiokafka import AIOKafkaProducer

from chassis.domain import Aggregate, Event
from chassis.outbox import read_headers
from chassis.service import PublicEvent
from chassis.unit import Fence, Judgement, Unit, Verdict
from chassis.work import SYSTEM, Work
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account, Counted
from tests.integration.chassis.inbox.conftest import World, account_id, broken, fact, running
from tests.integration.chassis.kafka import eventually

Db = Any


async def test_records_are_applied_in_order_and_positions_stored(world: World) -> None:
    """Each partition's records take effect in their order, and the stored position is the next to read."""
    await world.send(*(fact(world.name("a"), note=str(n)) for n in range(5)))
    await world.send(*(fact(world.name("b"), note=str(n), partition=1) for n in range(3)))
    inbox = world.inbox()
    async with running(inbox):
        await world.reach(5, 3, inboxes=[inbox])
        assert inbox.not_ready() == ""
        assert inbox.not_alive() == ""
    assert await world.notes("a") == ["0", "1", "2", "3", "4"]
    assert await world.notes("b") == ["0", "1", "2"]
    assert await world.parked() == []


async def test_each_event_of_a_batch_names_its_own_record_and_the_story_it_belongs_to(world: World) -> None:
    """Also between records that were rolled back; a record without a correlation id begins a story of its own."""

    def publish(event: Event, aggregate: Aggregate) -> list[PublicEvent]:
        return [PublicEvent("out", "k", RequestDone(request_id=event.note), "s1")] if isinstance(event, Counted) else []

    world.core.units.model = replace(world.core.units.model, publish=publish)
    told = fact(world.name("a"), note="0", id="first")
    told.headers.append(("ce_correlationid", b"story-7"))
    odd = fact(world.name("a"), note="4", id="second")
    odd.headers.append(("ce_correlationid", b"kim@example.org"))
    rest = [fact(world.name("b"), note="1", id="b1"), broken(world.name("a")), fact(world.name("b"), note="3", id="b3")]
    offsets = await world.send(told, *rest, odd)
    inbox = world.inbox()
    async with running(inbox):
        await world.reach(len(offsets), inboxes=[inbox])
    rows = await world.db.fetch(
        "SELECT state FROM events WHERE topic = 'example.Account.Counted' AND aggregate_id = ANY($1) ORDER BY position",
        [account_id(world.name(name)) for name in "ab"],
    )
    states = [msgspec.json.decode(row["state"]) for row in rows]
    causes = {state["d"]["note"]: state["m"]["cause"] for state in states}
    assert causes == {str(n): f"record:{world.topic}/0/{n}" for n in (0, 1, 3, 4)}
    sent = await world.db.fetch("SELECT headers, value FROM outbox WHERE topic = 'out' ORDER BY position, n")
    stories = {
        RequestDone.FromString(row["value"]).request_id: dict(read_headers(row["headers"])).get("ce_correlationid")
        for row in sent
    }
    assert stories == {"0": b"story-7", "1": b"b1", "3": b"b3", "4": None}


async def test_a_restart_goes_on_at_the_stored_position(world: World) -> None:
    """A second run applies what came since, and nothing again."""
    first, second = world.inbox(), world.inbox()
    await world.send(fact(world.name(), note="1"), fact(world.name(), note="2"))
    async with running(first):
        await world.reach(2, inboxes=[first])
    await world.send(fact(world.name(), note="3"))
    async with running(second):
        await world.reach(3, inboxes=[second])
    assert await world.notes() == ["1", "2", "3"]


async def test_the_same_fact_at_two_offsets_has_one_effect(world: World) -> None:
    """A CloudEvents id counts once, in one batch, in a later one, and in another partition."""
    inbox = world.inbox()
    same = fact(world.name(), 7, id="the-same")
    await world.send(same, same)
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        await world.send(same, fact(world.name(), 1, id="the-same", partition=1), fact(world.name(), 5))
        await world.reach(4, 1, inboxes=[inbox])
    assert await world.total() == 12
    assert await world.parked() == []


async def test_a_repeated_fact_that_would_be_refused_now_is_not_parked(world: World) -> None:
    """A repeat is recognised even where the state it already changed would refuse it."""
    inbox = world.inbox()
    whole = fact(world.name(), 1000, id="fills-it")
    await world.send(whole)
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        await world.send(whole)
        await world.reach(2, inboxes=[inbox])
    assert await world.total() == 1000
    assert await world.parked() == []


async def test_a_moved_position_drops_what_is_below_and_keeps_the_rest(world: World, other: Core) -> None:
    """On a refused fence the records another owner passed are dropped, and the rest of the batch is applied."""
    inbox = world.inbox()
    async with running(inbox):
        await world.reach(0, 0, inboxes=[inbox])
        await eventually(_assigned(inbox))
        place = inbox.consumers[0]._lease.places[0]  # type: ignore[union-attr]
        passed = await other.writer.submit(Unit(fences=[Fence(place.source, 0, 0, 2)]))
        assert passed.verdict is Verdict.ACCEPTED
        await world.send(*(fact(world.name(), note=str(n)) for n in range(4)))
        await world.reach(4, inboxes=[inbox])
    assert await world.notes() == ["2", "3"]


async def test_a_batch_that_was_passed_half_way_keeps_its_rest(world: World, other: Core) -> None:
    """The same for records of one poll: facts of one transaction can be read from its commit on, not before."""
    inbox = world.inbox()
    producer = AIOKafkaProducer(**world.kafka.access.connection(), transactional_id=world.topic)
    await producer.start()
    name = world.kafka.access.topic(world.topic)
    async with running(inbox):
        await eventually(_assigned(inbox))
        place = inbox.consumers[0]._lease.places[0]  # type: ignore[union-attr]
        await other.writer.submit(Unit(fences=[Fence(place.source, 0, 0, 2)]))
        async with producer.transaction():
            for n in range(4):
                sent = fact(world.name(), note=str(n))
                await producer.send_and_wait(name, sent.value, key=sent.key, partition=0, headers=sent.headers)
        await world.reach(5, inboxes=[inbox])  # the fifth is the transaction's mark
    await producer.stop()
    assert await world.notes() == ["2", "3"]


async def test_a_position_that_went_back_is_read_again(world: World, db: Db) -> None:
    """Where PostgreSQL stands lower than what was read, the consumer starts afresh from there and loses nothing."""
    inbox = world.inbox()
    await world.send(*(fact(world.name(), note=str(n), id=f"f{n}") for n in range(4)))
    async with running(inbox):
        await world.reach(4, inboxes=[inbox])
        place = inbox.consumers[0]._lease.places[0]  # type: ignore[union-attr]
        await db.execute("UPDATE tracking SET position = 2 WHERE source = $1 AND partition = 0", place.source)
        await db.execute("DELETE FROM inbox")
        await world.send(fact(world.name(), note="4"))
        await world.reach(5, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "2", "3", "2", "3", "4"]


async def test_a_build_that_rereads_the_topic_applies_only_what_is_new_to_it(world: World, db: Db) -> None:
    """With its position gone, the topic is read from the start and the inbox drops what was applied before."""
    first, second = world.inbox(), world.inbox()
    await world.send(fact(world.name(), 3), fact(world.name(), 4))
    async with running(first):
        await world.reach(2, inboxes=[first])
        source = first.consumers[0]._lease.places[0].source  # type: ignore[union-attr]
    await db.execute("DELETE FROM tracking WHERE source = $1", source)
    await world.send(fact(world.name(), 5))
    async with running(second):
        await world.reach(3, inboxes=[second])
    assert await world.total() == 12


async def test_records_and_commands_on_one_aggregate_both_count(world: World, other: Core) -> None:
    """An aggregate that another process changed meanwhile is loaded again, and no change is lost."""
    inbox = world.inbox()
    await world.send(fact(world.name()))

    async def bump(work: Work) -> None:
        account = await work.get(Account, account_id(world.name()))
        account.count(1, at=work.now)

    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        for n in range(10):
            sending = asyncio.create_task(world.send(fact(world.name())))
            await other.units.run(bump, actor=SYSTEM, cause="test")
            await sending
        await world.reach(11, inboxes=[inbox])
    assert await world.total() == 21


async def test_only_what_is_stale_is_loaded_again(world: World, other: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a conflict the aggregates that still stand are taken from the cache, and the moved one from the log."""
    inbox = world.inbox()
    await world.send(fact(world.name("moved")), fact(world.name("still")))

    async def bump(work: Work) -> None:
        (await work.get(Account, account_id(world.name("moved")))).count(1, at=work.now)

    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        await other.units.run(bump, actor=SYSTEM, cause="test")
        loaded: list[object] = []
        load = world.core.units.aggregates.load

        async def spy(id: UUID) -> Aggregate | None:
            loaded.append(id)
            return await load(id)

        monkeypatch.setattr(world.core.units.aggregates, "load", spy)
        await world.send(fact(world.name("still")), fact(world.name("moved")))
        await world.reach(4, inboxes=[inbox])
        monkeypatch.undo()
    assert loaded == [account_id(world.name("moved"))]
    assert (await world.total("moved"), await world.total("still")) == (3, 2)


async def test_polling_overlaps_the_one_transaction_in_flight(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch is being written the next one is polled, but not begun."""
    inbox = world.inbox()
    consumer, submit = inbox.consumers[0], world.core.units.submit
    begun: list[Unit] = []
    may_end = asyncio.Event()

    async def slow(work: Work, unit: Unit) -> Judgement:
        begun.append(unit)
        await may_end.wait()
        return await submit(work, unit)

    monkeypatch.setattr(world.core.units, "submit", slow)
    async with running(inbox):
        await world.send(fact(world.name(), note="0"))

        async def writing() -> bool:
            return len(begun) == 1

        await eventually(writing, "the first batch is being written")
        await world.send(fact(world.name(), note="1"))

        async def polled() -> bool:
            return consumer._lease is not None and consumer._lease.places[0].read_to == 2

        await eventually(polled, "the second batch is polled")
        assert len(begun) == 1
        may_end.set()
        await world.reach(2, inboxes=[inbox])
    assert await world.notes() == ["0", "1"]


async def test_a_lost_connection_doubles_nothing(world: World, db: Db) -> None:
    """Backends that die in the middle of appends leave every record applied exactly once."""
    inbox = world.inbox(max_records=5)
    async with running(inbox):
        for _ in range(6):
            await world.send(*(fact(world.name()) for _ in range(20)))
            await db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'aftercare-writer%' AND datname = current_database()"
            )
        await world.reach(120, inboxes=[inbox])
    assert await world.total() == 120


async def test_one_record_the_database_refuses_parks_alone(world: World) -> None:
    """A batch with data PostgreSQL refuses is halved until that record stands alone; it parks, the others count."""
    inbox = world.inbox()
    good = [fact(world.name(), 1) for _ in range(6)]
    await world.send(*good[:3], broken(world.name("bad"), "unstorable"), *good[3:])
    async with running(inbox):
        await world.reach(7, inboxes=[inbox])
    assert await world.parked() == [(3, "DATA_REFUSED")]
    assert await world.total() == 6
    assert await world.total("bad") == 0


def _assigned(inbox: Any) -> Any:
    async def check() -> bool:
        return inbox.consumers[0]._lease is not None

    return check
