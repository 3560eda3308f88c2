"""Accepts every mail and keeps it as a file; a mail is answered with 250 only once it is on disk.

Run as `python -m infra.local.mailbox FOLDER PORT`. Beside the `.eml` files, `index.jsonl` has one line per mail in
the order of arrival. Nothing is ever sent on.
"""

from __future__ import annotations

import asyncio
import email
import email.header
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

INDEX = "index.jsonl"
LARGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """A line of the index."""

    file: str
    received_at: str
    sender: str
    recipients: list[str]
    message_id: str
    subject: str
    language: str


class Mailbox:
    """The handler aiosmtpd calls."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _mend(folder / INDEX)
        self._folder = folder
        self._count = max((int(path.stem) for path in folder.glob("*.eml")), default=0)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._keep(content, envelope.mail_from or "", list(envelope.rcpt_tos))
        return "250 2.0.0 kept"

    def _keep(self, content: bytes, sender: str, recipients: list[str]) -> None:
        message = email.message_from_bytes(content, policy=default)
        self._count += 1
        mail = Mail(
            file=f"{self._count:06}.eml",
            received_at=datetime.now(UTC).isoformat(),
            sender=sender,
            recipients=recipients,
            message_id=str(message["Message-ID"] or "").strip(),
            subject=str(message["Subject"] or ""),
            language=str(message["Content-Language"] or ""),
        )
        _append(self._folder / mail.file, content, os.O_EXCL)
        _append(self._folder / INDEX, (json.dumps(asdict(mail), ensure_ascii=False) + "\n").encode(), os.O_APPEND)


def read_index(folder: Path) -> Iterator[Mail]:
    """Every mail kept so far, first to last; a line that is being written is left for the next call."""
    try:
        lines = (folder / INDEX).read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return
    for line in lines:
        if line.endswith("\n"):
            yield Mail(**json.loads(line))


def read_mail(folder: Path, mail: Mail) -> EmailMessage:
    """The mail with plain line ends; the file has those of the protocol."""
    return email.message_from_bytes((folder / mail.file).read_bytes().replace(b"\r\n", b"\n"), policy=default)


async def serve(folder: Path, port: int) -> None:
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, ended.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="mailbox.local", loop=loop),
        "127.0.0.1",
        port,
    )
    async with server:
        await ended.wait()


def _mend(index: Path) -> None:
    """Drops a last line that a killed mailbox did not finish; its sender was not answered either."""
    if index.exists():
        content = index.read_bytes()
        os.truncate(index, content.rfind(b"\n") + 1)


def _append(path: Path, content: bytes, how: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
