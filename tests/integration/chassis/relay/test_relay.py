"""Public events leave in log order, none skipped, and repeats carry the same id."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import failpoints
from chassis.relay import Relay
from chassis.relay import relay as relay_module
from tests.integration.chassis.kafka import eventually
from tests.integration.chassis.relay.conftest import World, by_key, expected, first_occurrences, running


async def test_a_backlog_leaves_in_order_once(world: World) -> None:
    """Every row arrives once, those of a key in log order, and the acknowledged position is the last one."""
    values = [f"v{n}".encode() for n in range(250)]
    await world.publish(*values)
    async with running(world.relay(page=40)):
        await world.caught_up()
    records = await world.kafka.read(world.topic, 250)
    assert by_key(records) == expected(values)
    assert len(records) == 250


async def test_headers_and_partition_are_what_any_client_would_make(world: World) -> None:
    """Headers stand as they were stamped, and a key goes to the partition every Kafka client would choose."""
    await world.publish(b"one", b"two", b"three")
    async with running(world.relay()):
        await world.caught_up()
    records = await world.kafka.read(world.topic, 3)
    for record in records:
        assert record.value is not None
        name = record.value.decode()
        assert dict(record.headers) == {"ce_id": f"id-{name}".encode(), "ce_type": b"t", "ce_incarnation": b"1"}
        producer: AIOKafkaProducer = world.kafka.producer
        sent = await producer.send_and_wait(world.kafka.access.topic(world.topic), b"probe", key=record.key)
        assert sent.partition == record.partition


async def test_a_new_event_leaves_without_waiting_for_the_poll(world: World) -> None:
    """NOTIFY ends the relay's sleep."""
    relay = world.relay()
    relay._poll = 60.0
    async with running(relay):
        await eventually(_leads(relay), "leads")
        await world.publish(b"first")
        await world.caught_up(within=10)
        await world.publish(b"second")
        await world.caught_up(within=10)
    assert len(await world.kafka.read(world.topic, 2)) == 2


async def test_several_messages_of_one_event_keep_their_order(world: World) -> None:
    """A page that ends inside an event goes on inside it."""
    values = [b"a", b"h", b"o", b"v", b"}", b"b"]  # the first five have one key
    await world.publish(*values, each=6)
    async with running(world.relay(page=4)):
        await world.caught_up()

        async def whole() -> bool:
            return bool(await world.db.fetchval("SELECT n FROM relay") == 5)

        await eventually(whole, "the last row of the event is acknowledged")
    assert by_key(await world.kafka.read(world.topic, 6)) == expected(values)


async def test_a_large_message_passes(world: World) -> None:
    """A message above the size of a batch is a batch of its own."""
    values = [b"small", b"L" * 600_000, b"also small"]
    await world.publish(*values)
    async with running(world.relay()):
        await world.caught_up()
    assert by_key(await world.kafka.read(world.topic, 3)) == expected(values)


