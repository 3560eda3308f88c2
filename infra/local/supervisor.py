"""Brings a stack up, says what of it runs, and takes it down: data stays, no process does.

`up` may be called at any time: what runs and answers is left alone, what was killed is started again on its data. A
stack is used by one process at a time; a second `up` waits for the first.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import databases, jobs, parts, ports, topics
from infra.local.environment import Environment
from infra.local.failures import StartFailed
from infra.local.layout import LOCAL, ROOT, Layout
from infra.local.processes import Processes, Program, tail
from infra.local.stack import STACK, Component

UP = LOCAL / "up"
PATIENCE = 90
STOP_PATIENCE = 40
# A proxy of the machine's would not reach this machine's own loopback address.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of `status`. `elsewhere` is a part that the environment names and this stack does not run."""

    name: str
    state: str
    pid: int | None
    address: str

    @property
    def good(self) -> bool:
        return self.state in ("ready", "elsewhere")


@dataclass(slots=True)
class Stack:
    """`components` may be any list, so tests can run a service as separate roles."""

    data_dir: Path = UP
    components: Sequence[Component] = STACK
    profile: str = "demo"
    topic_prefix: str = ""
    driven_clock: bool = False
    say: Callable[[str], None] = field(default=lambda _: None)

    @property
    def layout(self) -> Layout:
        return Layout.at(self.data_dir)

    @property
    def processes(self) -> Processes:
        return Processes(self.layout.records)

    def up(self) -> Environment:
        """Starts what does not run, in order, and waits until everything is ready."""
        self.say("PostgreSQL and Kafka")
        running = parts.ensure(self.data_dir, self.profile)
        with self.layout.locked():
            missing = [component for component in self.components if self.processes.pid(component.name) is None]
            environment = asyncio.run(self._provide(running, bool(missing)))
            services = {component.migrates for component in missing if component.migrates}
            jobs.migrate(environment, sorted(services), running.postgres_url)
            for component in missing:
                self.say(component.name)
                self._launch(component, environment)
            for component in self.components:
                try:
                    self._wait(component)
                except StartFailed:
                    if component in missing or self.processes.pid(component.name) is not None:
                        raise
                    # It was still there a moment ago: a kill takes effect when the system comes to it.
                    self.start(component, environment)
        return environment

    def start(self, component: Component, environment: Environment) -> int:
        """Starts one process of a stack that is up, and waits until it is ready."""
        pid = self._launch(component, environment)
        self._wait(component)
        return pid

    def stop(self, component: Component, with_signal: signal.Signals = signal.SIGTERM) -> bool:
        return self.processes.stop(component.name, with_signal, patience=STOP_PATIENCE)

    def down(self) -> list[str]:
        """Stops everything recorded here, last started first, then the parts; the names of what ran."""
        with self.layout.locked():
            ended = [name for together in self._stop_order() for name in self._stop_together(together)]
        return ended + parts.stop(self.data_dir)

    def _stop_order(self) -> Iterator[list[str]]:
        """Last started first, services at the same time; before them whatever else was ever started here."""
        known = {component.name for component in self.components} | {"postgres", "kafka"}
        yield [name for name in self.processes.names() if name not in known]
        for _, group in itertools.groupby(reversed(self.components), key=lambda component: bool(component.migrates)):
            yield [component.name for component in group]

    def _stop_together(self, names: list[str]) -> list[str]:
        with concurrent.futures.ThreadPoolExecutor(len(names) or 1) as pool:
            ran = list(pool.map(lambda name: self.processes.stop(name, patience=STOP_PATIENCE), names))
        return [name for name, did in zip(names, ran, strict=True) if did]

    def status(self) -> list[Line]:
        """What runs, seen from outside: a process that lives but does not answer is `not answering`."""
        found = parts.parts_at(self.data_dir, self.profile)
        given = parts.addresses(os.environ)
        lines = []
        for name, part in (("postgres", found.postgres), ("kafka", found.kafka)):
            if name in given:
                lines.append(Line(name, "elsewhere", None, given[name].rpartition("@")[2]))
            else:
                state = "stopped" if part.pid() is None else "ready" if part.answers() else "not answering"
                lines.append(Line(name, state, part.pid(), f"127.0.0.1:{found.state.port(name)}"))
        for component in self.components:
            pid = self.processes.pid(component.name)
            state = "stopped" if pid is None else "ready" if self._ready(component) else "not answering"
            addresses = ", ".join(f"127.0.0.1:{found.state.port(name)}" for name in reversed(component.ports))
            lines.append(Line(component.name, state, pid, addresses))
        return lines

    def environment(self, running: parts.Parts | None = None) -> Environment:
        """The environment of a stack that has been up before."""
        return asyncio.run(self._provide(running or parts.parts_at(self.data_dir, self.profile), False))

    async def _provide(self, running: parts.Parts, create_topics: bool) -> Environment:
        found = await databases.provide(running.postgres_url, running.state, prefix=self._database_prefix())
        if create_topics:
            made = await topics.create_missing(running.kafka_bootstrap, topics.read_topics(), self.topic_prefix)
            for topic in made.different:
                self.say(
                    f"topic {topic.name} has {topic.found} partitions, not {topic.wanted}; it is left as it is, "
                    "since its records have their places already"
                )
        return Environment(
            self.layout, running.state, running.kafka_bootstrap, found, self.topic_prefix, self.driven_clock
        )

    def _database_prefix(self) -> str:
        return self.topic_prefix.replace(".", "_").replace("-", "_")

    def _launch(self, component: Component, environment: Environment) -> int:
        for name in component.ports:
            port = environment.state.port(name)
            if not ports.is_free(port):
                environment.state.another_port(name, port)
        command = [sys.executable, "-m", *component.arguments(environment)]
        variables = component.environment(environment)
        return self.processes.start(Program(component.name, command, ROOT, variables, self.layout.log(component.name)))

    def _wait(self, component: Component) -> None:
        name, log = component.name, self.layout.log(component.name)
        deadline = time.monotonic() + PATIENCE
        while not self._ready(component):
            if self.processes.pid(name) is None:
                raise StartFailed(f"{name} ended while it was starting; its log says:\n{tail(log)}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{name} is not ready after {PATIENCE} s; its log says:\n{tail(log)}")
            time.sleep(0.1)

    def _ready(self, component: Component) -> bool:
        if not component.ports:
            return self.processes.pid(component.name) is not None
        port = parts.parts_at(self.data_dir, self.profile).state.port(component.ports[0])
        if component.ready_path is None:
            return not ports.is_free(port)
        try:
            with _DIRECT.open(f"http://127.0.0.1:{port}{component.ready_path}", timeout=3) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False
