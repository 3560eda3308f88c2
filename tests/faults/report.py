"""What each fault test found, kept from run to run and told in `docs/faults.md`.

A row is one fault of the list. It is green only when every test marked for it passed in its latest run; a fault that no
test ran is told as "not run" with its reason, never left out.
"""

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LONGEST = 160
"""Characters of one reading that the document repeats."""
KEPT = ROOT / ".local" / "faults-report.json"
DOCUMENT = ROOT / "docs" / "faults.md"

FAULTS = {
    1: "SIGKILL before and after commit, after publish, before position, before offset commit",
    2: "SIGKILL of one of two consumers in mid-batch, six times",
    3: "broker SIGKILL five times under load",
    4: "broker down for 60 s",
    5: "PostgreSQL SIGKILL",
    6: "connection cut after COMMIT was sent",
    7: "writes past the append function; a writer stopped between sending and finishing",
    8: "SIGSTOP of a consumer past its session, then SIGCONT",
    9: "a replica added or removed every 5 s for 60 s",
    10: "Kafka, then PostgreSQL black-holed for 30 s; the assignment listener fails once",
    11: "inbound topics replayed: three times, shuffled, with new ids",
    12: "malformed, always-raising and unknown records; one unstorable unit in a batch",
    13: "clock an hour forward and back",
    14: "database disk full",
    15: "rolling SIGTERM of every service under load",
    16: "payment provider times out, answers late, contradicts itself",
    17: "two relays that believe they lead; a paused leader; a refused record",
    18: "a restored backup behind Kafka; a lost Kafka behind PostgreSQL",
    19: "topic deleted and made again; partitions added",
    20: "two builds on one log and topic",
    21: "SIGKILL between provider call and record, at a provider by API and one over Kafka, both misbehaving",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One test's latest run. `outcome` is passed, failed or not run; `seed` makes it again."""

    fault: int
    outcome: str
    seconds: float
    at: str
    seed: str
    notes: dict[str, Any]


def keep(seen: dict[str, Seen]) -> None:
    """Remember these tests' outcomes beside those of earlier runs."""
    commit = _commit()
    known = _kept() | {test: asdict(one) | {"commit": commit} for test, one in seen.items()}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(known, indent=1))


def now() -> str:
    """Real time, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())


def write() -> str:
    """Write the document from all that is kept; its table."""
    kept = _kept()
    rows = ["| # | fault | tests | outcome | rounds | seconds | seed | seen |", f"|{' --- |' * 8}"]
    notes = []
    for number, what in FAULTS.items():
        tests = {name: one for name, one in kept.items() if one["fault"] == number}
        outcomes = {one["outcome"] for one in tests.values()}
        outcome = "not run" if not tests else "held" if outcomes == {"passed"} else ", ".join(sorted(outcomes))
        rounds = max((one["notes"].get("rounds", 1) for one in tests.values()), default=0)
        seconds = sum(one["seconds"] for one in tests.values())
        seeds = ", ".join(sorted({one["seed"] for one in tests.values()}))
        at = max((f"{one['at']}, {one['commit']}" for one in tests.values()), default="")
        rows.append(f"| {number} | {what} | {len(tests)} | {outcome} | {rounds} | {seconds:.0f} | {seeds} | {at} |")
        for name, one in sorted(tests.items()):
            said = "; ".join(f"{key} {value}"[:LONGEST] for key, value in one["notes"].items() if key != "rounds")
            notes.append(f"- {number}: `{name.rpartition('::')[2].partition('[')[0]}`{': ' + said if said else ''}")
    cores = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    DOCUMENT.write_text("\n".join([_HEAD.format(cores=cores), *rows, "", "## What was seen", "", *notes, ""]))
    return "\n".join(rows)


def _commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "no commit"


def _kept() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return known


_HEAD = """# Faults

Written by `make faults`; a row is the latest run of every test of that fault on this machine ({cores}). One oracle
judges all of them (`tests/faults/oracle.py`). Full rounds are 20 for failpoints and 3 for servers and networks;
`rounds` says how many were made, `seen` when and of which commit. A seed makes a failure again:
`AFTERCARE_FAULT_SEED=… AFTERCARE_FAULTS=all .venv/bin/python -m pytest tests/faults`.
"""
