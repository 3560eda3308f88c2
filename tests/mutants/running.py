"""Runs tests in copies of the tree, each copy with one mutant at a time, all on one pair of servers.

A mutant is caught when each of its tests fails in its own body, by an assertion or by the error the mutant names: a
module that does not import, a fixture that cannot be made or a test that only hangs has noticed nothing.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import DoesNotApply, Mutant
from tests.mutants.witness import VARIABLE

LIMIT = 300.0
"""Seconds one mutant's tests may take together, on a machine that is busy with other things."""
ASSERTIONS = frozenset({"AssertionError", "Failed"})
"""`Failed` is what `pytest.raises` raises when nothing was."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How one test ended."""

    test: str
    when: str
    outcome: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant: `verdict` is "caught", or says what is wrong."""

    mutant: Mutant
    verdict: str
    seconds: float

    @property
    def caught(self) -> bool:
        return self.verdict == "caught"


@dataclass(frozen=True, slots=True)
class Tree:
    """A copy of the working tree that may be broken."""

    root: Path

    @classmethod
    def copied(cls, origin: Path, root: Path) -> "Tree":
        """A fresh copy of everything git knows or would know."""
        shutil.rmtree(root, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=origin, check=True, capture_output=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (origin / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin / name, root / name)
        return cls(root)

    @contextlib.contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """Broken by the mutant, and mended afterwards. Raises DoesNotApply."""
        texts = mutant.texts(self.root)
        before = {file: (self.root / file).read_text() for file in texts}
        for file, text in texts.items():
            self._put(file, text)
        try:
            yield
        finally:
            for file, text in before.items():
                self._put(file, text)

    @property
    def bytecode(self) -> Path:
        """Where compiled files of all trees are kept, each at its source's whole path."""
        return self.root.parent / "bytecode"

    def _put(self, file: str, text: str) -> None:
        path = self.root / file
        path.write_text(text)
        # compiled files are told apart by size and second only, and a mutant may have the size of what it replaces
        for compiled in (self.bytecode / path.parent.relative_to("/")).glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    async def tests(self, names: Sequence[str], *, name: str) -> list[Seen] | None:
        """Run tests; None where they did not come to an end."""
        witness, said = self.root / f"{name}.witness", self.root / f"{name}.log"
        witness.unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPATH": f"{self.root}:{self.root / 'gen'}", VARIABLE: str(witness)}
        environment |= {"PYTHONPYCACHEPREFIX": str(self.bytecode), "PYTHONDONTWRITEBYTECODE": ""}
        with said.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "pytest", "-p", "tests.mutants.witness", "--hypothesis-seed=1", "--tb=short", *names),
                cwd=self.root,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(LIMIT if name != "unbroken" else 10 * LIMIT):
                    await process.wait()
            except TimeoutError:
                return None
            finally:
                if process.returncode is None:
                    os.killpg(process.pid, 9)
                    await process.wait()
        lines = witness.read_text().splitlines() if witness.exists() else []
        return [Seen(s["test"], s["when"], s["outcome"], tuple(s["kinds"])) for s in map(json.loads, lines)]


def belongs(seen: Seen, test: str) -> bool:
    """Whether `seen` is `test`, or one of its cases."""
    return seen.test == test or seen.test.startswith((f"{test}[", f"{test}::"))


def verdict_of(mutant: Mutant, seen: Sequence[Seen] | None) -> str:
    """What the tests' ends say about a mutant."""
    if seen is None:
        return f"its tests did not end within {LIMIT:.0f} s"
    allowed = ASSERTIONS.union(mutant.shows)
    for test in mutant.tests:
        cases = [s for s in seen if belongs(s, test)]
        failed = [s for s in cases if s.outcome == "failed"]
        if not cases:
            return f"broken: {test} was not run"
        if not failed:
            return f"SURVIVED {test}"
        if not any(s.when == "call" and s.kinds and allowed.issuperset(s.kinds) for s in failed):
            how = "; ".join(sorted({f"{s.when}: {', '.join(s.kinds)}" for s in failed}))
            return f"broken: {test} ended by {how}"
    return "caught"


async def run(tree: Tree, mutant: Mutant) -> Result:
    """Break the tree, run the mutant's tests, mend the tree."""
    began = time.monotonic()
    try:
        with tree.broken(mutant):
            seen = await tree.tests(mutant.tests, name=re.sub(r"\W+", "-", mutant.name)[:60])
        verdict = verdict_of(mutant, seen)
    except DoesNotApply as error:
        verdict = f"does not apply: {error}"
    return Result(mutant, verdict, time.monotonic() - began)


async def unbroken(tree: Tree, tests: Sequence[str]) -> list[str]:
    """Those of `tests` that fail although nothing is broken."""
    seen = await tree.tests(tests, name="unbroken")
    if seen is None:
        return ["the tests did not end"]
    passed = [t for t in tests if (c := [s for s in seen if belongs(s, t)]) and all(s.outcome == "passed" for s in c)]
    return sorted(set(tests) - set(passed))
