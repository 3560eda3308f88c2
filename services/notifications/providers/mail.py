"""The e-mail of a message: rendered when it is sent, so that no personal data waits anywhere.

The Message-ID and the MIME boundary come from the message's id: every attempt of one message is one mail to
whoever counts by Message-ID. What may not go out any more, or not to this address from this environment, is
answered as failed with its reason, and nothing leaves.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from typing import TypeVar
from uuid import UUID

from chassis.domain import Aggregate
from chassis.service import Attempt, Failed, ProviderAnswer, Succeeded, Unknown
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.values import Why, contact_id
from services.notifications.policies import Sender, Senders
from services.notifications.providers.rendering import Letter, Templates
from services.notifications.providers.smtp import MailServer, Outcome

A = TypeVar("A", bound=Aggregate)
Read = Callable[[type[A], UUID], Awaitable[A | None]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may be written to from here. In production everybody; elsewhere everybody only where the server is a sink,
    else those on the list (addresses, or ``@domain``)."""

    open: bool
    allowed: frozenset[str] = frozenset()

    def lets_out(self, address: str) -> bool:
        """Mail to this address may leave."""
        lowered = address.lower()
        return self.open or lowered in self.allowed or "@" + lowered.rpartition("@")[2] in self.allowed


@dataclass(frozen=True, slots=True)
class Writer:
    """Puts letters into mails."""

    templates: Templates
    senders: Senders
    mail_from: str

    def letter(self, message: Message, contact: Contact, *, at: datetime) -> Letter:
        """The letter as the recipient reads it."""
        return self.templates.letter(message, contact, self.senders.of(message.shop_id), at=at)

    def mail(self, message: Message, letter: Letter, recipient: str, *, at: datetime) -> EmailMessage:
        """The mail with its headers."""
        sender: Sender = self.senders.of(message.shop_id)
        mail = EmailMessage(policy=WIRE)
        mail["Message-ID"] = message_id_header(message.id, self.mail_from)
        mail["Date"] = format_datetime(at)
        mail["From"] = Address(sender.name, addr_spec=self.mail_from)
        mail["To"] = Address(addr_spec=recipient)
        if sender.reply_to:
            mail["Reply-To"] = Address(sender.name, addr_spec=sender.reply_to)
        mail["Subject"] = letter.subject
        mail["Auto-Submitted"] = "auto-generated"
        if message.sending.urgency == "high":
            mail["Importance"] = "high"
        if letter.hours_before_promise is not None:
            mail["X-Aftercare-Hours-Before-Promise"] = str(letter.hours_before_promise)
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        mail["Content-Language"] = letter.locale  # now: setting the content takes away headers of this kind
        mail.set_boundary(f"=_{message.id.hex}")
        return mail


class MailProvider:
    """Carries out effects of one kind. `idempotency` is given only for what is rather sent twice than never: then the
    shared Message-ID is the key, and the recipient's mailbox is trusted to show a repeat as one."""

    def __init__(
        self, read: Read[Aggregate], writer: Writer, server: MailServer, gate: Gate, *, idempotency: timedelta | None
    ) -> None:
        self.idempotency = idempotency
        self._read, self._writer, self._server, self._gate = read, writer, server, gate

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Render and hand over, unless it must not go out any more."""
        message = await self._read(Message, UUID(str(attempt.body["message"])))
        if not isinstance(message, Message) or not message.may_go(int(attempt.body["attempt"])):
            return Failed(Why.OVERTAKEN)
        contact = await self._read(Contact, contact_id(message.shop_id, message.customer_id))
        if not isinstance(contact, Contact):
            return Failed(Why.NO_ADDRESS)
        why = contact.obstacle(message.sending.purpose, refusable=message.sending.refusable)
        if why is not None or contact.email is None or contact.email.text is None:
            return Failed(why or Why.NO_ADDRESS)
        address = contact.email.text
        if not self._gate.lets_out(address):
            return Failed(Why.NOT_ALLOWED_HERE)
        try:
            letter = self._writer.letter(message, contact, at=attempt.now)
            mail = self._writer.mail(message, letter, address, at=attempt.now)
        except Exception as error:  # a template or an address that cannot be made into a mail: nothing has left
            return Failed("NOT_RENDERED", {"detail": f"NOT_RENDERED: {type(error).__name__}"})
        outcome = await self._server.send(mail, sender=self._writer.mail_from, recipient=address)
        return _answer(outcome, _rendering(message, letter, mail), str(mail["Message-ID"]))

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """A mail server cannot be asked."""
        return None


def message_id_header(message: UUID, mail_from: str) -> str:
    """The Message-ID of every attempt of one message."""
    return f"<{message.hex}@{mail_from.rpartition('@')[2]}>"


def _rendering(message: Message, letter: Letter, mail: EmailMessage) -> dict[str, str]:
    hours = letter.hours_before_promise
    return {
        "template": message.sending.template,
        "catalogue_version": message.sending.catalogue_version,
        "locale": letter.locale,
        "digest": hashlib.sha256(mail.as_bytes(policy=WIRE)).hexdigest(),
        "hours_before_promise": "" if hours is None else str(hours),
    }


def _answer(outcome: Outcome, rendering: Mapping[str, str], reference: str) -> ProviderAnswer:
    facts = {**rendering, "stage": outcome.stage, "detail": outcome.detail}
    match outcome.kind:
        case "accepted":
            return Succeeded(reference, facts)
        case "unknown":
            return Unknown(outcome.detail)
        case "deferred":
            return Failed("DEFERRED", facts)
        case "bounced":
            return Failed("BOUNCED", facts)
        case "not_sent":
            return Failed("NOT_SENT", facts)
