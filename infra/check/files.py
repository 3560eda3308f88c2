"""The files that would be in a commit: tracked, or new and not ignored; not those that were generated or vendored."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

NOT_OURS = ("gen/", "third_party/")
NEVER = {".git", ".venv", ".local", ".tools", "__pycache__"}


def ours(root: Path) -> list[Path]:
    return sorted(root / name for name in _names(root) if not name.startswith(NOT_OURS) and (root / name).is_file())


def python_modules(root: Path) -> list[Path]:
    return [path for path in ours(root) if path.suffix == ".py"]


def _names(root: Path) -> Iterator[str]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        # An unpacked archive has no repository, but the same rules.
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name not in NEVER]
            for name in files:
                yield str((Path(folder) / name).relative_to(root))
        return
    yield from filter(None, listed.stdout.split("\0"))
