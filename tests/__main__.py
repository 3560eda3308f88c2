"""Runs all tests in two lanes beside each other, so that one works while the other waits.

python -m tests            everything; exit code 1 when anything failed
python -m pytest tests/... one part, as usual
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO

ASIDE = ("tests/faults", "tests/e2e")
"""What mostly waits, one after the other: faults have servers of their own, so nothing else notices when they die."""


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as told:
        aside = subprocess.Popen((sys.executable, "-m", "tests", *ASIDE), stdout=told, stderr=subprocess.STDOUT)
        try:
            rest = subprocess.run(_pytest(*(f"--ignore={path}" for path in ASIDE)), check=False).returncode
            print(f"waiting for {' and '.join(ASIDE)} ...", flush=True)
            failed = aside.wait()
        except KeyboardInterrupt:
            aside.wait()  # it was interrupted too, and stops its servers
            return 130
        _copy(told)
        print(f"{time.monotonic() - began:.0f} s in all")
    return int(bool(rest or failed))


def in_turn(paths: Sequence[str]) -> int:
    """One part after the other, whatever becomes of the one before."""
    failed = 0
    try:
        for path in paths:
            print(f"{path}:", flush=True)
            failed |= subprocess.run(_pytest(path), check=False).returncode
    except KeyboardInterrupt:
        return 130
    return int(bool(failed))


def _copy(told: IO[str]) -> None:
    told.seek(0)
    print(told.read(), flush=True)


def _pytest(*arguments: str) -> Sequence[str]:
    return sys.executable, "-m", "pytest", *arguments


if __name__ == "__main__":
    sys.exit(in_turn(sys.argv[1:]) if sys.argv[1:] else main())
