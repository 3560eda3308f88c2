"""At most one process leads, and one that stops answering loses the lead without anybody's help.

The lead is a session advisory lock. The session carries `idle_session_timeout` and the leader pings it well inside
that time, so a leader that is stopped, cut off or stuck in its event loop is disconnected by the server, which frees
the lock. When it wakes up again it may believe for one ping that it leads: what it does must be harmless beside a
second leader. A lead only saves double work, it never makes anything right.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger(__name__)

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
Lead = Callable[["asyncpg.Connection[Any]"], Awaitable[None]]


def lock_key(name: str) -> int:
    """The advisory lock of the lead called `name`, far from the small numbers used for other locks."""
    return int.from_bytes(blake2b(f"aftercare.leader.{name}".encode(), digest_size=8).digest(), "big", signed=True)


class Leader:
    """Campaigns for one lead, for as long as its process lives."""

    def __init__(
        self, connect: Connect, name: str, *, idle_limit: float = 6.0, ping_every: float = 1.0, retry_every: float = 1.0
    ) -> None:
        if ping_every * 3 > idle_limit:
            raise ValueError("a leader must be able to miss two pings without losing its session")
        self._connect = connect
        self._name = name
        self._idle_limit = idle_limit
        self._ping_every = ping_every
        self._retry_every = retry_every
        self.leads = False

    async def run(self, lead: Lead) -> None:
        """Wait for the lead, call `lead` with the locked connection while it is held, for ever.

        `lead` is cancelled when the session is lost. It may use the connection between pings for short statements
        (LISTEN, for instance). Where it raises, the lead is given up and sought again after a pause.
        """
        while True:
            try:
                await self._campaign(lead)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as lost:
                log.info("lead_lost", lead=self._name, error=repr(lost))
            except Exception:
                log.exception("lead_failed", lead=self._name)
            await asyncio.sleep(self._retry_every * random.uniform(0.7, 1.3))

    async def _campaign(self, lead: Lead) -> None:
        async with asyncio.timeout(self._idle_limit):
            connection = await self._connect()
        try:
            await self._wait_for_lock(connection)
            await connection.execute(f"SET idle_session_timeout = {int(self._idle_limit * 1000)}")
            log.info("lead_taken", lead=self._name)
            self.leads = True
            await self._hold(connection, lead)
        finally:
            self.leads = False
            connection.terminate()  # a polite close can hang on the very connection that was lost

    async def _wait_for_lock(self, connection: "asyncpg.Connection[Any]") -> None:
        while not await connection.fetchval(
            "SELECT pg_try_advisory_lock($1)", lock_key(self._name), timeout=self._idle_limit
        ):
            await asyncio.sleep(self._retry_every * random.uniform(0.7, 1.3))

    async def _hold(self, connection: "asyncpg.Connection[Any]", lead: Lead) -> None:
        work = asyncio.ensure_future(lead(connection))
        pings = asyncio.ensure_future(self._ping(connection))
        try:
            await asyncio.wait({work, pings}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            pings.cancel()
            results = await asyncio.gather(work, pings, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _ping(self, connection: "asyncpg.Connection[Any]") -> None:
        while True:
            await asyncio.sleep(self._ping_every)
            # the lead may be in the middle of its own short statement: then that one has kept the session alive
            with suppress(asyncpg.InterfaceError):
                await connection.execute("SELECT 1", timeout=self._idle_limit)
            if connection.is_closed():
                raise ConnectionResetError("the session that held the lead is gone")
