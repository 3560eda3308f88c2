"""A mail that was answered with 250 is on disk, in order, and a killed mailbox goes on after its last one."""

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from infra.local.mailbox import Mail, Mailbox, read_index, read_mail


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <care@shop.example>"
    message["To"] = "anna@example.com"
    message["Subject"] = subject
    message["Message-ID"] = "<1@shop.example>"
    message.set_content("Ihr Paket ist verspätet.\n")
    message["Content-Language"] = "de"
    return message


async def send(folder: Path, *messages: EmailMessage) -> None:
    loop = asyncio.get_running_loop()
    mailbox = Mailbox(folder)
    server = await loop.create_server(lambda: SMTP(mailbox, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            for message in messages:
                client.send_message(message)

    async with server:
        await asyncio.to_thread(talk)


async def test_a_mail_is_kept_whole_and_indexed(tmp_path: Path) -> None:
    await send(tmp_path, mail("Verspätung"))
    (kept,) = read_index(tmp_path)
    assert kept == Mail(
        file="000001.eml",
        received_at=kept.received_at,
        sender="care@shop.example",
        recipients=["anna@example.com"],
        message_id="<1@shop.example>",
        subject="Verspätung",
        language="de",
    )
    assert read_mail(tmp_path, kept).get_content() == "Ihr Paket ist verspätet.\n"


async def test_a_new_mailbox_goes_on_after_the_last_mail(tmp_path: Path) -> None:
    await send(tmp_path, mail("one"), mail("two"))
    await send(tmp_path, mail("three"))
    assert [(kept.file, kept.subject) for kept in read_index(tmp_path)] == [
        ("000001.eml", "one"),
        ("000002.eml", "two"),
        ("000003.eml", "three"),
    ]


@pytest.mark.parametrize("rest", ['{"file": "000002', ""])
async def test_what_a_killed_mailbox_left_unfinished_is_passed_over(rest: str, tmp_path: Path) -> None:
    """It had not answered yet, so the sender still holds that mail."""
    await send(tmp_path, mail("one"))
    (tmp_path / "000002.eml").write_bytes(b"half a ma")
    with (tmp_path / "index.jsonl").open("a") as index:
        index.write(rest)
    assert [kept.subject for kept in read_index(tmp_path)] == ["one"]
    await send(tmp_path, mail("two"))
    assert [(kept.file, kept.subject) for kept in read_index(tmp_path)] == [
        ("000001.eml", "one"),
        ("000003.eml", "two"),
    ]
