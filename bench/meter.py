"""Who spent how much of the processors between two moments: this process, and some sessions of PostgreSQL."""

import time
from collections.abc import Iterable
from typing import Any

import asyncpg

from bench.cpu import cpu_seconds

WRITER, READER = "aftercare-writer", "aftercare-reader"


class Meter:
    """Begins to count when it is made."""

    def __init__(self, backends: Iterable[int] = ()) -> None:
        self._backends = tuple(backends)
        self._began, self._own, self._theirs = time.perf_counter(), time.process_time(), cpu_seconds(self._backends)

    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def own(self) -> float:
        """Processor seconds of this process."""
        return time.process_time() - self._own

    def postgres(self) -> float:
        """Processor seconds of the sessions."""
        return cpu_seconds(self._backends) - self._theirs


async def sessions(database_url: str, *applications: str) -> list[int]:
    """Process ids of the database's sessions whose application names begin like this: the writer's end in its id."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE ANY($1::text[])"
            " AND datname = current_database()",
            [f"{application}%" for application in applications],
        )
        return [row["pid"] for row in rows]
    finally:
        await connection.close()
