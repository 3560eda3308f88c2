"""Measures every figure, each module in a process of its own, prints the table and writes `bench/results/`.

python -m bench              everything that fits into a quarter of an hour
python -m bench P1 P4        these figures' modules
python -m bench --large      P7 and P10, on a million cases and five million timers
"""

import argparse
import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from bench.report import write_report

HERE = Path(__file__).parent
RESULTS = HERE / "results"


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
    failed = []
    for name in sorted(chosen, key=_number):
        began = time.monotonic()
        print(f"{name}: {(import_module(f'bench.{known[name]}').__doc__ or '').splitlines()[0]}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{known[name]}", "--rounds", str(asked.rounds)], check=False
        )
        if done.returncode:
            failed.append(name)
        print(f"{name}: {'failed' if done.returncode else 'measured'} in {time.monotonic() - began:.0f} s", flush=True)
    print(write_report(RESULTS))
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _number(name: str) -> int:
    return int(name.lstrip("Pp"))


def recorded() -> list[dict[str, object]]:
    """Every figure on record, as the modules left them."""
    return [json.loads(line) for path in sorted(RESULTS.glob("p*.jsonl")) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    sys.exit(main())
