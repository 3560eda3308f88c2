"""After Kafka lost what PostgreSQL has: everything is sent, or read, once more. What is known is dropped by its id."""

from collections.abc import Iterable

import asyncpg
import structlog

from chassis.errors import KernelError
from chassis.kafka_meta import KafkaAccess
from chassis.leader import Connect, lock_key
from chassis.recovery.lost import ends_of

log = structlog.get_logger(__name__)


class RelayRuns(KernelError):
    """A relay leads: it would go on from the place it remembers."""


async def from_the_beginning(connect: Connect) -> int:
    """The relay sends all that the outbox still has. Returns how many rows. `connect` is under the migration role."""
    connection = await connect()
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key("relay")):
            raise RelayRuns("stop every process of the service that has the role relay, then try again")
        rows: int = await connection.fetchval("SELECT count(*) FROM outbox")
        await connection.execute("UPDATE relay SET position = 0, n = 0")
    finally:
        await connection.close()
    log.info("republishing", rows=rows)
    return rows


async def forget_positions(connect: Connect, access: KafkaAccess, topics: Iterable[str]) -> None:
    """The topics are read from their beginning when a consumer takes them over."""
    sources = await ends_of(access, list(topics))
    connection: asyncpg.Connection = await connect()
    try:
        await connection.execute("DELETE FROM tracking WHERE source = ANY($1::text[])", list(sources))
    finally:
        await connection.close()
    log.info("reading_again", topics=sorted(topics))
