"""Named places where a test may stop, delay or break a process; without the variable they do nothing.

``AFTERCARE_FAILPOINTS="after-publish=kill,before-commit=sleep:2@3"`` kills the process the first time it
passes `after-publish`, and waits two seconds the third time it passes `before-commit`. Actions: `kill`
(SIGKILL to oneself, so nothing is tidied up), `stop` (SIGSTOP: it goes on with SIGCONT), `sleep:<seconds>`,
`raise`. `@n` fires on the n-th pass only; without it all but `kill` fire on every pass.

``AFTERCARE_FAILPOINTS="@/some/file"`` takes the plan from a file, anew whenever the file was replaced: a process
that runs is armed without being started again, and passes are counted from then on.

Names in use: before-commit, after-commit, after-publish, before-position, before-offset-commit, before-seek,
before-call, after-call.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

VARIABLE = "AFTERCARE_FAILPOINTS"
FILE = "@"
ACTIONS = ("kill", "stop", "sleep", "raise")


class FailpointReached(RuntimeError):
    """What `raise` raises: an error no code expects."""


@dataclass(slots=True)
class Failpoint:
    """One armed place."""

    action: str
    seconds: float = 0.0
    only_pass: int = 0
    passed: int = 0

    def due(self) -> bool:
        self.passed += 1
        return self.only_pass in (0, self.passed)


def parse(text: str) -> dict[str, Failpoint]:
    """The armed places that `text` names; ValueError where it is malformed."""
    plan: dict[str, Failpoint] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, separator, rest = part.partition("=")
        what, _, only_pass = rest.partition("@")
        action, _, argument = what.partition(":")
        if not separator or action not in ACTIONS or (action == "sleep") != bool(argument):
            raise ValueError(f"{VARIABLE}: {part!r} is not name=kill, name=stop, name=raise or name=sleep:<seconds>")
        plan[name] = Failpoint(action, float(argument or 0), int(only_pass or 0))
    return plan


@dataclass(slots=True)
class _File:
    """A plan that can be replaced while the process runs; no file is no plan."""

    path: Path
    seen: tuple[int, int] = (0, 0)
    plan: dict[str, Failpoint] = field(default_factory=dict)

    def read(self) -> dict[str, Failpoint]:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return {}
        if (status.st_ino, status.st_mtime_ns) != self.seen:
            self.seen, self.plan = (status.st_ino, status.st_mtime_ns), parse(self.path.read_text())
        return self.plan


@cache
def _source() -> Callable[[], dict[str, Failpoint]]:
    text = os.environ.get(VARIABLE, "")
    if text.startswith(FILE):
        return _File(Path(text.removeprefix(FILE))).read
    plan = parse(text)
    return lambda: plan


def _plan() -> dict[str, Failpoint]:
    return _source()()


async def failpoint(name: str) -> None:
    """Pass the place called `name`."""
    armed = _plan().get(name)
    if armed is None or not armed.due():
        return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif armed.action == "sleep":
        await asyncio.sleep(armed.seconds)
    else:
        raise FailpointReached(name)
