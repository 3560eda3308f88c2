"""The `aftercare` command as a person runs it: a process of its own, with a token of the stack."""

import asyncio
import sys
from dataclasses import dataclass

from infra.demo.stage import Stage
from infra.local.environment import inherited
from infra.local.layout import ROOT
from infra.local.tokens import Issuer


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str


async def aftercare(stage: Stage, roles: str, *words: str, subject: str = "") -> Done:
    """Run `aftercare WORDS` with a token that has these roles (``agent``, ``operator+supervisor``)."""
    held = roles.split("+")
    token = Issuer.at(stage.stack.layout.tokens).issue(subject or held[0], held)
    own = {"AFTERCARE_TOKEN": token, "AFTERCARE_SESSION": str(stage.stack.layout.root / "no-session.json")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "clients.cli",
        *words,
        cwd=ROOT,
        env=inherited() | stage.environment.client() | own | {"COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return Done(process.returncode or 0, output.decode(), errors.decode())
