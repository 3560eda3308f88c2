"""Values of notifications that events carry. Stored: a field is added, never renamed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.domain import Money, derived_id


class State(StrEnum):
    """Where a message stands. `suppressed` carries its reason; everything but planned, sent and deferred rests."""

    PLANNED = "planned"
    SENT = "sent"  # an attempt is on its way, its outcome not known yet
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class Why(StrEnum):
    """Why a message is not sent."""

    SUPERSEDED = "SUPERSEDED"  # a newer expectation of the same trouble is told instead
    OVERTAKEN = "OVERTAKEN"  # the trouble is over
    EXPIRED = "EXPIRED"  # what it says is of no use any more
    NO_ADDRESS = "NO_ADDRESS"
    ADDRESS_REJECTED = "ADDRESS_REJECTED"  # it bounced for good, or its owner complained
    NO_CONSENT = "NO_CONSENT"
    ERASED = "ERASED"
    NOT_ALLOWED_HERE = "NOT_ALLOWED_HERE"  # outside production, and not on the allow-list


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may show: ids, titles, figures and instants, never personal data."""

    texts: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, Money] = field(default_factory=dict)
    instants: dict[str, datetime] = field(default_factory=dict)

    def spoken(self, name: str) -> str:
        """The fact as one canonical text; empty where it is not given."""
        if name in self.texts:
            return self.texts[name]
        if name in self.amounts:
            return f"{self.amounts[name].minor} {self.amounts[name].currency}"
        return self.instants[name].isoformat() if name in self.instants else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened that a customer may have to be told of; `code` is its kind, e.g. returns.RefundPromised."""

    code: str
    shop_id: str
    customer_id: str
    order_id: str
    case_id: str
    occurred_at: datetime
    facts: Facts = field(default_factory=Facts)
    cause: str = ""  # id of the public event

    def spoken(self, name: str) -> str:
        """What the event says of `name`, its own ids among it; empty where it says nothing."""
        return {"case_id": self.case_id, "order_id": self.order_id}.get(name) or self.facts.spoken(name)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What was really put into the mail, without its text."""

    template: str
    catalogue_version: str
    locale: str
    digest: str  # SHA-256 of the bytes handed over
    hours_before_promise: int | None


@dataclass(frozen=True, slots=True)
class Sending:
    """How a message is sent, as the catalogue said when it was planned. `promise` names the instant among the
    facts that the customer was promised; empty where the trouble has none. What concerns a person's safety, or
    the law demands, is not `refusable`."""

    template: str
    catalogue_version: str
    purpose: str
    refusable: bool
    urgency: str
    promise: str
    rather_twice: bool
    give_up_after: timedelta


def contact_id(shop_id: str, customer_id: str) -> UUID:
    """A customer's contact has one id wherever it is computed."""
    return derived_id("notifications.contact", shop_id, customer_id)


def story_id(shop_id: str, customer_id: str, trouble: str) -> UUID:
    """One story per recipient and trouble."""
    return derived_id("notifications.story", shop_id, customer_id, trouble)


def message_id(shop_id: str, customer_id: str, trouble: str, expectation: str) -> UUID:
    """One message per recipient, trouble and expectation."""
    return derived_id("notifications.message", shop_id, customer_id, trouble, expectation)
