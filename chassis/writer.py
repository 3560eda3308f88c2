"""Group commit: units queue up, one batch is in flight, and each caller learns what became of its unit.

An accepted unit is durable when `submit` returns. A connection lost in mid-call leaves the outcome open;
the writer then reconnects, burns the batch's number so that a late backend cannot commit it any more, and
reads what happened. Callers wait for that no longer than `patience` seconds and then get
`StoreUnavailable`: the unit may or may not be stored, and a repeat with the same request id tells.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timezone
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
import structlog

from chassis.errors import StoreUnavailable, UnitRejected
from chassis.ids import new_id
from chassis.failpoints import failpoint
from chassis.packing import judge, pack
from chassis.schema import row_tables
from chassis.schema.append_sql import ARGUMENTS, row_arguments
from chassis.telemetry import METRICS
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

DATA_CLASSES = ("22", "23", "54")
"""SQLSTATE classes that blame what was sent, not the server. Anything else may be tried again."""


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
        self._queue: deque[tuple[Unit, asyncio.Future[Judgement], float]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection[Any] | None = None
        self._call: Any = None
        self._writer = UUID(int=0)
        self._seq = 0
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

    async def submit(self, unit: Unit) -> Judgement:
        """Append one unit. Runs to its result even if the caller goes away meanwhile.

        Raises UnitRejected where the database refuses the unit's data, StoreUnavailable where it cannot be
        reached in time.
        """
        if self._task is None or self._task.done():
            raise StoreUnavailable("the writer is not running")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Judgement] = loop.create_future()
        self._queue.append((unit, future, loop.time() + self._patience))
        self._wake.set()
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while True:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max))]
            await self._send(batch)

    async def _send(self, batch: list[tuple[Unit, asyncio.Future[Judgement], float]]) -> None:
        """Send until every unit of the batch has its answer."""
        while batch:
            units = [unit for unit, _, _ in batch]
            try:
                if self._connection is None:
                    await self._connect()
                await failpoint("before-commit")
                judged = judge(units, await self._append(units))
                await failpoint("after-commit")
            except Exception as error:
                if _blames_data(error):
                    return await self._halve(batch, error)
                known = await self._recover(units, error, batch)
                if known is None:
                    batch = self._give_up(batch, error)
                    continue
                judged = known
            again = []
            for item, judgement in zip(batch, judged, strict=True):
                if judgement is UNTOLD:
                    again.append(item)
                elif not item[1].done():
                    item[1].set_result(judgement)
            batch = again

    async def _append(self, units: Sequence[Unit]) -> Any:
        day = datetime.now(timezone.utc).date()  # partitions and retention follow real time
        arguments = pack(units, writer=self._writer, seq=self._seq + 1, day=day, tables=self._names)
        with METRICS.append_seconds.time():
            row = await self._call.fetchrow(*arguments)
        METRICS.append_units.observe(len(units))
        self._seq += 1
        self.batches += 1
        self.units += len(units)
        return row

    async def _halve(self, batch: list[tuple[Unit, asyncio.Future[Judgement], float]], error: Exception) -> None:
        """Nothing of the batch was written. Find the unit whose data the database refuses; the rest goes in."""
        if len(batch) == 1:
            if not batch[0][1].done():
                batch[0][1].set_exception(UnitRejected(str(error)))
            return
        middle = len(batch) // 2
        await self._send(batch[:middle])
        await self._send(batch[middle:])

    async def _recover(
        self, units: Sequence[Unit], error: Exception, batch: list[tuple[Unit, asyncio.Future[Judgement], float]]
    ) -> list[Judgement] | None:
        """After an ambiguous end: what became of the batch. None: nothing of it is stored or will be."""
        log.warning("append_interrupted", error=repr(error), units=len(units))
        failed_seq, old = self._seq + 1, self._writer
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=2, server_settings=SESSION)
                row = await connection.fetchrow("SELECT * FROM recover($1, $2)", old, failed_seq, timeout=15)
                await connection.close(timeout=2)
                break
            except Exception as again:
                log.warning("append_recovery_waits", error=repr(again))
                self._expire(batch)
                self._expire(self._queue)
                await asyncio.sleep(0.2)
        await self._until(self._connect, batch)
        if row is None or not row["committed"]:
            return None
        if row["status"] is None:
            return judge(units, {"status": None, "base": row["base"]})
        # what was refused wrote nothing, and its details are lost with the answer: it is asked again
        details = {"status": row["status"], "base": row["base"], "x_u": None, "x_n": None, "x_b": None}
        return [j if j.verdict is Verdict.ACCEPTED else UNTOLD for j in judge(units, details)]

    async def _until(self, step: Callable[[], Awaitable[None]], batch: Any) -> None:
        while True:
            try:
                return await step()
            except Exception as error:
                log.warning("store_unreachable", error=repr(error))
                self._expire(batch)
                self._expire(self._queue)
                await asyncio.sleep(0.2)

    def _give_up(
        self, batch: list[tuple[Unit, asyncio.Future[Judgement], float]], error: Exception
    ) -> list[tuple[Unit, asyncio.Future[Judgement], float]]:
        self._expire(batch)
        return [item for item in batch if not item[1].done()]

    def _expire(self, items: Any) -> None:
        now = asyncio.get_running_loop().time()
        for _, future, deadline in items:
            if deadline < now and not future.done():
                future.set_exception(StoreUnavailable("the store did not answer in time"))

    async def _connect(self) -> None:
        """A new connection under a new writer id: numbers of the old one are settled."""
        connection = await asyncpg.connect(self._dsn, timeout=5, server_settings=SESSION)
        writer = new_id()
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


def today() -> date:
    """The real day, which partitions follow."""
    return datetime.now(timezone.utc).date()
