"""What each command of `python -m infra.local` does and prints. Modules are loaded by the command that needs them."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.failures import PartsFailed
from infra.local.layout import LOCAL, Layout

if TYPE_CHECKING:
    from infra.local.supervisor import Stack


def prepare(options: argparse.Namespace) -> int:
    from infra.local import java, parts

    if "kafka" in parts.addresses(os.environ):
        return 0
    if java.prepared().start_cache is None:
        print("setup: training Kafka's start-up cache (once for this machine's user, about 15 s) ...", flush=True)
        if not java.train():
            print("setup: the cache could not be trained; Kafka works all the same, its start takes longer.")
    return 0


def up(options: argparse.Namespace) -> int:
    from infra.local import parts

    stack = _stack(options)
    if options.parts_only:
        parts.ensure(stack.data_dir, stack.profile)
        return status(options)
    if options.no_simulator:
        stack.components = [component for component in stack.components if component.name != "simulator"]
    stack.say = lambda text: print(f"up: {text}", flush=True)
    stack.up()
    _table(stack)
    print("\nNext: `.venv/bin/aftercare --help`; `make down` stops everything and keeps the data.")
    return 0


def down(options: argparse.Namespace) -> int:
    """Every stack of this clone, or the one named: also what a killed demo or test run has left."""
    from infra.local import parts
    from infra.local.supervisor import Stack

    folders = [options.data] if options.data else _folders()
    for folder in folders:
        if not options.data and parts.in_use(folder):
            print(f"down: {folder.name} is being used by a run that has not ended; it is left alone")
            continue
        for name in Stack(folder).down():
            print(f"down: {name} stopped")
    return 0


def status(options: argparse.Namespace) -> int:
    return _table(_stack(options))


def ps(options: argparse.Namespace) -> int:
    import psutil

    from infra.local.processes import Processes

    folders = [options.data] if options.data else _folders()
    for folder in folders:
        processes = Processes(Layout.at(folder).records)
        for name in processes.names():
            pid = processes.pid(name)
            if pid is not None:
                memory = psutil.Process(pid).memory_info().rss // 1_000_000
                print(f"{folder.name:10} {name:20} {pid:>8} {memory:>6} MB")
    return 0


def logs(options: argparse.Namespace) -> int:
    layout = _stack(options).layout
    wanted = [layout.log(name) for name in options.names] or sorted(layout.logs.glob("*.log"))
    files = [str(file) for file in wanted if file.exists()]
    if not files:
        print(f"logs: there is none in {layout.logs}")
        return 1
    return subprocess.call(["tail", "-n", str(options.lines), *(["-F"] if options.follow else []), *files])


def env(options: argparse.Namespace) -> int:
    """Lines for `eval`: the addresses that clients and tests read."""
    from infra.local import parts
    from infra.local.environment import Environment

    layout = _stack(options).layout
    found = parts.parts_at(layout.root, "demo")
    environment = Environment(layout, found.state, found.kafka_bootstrap, {})
    for name, value in sorted(environment.client().items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def token(options: argparse.Namespace) -> int:
    from infra.local.tokens import Issuer

    issuer = Issuer.at(_stack(options).layout.tokens)
    print(issuer.issue(options.subject, options.role, options.shop, options.customer))
    return 0


def erase(options: argparse.Namespace) -> int:
    """Stops everything and deletes its data, also what PostgreSQL's own account keeps outside the clone."""
    from infra.local import parts

    folders = [options.data] if options.data else _folders()
    for folder in folders:
        if parts.in_use(folder):
            raise PartsFailed(f"{folder} is being used by a run that has not ended; end that first.")
    down(options)
    for folder in folders:
        parts.erase(folder)
        shutil.rmtree(folder)
    return 0


COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "prepare": (prepare, "fetch what Kafka needs and train its start-up cache"),
    "up": (up, "start what does not run and wait until it answers"),
    "down": (down, "stop everything of this clone; the data stays"),
    "status": (status, "say what runs; exit code 1 when something does not"),
    "logs": (logs, "print the end of the logs"),
    "env": (env, "print the addresses as export lines, for eval"),
    "ps": (ps, "list the running processes of this clone"),
    "token": (token, "print a development token"),
    "erase": (erase, "stop everything and delete its data"),
}


def _stack(options: argparse.Namespace) -> Stack:
    from infra.local.supervisor import UP, Stack

    return Stack(options.data or UP)


def _folders() -> list[Path]:
    """The stacks of this clone are the folders that have a state file or process records."""
    return sorted(folder.parent for folder in LOCAL.glob("*/run") if folder.is_dir())


def _table(stack: Stack) -> int:
    lines = stack.status()
    width = max(len(line.name) for line in lines)
    for line in lines:
        print(f"{line.name:{width}}  {line.state:13}  {line.pid or '-':>8}  {line.address}")
    return 0 if all(line.good for line in lines) else 1
