"""Has it gone out? One scripted mail server for each answer there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest

from services.notifications.providers.idle import MOST
from services.notifications.providers.smtp import MailServer

GOOD: dict[str, str | None] = {
    "EHLO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "END": "250 kept",
    "QUIT": "221 bye",
}
"""What the server answers to a command (its first word, or END for the end of the data); None closes the connection."""


class Scripted:
    """A server that answers as scripted, the mails it got to the end of, and our side of it."""

    def __init__(self, said: dict[str, str | None]) -> None:
        self.script = {**GOOD, **said}
        self.kept: list[bytes] = []
        self.greetings = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._tired: dict[asyncio.StreamWriter, str] = {}

    def tire(self, farewell: str) -> None:
        """The connections there are have waited too long: "ended", or the answer to their next mail."""
        for writer in self._open:
            if farewell == "ended":
                writer.close()
            else:
                self._tired[writer] = farewell

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.greetings += 1
        try:
            writer.write(b"220 scripted\r\n")
            while line := await reader.readline():
                word = line.split()[0].decode().upper() if line.split() else ""
                answer = self.script.get(word, "500 what?")
                if word == "MAIL":
                    answer = self._tired.get(writer, answer)
                if answer is None:
                    return
                if answer != "silence":
                    writer.write(answer.encode() + b"\r\n")
                if word == "DATA" and answer.startswith("354") and not await self._take(reader, writer):
                    return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the dialogue goes on."""
        mail = await reader.readuntil(b"\r\n.\r\n")
        end = self.script["END"]
        if end is not None and end != "silence":
            self.kept.append(mail)
            writer.write(end.encode() + b"\r\n")
        return end is not None


@asynccontextmanager
async def served(**said: str | None) -> AsyncIterator[tuple[MailServer, Scripted]]:
    """Our side, and the server's."""
    scripted = Scripted(said)
    server = await asyncio.start_server(scripted.talk, "127.0.0.1", 0)
    async with server:
        ours = MailServer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.3)
        yield ours, scripted
        ours.close()


def mail() -> EmailMessage:
    """A mail with a line that begins with a full stop."""
    letter = EmailMessage()
    letter["Subject"] = "Größe"
    letter.set_content("first\n.second\n")
    return letter


CASES = [
    ({}, ("accepted", "end")),
    ({"RCPT": "450 busy"}, ("deferred", "rcpt")),
    ({"RCPT": "550 no such user"}, ("bounced", "rcpt")),
    ({"DATA": "451 later"}, ("deferred", "data")),
    ({"END": "452 full"}, ("deferred", "end")),
    ({"END": "554 no thanks"}, ("bounced", "end")),
    ({"MAIL": "550 not you"}, ("deferred", "mail")),
    ({"MAIL": "421 closing"}, ("deferred", "mail")),
    ({"RCPT": None}, ("not_sent", "rcpt")),
    ({"DATA": None}, ("not_sent", "data")),
    ({"RCPT": "silence"}, ("not_sent", "rcpt")),
    ({"END": None}, ("unknown", "end")),
    ({"END": "silence"}, ("unknown", "end")),
]


@pytest.mark.parametrize(("said", "expected"), CASES, ids=lambda value: str(value))
async def test_each_answer_has_its_outcome(said: dict[str, str | None], expected: tuple[str, str]) -> None:
    """What is proof that nothing was sent, what is proof that it was, and what is neither."""
    async with served(**said) as (server, there):
        outcome = await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    assert (outcome.kind, outcome.stage) == expected
    assert len(there.kept) == (
        1 if said.get("END", "") is not None and expected[1] == "end" and expected[0] != "unknown" else 0
    )


async def send(server: MailServer) -> str:
    outcome = await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    return f"{outcome.kind} at {outcome.stage}"


async def test_a_connection_carries_one_mail_after_the_other() -> None:
    """Greeting a server takes longer than handing it a mail."""
    async with served() as (server, there):
        assert [await send(server) for _ in range(3)] == ["accepted at end"] * 3
        assert (len(there.kept), there.greetings) == (3, 1)


async def test_a_connection_is_never_shared_by_two_mails_at_once() -> None:
    """Their dialogues would mix; and no more than a few connections are kept."""
    async with served() as (server, there):
        for _ in range(2):
            assert await asyncio.gather(*(send(server) for _ in range(9))) == ["accepted at end"] * 9
        assert (len(there.kept), there.greetings) == (18, 9 + 9 - MOST)


@pytest.mark.parametrize("farewell", ["ended", "421 too long idle"])
async def test_a_connection_that_the_server_ended_costs_no_mail_and_no_second_one(farewell: str) -> None:
    """Nothing was sent on it, which is known before the recipient is named: the mail goes out on a new one, once."""
    async with served() as (server, there):
        assert await send(server) == "accepted at end"
        there.tire(farewell)
        assert await send(server) == "accepted at end"
        assert (len(there.kept), there.greetings) == (2, 2)


async def test_on_a_kept_connection_an_unknown_outcome_stays_unknown() -> None:
    """It is not sent again on another: the server may have taken it."""
    async with served() as (server, there):
        assert await send(server) == "accepted at end"
        there.script["END"] = None
        assert await send(server) == "unknown at end"
        assert (len(there.kept), there.greetings) == (1, 1)


async def test_after_a_refusal_the_next_mail_has_a_connection_of_its_own() -> None:
    """What the server still has in mind of the refused one must not reach it."""
    async with served(RCPT="550 no") as (server, there):
        assert await send(server) == "bounced at rcpt"
        there.script["RCPT"] = "250 ok"
        assert await send(server) == "accepted at end"
        assert there.greetings == 2


async def test_nobody_at_home_is_not_sent() -> None:
    """A refused connection is proof."""
    async with served() as (server, _):
        port = server.port
    outcome = await MailServer(f"smtp://127.0.0.1:{port}", timeout=0.3).send(
        mail(), sender="care@shop.example", recipient="ana@customers.example"
    )
    assert (outcome.kind, outcome.stage) == ("not_sent", "connect")


async def test_the_servers_words_are_not_kept() -> None:
    """They may quote the address; its codes say enough."""
    async with served(RCPT="550 5.1.1 <ana@customers.example>: no such user") as (server, _):
        outcome = await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    assert outcome.detail == "550 5.1.1"


async def test_the_content_arrives_as_it_was_written() -> None:
    """Full stops at the start of a line are doubled on the wire, as the protocol wants."""
    async with served() as (server, there):
        await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    assert b"\r\n..second\r\n" in there.kept[0]


async def test_an_address_that_cannot_be_written_is_refused_for_good() -> None:
    """The server is not asked to guess."""
    async with served() as (server, there):
        outcome = await server.send(mail(), sender="care@shop.example", recipient="änna@customers.example")
    assert (outcome.kind, there.kept) == ("bounced", [])
