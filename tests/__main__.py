"""Runs all tests in lanes beside each other, so that one works while the others wait.

python -m tests            everything; exit code 1 when anything failed
python -m pytest tests/... one part, as usual
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO

ASIDE = (("tests/faults", "tests/e2e"), ("tests/unit", "tests/security"))
"""Lanes beside the one that is seen, each in turn: what mostly waits, and what mostly works. Faults have
servers of their own, so nothing else notices when they die."""


def main() -> int:
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        told = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in ASIDE]
        lanes = [_beside(lane, into) for lane, into in zip(ASIDE, told, strict=True)]
        seen = _pytest(*(f"--ignore={path}" for lane in ASIDE for path in lane))
        try:
            failed = [subprocess.run(seen, check=False).returncode]
            for lane, process, into in zip(ASIDE, lanes, told, strict=True):
                print(f"waiting for {' and '.join(lane)} ...", flush=True)
                failed.append(process.wait())
                into.seek(0)
                print(into.read(), flush=True)
        except KeyboardInterrupt:
            for process in lanes:
                process.wait()  # it was interrupted too, and stops its servers
            return 130
        print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(failed))


def _beside(lane: Sequence[str], into: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen((sys.executable, "-m", "tests", *lane), stdout=into, stderr=subprocess.STDOUT)


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


def _pytest(*arguments: str) -> Sequence[str]:
    return sys.executable, "-m", "pytest", *arguments


if __name__ == "__main__":
    sys.exit(in_turn(sys.argv[1:]) if sys.argv[1:] else main())
