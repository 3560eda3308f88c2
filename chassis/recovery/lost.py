"""What a lost time told the world: records this service published and of which the restored log knows nothing.

Public events carry their place in the log as their id, requests to the outside the id of their effect. Nothing of a
payload is looked at: the list names records, causes and staff who acted, and no customer.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.cloudevents import Arrived
from chassis.inbox.entries import arrived
from chassis.kafka_meta import KafkaAccess, identify

OURS = "aftercare."
CLOCKS_DIFFER = timedelta(hours=1)
"""So much further back than the backup's instant is read: the log decides whether a record is lost, not time."""


@dataclass(frozen=True, slots=True)
class LostRecord:
    """One record of the lost time. `cause` is what asked for it (``request:…`` for a command), `by` who."""

    topic: str
    partition: int
    offset: int
    ce_id: str
    ce_type: str
    at: str
    key: str
    cause: str
    by: str


async def ends_of(access: KafkaAccess, topics: Sequence[str]) -> dict[str, dict[int, int]]:
    """How far each topic goes now, by the source its positions are stored under."""
    found: dict[str, dict[int, int]] = {}
    async with _reading(access) as kafka:
        identity = await identify(kafka._client, [access.topic(name) for name in topics])
        for name in topics:
            topic = access.topic(name)
            places = [TopicPartition(topic, n) for n in sorted(await kafka._client._wait_on_metadata(topic))]
            ends = await kafka.end_offsets(places)
            found[identity.source(topic)] = {tp.partition: ends[tp] for tp in places}
    return found


async def told_since(access: KafkaAccess, service: str, since: datetime) -> list[Arrived]:
    """Everything `service` published on our own topics since an instant, its requests to the outside included."""
    sources = {f"/aftercare/{service}", f"/aftercare/{service}/requests"}
    found: list[Arrived] = []
    async with _reading(access) as kafka:
        prefix = access.topic(OURS)
        for topic in sorted(name for name in await kafka.topics() if name.startswith(prefix)):
            name = topic[len(access.topic_prefix) :]
            async for record in _since(kafka, topic, since - CLOCKS_DIFFER):
                seen = arrived(name, record)
                if seen.attribute("ce_source") in sources:
                    found.append(seen)
    return found


async def unknown_events(pool: "asyncpg.Pool[Any]", told: Sequence[Arrived], incarnation: int) -> list[Arrived]:
    """Those public events of an earlier incarnation whose place in the log is empty."""
    placed = {n: place for n, seen in enumerate(told) if (place := _place(seen)) and _life(seen) < incarnation}
    versions = dict(
        await pool.fetch(
            "SELECT aggregate_id, max(version) FROM events WHERE aggregate_id = ANY($1::uuid[]) GROUP BY 1",
            list({id for id, _ in placed.values()}),
        )
    )
    return [told[n] for n, (id, version) in placed.items() if version > versions.get(id, 0)]


async def unknown_requests(pool: "asyncpg.Pool[Any]", told: Sequence[Arrived], incarnation: int) -> list[Arrived]:
    """Those requests to the outside of an earlier incarnation that no effect stands for."""
    asked: dict[UUID, Arrived] = {}
    for seen in told:
        effect = _uuid(seen.attribute("ce_id") or "")
        request = (seen.attribute("ce_source") or "").endswith("/requests")
        if effect is not None and request and _life(seen) < incarnation:
            asked.setdefault(effect, seen)
    rows = await pool.fetch("SELECT id FROM effects WHERE id = ANY($1::uuid[])", list(asked))
    known = {row["id"] for row in rows}
    return [seen for effect, seen in asked.items() if effect not in known]


def as_lost(seen: Arrived) -> LostRecord:
    """The record as it is listed."""
    said: Mapping[str, str] = {
        name: seen.attribute(f"ce_{name}") or "" for name in ("id", "type", "time", "cause", "by")
    }
    key = (seen.key or b"").decode(errors="replace")
    return LostRecord(
        seen.topic, seen.partition, seen.offset, said["id"], said["type"], said["time"], key, said["cause"], said["by"]
    )


@asynccontextmanager
async def _reading(access: KafkaAccess) -> AsyncIterator[AIOKafkaConsumer]:
    kafka = AIOKafkaConsumer(
        **access.connection(),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        request_timeout_ms=15_000,
    )
    try:
        await kafka.start()
        yield kafka
    finally:
        await kafka.stop()


async def _since(kafka: AIOKafkaConsumer, topic: str, since: datetime) -> AsyncIterator[ConsumerRecord[Any, Any]]:
    """The records of a topic from the first one of that instant to where the topic ends now."""
    places = [TopicPartition(topic, n) for n in sorted(await kafka._client._wait_on_metadata(topic))]
    kafka.assign(places)
    ends = await kafka.end_offsets(places)
    starts = await kafka.offsets_for_times({tp: int(since.timestamp() * 1000) for tp in places})
    for tp in places:
        start = starts.get(tp)
        kafka.seek(tp, ends[tp] if start is None else start.offset)
    while any([await kafka.position(tp) < ends[tp] for tp in places]):
        for tp, batch in (await kafka.getmany(timeout_ms=500)).items():
            for record in batch:
                if record.offset < ends[tp]:
                    yield record


def _place(seen: Arrived) -> tuple[UUID, int] | None:
    """Aggregate and version of the event a public record stands for."""
    id, _, rest = (seen.attribute("ce_id") or "").partition(".")
    version, _, number = rest.partition(".")
    aggregate = _uuid(id)
    if aggregate is None or not version.isdecimal() or not number.isdecimal():
        return None
    return aggregate, int(version)


def _life(seen: Arrived) -> int:
    said = seen.attribute("ce_incarnation") or "1"
    return int(said) if said.isdecimal() else 1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
