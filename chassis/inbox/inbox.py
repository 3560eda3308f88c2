"""The role `consumer`: one consumer group per topic, hosted by FastStream, each started again until it runs.

FastStream is given what its defaults would lose records by: a parser that looks at no header, a decoder that
decodes nothing, manual acknowledgement (nothing is acknowledged: PostgreSQL keeps the positions) and a
handler that never raises.
"""

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

import asyncpg
import structlog
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from chassis.inbox.applying import Applier
from chassis.inbox.client import Watched, body, parse
from chassis.inbox.consumer import DRAIN_LIMIT, SESSION, TICK, Consumer
from chassis.inbox.deciding import Decider
from chassis.inbox.entries import Reader
from chassis.inbox.parking import PauseRule
from chassis.inbox.store import InboxStore
from chassis.kafka_meta import KafkaAccess
from chassis.service import Subscription
from chassis.units import Units

log = structlog.get_logger(__name__)

TURN_LIMIT = 60.0
START_LIMIT = 20.0
STOP_LIMIT = 5.0
"""Seconds that a group is taken leave of: a process's grace is twenty, what was applied is in PostgreSQL, and a member
that says nothing is missed by itself."""
BACKOFF = 0.5
BACKOFF_MOST = 10.0


class Inbox:
    """Reads every subscription of one service."""

    def __init__(
        self,
        service: str,
        subscriptions: Sequence[Subscription],
        *,
        access: KafkaAccess,
        units: Units,
        pool: "asyncpg.Pool[Any]",
        build: str,
        max_records: int = 1000,
        session: float = SESSION,
        pause_after_kinds: int = 8,
    ) -> None:
        self._service, self._access = service, access
        store = InboxStore(pool)
        self.consumers: list[Consumer] = []
        for subscription in subscriptions:
            applier = Applier(
                subscription.topic, Decider(subscription, units), units, store,
                build=build, pause_rule=PauseRule(kinds=pause_after_kinds),
            )  # fmt: skip
            consumer = Consumer(subscription, access, Reader(subscription), applier, store)
            applier.on_turn(consumer.turn)
            consumer.session = session
            self.consumers.append(consumer)
        self.broker = KafkaBroker(
            access.bootstrap.split(","),
            security=access.security,
            client_id=f"aftercare-{service}",
            consumer_only=True,
            apply_types=False,
            graceful_timeout=None,
            request_timeout_ms=15_000,
            logger=None,
        )
        self._subscribers = {c: self._register(c, max_records, session) for c in self.consumers}
        self._stopping = asyncio.Event()

    def group(self, consumer: Consumer) -> str:
        """The consumer group of one topic of this service."""
        return self._access.topic(f"{self._service}:{consumer.topic}")

    async def run(self) -> None:
        """Consume until `stop`."""
        await self.broker.connect()
        config = self.broker.config.broker_config
        config.builder = partial(Watched.build, {self.group(c): c for c in self.consumers}, config.builder)
        try:
            await asyncio.gather(*(self._host(c) for c in self.consumers))
        finally:
            await self.broker.stop()

    async def stop(self) -> None:
        """Let what is in flight end, leave the groups; `run` returns then."""
        self._stopping.set()
        for consumer in self.consumers:
            await consumer.drain()
            consumer.ended.set()

    def not_ready(self) -> str:
        """Why records wait, by topic; empty while none do."""
        return "; ".join(f"{c.topic}: {why}" for c in self.consumers if (why := c.not_ready()))

    def not_alive(self) -> str:
        """Why the process should be restarted; empty while it should not."""
        stuck = [c for c in self.consumers if not c.halted and c.turn_age() > TURN_LIMIT]
        return "; ".join(f"{c.topic}: last turn {c.turn_age():.0f} s ago" for c in stuck)

    def positions(self) -> dict[tuple[str, int], int]:
        """The stored position of every partition this process owns."""
        return {(c.topic, n): position for c in self.consumers for n, position in c.positions().items()}

    def paused(self) -> list[str]:
        """Topics an operator has to lift."""
        return [c.topic for c in self.consumers if c.paused]

    def _register(self, consumer: Consumer, max_records: int, session: float) -> BatchSubscriber:
        subscriber: Any = self.broker.subscriber(
            consumer.kafka_topic,
            group_id=self.group(consumer),
            batch=True,
            max_records=max_records,
            batch_timeout_ms=10,
            auto_offset_reset="none",
            isolation_level="read_committed",
            ack_policy=AckPolicy.MANUAL,
            parser=parse,
            decoder=body,
            listener=consumer,
            session_timeout_ms=int(session * 1000),
            heartbeat_interval_ms=500,
            rebalance_timeout_ms=30_000,
            title=f"{self._service}: {consumer.topic}",
        )
        consumer.kafka = lambda: subscriber.consumer

        async def handle(records: Any) -> None:
            await consumer.handle(records)

        subscriber(handle)
        return subscriber  # type: ignore[no-any-return]  # batch=True makes it one

    async def _host(self, consumer: Consumer) -> None:
        """Start, keep and restart one consumer."""
        failures = 0
        while not self._stopping.is_set():
            consumer.ended.clear()
            consumer.took_over = False
            consumer.turn()
            if await self._started(consumer):
                await self._keep(consumer)
            failures = 0 if consumer.took_over else failures
            await self._stopped(consumer)
            if consumer.halted:
                await self._stopping.wait()
            failures += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(BACKOFF * 2**failures, BACKOFF_MOST) * random.uniform(0.7, 1.3)):
                    await self._stopping.wait()

    async def _started(self, consumer: Consumer) -> bool:
        # without a limit a missing topic blocks for ever; a cancelled start leaves a client that only `stop` can take
        start = asyncio.ensure_future(self._subscribers[consumer].start())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({start, stopping}, timeout=START_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not start.done():
            start.cancel()
        (failed,) = await asyncio.gather(start, return_exceptions=True)
        if failed is None:
            return True
        if not isinstance(failed, (KafkaError, OSError, asyncio.CancelledError)):
            raise failed
        consumer.end(f"cannot start: {failed!r}" if str(failed) else f"cannot start within {START_LIMIT:.0f} s")
        return False

    async def _keep(self, consumer: Consumer) -> None:
        while not consumer.ended.is_set():
            await _unless(consumer.ended, consumer.tick())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await consumer.ended.wait()

    async def _stopped(self, consumer: Consumer) -> None:
        """Take leave of the group. What the client's own tasks left when they broke is not this process's end."""
        kafka = consumer.kafka()
        leave = asyncio.ensure_future(self._leave(consumer))
        await asyncio.wait({leave}, timeout=DRAIN_LIMIT + STOP_LIMIT)
        leave.cancel()
        (failed,) = await asyncio.gather(leave, return_exceptions=True)
        if failed is None:
            return
        if not isinstance(failed, (KafkaError, OSError, TimeoutError, AttributeError, asyncio.CancelledError)):
            raise failed
        log.warning("consumer_not_closed", topic=consumer.topic, error=repr(failed))
        if kafka is not None:  # it would go on fetching for nobody
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(STOP_LIMIT):
                    if kafka._fetcher is not None:
                        await kafka._fetcher.close()
                    await kafka._client.close()

    async def _leave(self, consumer: Consumer) -> None:
        await consumer.drain()
        async with asyncio.timeout(STOP_LIMIT):
            await self._subscribers[consumer].stop()


async def _unless(ended: asyncio.Event, turn: Coroutine[Any, Any, None]) -> None:
    """Take a turn, broken off where nobody waits for it any more: Kafka may be asked something it never answers."""
    taking, told = asyncio.ensure_future(turn), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({taking, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        taking.cancel()
        told.cancel()
    (failed, _) = await asyncio.gather(taking, told, return_exceptions=True)
    if isinstance(failed, Exception):
        raise failed
