"""The end of a recovery: once the consumers have read all that was there at the restore, nothing is trusted that they
brought about.

What the consumers planned while they caught up may have been done in the lost time: every effect that is not final
becomes unknown once more and is looked up, or held for a person. Requests of the lost time that no effect stands for
are handed to their service, and it holds back what would otherwise be done later. Every step may be repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import structlog

from chassis.cloudevents import Arrived, Unreadable, read
from chassis.effects.desk import EffectDesk
from chassis.inbox.store import InboxStore
from chassis.leader import Connect
from chassis.recovery.journal import Recovery, finish, keep_lost
from chassis.recovery.lost import as_lost
from chassis.service import LostRequests
from chassis.units import Units
from chassis.work import SYSTEM, Work

log = structlog.get_logger(__name__)

TELL_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was made safe at the end."""

    effects: int
    requests: Sequence[Arrived]
    held_back: int


async def caught_up(pool: "asyncpg.Pool[Any]", recovery: Recovery, *, pause: float = 0.5) -> None:
    """Wait until every partition is applied up to the end that was noted; says what it waits for."""
    store, told_at = InboxStore(pool), 0.0
    loop = asyncio.get_running_loop()
    while behind := await _behind(store, recovery):
        if loop.time() - told_at >= TELL_EVERY:
            log.info("waiting_for_consumers", behind=behind)
            told_at = loop.time()
        await asyncio.sleep(pause)


async def _behind(store: InboxStore, recovery: Recovery) -> dict[str, int]:
    """How many offsets each topic still has to go."""
    found: dict[str, int] = {}
    for source, ends in recovery.ends.items():
        stored = await store.positions(source)
        missing = sum(max(end - stored.get(partition, 0), 0) for partition, end in ends.items())
        if missing:
            found[source] = missing
    return found


async def after_catching_up(
    connect: Connect,
    units: Units,
    desk: EffectDesk,
    recovery: Recovery,
    requests: Sequence[Arrived],
    *,
    handlers: LostRequests,
    hold_back: Callable[[datetime], Awaitable[int]] | None,
) -> Recovered:
    """Make safe what the lost time may have done. `requests` are those that no effect stands for."""
    for request in requests:
        await _hand_over(units, request, handlers)
    effects = await desk.distrust(since=recovery.backup_at)
    held_back = await hold_back(recovery.clock_at) if hold_back is not None else 0
    connection = await connect()
    try:
        async with connection.transaction():
            await keep_lost(connection, recovery.incarnation, [as_lost(request) for request in requests])
            await finish(connection, recovery.incarnation)
    finally:
        await connection.close()
    log.info(
        "recovered", incarnation=recovery.incarnation, effects=effects, requests=len(requests), held_back=held_back
    )
    return Recovered(effects, requests, held_back)


async def _hand_over(units: Units, request: Arrived, handlers: LostRequests) -> None:
    handler = handlers.get(request.ce_type)
    if handler is None:
        return
    message_class, tell = handler
    try:
        record = read(request, message_class)
    except Unreadable as unreadable:  # our own record: listed all the same, for a person
        log.error("lost_request_unreadable", ce_id=request.attribute("ce_id"), why=str(unreadable))
        return

    async def decide(work: Work) -> None:
        await tell(work, record)

    await units.run(decide, actor=SYSTEM, cause="restore")
