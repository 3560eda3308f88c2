"""CPU time of processes, to the nanosecond, from the scheduler's own books: steadier than rates on a shared machine."""

from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(pids: Iterable[int]) -> float:
    """What all threads of these processes have run so far; one that is gone counts nothing."""
    return sum(_thread(task) for pid in pids for task in _threads(pid)) / 1e9


def family(pid: int) -> list[int]:
    """A process and everything it started that still runs, such as PostgreSQL's backends."""
    parents: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def resident_bytes(pid: int) -> int:
    """Memory of the process that is in RAM now, shared libraries included, as `top` shows it."""
    line = next(line for line in (PROC / str(pid) / "status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def _threads(pid: int) -> list[Path]:
    try:
        return list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return []


def _thread(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text().split()[0])
    except (OSError, ValueError):
        return 0
