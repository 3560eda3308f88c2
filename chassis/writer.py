"""Group commit: units queue up, one batch is in flight, and each caller learns what became of its unit.

An accepted unit is durable when `submit` returns. A connection lost in mid-call leaves the outcome open;
the writer then reconnects, burns the batch's number so that a late backend cannot commit it any more, and
reads what happened. Callers wait for that no longer than `patience` seconds and then get
`StoreUnavailable`: the unit may or may not be stored, and a repeat with the same request id tells. A server without
room says that it rolled the batch back: the writer keeps its connection and asks again until there is room.
"""

# long: one connection, and everything that can become of what is sent over it

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import sqlalchemy as sa
import structlog

from chassis.errors import StoreUnavailable, UnitRejected
from chassis.failpoints import failpoint
from chassis.ids import new_id
from chassis.packing import judge, pack
from chassis.schema import row_tables
from chassis.schema.append_sql import ARGUMENTS, row_arguments
from chassis.unit import Judgement, Unit, Verdict

log = structlog.get_logger(__name__)

SESSION = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_bitmapscan": "off",
    "max_parallel_workers_per_gather": "0",
    "default_transaction_isolation": "read committed",
    # the only time-out that frees the lock of a client stopped between Execute and Sync
    "transaction_timeout": "10000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "application_name": "aftercare-writer",
}

SESSION_OF = "aftercare-writer "
"""With a writer's id behind it, the name of the session it writes through: `maintain` tells by it who is gone."""

DATA_CLASSES = ("22", "23", "54")
"""SQLSTATE classes that blame what was sent, not the server. Anything else may be tried again."""


Item = tuple[Unit, "asyncio.Future[Judgement]", float]
"""A unit, its caller's future, and the loop time until which the caller waits."""
Batch = list[Item]
T = TypeVar("T")

RECONNECT_PAUSE = 0.2
ROOM_PAUSE = 0.2
APPEND_LIMIT = 12.0  # then a call is taken for lost: the server has ended its transaction by itself before


