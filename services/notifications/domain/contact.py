"""How one customer can be reached: the only home of e-mail and phone.

The highest version the shop told wins, whatever order versions come in; what the customer chose stands
above it. A message planned before the shop told anything waits here, and nowhere else.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Personal, PersonalDataErased, applies, subject_of
from services.notifications.domain.errors import CustomerForgotten, UnknownChannel
from services.notifications.domain.events import (
    AddressRejected,
    ContactForgotten,
    ContactOpened,
    ContactTold,
    MessageWaits,
    PreferencesSet,
    WaitingReleased,
)
from services.notifications.domain.values import Why, contact_id

CHANNELS = frozenset({"email", "sms", "phone", "push"})
"""Ways a customer may be reached; only e-mail is sent today."""


class Contact(Aggregate, topic="notifications.Contact"):
    """One customer of one shop."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.told_version = 0
        self.given_name: Personal | None = None
        self.family_name: Personal | None = None
        self.email: Personal | None = None
        self.phone: Personal | None = None
        self.told_language = ""
        self.chosen_language = ""
        self.country = ""
        self.time_zone = ""
        self.refused: frozenset[str] = frozenset()
        self.granted: frozenset[str] = frozenset()
        self.forbidden: frozenset[str] = frozenset()  # channels
        self.waiting: frozenset[UUID] = frozenset()
        self.rejected = ""  # why the address cannot be used
        self.forgotten_at: datetime | None = None

    @classmethod
    def open(cls, shop_id: str, customer_id: str, *, at: datetime) -> "Contact":
        """A customer is heard of for the first time."""
        key = contact_id(shop_id, customer_id)
        return cls.start(ContactOpened, id=key, at=at, shop_id=shop_id, customer_id=customer_id)

    @property
    def subject(self) -> str:
        """Whose key seals the texts here."""
        return subject_of(self.shop_id, self.customer_id)

    @property
    def forgotten(self) -> bool:
        """The shop was asked to forget the customer, or the texts were erased."""
        return self.forgotten_at is not None

    @property
    def known(self) -> bool:
        """The shop has told how to reach the customer, or that it must not be done any more."""
        return self.told_version > 0 or self.forgotten

    @property
    def language(self) -> str:
        """BCP 47; empty when nobody has said."""
        return self.chosen_language or self.told_language

    def obstacle(self, purpose: str, *, refusable: bool) -> Why | None:
        """Why a mail of this purpose cannot go to the customer now; None where it can."""
        if self.forgotten:
            return Why.ERASED
        if self.email is None or self.email.text is None:
            return Why.NO_ADDRESS
        if self.rejected:
            return Why.ADDRESS_REJECTED
        if refusable and (f"{purpose}/email" in self.refused or "email" in self.forbidden):
            return Why.NO_CONSENT
        return None

    def tell(
        self,
        version: int,
        *,
        given_name: str,
        family_name: str,
        email: str,
        phone: str,
        language: str,
        country: str,
        time_zone: str,
        refused: frozenset[str],
        granted: frozenset[str],
        at: datetime,
    ) -> bool:
        """The shop's word at `version`. False where a newer one is known."""
        if version <= self.told_version:
            return False
        self.record(
            ContactTold,
            at=at,
            told_version=version,
            given_name=self._about(given_name),
            family_name=self._about(family_name),
            email=self._about(email),
            phone=self._about(phone),
            language=language,
            country=country,
            time_zone=time_zone,
            refused=tuple(sorted(refused)),
            granted=tuple(sorted(granted)),
        )
        return True

    def _about(self, text: str) -> Personal | None:
        if not text:
            return None
        return Personal(self.subject, None if self.forgotten else text)

    def prefer(
        self, *, language: str, forbidden: frozenset[str], allowed: frozenset[str], by: str, at: datetime
    ) -> None:
        """The customer's own choice: a language (empty: as before), channels not wanted any more, or again."""
        if self.forgotten:
            raise CustomerForgotten("the customer was erased", customer_id=self.customer_id)
        if strange := (forbidden | allowed) - CHANNELS:
            raise UnknownChannel("channels", f"there is no channel {', '.join(sorted(strange))}")
        if forbidden & allowed:
            raise UnknownChannel("channels", "a channel is forbidden or allowed, not both")
        chosen = language or self.chosen_language
        channels = (self.forbidden | forbidden) - allowed
        if (chosen, channels) != (self.chosen_language, self.forbidden):
            self.record(PreferencesSet, at=at, language=chosen, forbidden=tuple(sorted(channels)), by=by)

    def wait(self, message_id: UUID, *, at: datetime) -> None:
        """A message cannot go before the customer is known."""
        if message_id not in self.waiting:
            self.record(MessageWaits, at=at, message_id=message_id)

    def release(self, *, at: datetime) -> frozenset[UUID]:
        """What waited and may go on now that the customer is known."""
        released = self.waiting if self.known else frozenset()
        if released:
            self.record(WaitingReleased, at=at)
        return released

    def reject_address(self, reason: str, *, at: datetime) -> None:
        """The address bounced for good, or its owner complained."""
        if not self.rejected and not self.forgotten:
            self.record(AddressRejected, at=at, reason=reason)

    def be_forgotten(self, *, at: datetime) -> None:
        """The shop was asked to forget the customer. The texts themselves end with the customer's key."""
        if not self.forgotten:
            self.record(ContactForgotten, at=at)

    @applies(ContactOpened)
    def _on_opened(self, event: ContactOpened) -> None:
        self.shop_id = event.shop_id
        self.customer_id = event.customer_id

    @applies(ContactTold)
    def _on_told(self, event: ContactTold) -> None:
        if event.email != self.email:
            self.rejected = ""
        self.told_version = event.told_version
        self.given_name = event.given_name
        self.family_name = event.family_name
        self.email = event.email
        self.phone = event.phone
        self.told_language = event.language
        self.country = event.country
        self.time_zone = event.time_zone
        self.refused = frozenset(event.refused)
        self.granted = frozenset(event.granted)

    @applies(PreferencesSet)
    def _on_preferences(self, event: PreferencesSet) -> None:
        self.chosen_language = event.language
        self.forbidden = frozenset(event.forbidden)

    @applies(MessageWaits)
    def _on_waits(self, event: MessageWaits) -> None:
        self.waiting = self.waiting | {event.message_id}

    @applies(WaitingReleased)
    def _on_released(self, event: WaitingReleased) -> None:
        self.waiting = frozenset()

    @applies(AddressRejected)
    def _on_rejected(self, event: AddressRejected) -> None:
        self.rejected = event.reason

    @applies(ContactForgotten)
    def _on_forgotten(self, event: ContactForgotten) -> None:
        self._erase(event.timestamp)

    @applies(PersonalDataErased)
    def _on_erased(self, event: PersonalDataErased) -> None:
        if event.subject == self.subject:
            self._erase(event.timestamp)

    def _erase(self, at: datetime) -> None:
        self.forgotten_at = self.forgotten_at or at
        self.forget(self.subject)
