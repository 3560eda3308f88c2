"""Hands the machine's pip settings to uv, which reads neither `pip.conf` nor `PIP_*`.

Without this a machine whose only way to packages is a mirror named in `pip.conf` would be sent to the public index.
Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping

LISTS = {"extra-index-url": "UV_INDEX", "trusted-host": "UV_INSECURE_HOST"}
SINGLE = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}


def parse_pip_config(listing: str) -> dict[str, str]:
    """Reads what `pip config list` prints; the environment wins over a command's section, and that over `global`."""
    found: dict[str, tuple[int, str]] = {}
    ranks = {"global": 0, "install": 1, ":env:": 2}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.strip().rpartition(".")
        rank = ranks.get(section)
        if rank is None:
            continue
        name = name.replace("_", "-")
        if name not in found or rank >= found[name][0]:
            found[name] = (rank, _unquoted(value.strip()))
    return {name: value for name, (_, value) in found.items()}


def uv_settings(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables to add for uv; what the user set for uv itself is left alone."""
    added: dict[str, str] = {}
    for name, variable in SINGLE.items():
        if pip.get(name):
            added.setdefault(variable, pip[name].strip())
    for name, variable in LISTS.items():
        if pip.get(name):
            added[variable] = " ".join(pip[name].split())
    links = [link for link in pip.get("find-links", "").split() if "://" in link or os.path.isdir(link)]
    if links:
        added["UV_FIND_LINKS"] = ",".join(links)
    return {variable: value for variable, value in added.items() if not environment.get(variable)}


def _unquoted(value: str) -> str:
    try:
        parsed = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value
    return parsed if isinstance(parsed, str) else value
