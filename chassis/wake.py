"""Somebody who polls is woken earlier by NOTIFY. A lost notice costs one nap, never work."""

import asyncio
from math import inf
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Session: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"
"""A connection, whether it is one's own or lent by a pool."""

CHANNEL = "aftercare"
"""The one channel of a service's database; the payload says what there is to do."""


class Wake:
    """Sleeps until one of its payloads is announced on the connection, or a time has passed.

    Two sleeps end at least `pause` seconds apart: under load every append announces something, and a turn of whoever
    is woken costs as much as it does for many.
    """

    def __init__(self, *payloads: str, pause: float = 0.0) -> None:
        self._payloads = frozenset(payloads)
        self._pause = pause
        self._ended = -inf
        self._told = asyncio.Event()

    async def listen(self, connection: "asyncpg.Connection[Any]") -> None:
        """Listen on this connection for as long as it lives."""
        await connection.add_listener(CHANNEL, self._hear)

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if payload in self._payloads:
            self._told.set()

    @property
    def is_told(self) -> bool:
        """Whether something was announced that no sleep has heard yet."""
        return self._told.is_set()

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
        loop = asyncio.get_running_loop()
        if (left := self._ended + self._pause - loop.time()) > 0:
            await asyncio.sleep(left)
        self._ended = loop.time()
        self._told.clear()
