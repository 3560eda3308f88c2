"""What can happen to authority that is handed on, and to who is away."""

from datetime import datetime
from uuid import UUID

from chassis.domain import Created, Event, Money


class StaffMemberKnown(Created):
    """Somebody hands authority on, or is away, for the first time."""

    TOPIC = "casework.StaffMember.Known"
    person: str


class AuthorityHandedOn(Event):
    """The deputy may approve in the person's place, within these bounds. `backed_by` is whose authority it is, and
    whose limit it counts on: the person's own, or that of a lead who named the cover of somebody who is away."""

    TOPIC = "casework.StaffMember.AuthorityHandedOn"
    delegation_id: UUID
    deputy: str
    backed_by: str
    roles: tuple[str, ...]
    shops: tuple[str, ...]
    up_to: Money | None
    actions: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    reason: str


class AuthorityUsed(Event):
    """The deputy approved something by it."""

    TOPIC = "casework.StaffMember.AuthorityUsed"
    delegation_id: UUID
    key: str
    amount: Money | None


class AuthorityTakenBack(Event):
    """It is over before its end."""

    TOPIC = "casework.StaffMember.AuthorityTakenBack"
    delegation_id: UUID
    by: str


class AbsenceRecorded(Event):
    """The person is away from then until then, and `cover` uses what they may use; `delegation_id` is the authority
    that comes with it, if any does."""

    TOPIC = "casework.StaffMember.AbsenceRecorded"
    absence_id: UUID
    starts_at: datetime
    ends_at: datetime
    cover: str
    reason: str
    delegation_id: UUID | None
    by: str


class AbsenceEnded(Event):
    """The person is here again, earlier than was said."""

    TOPIC = "casework.StaffMember.AbsenceEnded"
    absence_id: UUID
    by: str


class DeputyKnown(Created):
    """Somebody is let act in another's place for the first time."""

    TOPIC = "casework.Deputy.Known"
    person: str


class PlaceTaken(Event):
    """The deputy may have to look whether `giver` lets them act."""

    TOPIC = "casework.Deputy.PlaceTaken"
    giver: str
