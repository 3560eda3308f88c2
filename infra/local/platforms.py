"""Says which machines have no prebuilt wheels, before pip would fail on them with a compiler's error.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import platform
import sys
import sysconfig

COVERED = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Linux", "arm64"), ("Darwin", "arm64")}
OLDEST_GLIBC = (2, 28)


def unsupported() -> str | None:
    """The sentence that says why this machine cannot run the embedded parts, or None."""
    system, machine = platform.system(), platform.machine().lower()
    if (system, machine) not in COVERED:
        return (
            f"there are no prebuilt wheels for {system} {machine}; Linux x86_64, aarch64 and macOS arm64 are covered.\n"
            "Use one of those, or a container or virtual machine of that kind."
        )
    if sys.implementation.name != "cpython" or sys.maxsize < 2**32:
        return "a 64-bit CPython is needed; point make at one: make PYTHON=/path/to/python3.12 ..."
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this is a free-threaded Python; point make at the standard build: make PYTHON=/path/to/python3.13 ..."
    return _old_libc() if system == "Linux" else None


def _old_libc() -> str | None:
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        libc = ""
    return libc_problem(libc)


def libc_problem(libc: str) -> str | None:
    """`libc` is what the system says of itself, like `glibc 2.36`; musl says nothing."""
    name, _, version = libc.partition(" ")
    if name != "glibc":
        return (
            "this is a musl system (Alpine?), for which Kafka's and PostgreSQL's wheels do not exist.\n"
            "Use one with glibc 2.28 or newer: Debian 10, Ubuntu 20.04, RHEL 8 or later."
        )
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        return f"{libc} is too old for the wheels; they need 2.28: Debian 10, Ubuntu 20.04, RHEL 8 or later."
    return None
