"""Reads a shop's recorded requests and has them decided again, page by page.

Guarantee: bounded memory however many there are: a page is read only while fewer than a few wait to be decided. One
job at a time in a process; whoever comes second waits. Cancelled or failed, its worker is gone.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.errors import WorkLost
from services.returns.domain.case.events import PromiseDecided
from services.returns.read_model import cases
from services.returns.what_if.replay import Recorded
from services.returns.what_if.report import Report
from services.returns.what_if.worker import LENGTH, Begin, Finished, Progress, framed

log = structlog.get_logger(__name__)

PAGE = 250
"""Requests read at once: small enough that reading them is no pause for those the process answers meanwhile."""
AHEAD = 4
"""Pages that wait to be decided."""
WORKER = ("-m", "services.returns.what_if.worker")
HANDED_ON = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "LANG")
"""What the worker has of our surroundings: no address, no secret."""

_PROMISES = sa.text(
    f"""SELECT c.id, c.customer_id, e.state FROM (
          SELECT id, customer_id FROM cases
          WHERE shop_id = :shop AND id > :after
            AND (CAST(:since AS timestamptz) IS NULL OR opened_at >= :since)
            AND (CAST(:until AS timestamptz) IS NULL OR opened_at < :until)
          ORDER BY id LIMIT {PAGE}) c
        LEFT JOIN events e ON e.aggregate_id = c.id AND e.topic = '{PromiseDecided.TOPIC}'
        ORDER BY c.id"""
)


class WhatIf:
    """The jobs of one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Semaphore(1)

    async def total(self, shop_id: str, since: datetime | None, until: datetime | None) -> int:
        """How many requests there are."""
        query = sa.select(sa.func.count()).select_from(cases).where(cases.c.shop_id == shop_id)
        if since is not None:
            query = query.where(cases.c.opened_at >= since)
        if until is not None:
            query = query.where(cases.c.opened_at < until)
        async with self._engine.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def run(
        self, shop_id: str, text: str, *, since: datetime | None, until: datetime | None, examples: int
    ) -> AsyncGenerator[Progress | Report, None]:
        """Progress while it runs, the report at its end. `text` is a policy that can be read."""
        async with self._turn, begun_worker() as worker:
            await worker.tell(Begin(text, examples))
            reading = asyncio.create_task(self._feed(worker, shop_id, since, until))
            try:
                while True:
                    answer = await worker.answer()
                    if isinstance(answer, Finished):
                        await reading
                        await worker.process.wait()
                        yield answer.report
                        return
                    yield answer
            except WorkLost:
                if reading.done() and reading.exception() is not None:
                    await reading  # the worker ended because its input did: the reader's own error says why
                raise
            finally:
                reading.cancel()

    async def _feed(self, worker: "Worker", shop_id: str, since: datetime | None, until: datetime | None) -> None:
        try:
            after = UUID(int=0)
            values = {"shop": shop_id, "since": since, "until": until}
            async with self._engine.connect() as connection:
                while True:
                    await worker.room.acquire()
                    found = (await connection.execute(_PROMISES, {**values, "after": after})).all()
                    if not found:
                        break
                    after = found[-1].id
                    records = [
                        Recorded(str(row.id), row.customer_id, bytes(row.state))
                        for row in found
                        if row.state is not None
                    ]
                    if records:
                        await worker.tell(records)
                    else:
                        worker.room.release()
            await worker.tell([])
        except BaseException:
            worker.stop_telling()  # whoever waits for its answer is told
            raise


class Worker:
    """The process that decides, with what is known of its pace."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.room = asyncio.Semaphore(AHEAD)

    async def tell(self, value: object) -> None:
        """One more word to it."""
        try:
            self._stdin.write(framed(value))
            await self._stdin.drain()
        except (RuntimeError, OSError) as error:  # uvloop's and asyncio's word for a pipe that nobody reads any more
            raise await self._lost() from error

    def stop_telling(self) -> None:
        """It hears that no more comes."""
        self._stdin.close()

    async def answer(self) -> Progress | Finished:
        """Its next word."""
        try:
            (length,) = LENGTH.unpack(await self._stdout.readexactly(LENGTH.size))
            raw = await self._stdout.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise await self._lost() from error
        self.room.release()
        return msgspec.msgpack.decode(raw, type=Progress | Finished)

    async def _lost(self) -> WorkLost:
        code = await self.process.wait()
        log.warning("what_if_worker_ended", code=code)
        return WorkLost(f"the worker of a what-if ended with {code} before its work was done")


@asynccontextmanager
async def begun_worker() -> AsyncIterator[Worker]:
    """A worker, for as long as it is used."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in HANDED_ON if name in os.environ},
    )
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.shield(process.wait())
