"""Gives tests, demo and `make up` a real PostgreSQL and a real Kafka, started here or named in the environment.

`ensure` may be called any number of times, by several processes at once: parts that run are used, parts that were
killed are started again on their data.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.kafka import Kafka
from infra.local.layout import Layout
from infra.local.postgres import Postgres
from infra.local.profile import PROFILES
from infra.local.state import State

POSTGRES_VARIABLE = "AFTERCARE_POSTGRES_URL"
KAFKA_VARIABLE = "AFTERCARE_KAFKA"
PARTS_VARIABLE = "AFTERCARE_PARTS"
UNANSWERED_PATIENCE = 15


@dataclass(frozen=True, slots=True)
class Parts:
    """`postgres_url` is the superuser's; `state` remembers the passwords of the roles that are made with it."""

    postgres_url: str
    kafka_bootstrap: str
    state: State
    postgres: Postgres
    kafka: Kafka


def parts_at(data_dir: Path | str, profile: str) -> Parts:
    """The parts of this folder as they are, running or not; an address in the environment takes a part's place."""
    layout = Layout.at(data_dir)
    state = State(layout.state)
    postgres = Postgres(layout, state, PROFILES[profile])
    kafka = Kafka(layout, state, PROFILES[profile])
    given = addresses(os.environ)
    return Parts(given.get("postgres", postgres.url()), given.get("kafka", kafka.bootstrap), state, postgres, kafka)


def addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """Which parts are elsewhere, by name."""
    names = {"postgres": POSTGRES_VARIABLE, "kafka": KAFKA_VARIABLE}
    return {part: environment[variable] for part, variable in names.items() if environment.get(variable)}


def ensure(data_dir: Path | str, profile: str, *, fresh: bool = False) -> Parts:
    """Starts what does not run and waits until both answer; `fresh` first deletes the data of parts that do not run."""
    layout = Layout.at(data_dir)
    with layout.locked():
        parts = parts_at(data_dir, profile)
        given = addresses(os.environ)
        owned = [part for name, part in (("postgres", parts.postgres), ("kafka", parts.kafka)) if name not in given]
        starting = [part for part in owned if part.pid() is None or not part.answers()]
        # Only what is ours to start: parts that are elsewhere say nothing about servers somebody else runs here.
        if fresh and all(part.pid() is None for part in owned):
            for part in owned:
                part.erase()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(_start, part) for part in starting]:
                done.result()
        return parts_at(data_dir, profile)


def stop(data_dir: Path | str) -> list[str]:
    """Stops both, keeping the data; the names of those that ran."""
    layout = Layout.at(data_dir)
    with layout.locked():
        parts = parts_at(data_dir, "demo")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            stopping = {name: pool.submit(part.stop) for name, part in _named(parts)}
        return [name for name, done in stopping.items() if done.result()]


def erase(data_dir: Path | str) -> None:
    """Stops both and deletes their data."""
    stop(data_dir)
    with Layout.at(data_dir).locked():
        _erase(parts_at(data_dir, "demo"))


@contextlib.contextmanager
def running(data_dir: Path | str, profile: str, *, fresh: bool = False) -> Iterator[Parts]:
    """Parts for the length of a block; whoever leaves last stops them, so two test runs at once can share.

    With AFTERCARE_PARTS=containers they are containers of this run alone.
    """
    if os.environ.get(PARTS_VARIABLE) == "containers":
        from infra.local import containers

        with containers.started() as (postgres_url, bootstrap):
            os.environ |= {POSTGRES_VARIABLE: postgres_url, KAFKA_VARIABLE: bootstrap}
            yield parts_at(data_dir, profile)
        return
    layout = Layout.at(data_dir)
    with (layout.root / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield ensure(data_dir, profile, fresh=fresh)
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                stop(data_dir)


def in_use(data_dir: Path | str) -> bool:
    """Whether somebody is inside `running` with these parts."""
    try:
        with (Path(data_dir) / "users").open() as users:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _named(parts: Parts) -> tuple[tuple[str, Postgres | Kafka], ...]:
    return (("kafka", parts.kafka), ("postgres", parts.postgres))


def _start(part: Postgres | Kafka) -> None:
    """A part that runs but does not answer is given time first: it may only be busy, or still recovering."""
    deadline = time.monotonic() + UNANSWERED_PATIENCE
    while part.pid() is not None:
        if part.answers():
            return
        if time.monotonic() > deadline:
            part.stop(patience=5)
        time.sleep(0.1)
    part.start()


def _erase(parts: Parts) -> None:
    parts.postgres.erase()
    parts.kafka.erase()
