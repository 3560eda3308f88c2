"""What the append or the store refuses is tried again, in smaller pieces where it must be."""

import asyncio
from typing import Any

import pytest

from chassis.errors import StoreUnavailable
from chassis.inbox.consumer import Consumer
from chassis.unit import Judgement, Unit, Verdict
from chassis.work import Work
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.inbox.conftest import World, fact, running


class Refusing:
    """Stands before the real `Units` and refuses or fails what a rule says."""

    def __init__(self, core: Core, rule: Any) -> None:
        self._core, self._rule, self.sizes = core, rule, list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core.units, name)

    async def submit(self, work: Work, unit: Unit) -> Judgement:
        size = len(unit.inbox)
        self.sizes.append(size)
        answer = self._rule(size, len(self.sizes))
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            self._core.units.aggregates.evict(unit.reads)
            return Judgement(answer)
        return await self._core.units.submit(work, unit)


def _with_units(world: World, units: Refusing) -> Any:
    inbox = world.inbox()
    applier = inbox.consumers[0].applier
    applier.units = units  # type: ignore[assignment]
    applier.decider._units = units  # type: ignore[assignment]
    return inbox


async def test_three_conflicts_halve_the_batch(world: World) -> None:
    """A batch that is overtaken three times goes on in halves, in order, until it gets through."""
    units = Refusing(world.core, lambda size, _: Verdict.OVERTAKEN if size > 2 else None)
    inbox = _with_units(world, units)
    await world.send(*(fact(world.name(), note=str(n)) for n in range(4)))
    async with running(inbox):
        await world.reach(4, inboxes=[inbox])
    assert units.sizes == [4, 4, 4, 2, 2]
    assert await world.notes() == ["0", "1", "2", "3"]


async def test_an_unavailable_store_is_waited_for(world: World) -> None:
    """While the store cannot be reached nothing is parked or skipped, and the consumer says why it is not ready."""
    down = asyncio.Event()
    down.set()
    units = Refusing(world.core, lambda *_: StoreUnavailable("gone for now") if down.is_set() else None)
    inbox = _with_units(world, units)
    await world.send(fact(world.name(), 3), fact(world.name(), 4))
    async with running(inbox):
        await world.waits(inbox, "gone for now")
        assert await world.total() == 0
        assert inbox.positions()[world.topic, 0] == 0
        down.clear()
        await world.reach(2, inboxes=[inbox])
        assert inbox.not_ready() == ""
    assert await world.total() == 7
    assert await world.parked() == []


async def test_a_consumer_that_is_cancelled_takes_no_leave(world: World) -> None:
    """It is cancelled when the process's grace is over: what waits for Kafka then would outlast it."""
    inbox = world.inbox()
    left: list[str] = []

    async def leave(consumer: Consumer) -> None:
        left.append(consumer.topic)

    inbox._leave = leave  # type: ignore[method-assign]
    running = asyncio.create_task(inbox.run())
    await world.send(fact(world.name()))
    await world.reach(1, inboxes=[inbox])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert left == []
    assert await world.total() == 1
