"""Parked keys hold back what follows, and operators let it go again in order."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chassis.domain import derived_id
from chassis.unit import ParkedRow, Unit, Verdict
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.inbox.conftest import OTHER, World, broken, fact, running, typed
from tests.integration.chassis.inbox.orders import answered, ask, none_parked, parked_id
from tests.integration.chassis.kafka import eventually


async def settled(world: World) -> list[tuple[int, str, str, str]]:
    rows = await world.db.fetch(
        'SELECT "offset", how, settled_by, settled_reason FROM settled_parked WHERE topic = $1 ORDER BY "offset"',
        world.topic,
    )
    return [tuple(row) for row in rows]


async def keys(world: World) -> int:
    return int(await world.db.fetchval("SELECT count(*) FROM parked_keys"))


async def test_on_an_unordered_topic_only_the_record_parks(world: World) -> None:
    """Facts of the shop with the same key go on behind a parked one."""
    inbox = world.inbox()
    await world.send(broken(world.name()), fact(world.name(), 2))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
    assert await world.parked() == [(0, "RuntimeError")]
    assert await world.total() == 2


async def test_on_an_ordered_topic_a_parked_key_holds_back_what_follows(world: World) -> None:
    """What follows with the key waits in the same batch and in later ones; other keys go on."""
    inbox = world.inbox(ordered=True)
    await world.send(broken(world.name(), key="k1"), fact(world.name(), key="k1"), fact(world.name("b"), 3, key="k2"))
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
        await world.send(fact(world.name(), key="k1"), fact(world.name("b"), 4, key="k2"))
        await world.reach(5, inboxes=[inbox])
    assert await world.parked() == [(0, "RuntimeError"), (1, "BEHIND_PARKED"), (3, "BEHIND_PARKED")]
    assert await world.total("b") == 7
    assert await world.total() == 0


async def test_the_parked_key_outlives_a_restart(world: World) -> None:
    """A process that starts later holds back the key too."""
    first, second = world.inbox(ordered=True), world.inbox(ordered=True)
    await world.send(broken(world.name(), key="k1"))
    async with running(first):
        await world.reach(1, inboxes=[first])
    await world.send(fact(world.name(), key="k1"))
    async with running(second):
        await world.reach(2, inboxes=[second])
    assert await world.parked() == [(0, "RuntimeError"), (1, "BEHIND_PARKED")]


async def test_the_append_itself_checks_the_parked_key(world: World, other: Core) -> None:
    """A key that somebody else parked, unknown to this consumer, is refused by the append and then held back."""
    inbox = world.inbox(ordered=True)
    key = derived_id("inbox.key", world.topic, b"k1".hex())
    row = ParkedRow(
        derived_id(world.topic, "elsewhere"), world.topic, 7, 0, b"k1", key, None, "t", "s1", "BUG", "", b"\x90", b"",
        datetime.now(UTC),
    )  # fmt: skip
    async with running(inbox):
        await world.send(fact(world.name(), key="k1"))
        await world.reach(1, inboxes=[inbox])
        assert (await other.writer.submit(Unit(parked=[row]))).verdict is Verdict.ACCEPTED
        await world.send(fact(world.name(), key="k1"), fact(world.name("b"), key="k2"))
        await world.reach(3, inboxes=[inbox])
    assert await world.parked() == [(1, "BEHIND_PARKED"), (0, "BUG")]
    assert (await world.total(), await world.total("b")) == (1, 1)


async def test_a_byte_equal_copy_of_a_parked_record_is_its_duplicate(world: World) -> None:
    """The same bytes of the same fact do not park twice, in a batch or later; a repaired copy is decided on its own."""
    inbox = world.inbox()
    bad = fact(world.name(), 2000, id="f1")
    await world.send(bad, bad)
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        await world.send(bad, fact(world.name(), 20, id="f1"))
        await world.reach(4, inboxes=[inbox])
        assert await world.parked() == [(0, "OVER_LIMIT")]
        assert await world.total() == 20
        asked = await ask(world, 0, "redrive")
        assert await answered(world, asked) == ("done", "")
    assert await world.total() == 20
    assert await world.parked() == []


async def test_a_redrive_restores_the_order_of_its_key(world: World) -> None:
    """Repaired, the first is applied, then what waited behind it in order; the key's row goes with its last record."""
    inbox = world.inbox(ordered=True)
    too_much = fact(world.name(), 2000, note="0", key="k1")
    await world.send(too_much, *(fact(world.name(), note=str(n), key="k1") for n in (1, 2)))
    before = await keys(world)
    async with running(inbox):
        await world.reach(3, inboxes=[inbox])
        assert await keys(world) == before + 1
        asked = await ask(world, 0, "redrive")
        assert await answered(world, asked) == ("failed", "OVER_LIMIT: 1000 are left")
        assert await world.notes() == []
        asked = await ask(world, 0, "redrive", replacement=fact(world.name(), 1, note="0").value)
        assert await answered(world, asked) == ("done", "")
        await none_parked(world)
        await world.send(fact(world.name(), note="3", key="k1"))
        await world.reach(4, inboxes=[inbox])
    assert await world.notes() == ["0", "1", "2", "3"]
    assert await keys(world) == before
    assert await settled(world) == [
        (0, "redrive", "olga", "looked into it"),
        (1, "released", "aftercare", "what it waited behind was settled"),
        (2, "released", "aftercare", "what it waited behind was settled"),
    ]


