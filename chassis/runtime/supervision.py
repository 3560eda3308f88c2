"""A process whose parts all run, or that ends: a part that stops by itself takes the process down with a non-zero exit,
and whoever supervises it starts it afresh.

SIGTERM and SIGINT end it in order within the grace: it says it is not ready, takes nothing new, lets what runs come to
its end, and only then closes the stores. A second signal does not wait.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from chassis.telemetry import METRICS

log = structlog.get_logger(__name__)


def _nothing_wrong() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that runs as long as the process does. `run` returns only after `stop`, or when cancelled.

    `not_ready` and `not_alive` give the reason, empty while there is none. Without `stop`, a part is cancelled.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    started: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
    not_ready: Callable[[], str] = _nothing_wrong
    not_alive: Callable[[], str] = _nothing_wrong


@dataclass(slots=True)
class Supervisor:
    """Runs the parts of one process in the order they were added and ends them in the opposite one."""

    grace: float
    on_ready: Callable[[bool], Awaitable[None]] | None = None
    _parts: list[Part] = field(default_factory=list)
    _phase: str = "starting"
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def add(self, parts: Sequence[Part]) -> None:
        self._parts += parts

    def not_ready(self) -> Mapping[str, str]:
        """Reasons by part, for `/readyz`."""
        reasons = {part.name: reason for part in self._parts if (reason := part.not_ready())}
        for part in self._parts:
            METRICS.role_up.labels(part.name).set(0 if part.name in reasons or self._phase else 1)
        return reasons | ({"process": self._phase} if self._phase else {})

    def not_alive(self) -> Mapping[str, str]:
        """Reasons by part, for `/livez`."""
        return {part.name: reason for part in self._parts if (reason := part.not_alive())}

    async def run(self) -> int:
        """Start, wait for a signal or the first part that ends, drain; the process's exit code."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, ended)
        failed = await self._start(ended)
        if not failed:
            failed = await self._until_the_end(ended)
        self._phase = "draining"
        await self._say_ready(False)
        await self._drain()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        log.info("ended", failed=failed or "nothing")
        return 1 if failed else 0

    def _signalled(self, ended: asyncio.Event) -> None:
        if ended.is_set():
            for task in self._tasks.values():
                task.cancel()
        ended.set()

    async def _start(self, ended: asyncio.Event) -> str:
        for part in self._parts:
            task = asyncio.ensure_future(_run(part))
            self._tasks[part.name] = task
            if part.started is not None:
                up = asyncio.ensure_future(part.started())
                told = asyncio.ensure_future(ended.wait())
                await asyncio.wait({up, told, task}, return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                told.cancel()
            if task.done():
                return part.name
            if ended.is_set():
                return ""
        self._phase = ""
        await self._say_ready(not self.not_ready())
        log.info("started", parts=[part.name for part in self._parts])
        return ""

    async def _until_the_end(self, ended: asyncio.Event) -> str:
        """The name of the part that ended by itself, nothing after a signal. Meanwhile readiness is passed on."""
        told = asyncio.ensure_future(ended.wait())
        ready: bool | None = None
        try:
            while not told.done():
                await asyncio.wait({told, *self._tasks.values()}, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
                gone = next((name for name, task in self._tasks.items() if task.done()), "")
                if gone and not told.done():
                    return gone
                if (now_ready := not self.not_ready()) != ready:
                    ready = now_ready
                    await self._say_ready(ready)
                    log.info("ready" if ready else "not_ready", reasons=dict(self.not_ready()))
            return ""
        finally:
            told.cancel()

    async def _say_ready(self, ready: bool) -> None:
        if self.on_ready is not None:
            await self.on_ready(ready)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self.grace):
                await asyncio.gather(*(self._stop(part) for part in reversed(self._parts)))
        except TimeoutError:
            log.warning("grace_over", still_running=[name for name, task in self._tasks.items() if not task.done()])
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _stop(self, part: Part) -> None:
        task = self._tasks.get(part.name)
        if task is None or task.done():
            return
        if part.stop is None:
            task.cancel()
        else:
            try:
                await part.stop()
            except Exception:
                log.exception("stop_failed", part=part.name)
                task.cancel()
        await asyncio.wait({task})


async def _run(part: Part) -> None:
    """A part's own failure is told once, here."""
    try:
        await part.run()
    except asyncio.CancelledError:
        raise
    except BaseException:
        log.exception("part_failed", part=part.name)
        raise
