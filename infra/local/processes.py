"""Starts processes that outlive their launcher, knows later which of them still run, and stops them for good.

A record is trusted only when the process with its pid is the very one that wrote it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.failures import StartFailed, WrongOwner
from infra.local.identity import identity

LAUNCH = Path(__file__).with_name("launch.py")
LARGEST_LOG = 20_000_000
KEEP_ACCOUNT = -1


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `uid` is another account to run it under, for a launcher that is root."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    uid: int = KEEP_ACCOUNT


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes recorded in one folder, by name."""

    records: Path

    def pid(self, name: str) -> int | None:
        """The pid of this process if it runs; a stale record counts as none."""
        try:
            record = json.loads(self._record(name).read_text())
            pid, began = int(record["pid"]), record["began"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        _reap(pid)
        return pid if began is not None and identity(pid) == began else None

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.records.glob("*.json"))

    def start(self, program: Program) -> int:
        """Starts it in a session of its own, so that neither Ctrl-C nor a closed terminal reaches it."""
        rotate(program.log)
        self._record(program.name).unlink(missing_ok=True)
        launch = [
            sys.executable,
            str(LAUNCH),
            str(self._record(program.name)),
            str(program.uid),
            "--",
            *program.command,
        ]
        with program.log.open("ab") as log:
            process = subprocess.Popen(
                launch,
                cwd=program.folder,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while self.pid(program.name) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                # It may have written its record and ended at once: the caller, who knows what to expect, says so.
                if self._record(program.name).exists():
                    break
                raise StartFailed(f"{program.name} could not be started:\n{tail(program.log)}")
            time.sleep(0.005)
        return process.pid

    def stop(self, name: str, with_signal: signal.Signals = signal.SIGTERM, patience: float = 20) -> bool:
        """Asks, waits, then kills its whole session. False when there was nothing to stop."""
        pid = self.pid(name)
        if pid is not None:
            _signal(pid, with_signal)
            # One that was halted could not hear it.
            _signal(pid, signal.SIGCONT)
            if not self._gone(name, patience):
                _kill_session(pid)
                self._gone(name, 10)
        self._record(name).unlink(missing_ok=True)
        return pid is not None

    def _gone(self, name: str, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.pid(name) is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _record(self, name: str) -> Path:
        return self.records / f"{name}.json"


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log, indented, for the sentence that says what failed."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8_000))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"    (no log at {log})"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) + f"\n    ({log})"


def rotate(log: Path) -> None:
    try:
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
    except FileNotFoundError:
        pass


def _signal(pid: int, what: signal.Signals) -> None:
    with _only_ours(pid):
        os.kill(pid, what)


def _kill_session(pid: int) -> None:
    with _only_ours(pid):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def _only_ours(pid: int) -> Iterator[None]:
    """One that has just ended is no failure; one of another account is, and it is not ours to stop."""
    try:
        yield
    except ProcessLookupError:
        pass
    except PermissionError as refused:
        raise WrongOwner(
            f"process {pid} was started here by another account (root?); stop it from that account: make down"
        ) from refused


def _reap(pid: int) -> None:
    """Lets a child of ours that has ended go, or it would stay as a zombie while this process lives."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except (ChildProcessError, OSError):
        pass
