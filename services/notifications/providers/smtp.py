"""One mail to one mail server, with an exact answer to "has it gone out?".

accepted   the server answered 250 to the end of DATA
deferred   the server refused for now (4xx): it does not have the mail
bounced    the server refused this recipient or this mail for good (5xx): it does not have the mail; a 5xx before the
           recipient was named is about us, not about the recipient, and counts as deferred
not sent   the connection could not be made, or was lost before the end of DATA was written: without its end the
           server must not deliver it (RFC 5321, 4.1.1.4)
unknown    the end of DATA was written and no answer came: the server may have taken it
"""

import asyncio
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Literal
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings

from services.notifications.providers.idle import Idle

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")

Kind = Literal["accepted", "deferred", "bounced", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the mail; `stage` is where the dialogue ended. `detail` names nobody."""

    kind: Kind
    stage: str
    detail: str


class MailServer:
    """A mail server at smtp:// (with STARTTLS where it is offered) or smtps://."""

    def __init__(self, url: str, *, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("write smtp://host:port or smtps://host:port")
        self.host = parts.hostname
        self.port = parts.port or (465 if parts.scheme == "smtps" else 25)
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._name = ""
        self._idle = Idle()

    async def send(self, mail: EmailMessage, *, sender: str, recipient: str) -> Outcome:
        """Hand over one mail. Never raises for what the server or the network does.

        A connection on which a mail was accepted carries the next one. Where the server has ended it meanwhile, that is
        proof that nothing was sent on it, and another is taken.
        """
        raw = mail.as_bytes(policy=WIRE)
        while True:
            kept = self._idle.take()
            outcome = await self._on(kept or self._new(), raw, sender, recipient, greeted=kept is not None)
            if kept is None or outcome.stage != "mail":
                return outcome

    def close(self) -> None:
        """End the connections that are kept open; the next mail makes a new one."""
        while client := self._idle.take():
            client.close()

    def _new(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self._tls,
            username=self._user,
            password=self._password,
            timeout=self._timeout,
            local_hostname=self._name or None,
        )

    async def _on(self, client: SMTP, raw: bytes, sender: str, recipient: str, *, greeted: bool) -> Outcome:
        outcome = Outcome("not_sent", "connect", "")
        stage = "mail" if greeted else "connect"
        try:
            if not greeted:
                await client.connect()
                self._name = client.local_hostname or ""  # looked up once: it asks the resolver
                stage = "mail"
                await client.ehlo()
            await client.mail(sender)
            stage = "rcpt"
            await client.rcpt(recipient)
            stage = "data"
            outcome = await self._data(client, raw)
        except SMTPResponseException as error:
            outcome = _refused(error.code, error.message, stage)
        except (SMTPException, OSError, TimeoutError) as error:
            outcome = Outcome("not_sent", stage, f"{type(error).__name__} at {stage}")
        except ValueError as error:  # an address that cannot be written on the wire
            outcome = Outcome("bounced", stage, f"{type(error).__name__} at {stage}")
        finally:
            if outcome.kind != "accepted" or not self._idle.keep(client):
                await _leave(client)
        return outcome

    async def _data(self, client: SMTP, raw: bytes) -> Outcome:
        answer = await client.execute_command(b"DATA")
        if answer.code != 354:
            return _refused(answer.code, answer.message, "data")
        protocol = client.protocol
        if protocol is None or not client.is_connected:
            return Outcome("not_sent", "data", "connection lost before the mail was written")
        protocol.write(PERIOD_REGEX.sub(b"..", normalize_message_line_endings(raw)))
        # Nothing is awaited between here and the write of the end of DATA in the next call, so a connection
        # that is up now is written to; from then on only an answer says what happened.
        if not client.is_connected:
            return Outcome("not_sent", "data", "connection lost before the end of the mail was written")
        try:
            answer = await client.execute_command(b".")
        except SMTPResponseException as error:
            return Outcome("unknown", "end", f"unreadable answer: {error.code}")
        except (SMTPException, OSError, TimeoutError) as error:
            return Outcome("unknown", "end", f"{type(error).__name__} after the end of the mail")
        if answer.code == 250:
            return Outcome("accepted", "end", str(answer.code))
        return _refused(answer.code, answer.message, "end")


def _refused(code: int, message: str, stage: str) -> Outcome:
    # The server's words may quote the address: only its codes (RFC 5321, and RFC 3463 where given) are kept.
    enhanced = _ENHANCED.match(message.strip())
    line = f"{code} {enhanced[0]}" if enhanced else str(code)
    for_good = 500 <= code < 600 and stage in ("rcpt", "data", "end")
    return Outcome("bounced" if for_good else "deferred", stage, line)


async def _leave(client: SMTP) -> None:
    """The outcome is known: a server that is slow to say goodbye changes nothing."""
    if client.is_connected:
        try:
            await asyncio.wait_for(client.quit(), 1.0)
        except (SMTPException, OSError, TimeoutError):
            pass
    client.close()
