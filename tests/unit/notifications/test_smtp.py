"""Has it gone out? One scripted mail server for each answer there is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest

from services.notifications.providers.smtp import MailServer

Script = Callable[[str], str | None]
"""What the server answers to a command (its first word, or END for the end of the data); None closes the connection."""

GOOD = {
    "EHLO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "END": "250 kept",
    "QUIT": "221 bye",
}


@asynccontextmanager
async def served(**said: str | None) -> AsyncIterator[tuple[MailServer, list[bytes]]]:
    """A server that answers as scripted, and the mails it got to the end of."""
    script = {**GOOD, **said}
    kept: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 scripted\r\n")
            while line := await reader.readline():
                word = line.split()[0].decode().upper() if line.split() else ""
                answer = script.get(word, "500 what?")
                if answer is None:
                    return
                if answer != "silence":
                    writer.write(answer.encode() + b"\r\n")
                if word == "DATA" and answer.startswith("354"):
                    mail = await reader.readuntil(b"\r\n.\r\n")
                    end = script["END"]
                    if end is None:
                        return
                    if end != "silence":
                        kept.append(mail)
                        writer.write(end.encode() + b"\r\n")
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield MailServer(f"smtp://127.0.0.1:{port}", timeout=0.3), kept


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
    async with served(**said) as (server, kept):
        outcome = await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    assert (outcome.kind, outcome.stage) == expected
    assert len(kept) == (
        1 if said.get("END", "") is not None and expected[1] == "end" and expected[0] != "unknown" else 0
    )


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
    async with served() as (server, kept):
        await server.send(mail(), sender="care@shop.example", recipient="ana@customers.example")
    assert b"\r\n..second\r\n" in kept[0]


async def test_an_address_that_cannot_be_written_is_refused_for_good() -> None:
    """The server is not asked to guess."""
    async with served() as (server, kept):
        outcome = await server.send(mail(), sender="care@shop.example", recipient="änna@customers.example")
    assert (outcome.kind, kept) == ("bounced", [])
