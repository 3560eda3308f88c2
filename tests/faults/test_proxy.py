"""The proxy does to bytes what a network does: carries, holds, delays and cuts them, and never loses or mixes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.proxy import Proxy


@asynccontextmanager
async def echo() -> AsyncIterator[Proxy]:
    """A proxy in front of a server that sends back what it hears."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1], "seed") as proxy:
        yield proxy


async def call(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.listening)


@pytest.mark.parametrize("way", ["up", "down"])
async def test_a_black_hole_holds_what_is_sent_and_gives_it_back_when_it_heals(way: str) -> None:
    """In one direction or the other; a connection made meanwhile hears nothing either."""
    async with echo() as proxy:
        reader, writer = await call(proxy)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        proxy.black_hole(way)
        writer.write(b"b")
        _, second = late = await call(proxy)
        second.write(b"c")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(late[0].read(1), 0.2)
        proxy.heal()
        assert (await reader.readexactly(1), await late[0].readexactly(1)) == (b"b", b"c")
        for end in (writer, second):
            end.close()


async def test_a_delay_keeps_the_order() -> None:
    """However long each piece is held."""
    sent = [bytes([n]) for n in range(20)]
    async with echo() as proxy:
        proxy.delay(0.0, 0.01)
        reader, writer = await call(proxy)
        for piece in sent:
            writer.write(piece)
            await asyncio.sleep(0)
        assert await reader.readexactly(len(sent)) == b"".join(sent)
        writer.close()


async def test_stranded_connections_never_speak_again_and_new_ones_do() -> None:
    """Also not when everything else heals."""
    async with echo() as proxy:
        reader, writer = await call(proxy)
        writer.write(b"a")
        await reader.readexactly(1)
        proxy.strand()
        writer.write(b"b")
        again, other = await call(proxy)
        other.write(b"c")
        assert await again.readexactly(1) == b"c"
        proxy.heal()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        for end in (writer, other):
            end.close()


async def test_a_cut_ends_connections_and_lets_new_ones_in() -> None:
    """Both sides hear of it at once."""
    async with echo() as proxy:
        reader, writer = await call(proxy)
        writer.write(b"a")
        await reader.readexactly(1)
        proxy.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        again, other = await call(proxy)
        other.write(b"b")
        assert await again.readexactly(1) == b"b"
        writer.close()
        other.close()
