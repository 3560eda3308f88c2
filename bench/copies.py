"""Rows of one real case, copied in SQL until there are many: the service itself wrote what is copied."""

from typing import Any
from uuid import UUID

import asyncpg


async def multiply(
    connection: "asyncpg.Connection[Any]",
    table: str,
    of: str,
    case: UUID,
    first: int,
    last: int,
    changes: dict[str, str],
) -> None:
    """Every row of `table` that belongs to `case`, again for each number from `first` to `last`, with `changes`."""
    columns = [
        row[0]
        for row in await connection.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped",
            table,
        )
    ]
    picked = ", ".join(changes.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    await connection.execute(
        f"INSERT INTO {table}({names}) SELECT {picked} FROM generate_series({first}, {last}) g"
        f" CROSS JOIN (SELECT * FROM {table} t WHERE {of} = '{case}') t ORDER BY g"
    )
