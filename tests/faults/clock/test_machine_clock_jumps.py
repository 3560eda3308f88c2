"""A machine clock that jumps an hour forward and back while timers come due.

The order of an aggregate's events is that of their versions. No timer fires twice for one wish, and none is forgotten.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.effects.effect import Effect, effect_id
from chassis.effects.role import EffectRole
from chassis.effects.states import State
from chassis.ids import new_id
from chassis.service import Attempt, FiredTimer, ProviderAnswer, Succeeded
from chassis.timers import Timers
from chassis.work import SYSTEM, Work
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel

HOUR = timedelta(hours=1)
WISHES = 8


async def remind(work: Work, fired: FiredTimer) -> None:
    """Due: count it, and wish for the next one until all wishes were granted."""
    account = await work.get(Account, fired.subject)
    if account.due_at is not None and account.due_at <= work.now:
        account.count(1, at=work.now, note=f"reminded {account.due_at.isoformat()}")
        more = len(account.notes) < WISHES
        account.want_reminder(account.due_at + HOUR / 4 if more else None, at=work.now)


def timers(kernel: Kernel) -> Timers:
    return Timers(kernel.connect, kernel.pool, kernel.units, {"reminder": remind}, kernel.clock)


async def account_due(kernel: Kernel, due_at: datetime) -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(id, limit=100, at=work.now)).want_reminder(due_at, at=work.now)

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


@pytest.mark.fault(13, short=True)
async def test_no_timer_fires_twice_or_never_while_two_machines_clocks_jump(
    kernel: Kernel,
    second: Kernel,
    db: "asyncpg.Connection[Any]",
    seed: str,
    rounds: int,
    record_property: Callable[[str, object], None],
) -> None:
    """Two leaders at once, their clocks an hour apart in either direction: each wish is granted once."""
    rng = random.Random(f"{seed}/clocks")
    for _ in range(rounds):
        accounts = [await account_due(kernel, datetime.now(UTC) + rng.choice((-HOUR, HOUR / 2))) for _ in range(5)]
        for _ in range(6):
            for process in (kernel, second):
                process.ahead.by = rng.choice((-HOUR, timedelta(), HOUR))
            await asyncio.gather(timers(kernel).fire_due(), timers(second).fire_due())
        for process in (kernel, second):
            process.ahead.by = timedelta(hours=12)
        while await timers(kernel).fire_due():
            pass
        for id in accounts:
            await _judge(kernel, db, id)
        for process in (kernel, second):
            process.ahead.by = timedelta()
    record_property("rounds", rounds)


async def _judge(kernel: Kernel, db: "asyncpg.Connection[Any]", id: UUID) -> None:
    """Each wish once, in the order of versions though times went back; nothing waits any more."""
    kernel.aggregates.evict([id])
    account = await kernel.aggregates.load(id)
    assert isinstance(account, Account)
    assert (len(account.notes), len(set(account.notes)), account.notes) == (WISHES, WISHES, sorted(account.notes))
    versions = [event.version for event in await kernel.log.events(id)]
    assert versions == list(range(1, len(versions) + 1))
    assert await db.fetchval("SELECT count(*) FROM timers WHERE subject = $1", id) == 0


class Provider:
    """Without keys; the machine's clock jumps while it is asked."""

    idempotency: timedelta | None = None

    def __init__(self, jump: Callable[[], None]) -> None:
        self.calls, self._jump = 0, jump

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        self.calls += 1
        self._jump()
        return Succeeded("done")

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        return None


@pytest.mark.fault(13, short=True)
@pytest.mark.parametrize("by", [HOUR, -HOUR])
async def test_a_jump_during_a_call_makes_no_second_call_and_loses_no_answer(
    kernel: Kernel, second: Kernel, by: timedelta
) -> None:
    """The lease seems over to a second worker, or not begun; the first one's proof is taken all the same."""

    def jump() -> None:
        kernel.ahead.by += by
        second.ahead.by += by

    provider, subject, key = Provider(jump), new_id(), str(new_id())

    async def plan(work: Work) -> None:
        work.add(Account.open(subject, limit=1, at=work.now))
        await work.plan_effect("mail", key, subject=subject, body={})

    await kernel.units.run(plan, actor=SYSTEM, cause="test")
    roles = [EffectRole(k.connect, k.pool, k.units, {"mail": provider}, k.clock) for k in (kernel, second)]
    for role in (roles[0], roles[1], roles[0]):
        while await role.turn():
            await role.idle()
    effect = await kernel.aggregates.load(effect_id("example", "mail", key))
    assert isinstance(effect, Effect)
    assert (provider.calls, effect.state) == (1, State.SUCCEEDED)
