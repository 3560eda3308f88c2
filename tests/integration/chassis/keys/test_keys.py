"""Personal keys: made once, wrapped, never made again for a person who was forgotten."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from chassis.errors import KeysNeeded
from chassis.keys import KeyRing, KeyStore, WrongKek
from chassis.keys.ring import SealBroken
from chassis.keys.store import open_key_store
from tests.integration.chassis.kernel import KEK, Kernel, fresh_kek

PLACE = b"aggregate and version"


def person() -> str:
    return f"customer-{uuid4()}"


async def sealed(kernel: Kernel, subject: str, text: str = "Anna") -> tuple[int, bytes]:
    await kernel.ring.load(frozenset({subject}))
    return kernel.ring.seal(subject, PLACE, text)


async def test_what_is_not_in_memory_is_asked_for_by_name(kernel: Kernel) -> None:
    who = person()
    with pytest.raises(KeysNeeded) as needed:
        kernel.ring.seal(who, PLACE, "Anna")
    assert needed.value.subjects == frozenset({who})
    with pytest.raises(KeysNeeded):
        kernel.ring.open(who, 1, PLACE, b"")


async def test_a_sealed_text_opens_in_another_process_and_hides_its_words(kernel: Kernel, second: Kernel) -> None:
    who = person()
    generation, raw = await sealed(kernel, who)
    await second.ring.load(frozenset({who}))
    assert (generation, second.ring.open(who, generation, PLACE, raw)) == (1, "Anna")
    assert b"Anna" not in raw


async def test_a_text_copied_to_another_place_does_not_open(kernel: Kernel) -> None:
    who = person()
    generation, raw = await sealed(kernel, who)
    with pytest.raises(SealBroken):
        kernel.ring.open(who, generation, b"elsewhere", raw)


async def test_racers_for_a_first_key_end_up_with_the_same_one(kernel: Kernel, second: Kernel) -> None:
    people = frozenset(person() for _ in range(40))
    await asyncio.gather(*(k.ring.load(people) for k in (kernel, second, kernel, second)))
    for who in people:
        generation, raw = kernel.ring.seal(who, PLACE, "Anna")
        assert second.ring.open(who, generation, PLACE, raw) == "Anna"


async def test_the_store_holds_wrapped_keys_only(kernel: Kernel, key_database: str) -> None:
    who = person()
    await sealed(kernel, who)
    key = (await kernel.store.find([who]))[who].keys[1]
    raw = await asyncpg.connect(key_database)
    wrapped = await raw.fetchval("SELECT wrapped FROM example.keys WHERE subject = $1", who)
    await raw.close()
    assert len(key) == 32
    assert key not in wrapped


async def test_a_wrapped_key_moved_to_another_person_does_not_open(kernel: Kernel, key_database: str) -> None:
    who, thief = person(), person()
    await sealed(kernel, who)
    raw = await asyncpg.connect(key_database)
    await raw.execute(
        "INSERT INTO example.keys(subject, generation, kek, wrapped)"
        " SELECT $2, generation, kek, wrapped FROM example.keys WHERE subject = $1",
        who,
        thief,
    )
    await raw.close()
    with pytest.raises(WrongKek):
        await kernel.store.find([thief])


async def test_a_process_with_the_wrong_kek_does_not_start(kernel: Kernel, key_database: str) -> None:
    who = person()
    await sealed(kernel, who)
    await kernel.store.check()
    stranger = await open_key_store(key_database, "example", fresh_kek())
    with pytest.raises(WrongKek):
        await stranger.check()
    with pytest.raises(WrongKek):
        await stranger.find([who])
    await stranger.close()


async def test_a_destroyed_key_is_never_made_again(kernel: Kernel) -> None:
    who = person()
    generation, raw = await sealed(kernel, who)
    await kernel.store.destroy(who, asked_by="operator")
    await kernel.store.destroy(who, asked_by="operator")
    made = await kernel.store.make([(who, 1), (who, 2)])
    assert (made[who].keys, made[who].destroyed) == ({}, True)
    kernel.ring.drop(frozenset({who}))
    await kernel.ring.load(frozenset({who}))
    assert kernel.ring.open(who, generation, PLACE, raw) is None
    assert kernel.ring.seal(who, PLACE, "Anna again") == (0, b"")


async def test_making_and_destroying_at_once_never_leaves_a_key_behind(kernel: Kernel, second: Kernel) -> None:
    for _ in range(20):
        who = person()
        await asyncio.gather(kernel.store.make([(who, 1)]), second.store.destroy(who, asked_by="operator"))
        assert (await kernel.store.find([who]))[who].keys == {}


async def test_a_key_the_store_has_lost_is_not_replaced_under_its_number(kernel: Kernel, key_database: str) -> None:
    """What the lost key sealed reads as erased; new texts get the next generation."""
    who = person()
    _, raw = await sealed(kernel, who)
    owner = await asyncpg.connect(key_database)
    await owner.execute("DELETE FROM example.keys WHERE subject = $1", who)
    await owner.close()
    used = {"subject": who, "used": 1, "ended": False}

    class Pool:
        async def fetch(self, *_: object) -> list[dict[str, object]]:
            return [used]

    ring = KeyRing(Pool(), kernel.store)  # type: ignore[arg-type]  # stands for a log in which generation 1 was used
    await ring.load(frozenset({who}))
    assert ring.open(who, 1, PLACE, raw) is None
    generation, new = ring.seal(who, PLACE, "Anna")
    assert (generation, ring.open(who, 2, PLACE, new)) == (2, "Anna")


async def test_memory_is_bounded_by_number_and_by_time(kernel: Kernel) -> None:
    now = 0.0
    ring = KeyRing(kernel.pool, kernel.store, size=2, keep=10.0, monotonic=lambda: now)
    first, others = person(), [person(), person()]
    await ring.load(frozenset({first}))
    await ring.load(frozenset(others))
    with pytest.raises(KeysNeeded):
        ring.seal(first, PLACE, "x")
    assert ring.seal(others[0], PLACE, "x")[0] == 1
    now = 11.0
    with pytest.raises(KeysNeeded):
        ring.seal(others[0], PLACE, "x")


async def test_two_services_do_not_share_a_persons_key(kernel: Kernel, key_database: str) -> None:
    who = person()
    await sealed(kernel, who)
    owner = await asyncpg.connect(key_database)
    await owner.execute("CREATE SCHEMA other")
    await owner.close()
    other: KeyStore = await open_key_store(key_database, "other", KEK)
    await other.install()
    await other.install()
    assert await other.find([who]) == {}
    made = await other.make([(who, 1)])
    assert made[who].keys[1] != (await kernel.store.find([who]))[who].keys[1]
    await other.close()
