"""An event loop whose time is made up: a sleep costs nothing, and one seed gives one history.

Tasks are scheduled exactly as asyncio schedules them; only the clock jumps to the next timer instead of waiting.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stuck(AssertionError):
    """Everybody waits and nothing is due: a history that can never go on."""


class _NoWaiting(selectors.SelectSelector):
    """Instead of waiting for sockets it passes the time. Nothing in a history reads from one."""

    loop: "SimulatedLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck("everybody waits, and no timer is due")
        self.loop.now += timeout
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        selector = _NoWaiting()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in made-up time; what it leaves behind is cancelled."""
    loop = SimulatedLoop()
    loop.set_exception_handler(lambda *_: None)  # a client that was not answered looks at nothing
    try:
        return loop.run_until_complete(main)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
