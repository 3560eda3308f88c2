"""Named places where a test may stop, delay or break a process; without the variable they do nothing.

``AFTERCARE_FAILPOINTS="after-publish=kill,before-commit=sleep:2@3"`` kills the process the first time it
passes `after-publish`, and waits two seconds the third time it passes `before-commit`. Actions: `kill`
(SIGKILL to oneself, so nothing is tidied up), `sleep:<seconds>`, `raise`. `@n` fires on the n-th pass
only; without it `sleep` and `raise` fire on every pass.

Names in use: before-commit, after-commit, after-publish, before-position, before-offset-commit.
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from functools import cache

VARIABLE = "AFTERCARE_FAILPOINTS"
ACTIONS = ("kill", "sleep", "raise")


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
            raise ValueError(f"{VARIABLE}: {part!r} is not name=kill, name=raise or name=sleep:<seconds>")
        plan[name] = Failpoint(action, float(argument or 0), int(only_pass or 0))
    return plan


@cache
def _plan() -> dict[str, Failpoint]:
    return parse(os.environ.get(VARIABLE, ""))


async def failpoint(name: str) -> None:
    """Pass the place called `name`."""
    armed = _plan().get(name)
    if armed is None or not armed.due():
        return
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif armed.action == "sleep":
        await asyncio.sleep(armed.seconds)
    else:
        raise FailpointReached(name)
