"""What an operator looks at first. `troubles` has one sentence for each thing that needs a person; none means healthy.

Business instants are compared by the business clock, real ones by the machine's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from aftercare.admin.v1 import admin_pb2
from aiokafka.errors import KafkaError

from chassis.admin.effects import STATES
from chassis.admin.owners import owners
from chassis.admin.parts import AdminParts
from chassis.clock import DrivenClock
from chassis.grpc.convert import timestamp_to_proto
from chassis.inbox import PartitionLag, lags
from chassis.recovery.journal import unfinished

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=1)
"""How long, by the machine's clock, what should go by itself may stand still before it is a trouble."""

_COUNTS = """
SELECT (SELECT count(*) FROM parked) AS parked,
  (SELECT count(*) FROM failed_timers f WHERE EXISTS (SELECT FROM timers t WHERE t.subject = f.subject
    AND t.kind = f.kind AND t.key = f.key AND t.generation = f.generation)) AS failed_timers,
  (SELECT count(*) FROM effects WHERE state = 'held') AS held_effects,
  (SELECT count(*) FROM effects WHERE state = 'unknown') AS unknown_effects,
  (SELECT count(*) FROM effects WHERE untold <> '') AS untold_effects,
  (SELECT count(*) FROM outbox o, relay r WHERE (o.position, o.n) > (r.position, r.n)) AS unsent_outbox_rows,
  (SELECT count(*) FROM erasures WHERE finished_at IS NULL) AS running_erasures,
  (SELECT count(*) FROM paused_topics) AS paused_topics,
  (SELECT count(*) FROM paused_effects) AS paused_effects,
  (SELECT count(*) FROM effect_circuits) AS open_circuits,
  (SELECT count(*) FROM timers WHERE due_at <= $1) AS due_timers,
  (SELECT EXISTS (SELECT FROM outbox_rest) OR EXISTS (SELECT FROM inbox_rest)
    OR EXISTS (SELECT FROM requests_rest))::int AS missing_partitions
"""


