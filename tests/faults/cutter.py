"""Stands between a writer and PostgreSQL and cuts its connection at the worst moment of a commit.

It reads the client's messages, so it knows the one that carries a batch (the Bind of the prepared append) from all
others. An armed cut happens at the next batch that passes: before the batch is forwarded, right after, or when the
answer is there and nobody has been told of it.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

UNSENT, SENT, ANSWERED = "unsent", "sent", "answered"
MOMENTS = (UNSENT, SENT, ANSWERED)
_STARTUP = 196_608


class _Cut(Exception):
    """This connection ends here."""


@dataclass(slots=True)
class Cutter:
    """`url` of the server is the caller's matter: it is told host and port to stand in for."""

    host: str
    port: int
    own_port: int = 0
    cuts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    recoveries_cut: int = 0
    closed: bool = False
    """While true, nobody gets through: new connections end at once."""
    _armed: str = ""
    _spoil: bool = False
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    async def cut(self, moment: str, *, spoil_recovery: bool = False) -> None:
        """Cut the next batch at this moment, and return when that is done; perhaps the first recovery as well."""
        self._armed, self._spoil = moment, spoil_recovery
        self._done.clear()
        await self._done.wait()

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        if self.closed:
            to_client.transport.abort()
            return
        server, to_server = await asyncio.open_connection(self.host, self.port)
        talk = _Talk(self, client, to_client, server, to_server)
        try:
            await talk.run()
        finally:
            to_client.transport.abort()
            to_server.transport.abort()

    def takes(self, moment: str) -> bool:
        """Whether the cut that is armed is this one; it is used up then."""
        if self._armed != moment:
            return False
        self._armed = ""
        self.cuts[moment] += 1
        self._done.set()
        return True

    def armed(self, moment: str) -> bool:
        return self._armed == moment

    def spoils(self) -> bool:
        """Whether this recovery is to go wrong too."""
        if not self._spoil or self._armed:
            return False
        self._spoil = False
        self.recoveries_cut += 1
        return True


@dataclass(slots=True)
class _Talk:
    """What client and server say to one another on one connection."""

    cutter: Cutter
    client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    server: asyncio.StreamReader
    to_server: asyncio.StreamWriter
    statements: dict[bytes, str] = field(default_factory=dict)
    swallow: bool = False

    async def run(self) -> None:
        tasks = [asyncio.ensure_future(self._forward()), asyncio.ensure_future(self._back())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for told in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(told, Exception) and not isinstance(told, (_Cut, OSError, asyncio.IncompleteReadError)):
                raise told

    async def _back(self) -> None:
        while said := await self.server.read(65_536):
            if self.swallow:
                if self.cutter.takes(ANSWERED):
                    raise _Cut
                continue
            self.to_client.write(said)
            await self.to_client.drain()

    async def _forward(self) -> None:
        while True:  # SSLRequest and the like, until the one that starts the session; only these have no type
            raw = await self.client.readexactly(4)
            body = await self.client.readexactly(struct.unpack("!i", raw)[0] - 4)
            self.to_server.write(raw + body)
            if struct.unpack("!i", body[:4])[0] == _STARTUP:
                break
        while True:
            kind = await self.client.readexactly(1)
            raw = await self.client.readexactly(4)
            body = await self.client.readexactly(struct.unpack("!i", raw)[0] - 4)
            await self._pass(kind, raw, body)

    async def _pass(self, kind: bytes, raw: bytes, body: bytes) -> None:
        batch = False
        if kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self.statements[name] = sql.decode()
        elif kind == b"B":
            asked = self.statements.get(body.split(b"\0", 2)[1], "")
            batch = " append(" in asked
            if " recover(" in asked and self.cutter.spoils():
                raise _Cut
        if batch and self.cutter.takes(UNSENT):
            raise _Cut
        if batch and self.cutter.armed(ANSWERED):
            self.swallow = True
        self.to_server.write(kind + raw + body)
        await self.to_server.drain()
        if batch and self.cutter.armed(SENT):
            for _ in range(2):  # Execute and Sync belong to it
                self.to_server.write(await _message(self.client))
            await self.to_server.drain()
            if self.cutter.takes(SENT):
                raise _Cut


async def _message(client: asyncio.StreamReader) -> bytes:
    kind = await client.readexactly(1)
    raw = await client.readexactly(4)
    return kind + raw + await client.readexactly(struct.unpack("!i", raw)[0] - 4)


@asynccontextmanager
async def cutter(host: str, port: int) -> AsyncIterator[Cutter]:
    """Listening, as long as the block runs."""
    found = Cutter(host, port)
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.own_port = listening.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        listening.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await listening.wait_closed()
