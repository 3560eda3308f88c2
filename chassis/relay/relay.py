"""The one sender of a service's public events.

Rows of the outbox are read in log order from the stored acknowledged position, sent, and the contiguous
acknowledged prefix is stored with `greatest`, so neither a crash nor a second leader can skip a row: at
worst rows are sent again, under the same `ce_id`. A row that cannot be sent holds back everything behind it
and shows as the reason why the relay is not ready. After a failure rows go one by one until pages succeed again: a
broker refuses a batch for one record of it, or for the batch's own size, and what can leave before that record leaves.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg
import structlog

from chassis.failpoints import failpoint
from chassis.kafka_meta import KafkaAccess
from chassis.leader import Connect, Leader
from chassis.outbox import read_headers
from chassis.relay.sender import Outgoing, Page, Sender, SendFailed
from chassis.telemetry import METRICS
from chassis.wake import Wake

log = structlog.get_logger(__name__)

PAYLOAD = "outbox"
TURN_LIMIT = 60.0
PAUSE = 0.02
"""At least so long from turn to turn: a turn costs three round trips, for one row as for a thousand."""
_READ = (
    "SELECT position, n, topic, key, headers, value FROM (SELECT o.*, sum(length(value)) OVER (ORDER BY position, n)"
    " AS bytes FROM (SELECT position, n, topic, key, headers, value FROM outbox WHERE (position, n) > ($1, $2)"
    " ORDER BY position, n LIMIT $3) o) o WHERE bytes - length(value) < $4"
)
PAGE_BYTES = 8_000_000
"""Of values in a page: a page of large ones has fewer rows, but at least one."""
# a server that crashes may forget it, and rows are sent again: nobody has to wait for the disk
_STORE = (
    "WITH unsynced AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS said) "
    "UPDATE relay SET position = $1, n = $2 FROM unsynced WHERE (position, n) < ($1, $2) AND said = 'off'"
)


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """What operators see. `behind` counts positions of the log between the last row and the acknowledged one."""

    leads: bool
    position: int
    behind: int
    trouble: str


class Relay:
    """Campaigns for the lead of its service's relay and, as leader, sends."""

    def __init__(
        self,
        connect: Connect,
        pool: "asyncpg.Pool[Any]",
        access: KafkaAccess,
        *,
        page: int = 4000,
        poll: float = 1.0,
        retry: float = 0.5,
        sender: Sender | None = None,
        leader: Leader | None = None,
    ) -> None:
        self._pool = pool
        self._access = access
        self._page = self._at_once = page
        self._poll = min(poll, 1.0)
        self._retry = retry
        self._sender = sender or Sender(access)
        self._leader = leader or Leader(connect, "relay")
        self._turned_at = time.monotonic()
        self._storing: asyncio.Task[None] | None = None
        self.trouble = ""

    async def run(self) -> None:
        """Seek the lead and send while leading, for ever."""
        await self._leader.run(self._lead)

    @property
    def leads(self) -> bool:
        return self._leader.leads

    def not_ready(self) -> str:
        """Why nothing leaves, empty while it does. One that does not lead is ready: it stands by."""
        return self.trouble if self.leads else ""

    def not_alive(self) -> str:
        """Why the process should be restarted, empty while it should not. Every turn ends before the limit."""
        age = time.monotonic() - self._turned_at
        return f"the relay's last turn was {age:.0f} s ago" if self.leads and age > TURN_LIMIT else ""

    async def status(self) -> RelayStatus:
        """How far the relay is, read from the database."""
        rows = await self._pool.fetch(
            "SELECT r.position, coalesce((SELECT max(o.position) FROM outbox o), 0) AS last FROM relay r"
        )
        position, last = rows[0]
        return RelayStatus(self.leads, position, max(last - position, 0), self.trouble)

    async def _lead(self, connection: "asyncpg.Connection[Any]") -> None:
        wake = Wake(PAYLOAD, pause=PAUSE)
        await wake.listen(connection)
        ahead: asyncio.Task[_Read] | None = None
        try:
            self._turned_at = time.monotonic()
            at = await self._position()
            while True:
                self._turned_at = time.monotonic()
                read = await (ahead or self._read(at))
                ahead = None
                if rows := read.rows:
                    end = (rows[-1]["position"], rows[-1]["n"])
                    if self._at_once == self._page and not read.is_all:
                        ahead = asyncio.create_task(self._read(end))  # a backlog: read on while this page is on its way
                    at = await self._pass_on(read, at)
                    if ahead is not None and (at != end or self._at_once != self._page):
                        await _ended(ahead)
                        ahead = None
                    if at == end and read.is_all:  # that was all, and what has come since was announced
                        await wake.sleep(self._poll)
                else:
                    await self._stored()
                    self.trouble = ""
                    await wake.sleep(self._poll)
        finally:
            await _ended(ahead)
            await _ended(self._storing)
            self._storing = None
            await self._sender.close()

    async def _read(self, after: tuple[int, int]) -> "_Read":
        """The next rows, ready to be sent."""
        at_once = self._at_once
        rows = await self._pool.fetch(_READ, *after, at_once, PAGE_BYTES)
        is_all = len(rows) < at_once and sum(len(row["value"]) for row in rows) < PAGE_BYTES
        topics = {topic: self._access.topic(topic) for topic in {row["topic"] for row in rows}}
        page = [Outgoing(topics[row["topic"]], row["key"], read_headers(row["headers"]), row["value"]) for row in rows]
        return _Read(rows, is_all, await self._sender.prepare(page) if page else Page(0))

    async def _stored(self) -> None:
        """Wait for the position that is being stored."""
        storing, self._storing = self._storing, None
        if storing is not None:
            await storing

    async def _store(self, at: tuple[int, int]) -> None:
        await failpoint("before-position")
        await self._pool.execute(_STORE, *at)

    async def _position(self) -> tuple[int, int]:
        rows = await self._pool.fetch("SELECT position, n FROM relay")
        return rows[0]["position"], rows[0]["n"]

    async def _pass_on(self, read: "_Read", at: tuple[int, int]) -> tuple[int, int]:
        """Send what was read and store how far it is acknowledged; returns where to go on."""
        rows = read.rows
        acknowledged, failed = len(rows), None
        try:
            await self._sender.send(read.page)
            self.trouble = ""
            self._at_once = min(self._at_once * 2, self._page)
        except SendFailed as error:
            acknowledged, failed = error.acknowledged, error
            self._at_once = 1
        if acknowledged:
            await failpoint("after-publish")
            last = rows[acknowledged - 1]
            at = (last["position"], last["n"])
            await self._stored()
            self._storing = asyncio.create_task(self._store(at))  # behind the next page's back: it only ever lags
            for topic, count in Counter(row["topic"] for row in rows[:acknowledged]).items():
                METRICS.published.labels(topic).inc(count)
        if read.is_all or failed is not None:  # no backlog: nothing else would wait for it
            await self._stored()
        if failed is not None:
            stuck = rows[acknowledged] if acknowledged < len(rows) else rows[-1]
            self.trouble = f"position {stuck['position']} to {stuck['topic']}: {failed}"
            log.warning("relay_send_failed", position=stuck["position"], topic=stuck["topic"], error=str(failed))
            await asyncio.sleep(self._retry)
        return at


class _Read(NamedTuple):
    """Rows of the outbox and the page made of them. `is_all`: there were no more of them."""

    rows: Sequence[Any]
    is_all: bool
    page: Page


async def _ended(task: "asyncio.Task[Any] | None") -> None:
    """Let a task that nobody needs any more end, whatever became of it."""
    if task is not None:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()
