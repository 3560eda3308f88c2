"""What a batch of records does to aggregates: they come with one query, and a record that fails leaves no trace."""

from datetime import UTC, datetime

import pytest

from chassis.domain import NotFound
from chassis.errors import Blocked
from chassis.ids import new_id
from chassis.unit import StoredEvent, Unit, Verdict
from chassis.work import SYSTEM, Work
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account, OverLimit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def work_of(core: Core) -> Work:
    return core.units.work(actor=SYSTEM, cause="test")


async def stored(core: Core, *, total: int) -> Account:
    work = work_of(core)
    account = work.add(Account.open(new_id(), limit=100, at=NOW))
    account.count(total, at=NOW, note="first")
    judgement = await core.units.submit(work, await core.units.build(work))
    assert judgement.verdict is Verdict.ACCEPTED
    core.units.aggregates.evict([account.id])
    return account


async def test_what_a_batch_is_about_comes_with_one_query_and_absence_is_part_of_what_it_rests_on(
    core: Core, other: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both accounts and the absence of a third are known before anybody asks, and still checked by the append."""
    one, two, absent = await stored(core, total=1), await stored(core, total=2), new_id()
    work = work_of(core)
    await work.expect([one.id, two.id, absent])

    async def asked(*_: object) -> list[StoredEvent]:
        raise AssertionError("it was loaded already")

    monkeypatch.setattr(core.units.log, "events", asked)
    assert [(await work.get(Account, a.id)).total for a in (one, two)] == [1, 2]
    with pytest.raises(NotFound):
        await work.get(Account, absent)
    work.add(Account.open(absent, limit=1, at=NOW))
    monkeypatch.undo()

    racing = work_of(other)
    racing.add(Account.open(absent, limit=2, at=NOW))
    assert (await other.units.submit(racing, await other.units.build(racing))).verdict is Verdict.ACCEPTED
    judgement = await core.units.submit(work, await core.units.build(work))
    assert judgement.verdict is Verdict.STALE and judgement.heads == {absent: 1}


async def test_an_aggregate_of_a_newer_build_stops_only_who_asks_for_it(core: Core) -> None:
    """Loading a batch does not fail because of one aggregate; the record that needs it is the one that is told."""
    good, newer = await stored(core, total=1), new_id()
    event = StoredEvent(newer, 1, "example.Account.Invented", b'{"t":"2026-03-01T12:00:00Z","d":{}}')
    assert (await core.writer.submit(Unit(reads={newer: 0}, events=[event]))).verdict is Verdict.ACCEPTED
    work = work_of(core)
    await work.expect([newer, good.id])
    assert (await work.get(Account, good.id)).total == 1
    with pytest.raises(Blocked):
        await work.find(Account, newer)


async def test_a_record_that_fails_leaves_what_the_records_before_it_decided(core: Core) -> None:
    """Of three records on one account the middle one fails half-way: state, version and events are as without it."""
    account = await stored(core, total=1)
    work = work_of(core)
    for amount in (2, 500, 3):
        work.begin()
        found = await work.get(Account, account.id)
        try:
            found.count(4 if amount == 500 else amount, at=NOW, note=str(amount))
            if amount == 500:
                found.count(amount, at=NOW)
        except OverLimit:
            work.rollback()
    found = await work.get(Account, account.id)
    assert (found.total, found.notes, found.version) == (6, ["first", "2", "3"], 4)
    unit = await core.units.build(work)
    assert [event.version for event in unit.events] == [3, 4]
    assert (await core.units.submit(work, unit)).verdict is Verdict.ACCEPTED
    again = await core.units.aggregates.load(account.id)
    assert isinstance(again, Account) and again.total == 6


async def test_an_aggregate_that_a_failed_record_opened_is_absent_again(core: Core) -> None:
    """What the failed record opened can be opened by the next one."""
    work, id = work_of(core), new_id()
    work.begin()
    work.add(Account.open(id, limit=1, at=NOW))
    work.rollback()
    work.begin()
    assert await work.find(Account, id) is None
    work.add(Account.open(id, limit=7, at=NOW))
    assert (await work.get(Account, id)).limit == 7
