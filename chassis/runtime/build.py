"""Which build this is, as logs, the inbox and operators name it."""

import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

REVISION = "AFTERCARE_REVISION"
"""Set when an image is built; the commit it was built from."""


@dataclass(frozen=True, slots=True)
class Build:
    """A version, and the commit where it is known."""

    version: str
    revision: str

    @property
    def name(self) -> str:
        return f"{self.version}+{self.revision[:12]}" if self.revision else self.version


@cache
def this_build() -> Build:
    """This process's build."""
    try:
        known = version("aftercare")
    except PackageNotFoundError:
        known = "unreleased"
    return Build(known, os.environ.get(REVISION, ""))
