"""A TCP proxy to put between a service and a server: each direction can be cut, delayed or black-holed.

What is sent into a black hole is not lost but stays on the way, as in a network that drops packets for a while: TCP
delivers it afterwards. New connections are taken and hear nothing. Delays are drawn from the seed.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

CHUNK = 64 * 1024
DIRECTIONS = ("up", "down")
"""From client to server, and back."""


@dataclass(slots=True)
class Direction:
    """What happens to bytes that go one way."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    delay: tuple[float, float] = (0.0, 0.0)
    """Least and most seconds that a piece is held."""

    def __post_init__(self) -> None:
        self.open.set()


@dataclass(slots=True)
class Proxy:
    """Listens on a port of its own as long as the `async with` block runs."""

    port: int
    seed: str
    listening: int = 0
    """Where to listen; 0 chooses."""
    ways: dict[str, Direction] = field(default_factory=lambda: {name: Direction() for name in DIRECTIONS})
    carried: int = 0
    """Bytes that came through, both ways."""
    _server: asyncio.Server | None = None
    _connections: set[asyncio.Task[None]] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _rng: random.Random = field(init=False)

    async def __aenter__(self) -> "Proxy":
        self._rng = random.Random(f"{self.seed}/proxy/{self.port}")
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.listening)
        self.listening = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listening}"

    def black_hole(self, *ways: str) -> None:
        """Nothing comes through these directions any more (both, where none is named); no connection ends."""
        for name in ways or DIRECTIONS:
            self.ways[name].open.clear()

    def heal(self) -> None:
        """Everything flows again, what was held first."""
        for way in self.ways.values():
            way.delay = (0.0, 0.0)
            way.open.set()

    def delay(self, least: float, most: float, *ways: str) -> None:
        """Hold each piece for so long, on average half-way between."""
        for name in ways or DIRECTIONS:
            self.ways[name].delay = (least, most)

    def strand(self) -> None:
        """Connections of now stay in the hole for ever, as behind a router that forgot them; new ones are carried."""
        self.black_hole()
        self.ways = {name: Direction() for name in DIRECTIONS}

    def cut(self) -> None:
        """End every connection at once, as a reset; new ones are taken."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._writers.add(writer)
        try:
            await self._carry_both(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side went, or the proxy does
        finally:
            self._connections.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _carry_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways = self.ways
        await ways["up"].open.wait()  # a server that cannot be reached hears of nobody
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.add(server_writer)
        up = asyncio.ensure_future(self._carry(reader, server_writer, ways["up"]))
        down = asyncio.ensure_future(self._carry(server_reader, writer, ways["down"]))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            with contextlib.suppress(OSError):
                await asyncio.gather(up, down, return_exceptions=True)
            self._writers.discard(server_writer)
            server_writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction) -> None:
        while piece := await reader.read(CHUNK):
            if way.delay[1]:
                await asyncio.sleep(self._rng.uniform(*way.delay))
            await way.open.wait()
            writer.write(piece)
            await writer.drain()
            self.carried += len(piece)
