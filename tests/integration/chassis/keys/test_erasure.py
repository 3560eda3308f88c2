"""Forgetting a person: no unit with their key commits afterwards, every text is emptied, the key goes last."""

import asyncio
import re
from base64 import b64decode
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.domain import Personal, subject_of
from chassis.errors import StoreUnavailable
from chassis.ids import new_id
from chassis.keys import Erasures
from chassis.unit import Verdict
from chassis.work import SYSTEM, Actor, Work
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel

Db: TypeAlias = "asyncpg.Connection[Any]"
OPERATOR = Actor("operator-1")


@pytest.fixture(autouse=True)
async def nothing_asked_for(db: Db) -> None:
    await db.execute("UPDATE erasures SET finished_at = now() WHERE finished_at IS NULL")


def person() -> str:
    return f"customer-{uuid4()}"


def erasures(kernel: Kernel) -> Erasures:
    return Erasures(kernel.units, kernel.pool, kernel.store, kernel.ring)


async def open_account(kernel: Kernel, who: str, text: str = "Anna") -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        account = work.add(Account.open(id, limit=100, at=work.now))
        account.name_owner(Personal(who, text), at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


async def name_owner(kernel: Kernel, id: UUID, who: str, text: str) -> None:
    async def decide(work: Work) -> None:
        (await work.get(Account, id)).name_owner(Personal(who, text), at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")


async def owner_in_row(db: Db, id: UUID) -> str | None:
    found: str | None = await db.fetchval("SELECT owner FROM accounts WHERE id = $1", id)
    return found


async def topics(db: Db, id: UUID) -> list[str]:
    rows = await db.fetch("SELECT topic FROM events WHERE aggregate_id = $1 ORDER BY version", id)
    return [row["topic"] for row in rows]


async def test_the_log_never_holds_the_words(kernel: Kernel, db: Db) -> None:
    id = await open_account(kernel, person(), "Anna Karenina")
    states = await db.fetch("SELECT state FROM events WHERE aggregate_id = $1", id)
    sealed = [b64decode(text) for row in states for text in re.findall(rb'"c":"([^"]+)"', row["state"])]
    assert len(sealed) == 1
    assert all(b"Karenina" not in stored for stored in (*sealed, *(row["state"] for row in states)))
    assert await owner_in_row(db, id) == "Anna Karenina"


async def test_erasure_empties_every_aggregate_of_the_person_and_nobody_elses(
    kernel: Kernel, second: Kernel, db: Db
) -> None:
    who, neighbour = person(), person()
    mine = [await open_account(kernel, who) for _ in range(3)]
    other = await open_account(kernel, neighbour, "Boris")
    await erasures(kernel).ask(who, actor=OPERATOR)
    assert await erasures(second).carry_out() == 1
    assert [await owner_in_row(db, id) for id in (*mine, other)] == [None, None, None, "Boris"]
    for id in mine:
        assert (await topics(db, id))[-1] == "chassis.PersonalDataErased"
        fresh = await second.aggregates.load(id)
        assert isinstance(fresh, Account)
        assert fresh.owner == Personal(who, None)
    assert (await kernel.store.find([who]))[who].keys == {}
    row = await db.fetchrow(
        "SELECT asked_by, aggregates_done, finished_at IS NOT NULL FROM erasures WHERE subject=$1", who
    )
    assert row is not None
    assert tuple(row) == ("operator-1", 3, True)


async def test_two_shops_with_the_same_customer_id_share_neither_key_nor_erasure(
    kernel: Kernel, second: Kernel, db: Db
) -> None:
    """One is forgotten; the other's text is readable from the log and can still be written."""
    customer_id = person()
    gone, stays = subject_of("shop-1", customer_id), subject_of("shop-2", customer_id)
    mine, theirs = await open_account(kernel, gone), await open_account(kernel, stays, "Boris")
    await erasures(kernel).ask(gone, actor=OPERATOR)
    assert await erasures(kernel).carry_out() == 1
    assert [await owner_in_row(db, id) for id in (mine, theirs)] == [None, "Boris"]
    fresh = await second.aggregates.load(theirs)
    assert isinstance(fresh, Account)
    assert fresh.owner == Personal(stays, "Boris")
    await name_owner(second, theirs, stays, "Boris again")
    assert await owner_in_row(db, theirs) == "Boris again"
    assert (await kernel.store.find([gone]))[gone].keys == {}


async def test_after_the_keys_ended_no_unit_sealed_with_one_commits(kernel: Kernel, second: Kernel, db: Db) -> None:
    """`second` still has the key in memory; its unit is refused, built anew, and stored with the text empty."""
    who = person()
    id = await open_account(second, who)
    stale = await second.units.build(await decided(second, id, who))
    assert stale.generations == [(who, 1)]
    await erasures(kernel).ask(who, actor=OPERATOR)
    assert (await second.writer.submit(stale)).verdict is Verdict.ERASED
    assert await topics(db, id) == ["example.Account.Opened", "example.Account.OwnerNamed"]
    await name_owner(second, id, who, "Anna again")
    assert await owner_in_row(db, id) is None
    states = await db.fetch("SELECT state FROM events WHERE aggregate_id = $1 ORDER BY version DESC", id)
    assert b'"g"' not in states[0]["state"]


async def decided(kernel: Kernel, id: UUID, who: str) -> Work:
    work = kernel.units.work(actor=SYSTEM, cause="test")
    (await work.get(Account, id)).name_owner(Personal(who, "sealed earlier"), at=work.now)
    return work


async def test_inside_one_batch_a_unit_after_the_erasure_is_refused_and_one_before_it_is_not(kernel: Kernel) -> None:
    who = person()
    await kernel.ring.load(frozenset({who}))
    ids = [new_id(), new_id()]

    async def opened(id: UUID) -> Work:
        work = kernel.units.work(actor=SYSTEM, cause="test")
        work.add(Account.open(id, limit=1, at=work.now)).name_owner(Personal(who, "Anna"), at=work.now)
        return work

    before, after = [await kernel.units.build(await opened(id)) for id in ids]
    forget = kernel.units.work(actor=OPERATOR, cause="test")
    forget.forget_person(who)
    ending = await kernel.units.build(forget)
    judged = await asyncio.gather(*(kernel.writer.submit(u) for u in (before, ending, after)))
    assert [j.verdict for j in judged] == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.ERASED]


async def test_later_facts_about_the_person_are_taken_with_empty_text(kernel: Kernel, db: Db) -> None:
    who = person()
    await erasures(kernel).ask(who, actor=OPERATOR)
    id = await open_account(kernel, who, "Anna")
    assert await topics(db, id) == ["example.Account.Opened", "example.Account.OwnerNamed"]
    assert await owner_in_row(db, id) is None
    assert await erasures(kernel).carry_out() == 1


async def test_from_the_asking_on_nothing_is_readable(kernel: Kernel, second: Kernel) -> None:
    """The job has not begun, the key still exists, and a process that reads afresh finds no text."""
    who = person()
    id = await open_account(kernel, who)
    await erasures(kernel).ask(who, actor=OPERATOR)
    assert (await second.store.find([who]))[who].keys.keys() == {1}
    fresh = await second.aggregates.load(id)
    assert isinstance(fresh, Account)
    assert fresh.owner == Personal(who, None)


async def test_a_person_nobody_knew_can_be_forgotten(kernel: Kernel, db: Db) -> None:
    who = person()
    await erasures(kernel).ask(who, actor=OPERATOR)
    await erasures(kernel).ask(who, actor=Actor("operator-2"))
    assert await erasures(kernel).carry_out() == 1
    assert [t.subject for t in await kernel.store.tombstones() if t.subject == who] == [who]


async def test_the_job_goes_on_where_it_stopped(kernel: Kernel, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each aggregate is emptied once, however often the job is broken off before the key is destroyed."""
    who = person()
    ids = [await open_account(kernel, who) for _ in range(3)]
    job = erasures(kernel)
    await job.ask(who, actor=OPERATOR)

    async def unreachable(*_: object, **__: object) -> None:
        raise StoreUnavailable("the key store is away")

    with monkeypatch.context() as broken:
        broken.setattr(kernel.store, "destroy", unreachable)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await job.carry_out()
    assert await db.fetchval("SELECT finished_at FROM erasures WHERE subject = $1", who) is None
    assert await job.carry_out() == 1
    for id in ids:
        assert (await topics(db, id)).count("chassis.PersonalDataErased") == 1


async def test_two_processes_carrying_out_one_erasure_empty_each_aggregate_once(
    kernel: Kernel, second: Kernel, db: Db
) -> None:
    who = person()
    ids = [await open_account(kernel, who) for _ in range(4)]
    await erasures(kernel).ask(who, actor=OPERATOR)
    await asyncio.gather(erasures(kernel).carry_out(), erasures(second).carry_out())
    for id in ids:
        assert (await topics(db, id)).count("chassis.PersonalDataErased") == 1


async def test_after_a_restore_the_tombstones_are_applied_again(kernel: Kernel, second: Kernel, db: Db) -> None:
    """The key store knows the person is gone; the restored database still shows the text in its read model."""
    who = person()
    id = await open_account(kernel, who)
    await kernel.store.destroy(who, asked_by="operator-1")
    assert await owner_in_row(db, id) == "Anna"
    job = erasures(second)
    assert await job.reapply() == 1
    assert await job.reapply() == 0
    assert await job.carry_out() == 1
    assert await owner_in_row(db, id) is None
    assert (await topics(db, id))[-1] == "chassis.PersonalDataErased"


async def test_one_erasure_that_cannot_be_finished_does_not_hold_up_the_others(
    kernel: Kernel, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = person(), person()
    for who in (broken, fine):
        await open_account(kernel, who)
        await erasures(kernel).ask(who, actor=OPERATOR)
    destroy = kernel.store.destroy

    async def breaks(subject: str, *, asked_by: str) -> None:
        if subject == broken:
            raise RuntimeError("broken")
        await destroy(subject, asked_by=asked_by)

    monkeypatch.setattr(kernel.store, "destroy", breaks)
    assert await erasures(kernel).carry_out() == 1
    rows = await db.fetch("SELECT subject FROM erasures WHERE finished_at IS NULL")
    assert [row["subject"] for row in rows] == [broken]
