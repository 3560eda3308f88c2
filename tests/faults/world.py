"""A stack to be hurt: its own PostgreSQL and Kafka, shipping issues one process per role, a load, and kills to order.

A process is killed by itself, at a named place in its code, the n-th time it comes there; whoever watches it starts it
again. Servers are killed from outside. Nothing is tidied up before a kill.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from chassis.kafka_meta import KafkaAccess
from infra.demo.stage import ANSWERS_ONLY, Stage
from infra.local import parts
from infra.local.failures import StartFailed
from infra.local.processes import tail
from infra.local.stack import MAILBOX, Component, service
from infra.local.supervisor import Stack
from tests.faults.load import Load
from tests.faults.oracle import Place, judge

HANG = 120.0
"""Seconds after which something that has not healed is called hung. It is a guard, not the goal."""

RATE = 5000.0
"""How fast the business clock runs under load, so that timers have something to do."""

SINGLE_ROLES = ("consumer", "relay", "timers", "effects")
"""Beside the api. They have nothing to do before the load begins, so the first kill can be in them from the start."""

SERVICES = ("returns", "shipping_issues", "notifications")
PROCESSES: dict[str, Component] = {
    component.name: component
    for component in (
        service("returns"),
        service("shipping_issues", "api"),
        *(service("shipping_issues", role, f"shipping_issues.{role}") for role in SINGLE_ROLES),
        service("notifications"),
    )
}


COMMITS = ("before-commit", "after-commit")
STEPS: Mapping[str, tuple[str, ...]] = {
    "shipping_issues": COMMITS,
    "shipping_issues.consumer": (*COMMITS, "before-offset-commit"),
    "shipping_issues.relay": ("after-publish", "before-position"),
    "shipping_issues.timers": COMMITS,
    "shipping_issues.effects": COMMITS,
    "notifications": ("after-commit",),
    "returns": ("before-commit",),
}
"""Where each process is killed: every step that a single role has, and one of those that have all roles in them."""

TO_AND_FRO = frozenset(
    {
        "casework.Case.WaitingOnChanged",
        "returns.Ledger.TransferMoved",
        "shipping_issues.DeliveryCase.RemedyRequested",
        "shipping_issues.DeliveryCase.RemedyUncertain",
    }
)
"""Events of what goes to and fro while somebody is killed: submitted, unknown, and submitted again by the look-up."""


@dataclass(frozen=True, slots=True)
class Kill:
    """`process` kills itself the n-th time it passes `point`."""

    process: str
    point: str
    on_pass: int

    @property
    def armed(self) -> Component:
        return PROCESSES[self.process].told(AFTERCARE_FAILPOINTS=f"{self.point}=kill@{self.on_pass}")

    def __str__(self) -> str:
        return f"{self.process} at {self.point}, pass {self.on_pass}"


def planned(seed: str, number: int) -> Mapping[str, Sequence[Kill]]:
    """The kills of a round, process by process; the same again for the same seed."""
    rng = random.Random(f"{seed}/kills/{number}")
    return {process: [Kill(process, step, rng.randint(1, 3)) for step in steps] for process, steps in STEPS.items()}


@dataclass(frozen=True, slots=True)
class Healed:
    """What was done, and the seconds from the end of the load until nothing was behind any more."""

    what: str
    kills: int
    sent_again: int
    seconds: float


@dataclass(slots=True)
class World:
    """The stack, the load that runs on it, and what became of both."""

    stage: Stage
    load: Load
    killed: list[Kill] = field(default_factory=list)
    healed: list[Healed] = field(default_factory=list)
    armed: set[Kill] = field(default_factory=set)

    async def under_load(self, what: str, *hurt: Awaitable[None], at_least: int) -> Healed:
        """Run the load until every hurt is done, then wait until nothing is behind; the seconds that took."""
        enough = asyncio.Event()
        killed, again = len(self.killed), self.load.sent_again
        await self._run_clocks(RATE)
        load = asyncio.ensure_future(self.load.run(enough, at_least=at_least))
        try:
            async with asyncio.timeout(HANG * 2):
                await asyncio.gather(*hurt)
                enough.set()
                await load
        finally:
            load.cancel()
        began = time.monotonic()
        self._nobody_ended()
        await self._run_clocks(0.0)
        await self.stage.settled(patience=HANG)
        done = Healed(what, len(self.killed) - killed, self.load.sent_again - again, time.monotonic() - began)
        self.healed.append(done)
        return done

    async def kill_in_turn(self, kills: Sequence[Kill]) -> None:
        """Each kill of one process, one after the other; in the end it runs unarmed."""
        for kill in kills:
            if kill in self.armed:
                self.armed.remove(kill)
            else:
                await self._start(kill.armed, may_die=True)
            await self.stage.until(f"the kill of {kill}", self._gone(kill.process), patience=HANG)
            said = tail(self.stage.stack.layout.log(kill.process))
            assert '"ended"' not in said, f"{kill.process} ended by itself instead of being killed:\n{said}"
            self.killed.append(kill)
        await self._start(PROCESSES[kills[0].process])

    async def kill_broker(self) -> None:
        """SIGKILL; it comes back on its data."""
        found = self._parts()
        await self._kill_server(found.kafka.pid())

    async def kill_postgres(self) -> None:
        """SIGKILL of the postmaster; its backends notice, and it comes back through its log."""
        found = self._parts()
        await self._kill_server(found.postgres.pid())

    async def place(self, name: str) -> Place:
        """A service as it stands on disk."""
        environment = self.stage.environment
        variables = environment.service(name)
        status = await self.stage.call(self.stage.operator, name, "GetStatus")
        return Place(
            model=import_module(f"services.{name}.bootstrap").SERVICE.model,
            reads=frozenset(partition.topic for partition in status.partitions),
            database_url=variables["AFTERCARE_DATABASE_URL"],
            keys_url=variables["AFTERCARE_KEYS_URL"],
            kek=variables["AFTERCARE_KEK"],
            kafka=KafkaAccess(environment.kafka, environment.topic_prefix),
            may_repeat=TO_AND_FRO,
        )

    async def judged(self, name: str) -> list[str]:
        """What does not hold of a service; nothing is a pass."""
        return await judge(await self.place(name), self.load.commands, self.load.facts)

    def _nobody_ended(self) -> None:
        """Only who was killed was started again: whoever ended by itself gave up where it should have gone on."""
        stack = self.stage.stack
        ended = [name for name in PROCESSES if stack.processes.pid(name) is None]
        assert not ended, "\n".join(f"{name} ended:\n{tail(stack.layout.log(name))}" for name in ended)

    async def _run_clocks(self, rate: float) -> None:
        """From one instant, a little ahead of all of them: none can go back."""
        await self.stage.set_clock(await self.stage.now() + timedelta(seconds=2 * RATE), rate=rate)

    def _parts(self) -> parts.Parts:
        return parts.parts_at(self.stage.stack.data_dir, self.stage.stack.profile)

    async def _kill_server(self, pid: int | None) -> None:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        stack = self.stage.stack
        await asyncio.to_thread(parts.ensure, stack.data_dir, stack.profile)

    def _gone(self, process: str) -> Callable[[], Awaitable[bool]]:
        async def gone() -> bool:
            return self.stage.stack.processes.pid(process) is None

        return gone

    async def _start(self, component: Component, *, may_die: bool = False) -> None:
        if self.stage.stack.processes.pid(component.name) is not None:
            await asyncio.to_thread(self.stage.stack.stop, component, signal.SIGKILL)
        try:
            await asyncio.to_thread(self.stage.stack.start, component, self.stage.environment)
        except StartFailed:
            if not may_die:
                raise


def armed_from_the_start(seed: str) -> set[Kill]:
    """The kills that need no restart to be prepared."""
    first = planned(seed, 1)
    return {first[f"shipping_issues.{role}"][0] for role in SINGLE_ROLES}


def stack_at(folder: Path, armed: Collection[Kill] = ()) -> Stack:
    """The stack, not up yet."""
    processes = PROCESSES | {kill.process: kill.armed for kill in armed}
    return Stack(folder, (MAILBOX, *processes.values(), ANSWERS_ONLY), profile="tests", driven_clock=True)
