"""Runs every check side by side: a line each, what is wrong at the end, and exit code 1 when anything is.

python -m infra.check              all of them
python -m infra.check lint types   these
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from infra.check.checks import CHECKS, Check, Outcome


def timed(check: Check) -> tuple[Check, Outcome, float]:
    began = time.monotonic()
    return check, check.run(), time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.check", description="Check the code without running it.")
    parser.add_argument("names", nargs="*", metavar="check", help=", ".join(check.name for check in CHECKS))
    names = parser.parse_args().names
    if unknown := set(names) - {check.name for check in CHECKS}:
        parser.error(f"no check is called {', '.join(sorted(unknown))}")
    chosen = [check for check in CHECKS if not names or check.name in names]
    began = time.monotonic()
    outcomes = {}
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as workers:
        for future in as_completed([workers.submit(timed, check) for check in chosen]):
            check, outcome, seconds = future.result()
            outcomes[check.name] = outcome
            print(
                f"{'FAIL' if outcome.problems else 'ok':4} {check.name:10} {seconds:5.1f} s  {check.about}", flush=True
            )
    for check in chosen:
        outcome = outcomes[check.name]
        for title, lines in ((check.name, outcome.notes), (f"{check.name} failed", outcome.problems)):
            if lines:
                print(f"\n{title}:", *lines, sep="\n  ")
    failed = [check.name for check in chosen if outcomes[check.name].problems]
    verdict = (
        f"{len(failed)} of {len(chosen)} failed: {', '.join(failed)}" if failed else f"{len(chosen)} checks, all clean"
    )
    print(f"\n{verdict} ({time.monotonic() - began:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