class Writer:
    """The one connection of this process that appends."""

    def __init__(self, dsn: str, read_model: sa.MetaData, *, max_batch: int = 500, patience: float = 5.0) -> None:
        self._dsn = dsn
        self._tables = row_tables(read_model)
        self._names = [t.name for t in self._tables]
        kinds = [kind for _, kind in (*ARGUMENTS, *row_arguments(self._tables))]
        marks = ", ".join(f"${n}::{kind}" for n, kind in enumerate(kinds, 1))
        self._sql = f"SELECT status, base, x_u, x_n, x_b FROM append({marks})"
        self._max, self._patience = max_batch, patience
        self._queue: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[Any] | None = None
        self._call: Any = None
        self._writer = UUID(int=0)
        self._seq = 0
        self.trouble = ""
        """Why nothing can be stored although the server answers; empty while something can."""
        self.batches = 0
        self.units = 0

    async def start(self) -> None:
        """Connect and register; raises where the database cannot be reached."""
        await self._connect()
        self._task = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Finish what is queued, then close."""
        if self._task is None:
            return
        while self._queue:
            await asyncio.sleep(0.005)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close(timeout=2)

    @property
    def connected(self) -> bool:
        """False while the store cannot be reached."""
        return self._connection is not None and not self._connection.is_closed()

    def submit(self, unit: Unit) -> "asyncio.Future[Judgement]":
        """Append one unit, from here on whether or not anybody waits for what becomes of it.

        The future raises UnitRejected where the database refuses the unit's data, StoreUnavailable where it cannot be
        reached in time.
        """
        if self._task is None or self._task.done():
            raise StoreUnavailable("the writer is not running")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Judgement] = loop.create_future()
        self._queue.append((unit, future, loop.time() + self._patience))
        self._wake.set()
        return future

    async def _run(self) -> None:
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max))]
            await self._send(batch)

    async def _send(self, batch: Batch) -> None:
        """Send until every unit of the batch has its answer."""
        while batch:
            units = [unit for unit, _, _ in batch]
            try:
                if self._connection is None:
                    await self._connect()
                await failpoint("before-commit")
                row = await self._append(units, batch)
            except Exception as error:
                if _blames_data(error):
                    await self._halve(batch, error)
                    return
                if isinstance(error, asyncpg.InsufficientResourcesError) and self.connected:
                    judged = await self._wait_for_room(units, error)
                else:
                    log.warning("append_interrupted", error=repr(error), units=len(units))
                    judged = await self._recover(units, batch)
            else:
                judged = judge(units, row)
            batch = self._answer(batch, judged)

    def _answer(self, batch: Batch, judged: Sequence[Judgement]) -> Batch:
        """Tell each caller its unit's judgement; returns those that must be sent again."""
        again = []
        for item, judgement in zip(batch, judged, strict=True):
            if judgement is UNTOLD:
                again.append(item)
            elif not item[1].done():
                item[1].set_result(judgement)
        self._expire(again)
        return [item for item in again if not item[1].done()]

    async def _append(self, units: Sequence[Unit], batch: Batch) -> Any:
        day = datetime.now(UTC).date()  # partitions and retention follow real time
        arguments = pack(units, writer=self._writer, seq=self._seq + 1, day=day, tables=self._names)
        late = self._patience + RECONNECT_PAUSE  # callers are told also while a silent server owes the answer
        alarm = asyncio.get_running_loop().call_later(late, self._expire_with_queue, batch)
        try:
            row = await self._call.fetchrow(*arguments, timeout=APPEND_LIMIT)
        finally:
            alarm.cancel()
        await failpoint("after-commit")
        self.trouble = ""
        self._seq += 1
        self.batches += 1
        self.units += len(units)
        return row

    async def _halve(self, batch: Batch, error: Exception) -> None:
        """Nothing of the batch was written. Find the unit whose data the database refuses; the rest goes in."""
        if len(batch) == 1:
            if not batch[0][1].done():
                batch[0][1].set_exception(UnitRejected(str(error)))
            return
        middle = len(batch) // 2
        await self._send(batch[:middle])
        await self._send(batch[middle:])

    async def _wait_for_room(self, units: Sequence[Unit], error: Exception) -> Sequence[Judgement]:
        """The server said that the batch is undone: its number is free, and a new connection would take room too."""
        if not self.trouble:
            log.error("store_has_no_room", error=str(error), units=len(units))
        self.trouble = f"the database has no room: {error}"
        self._expire(self._queue)
        await asyncio.sleep(ROOM_PAUSE)
        return [UNTOLD] * len(units)

    async def _recover(self, units: Sequence[Unit], batch: Batch) -> Sequence[Judgement]:
        """After an ambiguous end: what became of each unit; UNTOLD is not stored and never will be by that batch."""
        failed_seq, old = self._seq + 1, self._writer
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        row = await self._until(lambda: self._outcome(old, failed_seq), batch)
        await self._until(self._connect, batch)
        if row is None or not row["committed"]:
            return [UNTOLD] * len(units)
        # what was refused wrote nothing, and its details are lost with the answer: it is asked again
        details = {"status": row["status"], "base": row["base"], "x_u": None, "x_n": None, "x_b": None}
        return [j if j.verdict is Verdict.ACCEPTED else UNTOLD for j in judge(units, details)]

    async def _outcome(self, writer: UUID, seq: int) -> Any:
        connection = await asyncpg.connect(self._dsn, timeout=2, server_settings=SESSION)
        try:
            return await connection.fetchrow("SELECT * FROM recover($1, $2)", writer, seq, timeout=15)
        finally:
            connection.terminate()

    async def _until(self, step: Callable[[], Awaitable[T]], batch: Batch) -> T:
        """Repeat `step` until the store answers; callers whose patience ends meanwhile are told."""
        while True:
            try:
                return await step()
            except Exception as error:
                log.warning("store_unreachable", error=repr(error))
                self._expire_with_queue(batch)
                await asyncio.sleep(RECONNECT_PAUSE)

    def _expire_with_queue(self, batch: Batch) -> None:
        self._expire((*batch, *self._queue))

    def _expire(self, items: Iterable[Item]) -> None:
        now = asyncio.get_running_loop().time()
        for _, future, deadline in items:
            if deadline < now and not future.done():
                future.set_exception(StoreUnavailable("the store did not answer in time"))

    async def _connect(self) -> None:
        """A new connection under a new writer id: numbers of the old one are settled."""
        writer = new_id()
        named = {**SESSION, "application_name": f"{SESSION_OF}{writer}"}
        connection = await asyncpg.connect(self._dsn, timeout=5, server_settings=named)
        await connection.execute("SELECT register_writer($1)", writer)
        self._call = await connection.prepare(self._sql)
        self._connection, self._writer, self._seq = connection, writer, 0


UNTOLD = Judgement(Verdict.OVERTAKEN)
"""Stands for a unit of a recovered batch that was refused for a reason nobody can tell any more."""


def _blames_data(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "")[:2] in DATA_CLASSES
    return isinstance(error, (ValueError, TypeError, OverflowError)) and not isinstance(
        error, asyncpg.InternalClientError
    )
