"""No committed file names a package index, registry or mirror, so that any mirror works.

Looked for are the public ones, and whatever this machine is set up to use.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from infra.check.files import ours

# Joined here, so that this file does not name them either.
PUBLIC = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("gcr", "io"),
    )
)
SETTINGS = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "AFTERCARE_MAVEN_MIRROR",
)
LOCAL = {"localhost", "127.0.0.1", "::1"}


def named_hosts(root: Path) -> list[str]:
    forbidden = [*PUBLIC, *sorted(_configured_hosts())]
    pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(host)}(?![\w-])" for host in forbidden))
    found = []
    for path in ours(root):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # not a text
        for number, line in enumerate(lines, start=1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(root)}:{number}: names {match.group(0)}")
    return found


def _configured_hosts() -> set[str]:
    texts = [os.environ.get(name, "") for name in SETTINGS]
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, timeout=30
    )
    texts.append(listed.stdout)
    urls = re.findall(r"https?://[^\s'\"=]+", " ".join(texts))
    return {host for url in urls if (host := urlsplit(url).hostname) and host not in LOCAL}
