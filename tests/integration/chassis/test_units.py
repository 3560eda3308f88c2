"""Decisions from their first try to their durable end, with several processes on one log."""

# long: one sentence of the protocol after the other, all on one set of shorthands

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from chassis.domain import NotFound
from chassis.errors import RequestReused
from chassis.ids import new_id
from chassis.service import FiredTimer, Receipt
from chassis.work import Actor, Work
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account, OverLimit

Db: TypeAlias = "asyncpg.Connection[Any]"
ANNA = Actor("anna", frozenset({"agent"}))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def opened(core: Core, *, limit: int = 100) -> UUID:
    account = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(account, limit=limit, at=NOW))

    await core.units.run(decide, actor=ANNA, cause="test")
    return account


def counting(account: UUID, amount: int) -> Any:
    async def decide(work: Work) -> Receipt:
        found = await work.get(Account, account)
        found.count(amount, at=NOW)
        return Receipt(str(account), found.version, {"total": str(found.total)})

    return decide


async def state(core: Core, account: UUID) -> Account:
    found = await core.units.aggregates.load(account)
    assert isinstance(found, Account)
    return found


async def written(db: Db) -> int:
    return int(await db.fetchval("SELECT count(*) FROM events"))


async def test_concurrent_commands_on_one_aggregate_all_happen_once(core: Core, other: Core) -> None:
    account = await opened(core)
    runs = [
        process.units.run(counting(account, 1), actor=ANNA, cause="test", on=account)
        for _ in range(20)
        for process in (core, other)
    ]
    await asyncio.gather(*runs)
    assert (await state(core, account)).total == 40


async def test_a_repeat_receives_the_first_answer_and_has_no_effect(core: Core, other: Core) -> None:
    account, request = await opened(core), (new_id(), new_id())
    first = await core.units.run(counting(account, 60), actor=ANNA, cause="test", request=request)
    await core.units.run(counting(account, 30), actor=ANNA, cause="test")
    again = await other.units.run(counting(account, 60), actor=ANNA, cause="test", request=request)
    assert again == first == Receipt(str(account), 2, {"total": "60"})
    assert (await state(core, account)).total == 90


async def test_a_repeat_that_would_be_refused_now_still_receives_the_first_answer(core: Core) -> None:
    account, request = await opened(core), (new_id(), new_id())
    first = await core.units.run(counting(account, 60), actor=ANNA, cause="test", request=request)
    again = await core.units.run(counting(account, 60), actor=ANNA, cause="test", request=request)  # 120 > 100
    assert again == first


async def test_two_racers_of_one_request_get_one_answer(core: Core, other: Core) -> None:
    account, request = await opened(core), (new_id(), new_id())
    answers = await asyncio.gather(
        *(p.units.run(counting(account, 40), actor=ANNA, cause="test", request=request) for p in (core, other, core))
    )
    assert answers == [answers[0]] * 3
    assert (await state(core, account)).total == 40


async def test_a_request_id_with_another_body_is_refused_and_writes_nothing(core: Core, db: Db) -> None:
    account, key = await opened(core), new_id()
    await core.units.run(counting(account, 10), actor=ANNA, cause="test", request=(key, new_id()))
    before = await written(db)
    for amount in (10, 1000):  # whether the domain would accept or refuse it
        with pytest.raises(RequestReused):
            await core.units.run(counting(account, amount), actor=ANNA, cause="test", request=(key, new_id()))
    assert await written(db) == before


async def test_a_refusal_writes_nothing_and_is_decided_afresh(core: Core, db: Db) -> None:
    account, request = await opened(core), (new_id(), new_id())
    await core.units.run(counting(account, 60), actor=ANNA, cause="test")
    before = await written(db)
    with pytest.raises(OverLimit) as refused:
        await core.units.run(counting(account, 50), actor=ANNA, cause="test", request=request)
    assert refused.value.facts == {"left": "40"}
    assert await written(db) == before
    await core.units.run(counting(account, -60), actor=ANNA, cause="test")
    await core.units.run(counting(account, 50), actor=ANNA, cause="test", request=request)
    assert (await state(core, account)).total == 50


