"""docs/mutants.md: what was broken, which promise that attacks, and which test noticed.

Guarantee: the document is written when each mutant there is has been run, whole or by name, as it is now: one that was
changed since counts as not run. Each line says of which commit it is.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.mutants.catalogue import MUTANTS, WITHOUT
from tests.mutants.mutant import Mutant
from tests.mutants.running import Result

HEAD = """# Mutants

Made by `make mutants`: each line is one mechanism broken by hand in a copy of the tree, the promise of
[guarantees.md](guarantees.md) it attacks, and the tests that failed on it, by assertion and in their own body. Before,
the same tests passed on what is not broken. `at` is the commit it was last run on.
"""


def write(path: Path, kept: Path, results: Sequence[Result]) -> Sequence[str]:
    """Keep what was found, and write the whole document if nothing of it is missing; gives the names that are."""
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    commit = _commit(path.parent)
    for result in results:
        known[_key(result.mutant)] = {"verdict": result.verdict, "seconds": result.seconds, "commit": commit}
    kept.write_text(json.dumps(known, indent=1))
    missing = [mutant.name for mutant in MUTANTS if _key(mutant) not in known]
    if not missing:
        path.write_text(_document({mutant: known[_key(mutant)] for mutant in MUTANTS}))
    return missing


def _document(found: dict[Mutant, Any]) -> str:
    caught = sum(one["verdict"] == "caught" for one in found.values())
    parts = [HEAD, f"{caught} of {len(found)} caught."]
    for promise in dict.fromkeys(mutant.promise for mutant in found):
        parts.append(f"\n## {promise[0].upper()}{promise[1:]}\n")
        parts.append("| broken | caught by | s | at |\n| --- | --- | --- | --- |")
        parts += [_line(mutant, one) for mutant, one in found.items() if mutant.promise == promise]
    if WITHOUT:
        parts.append("\n## Without a mutant\n")
        parts += [f"- {promise}: {why}" for promise, why in WITHOUT.items()]
    return "\n".join(parts) + "\n"


def _line(mutant: Mutant, one: dict[str, Any]) -> str:
    tests = ", ".join(f"`{test.rpartition('::')[2]}`" for test in mutant.tests)
    said = tests if one["verdict"] == "caught" else f"**{one['verdict']}** ({tests})"
    return f"| {mutant.name} | {said} | {one['seconds']:.0f} | {one['commit']} |"


def _key(mutant: Mutant) -> str:
    return hashlib.sha256(repr(mutant).encode()).hexdigest()[:24]


def _commit(folder: Path) -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False).stdout.strip() or "no commit"
