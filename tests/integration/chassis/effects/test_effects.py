"""Role `effects` on a real log: the attempt is committed before the call, a transition and its owner are one unit."""

# long: the worker against one database, each promise in turn, on one set of fakes

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from chassis.domain import Refused
from chassis.effects.carrier import Carrier
from chassis.effects.desk import EffectDesk
from chassis.effects.effect import Effect, effect_id
from chassis.effects.role import EffectRole
from chassis.effects.states import EffectNotHeld, State
from chassis.effects.terms import Terms
from chassis.errors import StoreUnavailable
from chassis.ids import new_id
from chassis.service import Attempt, EffectChanged, Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown
from chassis.work import SYSTEM, Actor, Work
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel

Db: TypeAlias = "asyncpg.Connection[Any]"
Script: TypeAlias = Callable[[Attempt], Awaitable[ProviderAnswer]]
START = datetime(2126, 3, 1, 12, tzinfo=UTC)
ANN = Actor("ann")
TERMS = Terms(None)
DAY = timedelta(days=1)


class Provider:
    """Does what the test says, and remembers what it was asked."""

    def __init__(self, *answers: ProviderAnswer | Exception | Script, keys: timedelta | None = None) -> None:
        self.idempotency = keys
        self.answers = list(answers)
        self.look_ups: list[ProviderAnswer | Exception | None] = []
        self.calls: list[Attempt] = []
        self.asked: list[Attempt] = []

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        self.calls.append(attempt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return await answer(attempt) if callable(answer) else answer

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        self.asked.append(attempt)
        answer = self.look_ups.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Owner:
    """Counts on the account what it is told, in the unit that tells it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.refuses: frozenset[str] = frozenset()

    async def __call__(self, work: Work, change: EffectChanged) -> None:
        if change.state in self.refuses:
            raise Refused("the owner does not want it")
        self.told.append((change.state, change.attempt))
        account = await work.get(Account, change.subject)
        account.count(1, at=work.now, note=change.state)


@pytest.fixture
def owner(kernel: Kernel, second: Kernel) -> Owner:
    owner = Owner()
    kernel.units.effect_handlers = {"mail": owner}
    second.units.effect_handlers = {"mail": owner}
    return owner


@pytest.fixture(autouse=True)
async def clean(kernel: Kernel, second: Kernel, db: Db) -> None:
    await db.execute("DELETE FROM clock; DELETE FROM effects; DELETE FROM paused_effects")
    for process in (kernel, second):
        await process.clock.read(db)
    await kernel.drive(to=START, rate=0.0)
    await second.clock.read(db)


def role(kernel: Kernel, provider: Provider, **more: Any) -> EffectRole:
    providers: Mapping[str, Any] = {"mail": provider}
    return EffectRole(kernel.connect, kernel.pool, kernel.units, providers, kernel.clock, **more)


async def turn(running: EffectRole) -> int:
    """One look at the queue, and everything it started done."""
    taken = await running.turn()
    await running.idle()
    return taken


async def planned(kernel: Kernel, key: str | None = None, kind: str = "mail") -> UUID:
    """An account that intends one effect; the effect's id."""
    account, name = new_id(), key or str(new_id())

    async def decide(work: Work) -> None:
        work.add(Account.open(account, limit=100, at=work.now))
        await work.plan_effect(kind, name, subject=account, body={"case": account, "fee": 3})

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return effect_id("example", kind, name)


async def effect(kernel: Kernel, id: UUID) -> Effect:
    found = await kernel.aggregates.load(id)
    assert isinstance(found, Effect)
    return found


async def notes(kernel: Kernel, id: UUID) -> list[str]:
    account = await kernel.aggregates.load((await effect(kernel, id)).subject)
    assert isinstance(account, Account)
    return account.notes


async def row(db: Db, id: UUID) -> Any:
    return await db.fetchrow("SELECT * FROM effects WHERE id = $1", id)


async def test_an_intent_is_written_with_its_decision_and_carried_out_once(
    kernel: Kernel, db: Db, owner: Owner
) -> None:
    id, provider = await planned(kernel), Provider(Succeeded("p-1", {"fee": "3"}))
    running = role(kernel, provider)
    assert [await turn(running), await turn(running)] == [1, 0]
    assert [(c.number, c.body["fee"], c.idempotency_key, c.now) for c in provider.calls] == [(1, 3, str(id), START)]
    assert owner.told == [("attempting", 1), ("succeeded", 1)]
    assert await notes(kernel, id) == ["attempting", "succeeded"]
    stored = await row(db, id)
    assert (stored["state"], stored["reference"], stored["attempt"], stored["wake_at"]) == ("succeeded", "p-1", 1, None)


async def test_the_same_business_key_is_one_effect(kernel: Kernel, owner: Owner) -> None:
    key = str(new_id())
    assert await planned(kernel, key) == await planned(kernel, key)
    provider = Provider(Succeeded())
    running = role(kernel, provider)
    await turn(running)
    await turn(running)
    assert len(provider.calls) == 1


async def test_a_refused_decision_intends_nothing(kernel: Kernel, db: Db) -> None:
    account = new_id()

    async def decide(work: Work) -> None:
        opened = work.add(Account.open(account, limit=0, at=work.now))
        await work.plan_effect("mail", "refused", subject=account, body={})
        opened.count(1, at=work.now)

    with pytest.raises(Refused):
        await kernel.units.run(decide, actor=SYSTEM, cause="test")
    assert await row(db, effect_id("example", "mail", "refused")) is None


async def test_the_attempt_is_committed_before_the_provider_is_called(kernel: Kernel, db: Db, owner: Owner) -> None:
    seen: list[tuple[str, int]] = []
    id = await planned(kernel)

    async def look(attempt: Attempt) -> ProviderAnswer:
        stored = await row(db, id)
        seen.append((stored["state"], stored["attempt"]))
        return Succeeded()

    await turn(role(kernel, Provider(look)))
    assert seen == [("attempting", 1)]


async def test_two_workers_make_one_call(kernel: Kernel, second: Kernel, owner: Owner) -> None:
    ids = [await planned(kernel) for _ in range(8)]
    provider = Provider(*[Succeeded()] * 8)
    await asyncio.gather(turn(role(kernel, provider)), turn(role(second, provider)), turn(role(kernel, provider)))
    assert len(provider.calls) == 8
    assert [(await effect(kernel, id)).state for id in ids] == [State.SUCCEEDED] * 8


async def test_a_worker_that_took_it_up_late_finds_it_begun(kernel: Kernel, second: Kernel, owner: Owner) -> None:
    """Both had read the queue; the second comes to its step while the first one's call is under way."""
    called, may_answer = asyncio.Event(), asyncio.Event()

    async def slowly(attempt: Attempt) -> ProviderAnswer:
        called.set()
        await may_answer.wait()
        return Succeeded()

    id, provider = await planned(kernel), Provider(slowly, Succeeded())
    first = asyncio.create_task(Carrier(kernel.units, {"mail": provider}, kernel.clock).step(id, "mail"))
    await called.wait()
    await Carrier(second.units, {"mail": provider}, second.clock).step(id, "mail")
    assert len(provider.calls) == 1
    may_answer.set()
    await first
    assert (await effect(kernel, id)).state is State.SUCCEEDED


async def test_a_worker_that_dies_in_the_call_leaves_an_unknown_outcome_and_no_second_call(
    kernel: Kernel, second: Kernel, owner: Owner
) -> None:
    called = asyncio.Event()

    async def never(attempt: Attempt) -> ProviderAnswer:
        called.set()
        await asyncio.Event().wait()
        raise AssertionError

    id = await planned(kernel)
    provider, other = Provider(never), Provider()
    dying = asyncio.create_task(role(kernel, provider).run())
    await asyncio.wait_for(called.wait(), 30)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    other.look_ups = [NotDone("ABSENT")]
    assert await turn(role(second, other)) == 0  # the lease still runs
    second.ahead.by = TERMS.lease
    for expected in (State.UNKNOWN, State.UNKNOWN, State.HELD):
        assert await turn(role(second, other)) == 1
        assert (await effect(second, id)).state is expected
    assert (len(provider.calls), len(other.calls), len(other.asked)) == (1, 0, 1)
    assert owner.told == [("attempting", 1), ("unknown", 1), ("held", 1)]


async def test_a_late_success_is_taken_although_a_person_is_asked_already(
    kernel: Kernel, second: Kernel, owner: Owner
) -> None:
    release, called = asyncio.Event(), asyncio.Event()

    async def slow(attempt: Attempt) -> ProviderAnswer:
        called.set()
        await release.wait()
        return Succeeded("late")

    id = await planned(kernel)
    sender = role(kernel, Provider(slow))
    await sender.turn()
    await asyncio.wait_for(called.wait(), 30)
    other = Provider()
    other.look_ups = [None]
    second.ahead.by = TERMS.lease
    for _ in range(3):
        await turn(role(second, other))
    assert (await effect(second, id)).state is State.HELD
    release.set()
    await sender.idle()
    settled = await effect(second, id)
    assert (settled.state, settled.reference) == (State.SUCCEEDED, "late")


async def test_an_exception_of_the_adapter_is_unknown_and_the_look_up_settles_it(kernel: Kernel, owner: Owner) -> None:
    id, provider = await planned(kernel), Provider(ConnectionResetError("gone"))
    provider.look_ups = [Succeeded("found")]
    running = role(kernel, provider)
    await turn(running)
    assert ((await effect(kernel, id)).state, (await effect(kernel, id)).why) == (
        State.UNKNOWN,
        "ConnectionResetError",
    )
    kernel.ahead.by = timedelta(seconds=2)
    await turn(running)
    assert ((await effect(kernel, id)).state, (await effect(kernel, id)).reference) == (State.SUCCEEDED, "found")
    assert owner.told == [("attempting", 1), ("unknown", 1), ("succeeded", 1)]


async def test_a_call_that_outlasts_its_time_is_unknown(kernel: Kernel, owner: Owner) -> None:
    async def stuck(attempt: Attempt) -> ProviderAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    id = await planned(kernel)
    await turn(role(kernel, Provider(stuck), terms={"mail": Terms(None, call=timedelta(milliseconds=20))}))
    assert ((await effect(kernel, id)).state, (await effect(kernel, id)).why) == (State.UNKNOWN, "TIMEOUT")


async def test_a_provider_with_keys_is_called_again_under_the_same_key(kernel: Kernel, owner: Owner) -> None:
    id, provider = await planned(kernel), Provider(Unknown("502"), Succeeded(), keys=DAY)
    provider.look_ups = [None]
    running = role(kernel, provider)
    await turn(running)
    kernel.ahead.by = timedelta(seconds=2)
    await turn(running)
    await turn(running)
    assert (await effect(kernel, id)).state is State.SUCCEEDED
    assert [(c.number, c.idempotency_key) for c in provider.calls] == [(1, str(id)), (2, str(id))]
    assert provider.calls[0].first_attempt_at == provider.calls[1].first_attempt_at


async def test_a_look_up_that_fails_is_asked_again_later(kernel: Kernel, owner: Owner) -> None:
    id, provider = await planned(kernel), Provider(Unknown("502"))
    provider.look_ups = [ConnectionResetError("gone"), Failed("NEVER_ARRIVED")]
    running = role(kernel, provider)
    await turn(running)
    kernel.ahead.by = timedelta(seconds=2)
    assert [await turn(running), await turn(running)] == [1, 0]
    kernel.ahead.by = timedelta(seconds=30)
    await turn(running)
    assert ((await effect(kernel, id)).state, (await effect(kernel, id)).why) == (State.FAILED, "NEVER_ARRIVED")


async def test_what_was_not_done_is_tried_again_after_a_pause(kernel: Kernel, owner: Owner) -> None:
    id, provider = await planned(kernel), Provider(NotDone("BUSY"), Succeeded())
    running = role(kernel, provider)
    assert [await turn(running), await turn(running)] == [1, 0]
    kernel.ahead.by = timedelta(seconds=2)
    assert await turn(running) == 1
    assert (await effect(kernel, id)).state is State.SUCCEEDED
    assert owner.told == [("attempting", 1), ("attempting", 2), ("succeeded", 2)]


async def test_a_submitted_request_waits_for_its_fact(kernel: Kernel, second: Kernel, owner: Owner) -> None:
    key = str(new_id())
    id = await planned(kernel, key)
    running = role(kernel, Provider(Submitted(START + DAY, "request-1")))
    assert [await turn(running), await turn(running)] == [1, 0]
    assert (await effect(kernel, id)).state is State.SUBMITTED

    async def fact(work: Work) -> None:
        await work.effect_fact("mail", key, Succeeded("settled"))

    await second.units.run(fact, actor=SYSTEM, cause="record")
    assert (await effect(kernel, id)).state is State.SUCCEEDED
    assert await notes(kernel, id) == ["attempting", "submitted", "succeeded"]


async def test_silence_after_a_submitted_request_is_asked_about_when_the_business_clock_is_there(
    kernel: Kernel, owner: Owner
) -> None:
    id, provider = await planned(kernel), Provider(Submitted(START + DAY), keys=30 * DAY)
    provider.look_ups = [Submitted(START + 2 * DAY)]
    running = role(kernel, provider)
    await turn(running)
    assert await turn(running) == 0
    await kernel.drive(to=START + DAY)
    assert [await turn(running), await turn(running), await turn(running)] == [1, 1, 0]
    asked = await effect(kernel, id)
    assert (asked.state, asked.answer_by, len(provider.asked)) == (State.SUBMITTED, START + 2 * DAY, 1)


async def test_a_fact_about_an_effect_nobody_planned_changes_nothing(kernel: Kernel, db: Db) -> None:
    before = await db.fetchval("SELECT count(*) FROM events")

    async def fact(work: Work) -> None:
        await work.effect_fact("mail", "never planned", Succeeded())

    await kernel.units.run(fact, actor=SYSTEM, cause="record")
    assert await db.fetchval("SELECT count(*) FROM events") == before


async def test_an_owner_that_raises_does_not_lose_a_proof(kernel: Kernel, db: Db, owner: Owner) -> None:
    """The success is stored without the owner, shown as untold, and told again by an operator."""
    owner.refuses = frozenset({"succeeded"})
    id = await planned(kernel)
    await turn(role(kernel, Provider(Succeeded("p-1"))))
    stored = await row(db, id)
    assert (stored["state"], stored["untold"]) == ("succeeded", "Refused: the owner does not want it")
    assert await notes(kernel, id) == ["attempting"]
    owner.refuses = frozenset()
    desk = EffectDesk(kernel.units, kernel.pool)
    await kernel.units.run(lambda work: desk.tell_again(work, id), actor=ANN, cause="test")
    await kernel.units.run(lambda work: desk.tell_again(work, id), actor=ANN, cause="test")
    assert ((await row(db, id))["untold"], await notes(kernel, id)) == ("", ["attempting", "succeeded"])


async def test_an_owner_that_raises_before_an_attempt_keeps_it_from_being_sent(
    kernel: Kernel, db: Db, owner: Owner
) -> None:
    owner.refuses = frozenset({"attempting"})
    id, provider = await planned(kernel), Provider(Succeeded())
    running = role(kernel, provider)
    await turn(running)
    stored = await row(db, id)
    assert (stored["state"], stored["attempt"], stored["reason"]) == ("held", 0, "OWNER_RAISED")
    assert provider.calls == []
    owner.refuses = frozenset()
    desk = EffectDesk(kernel.units, kernel.pool)
    await kernel.units.run(lambda work: desk.settle(work, id, "retry", why="repaired"), actor=ANN, cause="test")
    await turn(running)
    assert ((await row(db, id))["state"], len(provider.calls)) == ("succeeded", 1)


async def test_an_answer_waits_for_a_store_that_is_away(
    kernel: Kernel, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, away = kernel.writer.submit, 2

    async def flaky(unit: Any) -> Any:
        nonlocal away
        if provider.calls and away:
            away -= 1
            raise StoreUnavailable("the store did not answer in time")
        return await submit(unit)

    id, provider = await planned(kernel), Provider(Succeeded("p-1"))
    monkeypatch.setattr(kernel.writer, "submit", flaky)
    await turn(role(kernel, provider))
    assert (away, (await effect(kernel, id)).state, len(provider.calls)) == (0, State.SUCCEEDED, 1)


async def held(kernel: Kernel, provider: Provider) -> UUID:
    id = await planned(kernel)
    provider.answers.insert(0, Unknown("TIMEOUT"))
    provider.look_ups = [NotDone("ABSENT")]
    running = role(kernel, provider)
    await turn(running)
    kernel.ahead.by = timedelta(seconds=2)
    await turn(running)
    await turn(running)
    assert (await effect(kernel, id)).state is State.HELD
    return id


@pytest.mark.parametrize(
    ("outcome", "state", "calls"),
    [("succeeded", State.SUCCEEDED, 1), ("failed", State.FAILED, 1), ("retry", State.SUCCEEDED, 2)],
)
async def test_a_person_settles_a_held_effect_and_is_named(
    kernel: Kernel, owner: Owner, outcome: str, state: State, calls: int
) -> None:
    provider = Provider(Succeeded())
    id = await held(kernel, provider)
    desk = EffectDesk(kernel.units, kernel.pool)
    await kernel.units.run(lambda work: desk.settle(work, id, outcome, why="looked"), actor=ANN, cause="test")
    decided = (await kernel.log.events(id))[-1]
    assert b'"by":"ann"' in decided.state
    assert b'"why":"looked"' in decided.state
    await turn(role(kernel, provider))
    assert ((await effect(kernel, id)).state, len(provider.calls)) == (state, calls)
    with pytest.raises(EffectNotHeld):
        await kernel.units.run(lambda work: desk.settle(work, id, outcome, why="again"), actor=ANN, cause="test")


@pytest.mark.parametrize("paused", ["mail", "*"])
async def test_a_paused_kind_is_not_called_until_it_is_resumed(kernel: Kernel, owner: Owner, paused: str) -> None:
    id, provider = await planned(kernel), Provider(Succeeded())
    desk, running = EffectDesk(kernel.units, kernel.pool), role(kernel, provider)
    await desk.pause(paused, by="ann", why="the provider is down")
    assert (await turn(running), provider.calls, await desk.paused()) == (0, [], [paused])
    await desk.resume(paused)
    assert (await turn(running), await desk.paused()) == (1, [])
    assert (await effect(kernel, id)).state is State.SUCCEEDED


async def test_a_kind_without_provider_is_left_for_a_newer_build(kernel: Kernel, owner: Owner) -> None:
    id = await planned(kernel)
    running = EffectRole(kernel.connect, kernel.pool, kernel.units, {}, kernel.clock)
    assert (await turn(running), (await effect(kernel, id)).state) == (0, State.PLANNED)


async def test_after_a_restore_every_open_effect_is_unknown_and_told_so(
    kernel: Kernel, second: Kernel, owner: Owner
) -> None:
    waiting, done = await planned(kernel), await planned(kernel)
    provider = Provider(Submitted(START + DAY), Succeeded())
    await turn(role(kernel, provider, concurrency=1))
    await turn(role(kernel, provider, concurrency=1))
    fresh = await planned(kernel)
    desk = EffectDesk(second.units, second.pool)
    assert [await desk.distrust(since=kernel.clock.real_now()) for _ in range(2)] == [2, 0]
    states = {id: (await effect(kernel, id)).state for id in (waiting, done, fresh)}
    assert sorted(states.values()) == [State.SUCCEEDED, State.UNKNOWN, State.UNKNOWN]
    assert states[fresh] is State.UNKNOWN
    assert (await effect(kernel, fresh)).why == "RESTORED"


async def test_no_more_calls_run_at_once_than_there_is_room(kernel: Kernel, owner: Owner) -> None:
    release, two, running_now, most = asyncio.Event(), asyncio.Event(), 0, 0

    async def slow(attempt: Attempt) -> ProviderAnswer:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        if running_now == 2:
            two.set()
        await release.wait()
        running_now -= 1
        return Succeeded()

    for _ in range(5):
        await planned(kernel)
    running = role(kernel, Provider(*[slow] * 5), concurrency=2)
    assert [await running.turn(), await running.turn()] == [2, 0]
    await asyncio.wait_for(two.wait(), 30)
    release.set()
    await running.idle()
    assert [await turn(running), await turn(running), await turn(running)] == [2, 1, 0]
    assert most == 2


async def test_a_provider_that_hangs_delays_no_other_kind(kernel: Kernel, owner: Owner) -> None:
    release = asyncio.Event()

    async def slow(attempt: Attempt) -> ProviderAnswer:
        await release.wait()
        return Succeeded()

    for _ in range(3):
        await planned(kernel)
    other, quick = await planned(kernel, kind="label"), Provider(Succeeded())
    providers: Mapping[str, Any] = {"mail": Provider(*[slow] * 3), "label": quick}
    running = EffectRole(kernel.connect, kernel.pool, kernel.units, providers, kernel.clock, concurrency=1)
    assert await running.turn() == 2
    async with asyncio.timeout(30):
        while (await effect(kernel, other)).state is not State.SUCCEEDED:
            await asyncio.sleep(0.02)
    release.set()
    await running.idle()
    assert len(quick.calls) == 1


async def test_the_role_is_woken_by_an_intent_and_stops_when_what_it_began_is_answered(
    kernel: Kernel, owner: Owner
) -> None:
    called, release = asyncio.Event(), asyncio.Event()

    async def slow(attempt: Attempt) -> ProviderAnswer:
        called.set()
        await release.wait()
        return Succeeded()

    running = role(kernel, Provider(slow))
    task = asyncio.create_task(running.run())
    id = await planned(kernel)
    await asyncio.wait_for(called.wait(), 30)
    assert (running.not_ready(), running.not_alive()) == ("", "")
    stopping = asyncio.create_task(running.stop())
    release.set()
    await asyncio.wait_for(asyncio.gather(stopping, task), 30)
    assert (await effect(kernel, id)).state is State.SUCCEEDED