async def test_a_refusal_on_a_stale_cache_is_held_against_the_log_first(core: Core, other: Core) -> None:
    account = await opened(core)
    await core.units.run(counting(account, 90), actor=ANNA, cause="test")  # this process now believes in 90
    await other.units.run(counting(account, -80), actor=ANNA, cause="test")
    await core.units.run(counting(account, 50), actor=ANNA, cause="test")
    assert (await state(core, account)).total == 60


async def test_nothing_found_on_a_stale_cache_is_held_against_the_log_too(core: Core) -> None:
    with pytest.raises(NotFound):
        await core.units.run(counting(new_id(), 1), actor=ANNA, cause="test")


async def test_nothing_to_do_on_a_stale_cache_is_held_against_the_log_first(core: Core, other: Core) -> None:
    account = await opened(core)
    await core.units.run(counting(account, 90), actor=ANNA, cause="test")  # this process now believes in 90
    await other.units.run(counting(account, -80), actor=ANNA, cause="test")

    async def fill_up_to_50(work: Work) -> None:
        found = await work.get(Account, account)
        if found.total < 50:
            found.count(50 - found.total, at=NOW)

    await core.units.run(fill_up_to_50, actor=ANNA, cause="test")
    assert (await state(core, account)).total == 50


async def test_a_decision_on_an_absence_is_taken_again_when_it_ended_meanwhile(core: Core, other: Core) -> None:
    account, ledger = await opened(core), new_id()

    async def open_ledger(work: Work) -> None:
        work.add(Account.open(ledger, limit=100, at=NOW))

    async def count_once_there_is_no_ledger(work: Work) -> str:
        found = await work.get(Account, account)
        there = await work.find(Account, ledger) is not None
        found.count(10 if there else 1, at=NOW)
        if not there:
            await other.units.run(open_ledger, actor=ANNA, cause="overtakes")
        return "with" if there else "without"

    assert await core.units.run(count_once_there_is_no_ledger, actor=ANNA, cause="test") == "with"
    assert (await state(core, account)).total == 10


async def test_a_decision_on_another_aggregate_is_taken_again_when_that_one_moved_meanwhile(
    core: Core, other: Core
) -> None:
    account, rate = await opened(core), await opened(core)
    seen: list[int] = []

    async def count_what_the_other_says(work: Work) -> None:
        said = (await work.get(Account, rate)).total
        (await work.get(Account, account)).count(said, at=NOW)
        seen.append(said)
        if said == 0:
            await other.units.run(counting(rate, 7), actor=ANNA, cause="overtakes")

    await core.units.run(count_what_the_other_says, actor=ANNA, cause="test")
    assert (seen, (await state(core, account)).total) == ([0, 7], 7)


