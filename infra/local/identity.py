"""Tells a process from a later one that was given the same number.

A pid alone proves nothing after a crash or a reboot; a pid together with the moment its process began does.
"""

from __future__ import annotations

from pathlib import Path

import psutil

_STARTED_FIELD = 22 - 3
_GONE = ("Z", "X", "x")


def identity(pid: int) -> str | None:
    """Names the process that has this pid now; None when there is none, or only a zombie nobody has waited for.

    A zombie with threads that still run is no zombie yet.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The second field is the program's name in parentheses and may hold spaces and parentheses itself.
            state, *rest = stat.read_text(errors="replace").rpartition(")")[2].split()
        except (OSError, ValueError):
            return None
        if state in _GONE and not _threads_left(pid):
            return None
        # Ticks since boot, unlike a wall time, do not move when the clock is set.
        return f"{_boot()}/{rest[_STARTED_FIELD - 1]}"
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.3f}"
    except psutil.Error:
        return None


def _threads_left(pid: int) -> bool:
    """A killed process whose first thread has ended keeps its ports until the last one has."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"
