"""Where everything on disk is: one folder per set of parts under `.local`, one cache per user for what never changes.

Several clones, and the sets of one clone (`up`, `demo`, `tests`), share nothing but that cache.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one set of parts."""

    root: Path

    @classmethod
    def at(cls, data_dir: Path | str) -> Layout:
        layout = cls(Path(data_dir).absolute())
        for folder in (layout.root, layout.logs, layout.records, layout.kafka):
            folder.mkdir(parents=True, exist_ok=True)
        return layout

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def records(self) -> Path:
        return self.root / "run"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time starts or stops these parts."""
        with (self.root / "lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


def cache() -> Path:
    """The user's cache, so that several clones download and train once; without a writable home, the clone's own."""
    home = os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home and Path(home).is_absolute() else Path("~/.cache").expanduser()
    for folder in (base / "aftercare", LOCAL / "cache"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise OSError(f"neither {base} nor {LOCAL} is writable")
