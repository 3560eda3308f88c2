"""Connections to a mail server that wait for the next mail, for a short while and not too many of them."""

import asyncio
from dataclasses import dataclass, field

from aiosmtplib import SMTP

MOST = 4
LONGEST = 15.0
"""Seconds without a mail; a server waits five minutes for a command (RFC 5321, 4.5.3.2.7), and wants its place back."""


@dataclass(slots=True)
class Idle:
    """The connection used last is used next, so that the others end when there is less to send."""

    _waiting: list[tuple[SMTP, asyncio.TimerHandle]] = field(default_factory=list)

    def take(self) -> SMTP | None:
        """One that nobody else has, or None. The server may have ended it."""
        while self._waiting:
            client, end = self._waiting.pop()
            end.cancel()
            if client.is_connected:
                return client
            client.close()
        return None

    def keep(self, client: SMTP) -> bool:
        """Whether it is kept; the caller may use it no more."""
        if not client.is_connected or len(self._waiting) >= MOST:
            return False
        self._waiting.append((client, asyncio.get_running_loop().call_later(LONGEST, self._end, client)))
        return True

    def _end(self, client: SMTP) -> None:
        self._waiting = [(other, end) for other, end in self._waiting if other is not client]
        client.close()
