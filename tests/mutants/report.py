"""docs/mutants.md: what was broken, which promise that attacks, and which test noticed."""

from collections.abc import Sequence
from pathlib import Path

from tests.mutants.catalogue import WITHOUT
from tests.mutants.running import Result

HEAD = """# Mutants

Made by `make mutants`: each line is one mechanism broken by hand in a copy of the tree, the promise of
[guarantees.md](guarantees.md) it attacks, and the tests that failed on it, by assertion and in their own body. Before,
the same tests passed on what is not broken.
"""


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the whole document."""
    parts = [HEAD, f"{sum(r.caught for r in results)} of {len(results)} caught."]
    for promise in dict.fromkeys(r.mutant.promise for r in results):
        parts.append(f"\n## {promise[0].upper()}{promise[1:]}\n")
        parts.append("| broken | caught by | s |\n| --- | --- | --- |")
        parts += [_line(r) for r in results if r.mutant.promise == promise]
    if WITHOUT:
        parts.append("\n## Without a mutant\n")
        parts += [f"- {promise}: {why}" for promise, why in WITHOUT.items()]
    path.write_text("\n".join(parts) + "\n")


def _line(result: Result) -> str:
    tests = ", ".join(f"`{test.rpartition('::')[2]}`" for test in result.mutant.tests)
    said = tests if result.caught else f"**{result.verdict}** ({tests})"
    return f"| {result.mutant.name} | {said} | {result.seconds:.0f} |"
