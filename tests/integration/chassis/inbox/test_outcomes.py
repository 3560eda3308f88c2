"""The four outcomes of a record: applied, ignored, parked, waited for."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.cloudevents import unpack_headers
from chassis.domain import derived_id
from tests.integration.chassis.inbox.conftest import (
    COUNT,
    OTHER,
    World,
    account_id,
    attributes,
    broken,
    fact,
    running,
    typed,
)
from tests.integration.chassis.kafka import Fact


async def test_json_and_protobuf_say_the_same(world: World) -> None:
    """The content type alone decides how a payload is read."""
    inbox = world.inbox()
    await world.send(fact(world.name(), 3), fact(world.name(), 4, json=True))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
    assert await world.total() == 7


async def test_a_type_of_the_shops_that_is_not_consumed_is_counted(world: World, db: Any) -> None:
    """On an unordered topic a strange type is listed and counted; it is neither parked nor remembered."""
    inbox = world.inbox()
    before = await db.fetchval("SELECT count(*) FROM inbox")
    await world.send(typed("shop.Strange"), typed("shop.Strange"), typed("shop.Other"), fact(world.name()))
    async with running(inbox):
        await world.reach(4, inboxes=[inbox])
    assert await world.ignored() == {"shop.Strange": 2, "shop.Other": 1}
    assert await world.parked() == []
    assert await db.fetchval("SELECT count(*) FROM inbox") == before + 1


async def test_a_known_type_of_ours_is_passed_over(world: World) -> None:
    """On an ordered topic a type that is listed as known goes by without a trace."""
    inbox = world.inbox(ordered=True, known=[OTHER])
    await world.send(typed(OTHER), fact(world.name()))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
    assert await world.ignored() == {}
    assert await world.total() == 1


async def test_an_unknown_type_of_ours_blocks(world: World) -> None:
    """On an ordered topic an old build stops before what only a newer one knows, and goes on when it is that one."""
    old, new = world.inbox(ordered=True), world.inbox(ordered=True, known=[OTHER])
    await world.send(fact(world.name()), typed(OTHER), fact(world.name()))
    async with running(old):
        await world.waits(old, f"type {OTHER} is unknown to this build")
        assert old.positions()[world.topic, 0] == 1
        assert await world.total() == 1
        assert await world.parked() == []
    async with running(new):
        await world.reach(3, inboxes=[new])
    assert await world.total() == 2


async def test_a_blocked_partition_holds_up_no_other(world: World) -> None:
    """What is ahead of the strange type in its partition is applied, what is behind waits, other partitions go on."""
    inbox = world.inbox(ordered=True)
    await world.send(
        fact(world.name(), note="ahead"),
        typed(OTHER),
        fact(world.name(), note="behind"),
        fact(world.name("b"), note="0", partition=1),
    )
    async with running(inbox):
        await world.waits(inbox, f"type {OTHER} is unknown to this build")
        await world.send(fact(world.name("b"), note="1", partition=1), fact(world.name(), note="behind"))
        await world.reach(1, 2, inboxes=[inbox])
        assert "unknown" in inbox.not_ready()
    assert await world.notes() == ["ahead"]
    assert await world.notes("b") == ["0", "1"]
    assert await world.parked() == []


async def test_a_stored_event_of_a_newer_build_blocks(world: World, db: Any) -> None:
    """An aggregate this build cannot read makes the record wait; nothing parks, and it counts once it can be read."""
    inbox = world.inbox()
    await world.send(fact(world.name()))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        account = account_id(world.name())
        await db.execute(
            "INSERT INTO events(position, aggregate_id, version, topic, state)"
            " SELECT max(position) + 1, $1, 3, 'example.Account.FromTheFuture', '{}' FROM events",
            account,
        )
        world.core.units.aggregates.evict([account])
        await world.send(fact(world.name()))
        await world.waits(inbox, "FromTheFuture is unknown to this build")
        assert await world.parked() == []
        assert inbox.positions()[world.topic, 0] == 1
        await db.execute("DELETE FROM events WHERE topic = 'example.Account.FromTheFuture'")
        await world.reach(2, inboxes=[inbox])
    assert await world.total() == 2


def _unreadable(account: str) -> list[tuple[Fact, str]]:
    good = fact(account)
    strange_type = [(n, b"\xff\xfe") if n == "ce_type" else (n, v) for n, v in good.headers]
    return [
        (replace(good, headers=[(n, None) if n == "ce_id" else (n, v) for n, v in good.headers]), "NOT_A_CLOUDEVENT"),
        (replace(good, headers=strange_type), "NOT_A_CLOUDEVENT"),
        (replace(good, headers=[]), "NOT_A_CLOUDEVENT"),
        (replace(good, headers=[h for h in good.headers if h[0] != "ce_specversion"]), "NOT_A_CLOUDEVENT"),
        (replace(good, value=None), "NO_VALUE"),
        (replace(good, value=b"\xff\xff\xff"), "UNDECODABLE"),
        (replace(good, headers=attributes("j1", COUNT, "application/json"), value=b"{not json"), "UNDECODABLE"),
        (replace(good, headers=attributes("j2", COUNT, "application/json"), value=b"\xff"), "UNDECODABLE"),
        (replace(good, headers=attributes("j3", COUNT, "text/plain")), "CONTENT_TYPE"),
        (replace(good, headers=[(n, b"yesterday") if n == "ce_time" else (n, v) for n, v in good.headers]), "CE_TIME"),
        (replace(good, headers=attributes("j4", COUNT), value=b""), "INVALID_MESSAGE"),
    ]


async def test_what_cannot_be_read_parks_with_its_reason_and_stops_nobody(world: World) -> None:
    """Null and non-UTF-8 headers, no value, broken payloads: each parks, and every neighbour is applied."""
    inbox = world.inbox(pause_after_kinds=50)
    cases = _unreadable(world.name("bad"))
    for unreadable, _ in cases:
        await world.send(fact(world.name()), unreadable)
    async with running(inbox):
        await world.reach(2 * len(cases), inboxes=[inbox])
    assert await world.parked() == [(2 * n + 1, reason) for n, (_, reason) in enumerate(cases)]
    assert await world.total() == len(cases)
    assert await world.total("bad") == 0


async def test_a_parked_record_keeps_every_byte(world: World, db: Any) -> None:
    """Key, value and headers, null and non-UTF-8 ones too, come back as they arrived."""
    inbox = world.inbox()
    headers: list[tuple[str, bytes | None]] = [*attributes("x", COUNT), ("trace", None), ("raw", b"\xff\x00")]
    await world.send(Fact(b"\xff\xff\x00", b"k\x00", 0, headers))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
    row = await db.fetchrow("SELECT * FROM parked WHERE topic = $1", world.topic)
    assert (row["key"], row["value"]) == (b"k\x00", b"\xff\xff\x00")
    assert list(unpack_headers(row["headers"]))[:-1] == headers
    assert row["inbox_id"] == derived_id("inbox", "/shop", "x")


async def test_a_header_name_that_is_not_utf8_stops_nobody(world: World, db: Any) -> None:
    """Records that aiokafka cannot decode are applied or parked like others, and so are their neighbours."""
    inbox = world.inbox()
    await world.send(fact(world.name(), note="0"), fact(world.name("b"), partition=1))
    await world.kafka.send_odd_names(world.topic, [fact(world.name(), note="1"), fact(world.name(), 2000)])
    await world.send(fact(world.name(), note="3"), fact(world.name("b"), partition=1))
    async with running(inbox):
        await world.reach(4, 2, inboxes=[inbox])
        await world.kafka.send_odd_names(world.topic, [fact(world.name(), note="4")])
        await world.send(fact(world.name(), note="5"))
        await world.reach(6, 2, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "3", "4", "5"]
    assert await world.total("b") == 2
    assert await world.parked() == [(2, "OVER_LIMIT")]
    stored = unpack_headers(await db.fetchval("SELECT headers FROM parked WHERE topic = $1", world.topic))
    assert ("na\\xefve", b"1") in stored


async def test_a_failed_decision_leaves_no_trace_on_its_neighbours(world: World, db: Any) -> None:
    """A handler that changes an aggregate and then fails parks its record; the others of the batch stand."""
    inbox = world.inbox()
    await world.send(fact(world.name(), 1), broken(world.name()), fact(world.name(), 2))
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
    assert await world.parked() == [(1, "RuntimeError")]
    assert await world.total() == 3
    assert "never to be seen" not in await world.notes()
    detail = await db.fetchval("SELECT detail FROM parked WHERE topic = $1", world.topic)
    assert detail.startswith("RuntimeError at conftest.py:")
    assert "secret" not in detail


async def test_a_refusal_parks_under_its_own_name(world: World, db: Any) -> None:
    """What the domain refuses is parked with the refusal's reason and words, at once."""
    inbox = world.inbox()
    await world.send(fact(world.name(), 1001))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
    row = await db.fetchrow("SELECT reason, detail, shop_id, ce_type FROM parked WHERE topic = $1", world.topic)
    assert tuple(row) == ("OVER_LIMIT", "1000 are left", "s1", COUNT)


async def test_a_mapping_error_parks_only_its_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the events of one record cannot be turned into a unit, the batch is halved until that record is alone."""
    inbox = world.inbox()
    build = world.core.units.build

    async def failing(work: Any) -> Any:
        unit = await build(work)
        if any(b"poison" in event.state for event in unit.events):
            raise ValueError("cannot be published")
        return unit

    monkeypatch.setattr(world.core.units, "build", failing)
    await world.send(fact(world.name()), fact(world.name(), note="poison"), fact(world.name()))
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
    assert await world.parked() == [(1, "ValueError")]
    assert await world.total() == 2


async def test_text_that_postgresql_refuses_does_not_keep_a_record_from_parking(world: World) -> None:
    """NUL in a type, a shop or an error's words cannot make the parked row itself unstorable."""
    inbox = world.inbox()
    nul = [(n, b"a\x00b") if n == "ce_type" else (n, v) for n, v in attributes("n", COUNT)]
    await world.send(
        Fact(b"", b"k", 0, nul), replace(fact(world.name()), headers=[*attributes("m", ""), ("ce_shopid", b"\x00")])
    )
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
    assert await world.ignored() == {"a\ufffdb": 1}
    assert await world.parked() == [(1, "NOT_A_CLOUDEVENT")]
