"""`python -m tests.mutants [--list] [--jobs N] [NAME ...]`: exit code 1 when a mutant survives."""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.local.parts import KAFKA_VARIABLE, POSTGRES_VARIABLE, running
from tests.mutants import report
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.running import Result, Tree, run, unbroken

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".local" / "mutants"


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    arguments.add_argument("names", nargs="*", help="words that the mutants' names or files contain; all without any")
    arguments.add_argument("--list", action="store_true", help="say what there is and run nothing")
    arguments.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 4), help="how many at once")
    asked = arguments.parse_args()
    chosen = [m for m in MUTANTS if not asked.names or any(_named(m, word) for word in asked.names)]
    if not chosen:
        print("no mutant is called that; --list names them all", file=sys.stderr)
        return 2
    if asked.list:
        for mutant in chosen:
            print(f"{mutant.promise}: {mutant.name}\n    {', '.join(mutant.tests)}")
        return 0
    began = time.monotonic()
    with _servers():
        results, failing = asyncio.run(_all(chosen, asked.jobs))
    if failing:
        print("these fail although nothing is broken, so they can prove nothing:", *failing, sep="\n  ")
        return 1
    survivors = [result for result in results if not result.caught]
    missing = report.write(ROOT / "docs" / "mutants.md", FOLDER / "seen.json", results)
    print(f"{len(results) - len(survivors)} of {len(results)} caught in {time.monotonic() - began:.0f} s")
    for result in survivors:
        print(f"  {result.mutant.name}: {result.verdict}")
    if missing:
        print(f"docs/mutants.md waits for {len(missing)} that were not run as they are now")
    return 1 if survivors else 0


def _named(mutant: Mutant, word: str) -> bool:
    return word in mutant.name or any(word in edit.file for edit in mutant.edits)


@contextlib.contextmanager
def _servers() -> Iterator[None]:
    """One pair of servers for all the runs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running(FOLDER / "parts", "tests", fresh=True) as parts:
        os.environ |= {POSTGRES_VARIABLE: parts.postgres_url, KAFKA_VARIABLE: parts.kafka_bootstrap}
        yield


async def _all(chosen: Sequence[Mutant], jobs: int) -> tuple[list[Result], list[str]]:
    trees = [Tree.copied(ROOT, FOLDER / f"tree-{n}") for n in range(min(jobs, len(chosen)))]
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    shares = [tests[n :: len(trees)] for n in range(len(trees))]
    found = await asyncio.gather(*(unbroken(t, s) for t, s in zip(trees, shares, strict=True) if s))
    failing = [test for share in found for test in share]
    if failing:
        return [], failing
    print(f"{len(tests)} tests pass on what is not broken", flush=True)
    waiting, done = list(reversed(chosen)), dict[str, Result]()

    async def work(tree: Tree) -> None:
        while waiting:
            result = await run(tree, waiting.pop())
            done[result.mutant.name] = result
            print(f"{result.seconds:6.1f} s  {result.mutant.name}: {result.verdict}", flush=True)

    await asyncio.gather(*(work(tree) for tree in trees))
    return [done[mutant.name] for mutant in chosen], []


if __name__ == "__main__":
    sys.exit(main())
