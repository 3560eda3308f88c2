"""What notifications does: the table of contents of the service.

Every use case is one decision and may run again after a conflict, so it touches nothing but its `work`.
"""

from dataclasses import dataclass
from uuid import UUID

from chassis.domain import NotFound, subject_of
from chassis.service import EffectChanged, FiredTimer, Receipt
from chassis.work import Work
from services.notifications.domain.catalogue import Catalogue, Entry
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.story import Story, Verdict
from services.notifications.domain.values import Notice, Rendering, Why, contact_id, message_id, story_id

EMAIL = "email"
"""Effect: sent at most once; after a lost answer a person decides."""

EMAIL_RATHER_TWICE = "email_rather_twice"
"""Effect: after a lost answer it is sent again under the same Message-ID, because the catalogue says so."""


@dataclass(frozen=True, slots=True)
class CustomerTold:
    """All the shop knows of a customer, at one version."""

    shop_id: str
    customer_id: str
    version: int
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    country: str
    time_zone: str
    refused: frozenset[str]
    granted: frozenset[str]


class Application:
    """The use cases of notifications."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    async def learn_contact(self, work: Work, told: CustomerTold) -> None:
        """The shop tells how a customer can be reached; what waited for it goes out."""
        contact = await self._contact(work, told.shop_id, told.customer_id)
        contact.tell(
            told.version,
            given_name=told.given_name,
            family_name=told.family_name,
            email=told.email,
            phone=told.phone,
            language=told.language,
            country=told.country,
            time_zone=told.time_zone,
            refused=told.refused,
            granted=told.granted,
            at=work.now,
        )
        await self._release(work, contact)

    async def forget_customer(self, work: Work, shop_id: str, customer_id: str) -> None:
        """The shop was asked to forget a customer: nothing more goes out, and every text about that person ends."""
        work.forget_person(subject_of(shop_id, customer_id))
        contact = await self._contact(work, shop_id, customer_id)
        contact.be_forgotten(at=work.now)
        await self._release(work, contact)

    async def tell(self, work: Work, notice: Notice) -> Receipt | None:
        """Something happened: tell the customer what to expect now, unless that is known, overtaken or history."""
        entry = self.catalogue.entry(notice)
        if entry is None or not notice.customer_id:
            return None
        trouble = entry.trouble_key(notice)
        story = await work.find(Story, story_id(notice.shop_id, notice.customer_id, trouble))
        if entry.ends:
            if story is not None:
                before = story.current_message
                if story.end(code=notice.code, since=notice.occurred_at, at=work.now):
                    await self._keep_back(work, before, Why.OVERTAKEN)
            return None
        if story is None:
            story = work.add(Story.open(notice.shop_id, notice.customer_id, trouble, at=work.now))
        before = story.current_message
        expectation = entry.expectation_key(notice)
        verdict = story.expect(expectation, code=notice.code, since=notice.occurred_at, quiet=work.history, at=work.now)
        if story.current_message != before:
            await self._keep_back(work, before, Why.SUPERSEDED)
        if verdict is not Verdict.TELL:
            return None
        message = await self._plan(work, entry, notice, trouble, expectation)
        return None if message is None else Receipt(str(message.id), message.version)

    async def send_if_due(self, work: Work, message: UUID) -> None:
        """A planned or deferred message may be due."""
        await self._send(work, await work.get(Message, message))

    async def expire(self, work: Work, message: UUID) -> None:
        """What a message says may be of no use any more."""
        (await work.get(Message, message)).expire(at=work.now)

    async def timer(self, work: Work, fired: FiredTimer) -> None:
        """A due timer asks its message."""
        if fired.kind == "expire":
            await self.expire(work, fired.subject)
        else:
            await self.send_if_due(work, fired.subject)

    async def mail_changed(self, work: Work, change: EffectChanged) -> None:
        """What became of an attempt to send a message."""
        message = await work.get(Message, change.subject)
        attempt = int(change.body["attempt"])
        if change.facts.get("template"):
            message.rendered(rendering_of(change), at=work.now)
        match change.state:
            case "attempting":
                message.begin(attempt, at=work.now)
            case "succeeded":
                message.accept(change.reference, at=work.now)
            case "unknown" | "held":
                message.lose_track(attempt, change.reason, at=work.now)
            case "failed":
                await self._not_sent(work, message, attempt, change)

    async def set_preferences(
        self,
        work: Work,
        shop_id: str,
        customer_id: str,
        *,
        language: str,
        forbidden: frozenset[str],
        allowed: frozenset[str],
    ) -> Receipt:
        """The customer chooses language and channels."""
        if not work.actor.may_see(shop_id=shop_id, customer_id=customer_id):
            raise NotFound("Contact", customer_id)
        contact = await self._contact(work, shop_id, customer_id)
        contact.prefer(language=language, forbidden=forbidden, allowed=allowed, by=work.actor.id, at=work.now)
        return Receipt(str(contact.id), contact.version)

    async def resend(self, work: Work, message_id: UUID, reason: str) -> Receipt:
        """Send again what bounced or what nobody knows of; whoever asks answers for a second mail."""
        message = await work.get(Message, message_id)
        if not work.actor.may_see(shop_id=message.shop_id, customer_id=message.customer_id):
            raise NotFound("Message", message_id)
        message.resend(reason, by=work.actor.id, at=work.now)
        await self._send(work, message)
        return Receipt(str(message.id), message.version, {"state": message.state.value})

    async def _contact(self, work: Work, shop_id: str, customer_id: str) -> Contact:
        contact = await work.find(Contact, contact_id(shop_id, customer_id))
        return contact or work.add(Contact.open(shop_id, customer_id, at=work.now))

    async def _release(self, work: Work, contact: Contact) -> None:
        for waiting in sorted(contact.release(at=work.now)):
            await self._send(work, await work.get(Message, waiting))

    async def _plan(self, work: Work, entry: Entry, notice: Notice, trouble: str, expectation: str) -> Message | None:
        due_at, expires_at = entry.due_at(work.now), entry.expires_at(work.now)
        key = message_id(notice.shop_id, notice.customer_id, trouble, expectation)
        message = await work.find(Message, key)
        if message is None:
            sending = entry.sending(self.catalogue.version)
            planned = Message.plan(
                notice, trouble, expectation, sending=sending, due_at=due_at, expires_at=expires_at, at=work.now
            )
            message = work.add(planned)
        elif not message.plan_again(notice.facts, due_at=due_at, expires_at=expires_at, at=work.now):
            return None
        await self._send(work, message)
        return message

    async def _send(self, work: Work, message: Message) -> None:
        if not message.is_due(work.now):
            return
        contact = await self._contact(work, message.shop_id, message.customer_id)
        if not contact.known:
            contact.wait(message.id, at=work.now)
            return
        sending = message.sending
        why = contact.obstacle(sending.purpose, refusable=sending.refusable)
        if why is not None:
            message.suppress(why, at=work.now)
            return
        attempt = message.hand_over(at=work.now)
        if attempt is not None:
            kind = EMAIL_RATHER_TWICE if sending.rather_twice else EMAIL
            body = {"message": str(message.id), "attempt": attempt}
            await work.plan_effect(kind, f"{message.id}/{attempt}", subject=message.id, body=body)

    async def _keep_back(self, work: Work, message: UUID | None, why: Why) -> None:
        if message is not None and (found := await work.find(Message, message)) is not None:
            found.suppress(why, at=work.now)

    async def _not_sent(self, work: Work, message: Message, attempt: int, change: EffectChanged) -> None:
        detail = change.facts.get("detail", change.reason)
        if change.reason in ("DEFERRED", "NOT_SENT"):
            message.defer(attempt, detail, at=work.now)
        elif change.reason in Why.__members__:
            message.found_unsendable(attempt, Why(change.reason), at=work.now)
        else:
            message.bounce(detail, at=work.now)
            if change.facts.get("stage") == "rcpt":
                contact = await self._contact(work, message.shop_id, message.customer_id)
                contact.reject_address(detail, at=work.now)


def rendering_of(change: EffectChanged) -> Rendering:
    """What the provider says the mail was made of."""
    facts = change.facts
    hours = facts.get("hours_before_promise", "")
    return Rendering(
        template=facts["template"],
        catalogue_version=facts["catalogue_version"],
        locale=facts["locale"],
        digest=facts["digest"],
        hours_before_promise=int(hours) if hours else None,
    )
