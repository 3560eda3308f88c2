"""Every package and jar that the locks name, with the hashes its bytes may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PYTHON_LOCKS = ("dev.lock", "bootstrap.lock")
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NORMAL = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Component:
    """`name` is a Python package's, or ``group:artifact`` of a jar."""

    ecosystem: str
    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Its package URL, by which other tools know it."""
        if self.ecosystem == "PyPI":
            return f"pkg:pypi/{self.name}@{self.version}"
        group, _, artifact = self.name.partition(":")
        return f"pkg:maven/{group}/{artifact}@{self.version}"


class UnreadableLock(Exception):
    """A lock says something that is not understood; the message names the line."""


def components(folder: Path) -> list[Component]:
    """All of them, each once, sorted."""
    found = {one for lock in _PYTHON_LOCKS for one in _packages(folder / lock)}
    found |= set(_jars(folder / "kafka.lock"))
    return sorted(found, key=lambda one: (one.ecosystem, one.name, one.version))


def _packages(lock: Path) -> Iterator[Component]:
    entries = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for entry in entries:
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        pinned, hashes = _PINNED.match(entry), tuple(sorted(_HASH.findall(entry)))
        if pinned is None or not hashes:
            raise UnreadableLock(f"{lock.name}: {entry.splitlines()[0]!r} pins no version with a hash")
        yield Component("PyPI", _NORMAL.sub("-", pinned["name"]).lower(), pinned["version"], hashes)


def _jars(lock: Path) -> Iterator[Component]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            path, sha256, _ = line.split()
            *group, artifact, version, _ = PurePosixPath(path).parts
        except ValueError:
            raise UnreadableLock(f"{lock.name}: {line!r} is no path, SHA-256 and size") from None
        yield Component("Maven", f"{'.'.join(group)}:{artifact}", version, (sha256,))
