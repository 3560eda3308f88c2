"""Runs all tests in two processes: one kills servers and waits for them, the other has the machine meanwhile.

python -m tests            everything; exit code 1 when anything failed
python -m pytest tests/... one part, as usual
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

WAITING = "tests/faults"
"""What mostly waits. It has servers of its own, so nothing else notices when they die."""


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as told:
        waiting = subprocess.Popen(_pytest(WAITING), stdout=told, stderr=subprocess.STDOUT)
        try:
            rest = subprocess.run(_pytest(f"--ignore={WAITING}"), check=False).returncode
            print(f"waiting for {WAITING} ...", flush=True)
            faults = waiting.wait()
        except KeyboardInterrupt:
            waiting.wait()  # it was interrupted too, and stops its servers
            return 130
        told.seek(0)
        print(f"{WAITING}:", told.read(), sep="\n", flush=True)
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(bool(rest or faults))


def _pytest(*arguments: str) -> Sequence[str]:
    return sys.executable, "-m", "pytest", *arguments


if __name__ == "__main__":
    sys.exit(main())
