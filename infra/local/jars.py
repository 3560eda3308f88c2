"""Leaves Kafka's jars in the user's cache, each the very bytes whose SHA-256 is in `requirements/kafka.lock`.

A jar appears under its name only when it is complete and verified, and is verified again before every use. Several
clones may fetch at once. No host is named here: the mirror comes from the machine, the default from jgo.
"""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from infra.local.failures import JarsUnavailable
from infra.local.layout import ROOT, cache

LOCK = ROOT / "requirements" / "kafka.lock"
MIRROR = "AFTERCARE_MAVEN_MIRROR"


@dataclass(frozen=True, slots=True)
class LockedJar:
    path: PurePosixPath
    sha256: str
    size: int

    def is_in(self, file: Path) -> bool:
        try:
            if file.stat().st_size != self.size:
                return False
            with file.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def read_lock(text: str) -> list[LockedJar]:
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [LockedJar(PurePosixPath(path), sha256, int(size)) for path, sha256, size in rows]


def jars() -> list[Path]:
    """All jars of the lock, in its order, fetched where missing or damaged."""
    text = LOCK.read_text()
    folder = cache() / f"kafka-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    folder.mkdir(exist_ok=True)
    locked = read_lock(text)
    with (folder / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        return complete(folder, locked, default_sources)


def complete(folder: Path, locked: Sequence[LockedJar], sources: Callable[[], Sequence[str]]) -> list[Path]:
    """Verifies every jar of this folder and fetches those that are not as locked, eight at a time."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda jar: jar.is_in(folder / jar.path.name), locked))
        wrong = [jar for jar, good in zip(locked, found, strict=True) if not good]
        if wrong:
            for leftover in folder.glob(".part-*"):
                leftover.unlink(missing_ok=True)
            urls = sources()
            list(pool.map(lambda jar: fetch(folder, jar, urls), wrong))
    return [folder / jar.path.name for jar in locked]


def fetch(folder: Path, jar: LockedJar, urls: Sequence[str]) -> None:
    """Takes the jar from the first source that has the locked bytes."""
    refusals: list[str] = []
    for url in urls:
        try:
            with urllib.request.urlopen(f"{url}/{jar.path}", timeout=60) as response:
                content = response.read(jar.size + 1)
        except (OSError, ValueError) as failure:
            refusals.append(f"{url}: {getattr(failure, 'reason', failure)}")
            continue
        if len(content) != jar.size or hashlib.sha256(content).hexdigest() != jar.sha256:
            refusals.append(f"{url}: sent other bytes than those in requirements/kafka.lock")
            continue
        descriptor, partial = tempfile.mkstemp(prefix=".part-", dir=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o644)
        os.replace(partial, folder / jar.path.name)
        return
    raise JarsUnavailable(
        f"Kafka's {jar.path.name} could not be fetched ({'; '.join(refusals)}). It is needed once, from the network; "
        f"behind a mirror set {MIRROR} to its base address, behind a proxy HTTPS_PROXY, for a private authority "
        "SSL_CERT_FILE, and run it again."
    )


def default_sources() -> list[str]:
    # Loaded only when something has to be fetched.
    from jgo.constants import MAVEN_CENTRAL_URL

    home = Path("~").expanduser()
    local = (home / ".m2" / "repository").as_uri() if home.is_absolute() else None
    return sources(os.environ, home / ".m2" / "settings.xml", local, MAVEN_CENTRAL_URL)


def sources(environment: Mapping[str, str], settings: Path, local: str | None, default: str) -> list[str]:
    """Base addresses in the order to try them: the local repository, the named mirror, else all mirrors and default."""
    first = [local] if local else []
    if environment.get(MIRROR):
        return [*first, environment[MIRROR].rstrip("/")]
    return [*first, *mirrors_in(settings), default.rstrip("/")]


def mirrors_in(settings: Path) -> list[str]:
    """The mirrors of the central repository in a Maven `settings.xml`; an unreadable file has none."""
    try:
        elements = list(ElementTree.parse(settings).iter())
    except (OSError, ElementTree.ParseError):
        return []
    found = []
    for element in elements:
        if element.tag.rpartition("}")[2] == "mirror":
            fields = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
            covered = {part.strip() for part in fields.get("mirrorOf", "").split(",")}
            if covered & {"*", "central", "external:*"} and "!central" not in covered and fields.get("url"):
                found.append(fields["url"].rstrip("/"))
    return found
