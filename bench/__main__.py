"""Measures every figure, each module in a process of its own, prints the table and writes `bench/results/`.

python -m bench              everything that fits into a quarter of an hour
python -m bench P1 P4        these figures' modules
python -m bench --large      P7 and P10, on a million cases and five million timers
"""

import argparse
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from bench.report import write_report

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PATIENCE = 1_800
MEASURED, INTERRUPTED = "measured", "interrupted"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("ids", nargs="*", metavar="P", help="figures, for instance P1 P4; default: all of the kind")
    parser.add_argument("--large", action="store_true", help="the figures that need a large store")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each figure (default 5)")
    asked = parser.parse_args()
    known = {path.stem.partition("_")[0].upper().replace("P0", "P"): path.stem for path in HERE.glob("p[0-9]*.py")}
    if unknown := [name for name in asked.ids if name.upper() not in known]:
        parser.error(f"there is no {', '.join(unknown)}: there are {', '.join(sorted(known, key=_number))}")
    chosen = [name.upper() for name in asked.ids] or [
        name for name, stem in known.items() if import_module(f"bench.{stem}").LARGE is asked.large
    ]
    ended = {}
    for n, name in enumerate(sorted(chosen, key=_number), 1):
        began = time.monotonic()
        about = (import_module(f"bench.{known[name]}").__doc__ or "").splitlines()[0]
        print(f"[{n}/{len(chosen)}] {name}: {about}", flush=True)
        ended[name] = _measured(known[name], asked.rounds)
        print(f"{name}: {ended[name]} after {time.monotonic() - began:.0f} s", flush=True)
        if ended[name] == INTERRUPTED:
            break
    print(write_report(RESULTS))
    if wrong := {name: how for name, how in ended.items() if how != MEASURED}:
        print("not measured, what stands in their lines is older:", wrong, file=sys.stderr)
    return 1 if wrong else 0


def _measured(stem: str, rounds: int) -> str:
    """Runs one figure's module. It leaves its lines on record only when it was measured whole, and stops what it
    started whatever happens to it; one that hangs is asked to end as if by Ctrl-C."""
    process = subprocess.Popen([sys.executable, "-m", f"bench.{stem}", "--rounds", str(rounds)])
    try:
        return "FAILED" if process.wait(timeout=PATIENCE) else MEASURED
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
        return "HUNG"
    except KeyboardInterrupt:
        process.wait()  # it heard the same Ctrl-C, and is putting away its servers
        return INTERRUPTED


def _number(name: str) -> int:
    return int(name.lstrip("Pp"))


if __name__ == "__main__":
    sys.exit(main())