async def test_a_page_holds_no_more_bytes_than_it_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large messages come in pages of a few, at least one each, and what is behind a full page is not waited for."""
    monkeypatch.setattr(relay_module, "PAGE_BYTES", 100_000)
    values = [bytes([n % 250 + 1]) + b"M" * (60_000 if n % 2 else 150_000) for n in range(8)]
    await world.publish(*values)
    relay = world.relay()
    relay._poll = 60.0
    assert [len(row["value"]) for row in (await relay._read((await world.position(), 0))).rows] == [150_001]
    await relay._sender.close()
    async with running(relay):
        await world.caught_up()
    assert by_key(await world.kafka.read(world.topic, len(values))) == expected(values)


async def test_a_row_that_cannot_leave_holds_back_what_follows_and_says_so(world: World) -> None:
    """With its topic missing nothing behind it is sent; once the topic is there, all of it leaves in order."""
    missing = f"{world.topic}-missing"
    relay = world.relay()
    relay._sender._patience = 1.0
    await world.publish(b"before")
    await world.publish(b"stuck", topic=missing)
    await world.publish(b"behind")
    async with running(relay):

        async def tells() -> bool:
            return f"to {missing}" in relay.not_ready()

        await eventually(tells, "says what is stuck")
        status = await relay.status()
        assert (status.leads, status.behind) == (True, 2)
        await world.kafka.make(missing, partitions=1)
        await world.caught_up()
        assert relay.not_ready() == ""
    assert by_key(await world.kafka.read(missing, 1)) == expected([b"stuck"])
    everything = by_key(await world.kafka.read(world.topic, 2))
    assert {key: first_occurrences(values) for key, values in everything.items()} == expected([b"before", b"behind"])
    await world.kafka.remove(missing)


async def test_after_a_failed_send_it_goes_on_from_the_acknowledged_prefix(world: World) -> None:
    """A send that fails in the middle costs repeats at most: first occurrences stay in order and none is missing."""
    relay = world.relay(page=20)
    prepare, failures = relay._sender.prepare, [3, 5]

    async def failing(page: Any) -> Any:
        if not failures:
            return await prepare(page)
        some = failures.pop(0)
        prepared = await prepare(page[:some])
        prepared.owed += [None] * (len(page) - some)
        prepared.size = len(page)
        prepared.stuck = KafkaError("connection lost")
        return prepared

    relay._sender.prepare = failing  # type: ignore[method-assign]
    values = [f"w{n}".encode() for n in range(60)]
    await world.publish(*values)
    async with running(relay):
        await world.caught_up()
    found = by_key(await world.kafka.read(world.topic, 60))
    assert {key: first_occurrences(sent) for key, sent in found.items()} == expected(values)
    assert failures == []


async def test_a_record_the_broker_refuses_holds_back_itself_and_what_follows_alone(world: World) -> None:
    """What stands before it leaves although the broker refused their batch; it is named, and never passed over."""
    before, after = [f"b{n}".encode() for n in range(30)], [f"a{n}".encode() for n in range(5)]
    everything = [*before, b"L" * 3_000, *after]
    await world.kafka.limit(world.topic, 2_000)
    await world.publish(*everything)
    relay = world.relay()
    async with running(relay):
        stuck = await world.db.fetchval("SELECT position FROM outbox WHERE length(value) = 3000")

        async def named() -> bool:
            return f"position {stuck} to {world.topic}" in relay.not_ready()

        await eventually(named, "the refused record is named")
        assert await world.position() == stuck - 1
        found = by_key(await world.kafka.read(world.topic, len(before)))
        key = first_occurrences([key for key, values in expected(everything).items() if b"L" * 3_000 in values])[0]
        assert first_occurrences(found[key]) == [value for value in before if value in expected(before)[key]]
        assert all(set(expected(before)[key]) <= set(found[key]) for key in expected(before))
        await world.kafka.limit(world.topic, 1_000_000)
        await world.caught_up()
    found = by_key(await world.kafka.read(world.topic, len(everything)))
    assert {key: first_occurrences(sent) for key, sent in found.items()} == expected(everything)


async def test_nothing_of_a_key_arrives_before_what_the_broker_refused_of_it(world: World) -> None:
    """One page, one partition, two batches: the first is refused, and the second must not be taken without it."""
    large, small = b"L" * 400_000, [name for n in range(400) if _same_key(name := f"s{n}".encode(), b"L" * 400_000)]
    await world.kafka.limit(world.topic, 300_000)
    await world.publish(large, *small)
    relay = world.relay()
    async with running(relay):

        async def refused() -> bool:
            return "MessageSizeTooLarge" in relay.not_ready()

        await eventually(refused, "the large one is refused")
        await world.kafka.limit(world.topic, 1_000_000)
        await world.caught_up()
    found = by_key(await world.kafka.read(world.topic, 1 + len(small)))
    assert {key: first_occurrences(sent) for key, sent in found.items()} == expected([large, *small])


def _same_key(one: bytes, other: bytes) -> bool:
    return list(expected([one])) == list(expected([other]))


@pytest.mark.parametrize("place", ["after-publish", "before-position"])
async def test_dying_between_publish_and_position_repeats_under_the_same_id(
    world: World, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent but not noted is sent again, with the same `ce_id`, by the next leader."""
    plan = failpoints.parse(f"{place}=raise@1")
    monkeypatch.setattr(failpoints, "_plan", lambda: plan)
    await world.publish(b"x", b"y")
    async with running(world.relay()):
        await world.caught_up()
    records = await world.kafka.read(world.topic, 4)
    ids = sorted(dict(record.headers)["ce_id"] for record in records)
    assert ids == [b"id-x", b"id-x", b"id-y", b"id-y"]


async def test_the_acknowledged_position_never_goes_back(world: World) -> None:
    """A leader that is late stores nothing over what a newer one stored."""
    await world.publish(b"x")
    relay = world.relay()
    ahead = await world.position() + 50
    await world.db.execute("UPDATE relay SET position = $1", ahead)
    try:
        await relay._pass_on(await relay._read((0, 0)), (0, 0))
    finally:
        await relay._sender.close()
    assert await world.position() == ahead


async def test_one_relay_leads_and_the_other_takes_over(world: World) -> None:
    """Two processes: one sends, and when it goes the other goes on without losing a row."""
    first, second = world.relay(), world.relay()
    values = [f"t{n}".encode() for n in range(30)]
    async with running(second):
        async with running(first):
            await eventually(_one_leads(first, second), "one leads")
            await world.publish(*values[:15])
            await world.caught_up()
        await eventually(_leads(second), "the other leads")
        await world.publish(*values[15:])
        await world.caught_up()
        assert second.not_alive() == ""
    found = by_key(await world.kafka.read(world.topic, 30))
    assert {key: first_occurrences(sent) for key, sent in found.items()} == expected(values)


def _leads(relay: Relay) -> Any:
    async def check() -> bool:
        return relay.leads

    return check


def _one_leads(*relays: Relay) -> Any:
    async def check() -> bool:
        return sum(relay.leads for relay in relays) == 1

    return check
