"""A process runs all of its parts or ends, and ends in order."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from chassis.runtime.supervision import Part, Supervisor


class Running:
    """A part that runs until told, and tells what happened to it."""

    def __init__(self, name: str, story: list[str], *, lingers: bool = False) -> None:
        self.name, self.story, self.lingers = name, story, lingers
        self.entered, self.leave = asyncio.Event(), asyncio.Event()

    def part(self) -> Part:
        return Part(self.name, self.run, started=self.started, stop=self.stop)

    async def run(self) -> None:
        self.story.append(f"{self.name} runs")
        self.entered.set()
        try:
            await self.leave.wait()
            self.story.append(f"{self.name} ended")
        except asyncio.CancelledError:
            self.story.append(f"{self.name} cancelled")
            raise

    async def started(self) -> None:
        await self.entered.wait()

    async def stop(self) -> None:
        self.story.append(f"{self.name} stops")
        if not self.lingers:
            self.leave.set()


async def failing() -> None:
    raise ZeroDivisionError("a fault in the part")


async def returning() -> None:
    return None


def supervisor(*parts: Part, grace: float = 5, on_ready: Callable[[bool], Awaitable[None]] | None = None) -> Supervisor:
    made = Supervisor(grace, on_ready)
    made.add(parts)
    return made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_every_part_and_ends_well(number: signal.Signals) -> None:
    """Started in their order, and told to stop in the opposite one."""
    story: list[str] = []
    first, second = Running("first", story), Running("second", story)
    running = asyncio.ensure_future(supervisor(first.part(), second.part()).run())
    await second.entered.wait()
    os.kill(os.getpid(), number)
    assert await running == 0
    assert story[:2] == ["first runs", "second runs"]
    assert story[2:4] == ["second stops", "first stops"]
    assert sorted(story[4:]) == ["first ended", "second ended"]


@pytest.mark.parametrize("broken", [failing, returning])
async def test_a_part_that_ends_by_itself_ends_the_process_with_a_failure(
    broken: Callable[[], Awaitable[None]],
) -> None:
    """The others still come to their end in order."""
    story: list[str] = []
    other = Running("other", story)
    assert await supervisor(other.part(), Part("broken", broken)).run() == 1
    assert story == ["other runs", "other stops", "other ended"]


async def test_a_part_that_fails_later_ends_the_process_too() -> None:
    fail = asyncio.Event()

    async def later() -> None:
        await fail.wait()
        raise ZeroDivisionError

    ready: list[bool] = []

    async def note(is_ready: bool) -> None:
        ready.append(is_ready)
        fail.set()

    assert await supervisor(Part("later", later), on_ready=note).run() == 1
    assert (ready[0], ready[-1]) == (True, False)


async def test_what_lingers_is_cut_off_when_the_grace_is_over() -> None:
    story: list[str] = []
    slow, quick = Running("slow", story, lingers=True), Running("quick", story)
    running = asyncio.ensure_future(supervisor(slow.part(), quick.part(), grace=0.05).run())
    await quick.entered.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    assert "quick ended" in story
    assert story[-1] == "slow cancelled"


async def test_a_second_signal_does_not_wait() -> None:
    story: list[str] = []
    slow = Running("slow", story, lingers=True)
    running = asyncio.ensure_future(supervisor(slow.part(), grace=600).run())
    await slow.entered.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    while "slow stops" not in story:
        await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    assert story[-1] == "slow cancelled"


async def test_readiness_names_each_part_that_waits() -> None:
    story: list[str] = []
    trouble = ["the broker is away"]
    part = Running("consumer", story)
    made = Supervisor(5)
    made.add([Part("consumer", part.run, started=part.started, stop=part.stop, not_ready=lambda: trouble[0])])
    assert made.not_ready() == {"consumer": "the broker is away", "process": "starting"}
    running = asyncio.ensure_future(made.run())
    await part.entered.wait()
    while "process" in made.not_ready():
        await asyncio.sleep(0)
    assert made.not_ready() == {"consumer": "the broker is away"}
    trouble[0] = ""
    assert made.not_ready() == {}
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert made.not_ready() == {"process": "draining"}


async def test_liveness_is_only_about_what_a_restart_would_mend() -> None:
    made = Supervisor(5)
    made.add([Part("a", failing, not_ready=lambda: "waits"), Part("b", failing, not_alive=lambda: "hangs")])
    assert made.not_alive() == {"b": "hangs"}
