"""Somebody who polls is woken earlier by NOTIFY. A lost notice costs one nap, never work."""

import asyncio
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Session: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"
"""A connection, whether it is one's own or lent by a pool."""

CHANNEL = "aftercare"
"""The one channel of a service's database; the payload says what there is to do."""


class Wake:
    """Sleeps until one of its payloads is announced on the connection, or a time has passed."""

    def __init__(self, *payloads: str) -> None:
        self._payloads = frozenset(payloads)
        self._told = asyncio.Event()

    async def listen(self, connection: "asyncpg.Connection[Any]") -> None:
        """Listen on this connection for as long as it lives."""
        await connection.add_listener(CHANNEL, self._hear)

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if payload in self._payloads:
            self._told.set()

    def set(self) -> None:
        """End the sleep, or the next one at once."""
        self._told.set()

    async def sleep(self, at_most: float) -> None:
        """Return when told since the last sleep, or after `at_most` seconds."""
        try:
            async with asyncio.timeout(at_most):
                await self._told.wait()
        except TimeoutError:
            pass
        self._told.clear()
