"""What can happen to one request to the outside. Stored in the service's own log, beside the case it serves.

Fields that end in `_ms` are real time in milliseconds since 1970: leases, pauses and the validity of a provider's
idempotency key run on real time. They are no datetimes on purpose, so that nobody takes one for a business instant.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Created, Event


class EffectPlanned(Created):
    """A decision wants the outside to do something, once."""

    TOPIC = "chassis.Effect.Planned"
    kind: str
    key: str
    subject: UUID
    body: dict[str, Any]


class AttemptBegan(Event):
    """The provider is about to be called for the `number`-th time."""

    TOPIC = "chassis.Effect.AttemptBegan"
    number: int
    began_ms: int
    lease_ms: int


class RequestSubmitted(Event):
    """The request is handed over; the answer comes as a fact."""

    TOPIC = "chassis.Effect.RequestSubmitted"
    attempt: int
    reference: str
    answer_by: datetime


class EffectSucceeded(Event):
    """Proven: it was done. `attempt` is 0 where a fact from outside is the proof."""

    TOPIC = "chassis.Effect.Succeeded"
    attempt: int
    reference: str
    facts: dict[str, str]


class EffectFailed(Event):
    """Proven: it was not done and will not be."""

    TOPIC = "chassis.Effect.Failed"
    attempt: int
    why: str
    facts: dict[str, str]


class AttemptCameToNothing(Event):
    """Proven: this attempt did nothing. It may be tried again after the pause."""

    TOPIC = "chassis.Effect.AttemptCameToNothing"
    attempt: int
    why: str
    wake_ms: int


class OutcomeUnknown(Event):
    """It may or may not have been done. `asked`: the provider was asked and had no proof."""

    TOPIC = "chassis.Effect.OutcomeUnknown"
    why: str
    asked: bool
    wake_ms: int


class LookUpBegan(Event):
    """The provider is about to be asked what became of it; without an answer it is asked again after `wake_ms`."""

    TOPIC = "chassis.Effect.LookUpBegan"
    number: int
    wake_ms: int


class EffectHeld(Event):
    """Nothing more happens until a person decides."""

    TOPIC = "chassis.Effect.Held"
    why: str


class PersonDecided(Event):
    """A person settled a held effect: `outcome` is succeeded, failed or retry."""

    TOPIC = "chassis.Effect.PersonDecided"
    by: str
    outcome: str
    why: str
    reference: str


class TrustLost(Event):
    """The database was restored from a backup: what this effect did since `since_ms` is not known here."""

    TOPIC = "chassis.Effect.TrustLost"
    why: str
    since_ms: int


class OwnerNotTold(Event):
    """The owner's handler raised; the state stands and the owner has to be told again."""

    TOPIC = "chassis.Effect.OwnerNotTold"
    why: str


class OwnerTold(Event):
    """The owner's handler has taken the state at last."""

    TOPIC = "chassis.Effect.OwnerTold"
