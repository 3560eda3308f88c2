"""What the inbox reads from its service's database, and the few rows it writes outside the append."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from chassis.cloudevents import Arrived
from chassis.inbox.entries import digest_of, unstow

_PARKED = 'id, topic, partition, "offset", key, ordered_key, headers, value'


@dataclass(frozen=True, slots=True)
class ParkedMark:
    """As much of a parked record as is needed to recognise what belongs to it."""

    id: UUID
    inbox_id: UUID | None
    ordered_key: UUID | None
    digest: bytes


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A parked record with everything it arrived with."""

    id: UUID
    ordered_key: UUID | None
    arrived: Arrived


@dataclass(frozen=True, slots=True)
class RedriveRequest:
    """An operator's order about one parked record."""

    parked_id: UUID
    action: str
    replacement: bytes | None
    content_type: str


class InboxStore:
    """Reads and writes through the service's pool."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

    async def positions(self, source: str) -> dict[int, int]:
        """The stored position of each partition of a topic; none where nothing was read."""
        rows = await self._pool.fetch("SELECT partition, position FROM tracking WHERE source = $1", source)
        return {row["partition"]: row["position"] for row in rows}

    async def is_made_again(self, topic: str, source: str) -> bool:
        """Remember what the topic is now; True where it is that for the first time and was another before."""
        first = await self._pool.fetchval(
            "INSERT INTO topic_sources(topic, source) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            topic,
            source,
        )
        return (
            bool(first) and await self._pool.fetchval("SELECT count(*) FROM topic_sources WHERE topic = $1", topic) > 1
        )

    async def marks(self, topic: str, partitions: Collection[int]) -> list[ParkedMark]:
        """Everything parked from these partitions."""
        rows = await self._pool.fetch(
            f"SELECT inbox_id, {_PARKED} FROM parked WHERE topic = $1 AND partition = ANY($2::int4[])",
            topic,
            list(partitions),
        )
        return [ParkedMark(r["id"], r["inbox_id"], r["ordered_key"], digest_of(_record(r).arrived)) for r in rows]

    async def still_parked(self, topic: str, partitions: Collection[int]) -> frozenset[UUID]:
        """The ids of everything parked from these partitions."""
        rows = await self._pool.fetch(
            "SELECT id FROM parked WHERE topic = $1 AND partition = ANY($2::int4[])", topic, list(partitions)
        )
        return frozenset(row["id"] for row in rows)

    async def redrives(self, topic: str, partitions: Collection[int]) -> list[RedriveRequest]:
        """Open requests about records of these partitions, oldest first."""
        rows = await self._pool.fetch(
            "SELECT r.parked_id, r.action, r.replacement, r.replacement_content_type FROM redrives r"
            " JOIN parked p ON p.id = r.parked_id"
            " WHERE r.outcome = '' AND p.topic = $1 AND p.partition = ANY($2::int4[]) ORDER BY r.asked_at",
            topic,
            list(partitions),
        )
        return [RedriveRequest(*row) for row in rows]

    async def close_gone(self) -> None:
        """Answer open requests whose record is no longer parked."""
        await self._pool.execute(
            "UPDATE redrives r SET outcome = 'gone' WHERE r.outcome = ''"
            " AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.id = r.parked_id)"
        )

    async def answer(self, parked_id: UUID, outcome: str, detail: str) -> None:
        """Say what became of a request that did not settle its record."""
        await self._pool.execute(
            "UPDATE redrives SET outcome = $2, detail = $3 WHERE parked_id = $1 AND outcome = ''",
            parked_id,
            outcome,
            detail,
        )

    async def parked(self, parked_id: UUID) -> ParkedRecord | None:
        """One parked record."""
        return _first(await self._pool.fetch(f"SELECT {_PARKED} FROM parked WHERE id = $1", parked_id))

    async def head(self, ordered_key: UUID) -> UUID | None:
        """The parked record that all others of its key wait behind."""
        rows = await self._pool.fetch("SELECT id FROM parked WHERE ordered_key = $1 ORDER BY seq LIMIT 1", ordered_key)
        return rows[0]["id"] if rows else None

    async def freed(self, topic: str, partitions: Collection[int], waiting: str) -> list[ParkedRecord]:
        """Records that only waited (their reason is `waiting`) and have nothing parked before them any more."""
        rows = await self._pool.fetch(
            f"SELECT {_PARKED} FROM parked p WHERE topic = $1 AND partition = ANY($2::int4[]) AND reason = $3"
            " AND NOT EXISTS (SELECT 1 FROM parked b WHERE b.ordered_key = p.ordered_key AND b.seq < p.seq)"
            " ORDER BY seq LIMIT 100",
            topic,
            list(partitions),
            waiting,
        )
        return [_record(row) for row in rows]

    async def paused(self, topic: str) -> bool:
        """Whether an operator has yet to lift the pause of this topic."""
        return bool(await self._pool.fetchval("SELECT EXISTS (SELECT 1 FROM paused_topics WHERE topic = $1)", topic))

    async def pause(self, topic: str, reason: str, paused_by: str) -> None:
        """Pause a topic in every process of the service."""
        await self._pool.execute(
            "INSERT INTO paused_topics(topic, reason, paused_by) VALUES ($1, $2, $3) ON CONFLICT (topic) DO NOTHING",
            topic,
            reason,
            paused_by,
        )


def _first(rows: Sequence[Any]) -> ParkedRecord | None:
    return _record(rows[0]) if rows else None


def _record(row: Any) -> ParkedRecord:
    headers, timestamp = unstow(row["headers"])
    return ParkedRecord(
        id=row["id"],
        ordered_key=row["ordered_key"],
        arrived=Arrived(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            timestamp=timestamp,
            key=row["key"],
            headers=headers,
            value=row["value"],
        ),
    )
