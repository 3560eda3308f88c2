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
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import DefaultPartitioner

from chassis.kafka_meta import KafkaAccess

log = structlog.get_logger(__name__)

BATCH_BYTES = 256 * 1024
YIELD_EVERY = 256
"""Rows laid in in one go: others of the process get their turns between."""

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


Place = tuple[str, int]
"""A topic in Kafka and one of its partitions."""


@dataclass(slots=True)
class Page:
    """Rows laid into batches, and which acknowledgement each of them waits for.

    `batches` go in this order: of every place its first, of every place its second, and so on. `stuck` says why the row
    after the last that was laid in cannot leave.
    """

    size: int
    batches: list[tuple[Place, Any, list[int]]] = field(default_factory=list)
    stuck: KafkaError | TimeoutError | OSError | None = None
    owed: list["asyncio.Future[Any] | None"] = field(init=False)
    last: "dict[Place, asyncio.Future[Any]]" = field(default_factory=dict)

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

    async def send(self, page: Page) -> None:
        """Return when every row of a page this sender prepared is acknowledged by all in-sync replicas; else
        `SendFailed`. A page that was prepared before another one failed must be prepared again."""
        try:
            async with asyncio.timeout(self._patience):
                if page.batches:
                    producer = await self._open()
                    for place, batch, rows in page.batches:
                        await _submit(producer, place, batch, rows, page)
                    await asyncio.wait(page.last.values())
            page.check()
            if page.stuck is not None:
                raise page.stuck
        except (KafkaError, TimeoutError, OSError) as error:
            acknowledged = page.acknowledged()
            await self.close()
            raise SendFailed(acknowledged, error) from error
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = await self._started()
        return self._producer

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._access.connection(),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=self._request_timeout_ms,
        )
        try:
            await producer.start()
        except BaseException:
            await _thrown_away(producer, self._request_timeout_ms / 1000)
            raise
        return producer

    async def prepare(self, page: Sequence[Outgoing]) -> Page:
        """Lay rows into batches, up to the first whose topic cannot be found. Nothing of them leaves before `send`.

        It is work for the processor alone, so it is done while the page before is on its way.
        """
        prepared = Page(len(page))
        rounds: list[list[tuple[Place, Any, list[int]]]] = []
        building: dict[Place, tuple[Any, list[int], int]] = {}
        try:
            async with asyncio.timeout(self._patience):
                producer = await self._open()
                for n, row in enumerate(page):
                    partition = self._places.get((row.topic, row.key))
                    if partition is None:
                        partition = await self._partition(producer, row)
                    place = (row.topic, partition)
                    if (found := building.get(place)) is None:
                        found = building[place] = _begin(producer, place, rounds, 0)
                    if found[0].append(timestamp=None, key=row.key, value=row.value, headers=row.headers) is None:
                        found[0].close()
                        found = building[place] = _begin(producer, place, rounds, found[2] + 1)
                        found[0].append(timestamp=None, key=row.key, value=row.value, headers=row.headers)
                    found[1].append(n)
                    if not n % YIELD_EVERY:
                        await asyncio.sleep(0)
        except (KafkaError, TimeoutError, OSError) as error:
            prepared.stuck = error
        prepared.batches = [one for batches in rounds for one in batches]
        return prepared

    async def _partition(self, producer: AIOKafkaProducer, row: Outgoing) -> int:
        """Where a key belongs, by the rule every Kafka client follows for keyed records."""
        partitions = self._partitions.get(row.topic)
        if partitions is None:
            async with asyncio.timeout(self._patience / 2):
                partitions = sorted(await producer.partitions_for(row.topic))
            if producer is not self._producer:
                raise KafkaConnectionError("the producer that was asked is gone")
            self._partitions[row.topic] = partitions
        if len(self._places) >= KEYS_REMEMBERED:
            self._places.clear()
        found = self._places[row.topic, row.key] = int(self._choose(row.key, partitions, partitions))
        return found

    async def close(self) -> None:
        """Throw the producer away. Its own `stop` would first wait for what it has queued."""
        producer, self._producer = self._producer, None
        self._partitions.clear()
        self._places.clear()
        if producer is not None:
            await _thrown_away(producer, self._request_timeout_ms / 1000)


def _begin(
    producer: AIOKafkaProducer, place: Place, rounds: list[list[tuple[Place, Any, list[int]]]], number: int
) -> tuple[Any, list[int], int]:
    """A place's `number`-th batch, among those of the other places."""
    if number == len(rounds):
        rounds.append([])
    batch, rows = producer.create_batch(), list[int]()
    rounds[number].append((place, batch, rows))
    return batch, rows, number


async def _thrown_away(producer: AIOKafkaProducer, patience: float) -> None:
    producer._closed = True
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()
    await producer.client.close()
    if sending is not None:
        await asyncio.wait({sending}, timeout=patience)


async def _submit(producer: AIOKafkaProducer, place: tuple[str, int], batch: Any, rows: list[int], page: Page) -> None:
    topic, partition = place
    if (before := page.last.get(place)) is not None:
        await asyncio.wait({before})
        before.result()
    batch.close()
    future = page.last[place] = await producer.send_batch(batch, topic, partition=partition)
    for n in rows:
        page.owed[n] = future
