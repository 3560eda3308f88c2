"""Remembers ports, passwords and places of one set of parts across restarts, in a file only its owner can read.

Each change is on disk, whole, before the value is used, and is made on what is on disk then: two processes that ask for
the same password at once are given the same one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.local import ports
from infra.local.failures import WrongOwner

SECTIONS = ("ports", "passwords", "values")


def _drawn() -> str:
    return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class State:
    path: Path

    def port(self, name: str) -> int:
        """The remembered port of this server, or a free one that is remembered from now on."""
        known = self._read()["ports"].get(name)
        return int(known) if known else self._choose_port(name, None)

    def another_port(self, name: str, refused: int) -> int:
        """Gives up a port that somebody else has taken meanwhile."""
        return self._choose_port(name, refused)

    def password(self, role: str, make: Callable[[], str] = _drawn) -> str:
        known = self._read()["passwords"].get(role)
        if known:
            return known
        with self._changing() as content:
            return content["passwords"].setdefault(role, make())

    def value(self, name: str) -> str | None:
        return self._read()["values"].get(name)

    def remember(self, name: str, value: str) -> None:
        if self.value(name) != value:
            with self._changing() as content:
                content["values"][name] = value

    def _choose_port(self, name: str, refused: int | None) -> int:
        with self._changing() as content:
            known = content["ports"].get(name)
            if known is None or known == str(refused):
                content["ports"][name] = str(ports.pick({int(port) for port in content["ports"].values()}))
            return int(content["ports"][name])

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            stored = json.loads(self.path.read_text())
        except FileNotFoundError:
            stored = {}
        except PermissionError as failure:
            raise WrongOwner(
                f"{self.path} belongs to another account; use the account that first ran this clone, "
                "or a clone of your own."
            ) from failure
        return {section: dict(stored.get(section, {})) for section in SECTIONS}

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, str]]]:
        with self.path.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            content = self._read()
            yield content
            unfinished = self.path.with_suffix(".new")
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