async def test_only_the_first_of_a_key_can_be_redriven(world: World) -> None:
    """A request for a record that waits behind another is refused and changes nothing."""
    inbox = world.inbox(ordered=True)
    await world.send(broken(world.name(), key="k1"), fact(world.name(), key="k1"))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        head = await parked_id(world, 0)
        asked = await ask(world, 1, "redrive")
        assert await answered(world, asked) == ("refused", f"it waits behind {head}: settle that one first")
    assert await world.parked() == [(0, "RuntimeError"), (1, "BEHIND_PARKED")]
    assert await world.total() == 0


async def test_a_discard_is_named_frees_the_key_and_is_final(world: World) -> None:
    """A discarded record has no effect, even when it comes again; what waited behind it is applied."""
    inbox = world.inbox(ordered=True)
    bad = fact(world.name(), 2000, key="k1", id="discard-me")
    await world.send(bad, fact(world.name(), 3, key="k1"))
    async with running(inbox):
        await world.reach(2, inboxes=[inbox])
        await ask(world, 0, "discard")
        await none_parked(world)
        await world.send(bad)
        await world.reach(3, inboxes=[inbox])
    assert await world.total() == 3
    assert await world.parked() == []
    assert (await settled(world))[0] == (0, "discard", "olga", "looked into it")


async def test_what_fails_after_waiting_gets_its_own_reason(world: World) -> None:
    """The next of a freed key that cannot be applied stays parked for its own reason and holds back the rest."""
    inbox = world.inbox(ordered=True)
    await world.send(
        broken(world.name(), key="k1"),
        fact(world.name(), 1, key="k1"),
        fact(world.name(), 2000, key="k1"),
        fact(world.name(), 1, key="k1"),
    )
    async with running(inbox):
        await world.reach(4, inboxes=[inbox])
        await ask(world, 0, "discard")

        async def moved_on() -> bool:
            return await world.parked() == [(2, "OVER_LIMIT"), (3, "BEHIND_PARKED")]

        await eventually(moved_on, "the next failing one is the head")
    assert await world.total() == 1


async def test_a_freed_key_is_released_after_a_crash(world: World, db: Any) -> None:
    """Records that only waited are let go by the next owner if the one that settled the first died right after it."""
    first, second = world.inbox(ordered=True), world.inbox(ordered=True)
    await world.send(broken(world.name(), key="k1"), fact(world.name(), 4, key="k1"))
    async with running(first):
        await world.reach(2, inboxes=[first])
    await db.execute('DELETE FROM parked WHERE topic = $1 AND "offset" = 0', world.topic)
    async with running(second):
        await none_parked(world)
    assert await world.total() == 4


async def test_a_repaired_content_type_is_used(world: World) -> None:
    """A replacement may come in another encoding than the record did."""
    inbox = world.inbox()
    good = fact(world.name(), 6, json=True)
    await world.send(replace(fact(world.name()), value=b"\xff"))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
        asked = await ask(world, 0, "redrive", replacement=good.value, content_type="application/json")
        assert await answered(world, asked) == ("done", "")
    assert await world.total() == 6


async def test_a_request_for_a_record_that_is_gone_is_closed(world: World, db: Any) -> None:
    """A request whose record was settled otherwise does not stay open for ever."""
    inbox = world.inbox()
    await world.send(broken(world.name()))
    async with running(inbox):
        await world.reach(1, inboxes=[inbox])
    asked = await ask(world, 0, "redrive")
    await db.execute("DELETE FROM parked WHERE id = $1", asked)
    second = world.inbox()
    async with running(second):
        assert await answered(world, asked) == ("gone", "")


async def test_an_unknown_type_waits_before_a_parked_key_is_looked_at(world: World) -> None:
    """Even behind a parked key an unknown type is never parked: an old build must not decide its fate."""
    inbox = world.inbox(ordered=True)
    await world.send(broken(world.name(), key="k1"), typed(OTHER, key="k1"))
    async with running(inbox):
        await world.waits(inbox, "unknown to this build")
    assert await world.parked() == [(0, "RuntimeError")]