class Status:
    """Counts what waits, and remembers since when it does not move."""

    def __init__(self, parts: AdminParts) -> None:
        self._parts = parts
        self._standing: dict[str, tuple[object, datetime]] = {}

    async def counts(self) -> Mapping[str, int]:
        """What waits in the database, by name."""
        now, pool = self._parts.clock.now(), self._parts.pool
        (found,) = await pool.fetch(_COUNTS, now)
        (relay,) = await pool.fetch("SELECT position, n FROM relay")
        due = await pool.fetch(_OLDEST_DUE, now)
        self._note("outbox", tuple(relay) if found["unsent_outbox_rows"] else None)
        self._note("timers", tuple(due[0]) if due else None)
        return dict(found)

    async def read(self) -> admin_pb2.GetStatusResponse:
        """The whole picture."""
        parts, now = self._parts, self._parts.clock.now()
        counts = await self.counts()
        partitions, kafka_trouble = await self._partitions()
        pool = parts.pool
        parked = await pool.fetch("SELECT topic, ce_type, count(*) FROM parked GROUP BY 1, 2 ORDER BY 1, 2")
        ignored = await pool.fetch("SELECT topic, ce_type, seen FROM ignored_types ORDER BY 1, 2")
        effects = await pool.fetch("SELECT kind, state, count(*) FROM effects GROUP BY 1, 2 ORDER BY 1, 2")
        overdue = await pool.fetchval("SELECT min(due_at) FROM timers WHERE due_at <= $1", now)
        paused_topics = [row["topic"] for row in await pool.fetch("SELECT topic FROM paused_topics ORDER BY 1")]
        paused_effects = [row["kind"] for row in await pool.fetch("SELECT kind FROM paused_effects ORDER BY 1")]
        circuits = await pool.fetch("SELECT * FROM effect_circuits ORDER BY kind")
        troubles = [
            *self._troubles(counts, paused_topics, paused_effects),
            *(f"the provider of {c['kind']} keeps failing ({c['reason']}): one call tries it" for c in circuits),
            *([kafka_trouble] if kafka_trouble else []),
            *await self._after_losses(),
        ]
        return admin_pb2.GetStatusResponse(
            service=parts.service,
            healthy=not troubles,
            troubles=troubles,
            partitions=partitions,
            parked=[admin_pb2.GetStatusResponse.Count(topic=t, type=y, count=n) for t, y, n in parked],
            ignored=[admin_pb2.GetStatusResponse.Count(topic=t, type=y, count=n) for t, y, n in ignored],
            effects=[admin_pb2.GetStatusResponse.EffectCount(kind=k, state=STATES[s], count=n) for k, s, n in effects],
            paused_effect_kinds=paused_effects,
            open_circuits=[
                admin_pb2.GetStatusResponse.OpenCircuit(
                    kind=one["kind"],
                    reason=one["reason"],
                    since=timestamp_to_proto(one["since"]),
                    open_until=timestamp_to_proto(one["open_until"]),
                )
                for one in circuits
            ],
            overdue_timers=counts["due_timers"],
            oldest_overdue_timer=timestamp_to_proto(overdue),
            failed_timers=counts["failed_timers"],
            unsent_outbox_rows=counts["unsent_outbox_rows"],
            oldest_unsent_outbox_row=timestamp_to_proto(self._since("outbox")),
            paused_topics=paused_topics,
            build=admin_pb2.GetStatusResponse.Build(version=parts.version, revision=parts.revision),
            incarnation=parts.incarnation,
            clock=await self.clock(),
            log_position=await pool.fetchval("SELECT coalesce(max(position), 0) FROM events"),
            roles=parts.roles,
        )

    async def clock(self) -> admin_pb2.Clock:
        """What the business clock shows here."""
        rate = await self._parts.pool.fetchval("SELECT rate FROM clock")
        driven = isinstance(self._parts.clock, DrivenClock)
        return admin_pb2.Clock(
            now=timestamp_to_proto(self._parts.clock.now()),
            rate=rate if driven and rate is not None else 1.0,
            movable=self._parts.clock_may_be_driven,
        )

    async def _partitions(self) -> tuple[list[admin_pb2.GetStatusResponse.PartitionLag], str]:
        parts = self._parts
        topics = [subscription.topic for subscription in parts.subscriptions]
        if not topics:
            return [], ""
        try:
            found = await lags(parts.kafka, parts.pool, topics)
            readers = await owners(parts.kafka, {t: parts.kafka.topic(f"{parts.service}:{t}") for t in topics})
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("lag_unknown", error=repr(error))
            return [], f"Kafka cannot be asked: {type(error).__name__}"
        return [_partition(lag, readers.get((lag.topic, lag.partition), "")) for lag in found], ""

    async def _after_losses(self) -> list[str]:
        """What a lost database or a lost topic leaves to look at; topics for a day."""
        pool = self._parts.pool
        recovery = await unfinished(pool)
        again = await pool.fetch(
            "SELECT topic, max(first_at) AS at FROM topic_sources GROUP BY 1"
            " HAVING count(*) > 1 AND max(first_at) > now() - interval '1 day' ORDER BY 1"
        )
        return [
            *([f"the recovery of incarnation {recovery.incarnation} is not finished"] if recovery else []),
            *(
                f"topic {row['topic']} was found made again at {row['at'].isoformat(timespec='seconds')}: have its "
                "publishers send again what is missing"
                for row in again
            ),
        ]

    def _troubles(self, counts: Mapping[str, int], topics: list[str], kinds: list[str]) -> list[str]:
        found = [
            f"{counts[name]} {words}"
            for name, words in (
                ("parked", "records are parked: repair and redrive, or discard them"),
                ("held_effects", "effects are held: say what became of them"),
                ("unknown_effects", "effects have no known outcome yet"),
                ("untold_effects", "effects could not be told to their owner"),
                ("failed_timers", "timers are set aside: redrive them"),
            )
            if counts[name]
        ]
        found += [f"topic {topic} is paused: resume it when its cause is gone" for topic in topics]
        found += [f"effects of kind {kind} are paused" for kind in kinds]
        for what, words in (("outbox", "public events wait to be sent"), ("timers", "a due timer has not fired")):
            since = self._since(what)
            if since is not None and self._parts.clock.real_now() - since > PATIENCE:
                found.append(f"{words} since {since.isoformat(timespec='seconds')}")
        if counts["missing_partitions"]:
            found.append("partitions were not made ahead: run the maintain job")
        return found

    def _note(self, what: str, where: object | None) -> None:
        """Remember since when `what` stands at the same place; None means that nothing waits."""
        if where is None:
            self._standing.pop(what, None)
        elif what not in self._standing or self._standing[what][0] != where:
            self._standing[what] = (where, self._parts.clock.real_now())

    def _since(self, what: str) -> datetime | None:
        standing = self._standing.get(what)
        return standing[1] if standing else None


_OLDEST_DUE = """
SELECT subject, kind, key, generation FROM timers t WHERE due_at <= $1 AND NOT EXISTS (SELECT FROM failed_timers f
  WHERE f.subject = t.subject AND f.kind = t.kind AND f.key = t.key AND f.generation = t.generation)
ORDER BY due_at, subject, kind, key LIMIT 1
"""


def _partition(lag: PartitionLag, owner: str) -> Any:
    return admin_pb2.GetStatusResponse.PartitionLag(
        topic=lag.topic, partition=lag.partition, position=lag.position, end=lag.end, lag=lag.lag, owner=owner
    )
