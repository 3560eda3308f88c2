"""A stack to be hurt: its own PostgreSQL and Kafka, shipping issues one process per role, a load, and faults to order.

A process is killed by itself, at a named place in its code, the n-th time it comes there; whoever watches it starts it
again. Servers are killed from outside. Nothing is tidied up before a kill.
"""

# long: everything that can be done to one stack, and what has to be waited for afterwards

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import grpc

from chassis.kafka_meta import KafkaAccess
from infra.demo.stage import ANSWERS_ONLY, Stage
from infra.local import parts
from infra.local.failures import StartFailed
from infra.local.processes import tail
from infra.local.stack import MAILBOX, Component
from infra.local.supervisor import Stack
from tests.faults.kills import CONSUMERS, PROCESSES, REPLICAS, Kill
from tests.faults.load import Load
from tests.faults.oracle import Place, judge
from tests.faults.watched import Look, Told, figure, look, told

HANG = 120.0
"""Seconds after which something that has not healed is called hung. It is a guard, not the goal."""

RATE = 5000.0
"""How fast the business clock runs under load, so that timers have something to do."""

SERVICES = ("returns", "shipping_issues", "notifications")
KNOWN_CASES = 4

_WRITTEN = re.compile(r'"timestamp":"([^"]+)"')

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

    async def under_load(self, what: str, *hurt: Awaitable[None], at_least: int, on_known: int = 0) -> Healed:
        """Run the load until every hurt is done, then wait until nothing is behind; the seconds that took.

        `on_known` callers work on cases that are there already: they need nothing from Kafka.
        """
        enough = asyncio.Event()
        killed, again = len(self.killed), self.load.sent_again
        await self._run_clocks(RATE)
        load = asyncio.ensure_future(self.load.run(enough, at_least=at_least, on_known=on_known))
        try:
            async with asyncio.timeout(HANG * 4):
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

    async def some_cases(self) -> None:
        """Cases that commands can be given on, where there are none yet."""
        if len(self.load.troubles) < KNOWN_CASES:
            await self.under_load("the first cases", at_least=KNOWN_CASES)

    async def verdict(self) -> list[str]:
        """Everything that does not hold now, of any service, or that a caller was refused; nothing is a pass.

        The judge reads one thing after the other. Where a log grew meanwhile (the shop answered late), that was no look
        at one state, and it is taken again.
        """
        async with asyncio.timeout(HANG * 4):
            while True:
                before = await self.stage.events()
                found = [sentence for name in SERVICES for sentence in await self.judged(name)]
                if await self.stage.events() == before:
                    return found + [f"refused: {sentence}" for sentence in self.load.refusals]
                await self.stage.settled(patience=HANG)

    def arm(self, process: str, plan: str = "") -> None:
        """Give a process, running or not, this plan of failpoints; without one it is disarmed."""
        file = _plan_of(self.stage.stack.data_dir, process)
        file.parent.mkdir(exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(plan)
        new.replace(file)

    async def kill_in_turn(self, kills: Sequence[Kill]) -> None:
        """One kill after the other; each process is started again, and in the end all run unarmed."""
        for kill, following in zip(kills, [*kills[1:], None], strict=True):
            armed = mark()
            self.arm(kill.process, kill.plan)
            if self.pid(kill.process) is None:
                await self.start(kill.process, may_die=True)
            await self.stage.until(f"the kill of {kill}", self._gone(kill.process), patience=HANG)
            said = said_since(armed, tail(self.stage.stack.layout.log(kill.process)))
            assert '"ended"' not in said, f"{kill.process} ended by itself instead of being killed:\n{said}"
            self.killed.append(kill)
            self.arm(kill.process)
            if following is None or following.process != kill.process:
                await self.start(kill.process)

    async def kill_broker(self) -> None:
        """SIGKILL; it comes back on its data."""
        await self.kill_server(self.servers.kafka.pid())
        await self.start_servers()

    async def kill_postgres(self) -> None:
        """SIGKILL of the postmaster; its backends notice, and it comes back through its log."""
        await self.kill_server(self.servers.postgres.pid())
        await self.start_servers()

    async def kill_server(self, pid: int | None) -> None:
        """SIGKILL of the broker or of PostgreSQL; it stays down until `start_servers`."""
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def start_servers(self) -> None:
        """Start whichever server does not run."""
        stack = self.stage.stack
        await asyncio.to_thread(parts.ensure, stack.data_dir, stack.profile)

    @property
    def servers(self) -> parts.Parts:
        """PostgreSQL and Kafka of this stack."""
        return parts.parts_at(self.stage.stack.data_dir, self.stage.stack.profile)

    @asynccontextmanager
    async def second(self, role: str) -> AsyncIterator[str]:
        """A second process of a role of shipping issues, for the length of the block; its name."""
        name = f"shipping_issues.{role}.2"
        await self.start(name)
        try:
            yield name
        finally:
            self.arm(name)
            if self.pid(name) is not None:
                await self.end(name)

    def pid(self, process: str) -> int | None:
        return self.stage.stack.processes.pid(process)

    async def start(self, process: str, *, may_die: bool = False, told: Mapping[str, str] | None = None) -> None:
        """Start a process that does not run, and wait until it is ready, or dead where it may die."""
        component = self._component(process)
        if told:
            component = component.told(**told)
        try:
            await asyncio.to_thread(self.stage.stack.start, component, self.stage.environment)
        except StartFailed:
            if not may_die or self.pid(process) is not None:
                raise

    async def end(self, process: str) -> float:
        """SIGTERM: seconds until it had ended by itself with code 0."""
        pid = self.pid(process)
        assert pid is not None, f"{process} does not run"
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(HANG):
            while (left := _ended(pid)) is None:
                await asyncio.sleep(0.02)
        code = left.si_status if left.si_code == os.CLD_EXITED else -left.si_status
        assert code == 0, f"{process} ended with {code}:\n{tail(self.stage.stack.layout.log(process), 30)}"
        return time.monotonic() - began

    def look(self, process: str, path: str) -> Look:
        """What `/livez` or `/readyz` of a process answers."""
        return look(self.stage.environment.http_address(process), path)

    def figure(self, process: str, name: str, **labels: str) -> float:
        """One metric of a process."""
        return figure(self.stage.environment.http_address(process), name, **labels)

    def told(self, since: str, consumers: Iterable[str] = CONSUMERS) -> Told:
        """What the consumers were handed since a mark."""
        return told((self.stage.stack.layout.log(name) for name in consumers), since)

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

    def _component(self, process: str) -> Component:
        known: Mapping[str, Component] = {c.name: c for c in self.stage.stack.components}
        return known.get(process) or _armed(self.stage.stack.data_dir, REPLICAS[process])

    def _nobody_ended(self) -> None:
        """Only who was killed was started again: whoever ended by itself gave up where it should have gone on."""
        stack = self.stage.stack
        ended = [name for name in PROCESSES if self.pid(name) is None]
        assert not ended, "\n".join(f"{name} ended:\n{tail(stack.layout.log(name))}" for name in ended)

    async def _run_clocks(self, rate: float) -> None:
        """From one instant, a little ahead of all of them: none can go back. How little, is found out."""
        ahead = timedelta(seconds=2 * RATE)
        while True:
            try:
                return await self.stage.set_clock(await self.stage.now() + ahead, rate=rate)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                ahead *= 2  # a clock ran past the instant before it was told

    def _gone(self, process: str) -> Callable[[], Awaitable[bool]]:
        async def gone() -> bool:
            return self.pid(process) is None

        return gone


def _ended(pid: int) -> os.waitid_result | None:
    """How a child ended. It is only looked at, and left for whoever collects the dead."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def mark() -> str:
    """This instant, as the processes write it into their logs."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def said_since(since: str, log: str) -> str:
    """The lines of a log that were written after a mark: those before it are of the process before this one."""
    return "\n".join(line for line in log.splitlines() if (at := _WRITTEN.search(line)) and at[1] >= since)


def stack_at(folder: Path) -> Stack:
    """The stack, not up yet."""
    processes = [_armed(folder, component) for component in PROCESSES.values()]
    return Stack(folder, (MAILBOX, *processes, ANSWERS_ONLY), profile="tests", driven_clock=True)


def _plan_of(folder: Path, process: str) -> Path:
    return folder / "failpoints" / process


def _armed(folder: Path, component: Component) -> Component:
    """It looks there for what it is to be killed by, whenever that changes."""
    return component.told(AFTERCARE_FAILPOINTS=f"@{_plan_of(folder, component.name)}")
