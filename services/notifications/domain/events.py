"""Everything that can happen in notifications. Stored: a field is added with a default, never renamed."""

from datetime import datetime
from uuid import UUID

from chassis.domain import Created, Event, Personal
from services.notifications.domain.values import Facts, Rendering, Sending, Why


class ContactOpened(Created):
    """A customer was heard of, perhaps before the shop told who it is."""

    TOPIC = "notifications.Contact.Opened"
    shop_id: str
    customer_id: str


class ContactTold(Event):
    """The shop told all it knows of the customer, at a version of its own."""

    TOPIC = "notifications.Contact.Told"
    told_version: int
    given_name: Personal | None
    family_name: Personal | None
    email: Personal | None
    phone: Personal | None
    language: str
    country: str
    time_zone: str
    refused: tuple[str, ...]  # "purpose/channel"
    granted: tuple[str, ...]


class PreferencesSet(Event):
    """The customer chose; from then on this stands above what the shop tells."""

    TOPIC = "notifications.Contact.PreferencesSet"
    language: str
    forbidden: tuple[str, ...]  # channels
    by: str


class MessageWaits(Event):
    """A message cannot go out before the shop tells how to reach the customer."""

    TOPIC = "notifications.Contact.MessageWaits"
    message_id: UUID


class WaitingReleased(Event):
    """What waited for the contact goes on."""

    TOPIC = "notifications.Contact.WaitingReleased"


class AddressRejected(Event):
    """The address cannot be used any more; another one lifts this."""

    TOPIC = "notifications.Contact.AddressRejected"
    reason: str


class ContactForgotten(Event):
    """The shop was asked to forget the customer."""

    TOPIC = "notifications.Contact.Forgotten"


class StoryOpened(Created):
    """A trouble of one recipient began."""

    TOPIC = "notifications.Story.Opened"
    shop_id: str
    customer_id: str
    trouble: str


class ExpectationSet(Event):
    """From `since` on the customer should expect this. `quiet`: known from history, never told."""

    TOPIC = "notifications.Story.ExpectationSet"
    expectation: str
    code: str
    since: datetime
    quiet: bool


class ExpectationKept(Event):
    """A later fact leaves the expectation as it was."""

    TOPIC = "notifications.Story.ExpectationKept"
    since: datetime


class StoryEnded(Event):
    """The trouble was over at `since`; a later fact may open it again."""

    TOPIC = "notifications.Story.Ended"
    code: str
    since: datetime


class MessagePlanned(Created):
    """A customer has to be told something."""

    TOPIC = "notifications.Message.Planned"
    shop_id: str
    customer_id: str
    trouble: str
    expectation: str
    code: str
    order_id: str
    case_id: str
    cause: str
    facts: Facts
    sending: Sending
    due_at: datetime
    expires_at: datetime | None


class MessagePlannedAgain(Event):
    """What was superseded before it went out is what the customer should expect after all."""

    TOPIC = "notifications.Message.PlannedAgain"
    facts: Facts
    due_at: datetime
    expires_at: datetime | None


class ResendAsked(Event):
    """A person answers for a second mail."""

    TOPIC = "notifications.Message.ResendAsked"
    reason: Personal
    by: str


class MessageHandedOver(Event):
    """Attempt `attempt` may begin; until it does, the message can still be superseded."""

    TOPIC = "notifications.Message.HandedOver"
    attempt: int


class MessageSent(Event):
    """An attempt began: from here on the mail may be on its way."""

    TOPIC = "notifications.Message.Sent"
    attempt: int


class MessageRendered(Event):
    """What the mail was made of."""

    TOPIC = "notifications.Message.Rendered"
    rendering: Rendering


class MessageAccepted(Event):
    """The mail server took the mail over."""

    TOPIC = "notifications.Message.Accepted"
    reference: str


class MessageDeferred(Event):
    """It has not gone out: refused for now, or the connection was lost before the server could have taken it."""

    TOPIC = "notifications.Message.Deferred"
    reason: str
    retry_at: datetime


class MessageBounced(Event):
    """The mail server refused it for good, or kept deferring for too long."""

    TOPIC = "notifications.Message.Bounced"
    reason: str


class MessageComplained(Event):
    """The recipient marked it as unwanted."""

    TOPIC = "notifications.Message.Complained"


class MessageOutcomeUnknown(Event):
    """It may or may not have gone out."""

    TOPIC = "notifications.Message.OutcomeUnknown"
    reason: str


class MessageSuppressed(Event):
    """It is not sent."""

    TOPIC = "notifications.Message.Suppressed"
    why: Why