async def test_nothing_is_decided_on_what_is_not_committed(
    core: Core, other: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is under way and will be refused; the second must not count on it, though its version would fit."""
    account = await opened(core)
    await core.units.run(counting(account, 0), actor=ANNA, cause="test")
    await other.units.run(counting(account, 30), actor=ANNA, cause="test")
    submit, under_way, go_on = core.writer.submit, asyncio.Event(), asyncio.Event()

    async def held(unit: Any) -> Any:
        if not under_way.is_set():
            under_way.set()
            await go_on.wait()
        return await submit(unit)

    monkeypatch.setattr(core.writer, "submit", held)
    first = asyncio.create_task(core.units.run(counting(account, 60), actor=ANNA, cause="test"))
    await under_way.wait()
    receipt = await core.units.run(counting(account, 35), actor=ANNA, cause="test")
    go_on.set()
    assert receipt.facts == {"total": "65"}
    with pytest.raises(OverLimit):
        await first
    assert (await state(core, account)).total == 65


async def test_what_was_decided_before_a_refusal_is_not_written(core: Core, db: Db) -> None:
    account = await opened(core)
    before = await written(db)

    async def counts_and_is_refused(work: Work) -> None:
        found = await work.get(Account, account)
        found.count(1, at=NOW)
        found.count(1000, at=NOW)

    with pytest.raises(OverLimit):
        await core.units.run(counts_and_is_refused, actor=ANNA, cause="test")
    assert await written(db) == before
    assert (await state(core, account)).total == 0


async def test_two_racers_that_open_one_aggregate_meet_in_it(core: Core, other: Core) -> None:
    account = new_id()

    async def open_or_count(work: Work) -> None:
        found = await work.find(Account, account)
        if found is None:
            found = work.add(Account.open(account, limit=100, at=NOW))
        found.count(1, at=NOW)

    await asyncio.gather(*(p.units.run(open_or_count, actor=ANNA, cause="t") for p in (core, other) for _ in range(5)))
    assert (await state(core, account)).total == 10


async def test_the_unit_runs_to_its_end_when_its_caller_goes_away(core: Core) -> None:
    account = await opened(core)
    await core.units.run(counting(account, 1), actor=ANNA, cause="test")
    task = asyncio.create_task(core.units.run(counting(account, 5), actor=ANNA, cause="test"))
    while not core.writer._queue and not task.done():
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await core.units.run(counting(account, 10), actor=ANNA, cause="test")
    assert (await state(core, account)).total == 16


async def test_a_dry_run_decides_and_writes_nothing(core: Core, db: Db) -> None:
    account = await opened(core)
    before = await written(db)
    for _ in range(2):  # nor does it leave anything to the next decision
        receipt = await core.units.run(counting(account, 7), actor=ANNA, cause="test", dry_run=True)
        assert receipt.facts == {"total": "7"}
    assert await written(db) == before


async def test_the_read_model_is_what_the_aggregate_folds_to(core: Core, db: Db) -> None:
    account = await opened(core)
    await core.units.run(counting(account, 7), actor=ANNA, cause="test")
    row = await db.fetchrow("SELECT version, total FROM accounts WHERE id = $1", account)
    assert row is not None and tuple(row) == (2, 7)


async def test_new_ids_stay_the_same_when_a_decision_is_taken_again(core: Core) -> None:
    account = await opened(core)
    seen: list[UUID] = []

    async def decide(work: Work) -> None:
        seen.append(work.new_id())
        found = await work.get(Account, account)
        found.count(1, at=NOW)
        if len(seen) == 1:
            await core.units.run(counting(account, 1), actor=ANNA, cause="overtakes")

    await core.units.run(decide, actor=ANNA, cause="test")
    assert len(seen) == 2 and seen[0] == seen[1]


async def timer_of(db: Db, account: UUID) -> Any:
    return await db.fetchrow("SELECT due_at, generation FROM timers WHERE subject = $1", account)


async def wanting(core: Core, account: UUID, due: datetime | None) -> None:
    async def decide(work: Work) -> None:
        (await work.get(Account, account)).want_reminder(due, at=NOW)

    await core.units.run(decide, actor=ANNA, cause="test")


async def test_a_timer_row_moves_earlier_at_once_and_later_only_when_it_fires(core: Core, db: Db) -> None:
    account, hour = await opened(core), timedelta(hours=1)
    await wanting(core, account, NOW + 2 * hour)
    await wanting(core, account, NOW + hour)
    assert (await timer_of(db, account))["due_at"] == NOW + hour
    later = datetime.now(UTC) + hour
    await wanting(core, account, later)
    assert (await timer_of(db, account))["due_at"] == NOW + hour

    async def asked(work: Work) -> None:
        await work.get(Account, account)

    before = await timer_of(db, account)
    await core.units.run(asked, actor=ANNA, cause="fire", fired=FiredTimer("reminder", account, "", NOW + hour))
    after = await timer_of(db, account)
    assert after["due_at"] == later and after["generation"] > before["generation"]
    await wanting(core, account, None)
    assert await timer_of(db, account) is None


async def test_a_batch_undoes_only_the_record_that_failed(core: Core) -> None:
    account = await opened(core)
    work = core.units.work(actor=ANNA, cause="batch")
    applied = []
    for amount in (10, 500, 20):
        work.begin()
        try:
            found = await work.get(Account, account)
            found.count(1, at=NOW)
            found.count(amount, at=NOW)
            applied.append(amount)
        except OverLimit:
            work.rollback()
    await core.units.submit(work, await core.units.build(work))
    assert applied == [10, 20]
    assert (await state(core, account)).total == 32
