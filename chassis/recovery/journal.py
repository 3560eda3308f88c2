"""What is remembered of a recovery, in the restored database itself: a run that is broken off goes on from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from chassis.recovery.lost import LostRecord

Ends = Mapping[int, int]
"""The end of each partition of a topic, as it was when the database had been restored."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery that is not finished. `backup_at` is real time, `clock_at` the business clock's when it began."""

    incarnation: int
    backup_at: datetime
    clock_at: datetime
    ends: Mapping[str, Ends]


async def begin(
    connection: "asyncpg.Connection[Any]",
    incarnation: int,
    backup_at: datetime,
    clock_at: datetime,
    ends: Mapping[str, Ends],
    lost: Sequence[LostRecord],
) -> None:
    """Open a recovery, inside the caller's transaction."""
    await connection.execute("UPDATE recoveries SET finished_at = now() WHERE finished_at IS NULL")
    await connection.execute(
        "INSERT INTO recoveries(incarnation, backup_at, clock_at, ends) VALUES ($1, $2, $3, $4)",
        incarnation,
        backup_at,
        clock_at,
        msgspec.json.encode(ends).decode(),
    )
    await keep_lost(connection, incarnation, lost)


async def keep_lost(connection: "asyncpg.Connection[Any]", incarnation: int, lost: Sequence[LostRecord]) -> None:
    """Write down what the lost time told; what is written already stays as it is."""
    await connection.executemany(
        'INSERT INTO lost_records(incarnation, topic, partition, "offset", ce_id, ce_type, at, key, cause, by)'
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        [(incarnation, r.topic, r.partition, r.offset, r.ce_id, r.ce_type, r.at, r.key, r.cause, r.by) for r in lost],
    )


async def unfinished(connection: "asyncpg.Connection[Any] | asyncpg.Pool[Any]") -> Recovery | None:
    """The recovery that nothing but consumers may run beside; None where there is none."""
    row = await connection.fetchrow(
        "SELECT incarnation, backup_at, clock_at, ends FROM recoveries WHERE finished_at IS NULL"
    )
    if row is None:
        return None
    ends = msgspec.json.decode(row["ends"], type=dict[str, dict[int, int]])
    return Recovery(row["incarnation"], row["backup_at"], row["clock_at"], ends)


async def finish(connection: "asyncpg.Connection[Any]", incarnation: int) -> None:
    """From here on every role may run again."""
    await connection.execute("UPDATE recoveries SET finished_at = now() WHERE incarnation = $1", incarnation)


async def lost_records(pool: "asyncpg.Pool[Any]", incarnation: int) -> list[LostRecord]:
    """Everything one recovery found lost, oldest first."""
    rows = await pool.fetch(
        'SELECT topic, partition, "offset", ce_id, ce_type, at, key, cause, by FROM lost_records'
        ' WHERE incarnation = $1 ORDER BY at, topic, partition, "offset"',
        incarnation,
    )
    return [LostRecord(*row) for row in rows]
