"""Sends a page of rows in order and says how many of its first rows are surely on the brokers.

One coroutine sends: a task per record went out of order when batches were full. A batch is queued only when the one
before it on its partition is stored, since a broker may refuse the first and take the second. After any failure the
producer is thrown away with what it had queued, because aiokafka may go on sending it; the caller goes on
from the acknowledged prefix with a new one. So first occurrences are in order, and repeats may come late.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from chassis.kafka_meta import KafkaAccess

log = structlog.get_logger(__name__)

BATCH_BYTES = 256 * 1024
KEYS_REMEMBERED = 20_000
"""Where a key belongs is computed in Python, at three times the cost of all else that is done about a record."""


class SendFailed(Exception):
    """Not everything of a page was acknowledged; `acknowledged` of its first rows were."""

    def __init__(self, acknowledged: int, cause: BaseException | str) -> None:
        super().__init__(str(cause) or repr(cause))
        self.acknowledged = acknowledged


class Outgoing(NamedTuple):
    """One record to send. `topic` is the name in Kafka."""

    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    value: bytes


@dataclass(slots=True)
class _Page:
    """Which acknowledgement each row of a page waits for."""

    size: int
    owed: list["asyncio.Future[Any] | None"] = field(init=False)
    last: "dict[tuple[str, int], asyncio.Future[Any]]" = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owed = [None] * self.size

    def acknowledged(self) -> int:
        """Rows at the front that are surely stored."""
        for n, future in enumerate(self.owed):
            if future is None or not future.done() or future.cancelled() or future.exception() is not None:
                return n
        return self.size

    def check(self) -> None:
        """Raise the first failure; every failure is looked at, or asyncio would log it as forgotten."""
        failures = [e for future in self.owed if future is not None and (e := future.exception()) is not None]
        if failures:
            raise failures[0]


class Sender:
    """Holds one idempotent producer at a time."""

    def __init__(self, access: KafkaAccess, *, patience: float = 20.0, request_timeout: float = 10.0) -> None:
        self._access = access
        self._patience = patience
        self._request_timeout_ms = int(request_timeout * 1000)
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, list[int]] = {}
        self._places: dict[tuple[str, bytes], int] = {}
        self._choose = DefaultPartitioner()

    async def send(self, page: Sequence[Outgoing]) -> None:
        """Return when every row is acknowledged by all in-sync replicas; else `SendFailed`."""
        owed = _Page(len(page))
        try:
            async with asyncio.timeout(self._patience):
                producer = await self._open()
                stuck = await self._queue(producer, page, owed)
                if sent := {future for future in owed.owed if future is not None}:
                    await asyncio.wait(sent)
            owed.check()
            if stuck is not None:
                raise stuck
        except (KafkaError, TimeoutError, OSError) as error:
            acknowledged = owed.acknowledged()
            await self.close()
            raise SendFailed(acknowledged, error) from error
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **self._access.connection(),
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=BATCH_BYTES,
                request_timeout_ms=self._request_timeout_ms,
            )
            self._producer = producer
            await producer.start()
        return self._producer

    async def _queue(
        self, producer: AIOKafkaProducer, page: Sequence[Outgoing], owed: _Page
    ) -> KafkaError | TimeoutError | None:
        """Queue the rows up to the first whose topic cannot be found; returns why that one cannot leave."""
        building: dict[tuple[str, int], tuple[Any, list[int]]] = {}
        stuck: KafkaError | TimeoutError | None = None
        for n, row in enumerate(page):
            partition = self._places.get((row.topic, row.key))
            if partition is None:
                try:
                    partition = await self._partition(producer, row)
                except (KafkaError, TimeoutError) as error:
                    stuck = error
                    break
            place = (row.topic, partition)
            if (found := building.get(place)) is None:
                found = building[place] = (producer.create_batch(), [])
            batch, rows = found
            if batch.append(timestamp=None, key=row.key, value=row.value, headers=row.headers) is None:
                await _submit(producer, place, batch, rows, owed)
                batch, rows = producer.create_batch(), []
                batch.append(timestamp=None, key=row.key, value=row.value, headers=row.headers)
                building[place] = (batch, rows)
            rows.append(n)
        for place, (batch, rows) in building.items():
            await _submit(producer, place, batch, rows, owed)
        return stuck

    async def _partition(self, producer: AIOKafkaProducer, row: Outgoing) -> int:
        """Where a key belongs, by the rule every Kafka client follows for keyed records."""
        partitions = self._partitions.get(row.topic)
        if partitions is None:
            async with asyncio.timeout(self._patience / 2):
                partitions = self._partitions[row.topic] = sorted(await producer.partitions_for(row.topic))
        if len(self._places) >= KEYS_REMEMBERED:
            self._places.clear()
        found = self._places[row.topic, row.key] = int(self._choose(row.key, partitions, partitions))
        return found

    async def close(self) -> None:
        """Throw the producer away. Its own `stop` would first wait for what it has queued."""
        producer, self._producer = self._producer, None
        self._partitions.clear()
        self._places.clear()
        if producer is None:
            return
        producer._closed = True
        sending = producer._sender.sender_task
        if sending is not None:
            sending.cancel()
        await producer.client.close()
        if sending is not None:
            await asyncio.wait({sending}, timeout=self._request_timeout_ms / 1000)


async def _submit(producer: AIOKafkaProducer, place: tuple[str, int], batch: Any, rows: list[int], owed: _Page) -> None:
    topic, partition = place
    if (before := owed.last.get(place)) is not None:
        await asyncio.wait({before})
        before.result()
    batch.close()
    future = owed.last[place] = await producer.send_batch(batch, topic, partition=partition)
    for n in rows:
        owed.owed[n] = future
