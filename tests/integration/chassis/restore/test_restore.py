"""After a restore from a backup: nothing is done twice, nobody is remembered again, and the lost time is told apart."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.domain import Personal
from chassis.effects.desk import EffectDesk
from chassis.effects.effect import Effect, effect_id
from chassis.effects.role import EffectRole
from chassis.effects.states import State
from chassis.ids import new_id
from chassis.keys import Erasures
from chassis.recovery.restored import NotANewIncarnation, Restored, after_restore
from chassis.service import Attempt, NotDone, ProviderAnswer, Succeeded
from chassis.work import SYSTEM, Work
from infra.local.databases import with_database
from infra.local.parts import Parts
from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel


class Provider:
    """Without keys. It says "absent" to every question, though it did everything it was asked."""

    idempotency: timedelta | None = None

    def __init__(self) -> None:
        self.calls = 0

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        self.calls += 1
        return Succeeded()

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        return NotDone("ABSENT")


@pytest.fixture
async def backup(parts: Parts, example_database: ExampleDatabase) -> AsyncIterator[str]:
    """The name of the database a backup is restored into."""
    name = f"{example_database.runtime_role}_backup"
    yield name
    server = await asyncpg.connect(parts.postgres_url)
    await server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await server.close()


def erasures(kernel: Kernel) -> Erasures:
    return Erasures(kernel.units, kernel.pool, kernel.store, kernel.ring)


async def carry_out(kernel: Kernel, provider: Provider) -> None:
    role = EffectRole(kernel.connect, kernel.pool, kernel.units, {"mail": provider}, kernel.clock)
    while await role.turn():
        await role.idle()


async def customer(kernel: Kernel, who: str) -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(id, limit=100, at=work.now)).name_owner(Personal(who, "Anna"), at=work.now)
        await work.plan_effect("mail", who, subject=id, body={})

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


async def state(kernel: Kernel, who: str) -> State:
    effect = await kernel.aggregates.load(effect_id("example", "mail", who))
    assert isinstance(effect, Effect)
    return effect.state


async def test_what_happened_after_the_backup_is_not_done_again_nor_remembered(
    parts: Parts, example_database: ExampleDatabase, key_database: str, backup: str
) -> None:
    provider = Provider()
    before = await Kernel.start(example_database.url, key_database)
    gone, done = await customer(before, "gone"), await customer(before, "done")
    await before.stop()
    server = await asyncpg.connect(parts.postgres_url)
    await server.execute(f'CREATE DATABASE "{backup}" TEMPLATE "{example_database.url.rpartition("/")[2]}"')
    await server.close()
    backup_at = datetime.now(UTC)

    lost = await Kernel.start(example_database.url, key_database)
    await carry_out(lost, provider)
    await erasures(lost).ask("gone", actor=SYSTEM)
    await erasures(lost).carry_out()
    await lost.stop()
    assert provider.calls == 2

    restored = await Kernel.start(with_database(example_database.url, backup), key_database)
    owner_url = with_database(example_database.owner_url, backup)
    db: asyncpg.Connection[Any] = await asyncpg.connect(owner_url)
    assert await db.fetchval("SELECT owner FROM accounts WHERE id = $1", gone) == "Anna"
    desk = EffectDesk(restored.units, restored.pool)

    async def run(incarnation: int) -> Restored:
        return await after_restore(
            lambda: asyncpg.connect(owner_url),
            desk,
            erasures(restored),
            backup_at=backup_at,
            incarnation=incarnation,
            clock_at=restored.clock.now,
        )

    with pytest.raises(NotANewIncarnation):
        await run(1)
    assert await run(2) == Restored(incarnation=2, effects=2, people=1)
    with pytest.raises(NotANewIncarnation):
        await run(2)

    assert await db.fetchval("SELECT number FROM incarnation") == 2
    owners = dict(await db.fetch("SELECT id, owner FROM accounts"))
    assert owners == {gone: None, done: "Anna"}
    await carry_out(restored, provider)
    assert [await state(restored, who) for who in ("gone", "done")] == [State.HELD, State.HELD]
    assert provider.calls == 2
    await db.close()
    await restored.stop()
