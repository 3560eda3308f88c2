"""The list of checks is the definition of "clean": what is not in it is not held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from infra.check import hosts, length, purity
from infra.proto import asyncapi, stubs
from infra.proto.tools import PROTO, ROOT, ToolFailed, run_tool


@dataclass(frozen=True, slots=True)
class Outcome:
    """No problem is success. Notes are shown either way."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    about: str
    run: Callable[[], Outcome]


def command(*words: str) -> Callable[[], Outcome]:
    """A check that is a program of the virtual environment; whatever it prints when it fails are the problems."""

    def run() -> Outcome:
        found_path = f"{ROOT}{os.pathsep}{ROOT / 'gen'}"
        environment = {**os.environ, "PYTHONPATH": found_path, "NO_COLOR": "1", "TERM": "dumb"}
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        said = tuple((done.stdout + done.stderr).strip().splitlines())
        return Outcome(problems=said or (f"{words[1]} ended with {done.returncode}",)) if done.returncode else Outcome()

    return run


def buf(*words: str) -> Outcome:
    try:
        run_tool("buf", *words)
    except ToolFailed as error:
        return Outcome(problems=tuple(str(error).splitlines()))
    return Outcome()


def breaking() -> Outcome:
    baseline = PROTO / "base.binpb"
    if not baseline.exists():
        return Outcome(problems=("proto/base.binpb is missing: run `python -m infra.proto --release`",))
    return buf("breaking", "proto", "--against", str(baseline))


def drift(find: Callable[[], list[str]]) -> Callable[[], Outcome]:
    def run() -> Outcome:
        try:
            stale = find()
        except ToolFailed as error:
            return Outcome(problems=tuple(str(error).splitlines()))
        return Outcome(problems=(*stale, "run `make proto`")) if stale else Outcome()

    return run


def modules() -> Outcome:
    problems, notes = length.long_modules(ROOT)
    return Outcome(tuple(problems), tuple(notes))


LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint(['--no-logo'])"
RUFF = ("-m", "ruff")
BRIEFLY = ("--quiet", "--output-format", "concise", ".")

# The slowest first, so that the rest runs beside it.
CHECKS = (
    Check("types", "mypy, strict", command("-m", "mypy")),
    Check("imports", "directions between rooms", command("-c", LINT_IMPORTS)),
    Check("stubs", "gen/ is what proto/ describes", drift(stubs.drift)),
    Check("asyncapi", "docs/asyncapi.yaml is what proto/ describes", drift(asyncapi.drift)),
    Check("contracts", "buf lint, STANDARD", lambda: buf("lint", "proto")),
    Check("breaking", "buf breaking, FILE", breaking),
    Check("lint", "ruff check", command(*RUFF, "check", "--no-cache", *BRIEFLY)),
    Check("format", "ruff format", command(*RUFF, "format", "--check", *BRIEFLY)),
    Check("purity", "no I/O, clock or chance in a domain", lambda: Outcome(tuple(purity.impurities(ROOT)))),
    Check("hosts", "no committed file names a package index", lambda: Outcome(tuple(hosts.named_hosts(ROOT)))),
    Check("length", "modules above 250 lines give a reason", modules),
)
