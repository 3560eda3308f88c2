"""A message's story in English sentences for agents, one per stored event."""

from collections.abc import Mapping

from casework.story import Sentence
from chassis.domain import Event
from services.notifications.domain import events as e

SENTENCES: Mapping[type[Event], Sentence] = {
    e.MessagePlanned: lambda x: f"To be told: {x.expectation} ({x.code}), with {x.sending.template}",
    e.MessagePlannedAgain: lambda x: "To be told after all",
    e.ResendAsked: lambda x: f"{x.by} had it sent again",
    e.MessageHandedOver: lambda x: f"Attempt {x.attempt} may begin",
    e.MessageSent: lambda x: f"Attempt {x.attempt} began",
    e.MessageRendered: lambda x: f"Rendered in {x.rendering.locale} from {x.rendering.template}",
    e.MessageAccepted: lambda x: f"Accepted by the mail server as {x.reference}",
    e.MessageDeferred: lambda x: f"Not sent ({x.reason}); tried again at {x.retry_at.isoformat()}",
    e.MessageBounced: lambda x: f"Refused for good: {x.reason}",
    e.MessageComplained: lambda x: "The recipient marked it as unwanted",
    e.MessageOutcomeUnknown: lambda x: f"It may or may not have gone out: {x.reason}",
    e.MessageSuppressed: lambda x: f"Not sent: {x.why.value}",
}
"""Told for each event class of a message."""
