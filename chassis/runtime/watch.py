"""Looks at the databases again and again: are they there, and what waits in them for a person."""

import asyncio

import asyncpg
import structlog

from chassis.admin import Status
from chassis.log import UNREACHABLE
from chassis.runtime.stores import Stores
from chassis.telemetry import METRICS
from chassis.told import told

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
LOOK_LIMIT = 5.0
COUNT_EVERY = 15
"""Looks between two counts: counting costs more than looking."""
ROOM_ROWS = 200_000
"""As many as fill some megabytes."""


class Watch:
    """One per process."""

    def __init__(self, stores: Stores, status: Status) -> None:
        self._stores, self._status = stores, status
        self._reason = "not looked at yet"
        self._looked = asyncio.Event()

    def not_ready(self) -> str:
        """Why the store cannot be worked with; empty while it can."""
        return self._reason

    async def looked(self) -> None:
        """Returns after the first look."""
        await self._looked.wait()

    async def run(self) -> None:
        """For ever."""
        looks = 0
        while True:
            await self._look(count=looks % COUNT_EVERY == 0)
            looks += 1
            self._looked.set()
            await asyncio.sleep(LOOK_EVERY)

    async def _look_for_room(self) -> None:
        """Nobody is sent here while this process is not ready, so its writer alone would never learn that room is back.

        What does not fit into memory is written to a file where the database's own files are; this role may no more.
        """
        async with self._stores.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL work_mem = '64kB'")
            await connection.fetchval(f"SELECT count(*) FROM generate_series(1, {ROOM_ROWS})")
        self._stores.writer.trouble = ""

    async def _look(self, *, count: bool) -> None:
        """A silent store is told of after the limit; giving its connection up takes longer."""
        asking = asyncio.ensure_future(self._ask(count=count))
        try:
            await asyncio.wait({asking}, timeout=LOOK_LIMIT)
            if not asking.done():
                self._reason = "the database does not answer"
            self._reason = await asking
        finally:
            asking.cancel()

    async def _ask(self, *, count: bool) -> str:
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                await self._stores.pool.fetchval("SELECT 1")
                if self._stores.writer.trouble:
                    await self._look_for_room()
                if count:
                    for what, number in (await self._status.counts()).items():
                        METRICS.state.labels(what).set(number)
            return ""  # an idle writer connects anew with its next unit
        except UNREACHABLE as error:
            return f"the database cannot be reached: {type(error).__name__}"
        except asyncpg.PostgresError as error:
            log.error("store_refuses", error=told(error), sqlstate=error.sqlstate)
            return f"the database refuses: {type(error).__name__}"
