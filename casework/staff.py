"""Who may act in whose place, and who is away.

Guarantee: authority is handed on once, by who has it, to a named person, for a named time and a reason, never beyond
its bounds, and can be taken back at any instant. What was handed on is never handed on again: only a person's own roles
go into it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from casework import staff_events as e
from casework.delegations import Absence, Bounds, Delegation
from casework.errors import AlreadyAway, AuthorityEnded, NotAway, NotInTheirPlace
from chassis.domain import Aggregate, Invalid, Money, NotFound, applies, derived_id

LONGEST = timedelta(days=92)
"""What is handed on for longer is no cover but another role, which is given by whoever gives roles."""


class StaffMember(Aggregate, topic="casework.StaffMember"):
    """What one person lets others do in their place, and when they are away. Its id is computed from the person."""

    def __init__(self) -> None:
        self.person = ""
        self.delegations: dict[UUID, Delegation] = {}
        self.absences: dict[UUID, Absence] = {}

    @staticmethod
    def id_of(person: str) -> UUID:
        """Where it is kept who acts in the place of `person`."""
        return derived_id("casework.staff_member", person)

    @classmethod
    def known(cls, person: str, *, at: datetime) -> "StaffMember":
        """Nothing handed on, and never away yet."""
        return cls.start(e.StaffMemberKnown, id=cls.id_of(person), at=at, person=person)

    def hand_on(
        self,
        delegation_id: UUID,
        deputy: str,
        bounds: Bounds,
        *,
        backed_by: str,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        at: datetime,
    ) -> Delegation:
        """Let somebody approve in this person's place, for a time."""
        self._require_time(deputy, "to", starts_at, ends_at, reason, at)
        if bounds.up_to is not None and bounds.up_to.minor <= 0:
            raise Invalid("up_to", "that is nothing")
        self.record(
            e.AuthorityHandedOn,
            at=at,
            delegation_id=delegation_id,
            deputy=deputy,
            backed_by=backed_by,
            roles=tuple(sorted(bounds.roles)),
            shops=tuple(sorted(bounds.shops)),
            up_to=bounds.up_to,
            actions=tuple(sorted(bounds.actions)),
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
        )
        return self.delegations[delegation_id]

    def authority_of(self, deputy: str, shop_id: str, action: str, amount: Money | None, at: datetime) -> Delegation:
        """What lets `deputy` decide this in this person's place now, or `NotInTheirPlace` with why nothing does."""
        theirs = [known for known in self.delegations.values() if known.deputy == deputy]
        why = [obstacle for known in theirs if (obstacle := known.obstacle(shop_id, action, amount, at))]
        found = next((known for known in theirs if not known.obstacle(shop_id, action, amount, at)), None)
        if found is None:
            raise NotInTheirPlace(
                f"{deputy} does not decide this in the place of {self.person}: "
                + ("; ".join(why) or f"{self.person} let {deputy} do nothing in their place"),
                person=self.person,
            )
        return found

    def use(self, delegation_id: UUID, key: str, amount: Money | None, *, at: datetime) -> None:
        """Something was approved by it; it counts against its bound."""
        self.record(e.AuthorityUsed, at=at, delegation_id=delegation_id, key=key, amount=amount)

    def take_back(self, delegation_id: UUID, *, by: str, at: datetime) -> Delegation:
        """End it now; taken back again it changes nothing."""
        known = self.delegation(delegation_id)
        if not known.taken_back_by:
            if at >= known.ends_at:
                raise AuthorityEnded(f"it ended at {known.ends_at.isoformat()}", delegation_id=delegation_id)
            self.record(e.AuthorityTakenBack, at=at, delegation_id=delegation_id, by=by)
        return self.delegations[delegation_id]

    def delegation(self, delegation_id: UUID) -> Delegation:
        """One of them, or NotFound."""
        if delegation_id not in self.delegations:
            raise NotFound("delegation", delegation_id)
        return self.delegations[delegation_id]

    def go_away(
        self,
        absence_id: UUID,
        cover: str,
        *,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        delegation_id: UUID | None,
        by: str,
        at: datetime,
    ) -> Absence:
        """Away for a time; `cover` uses what this person may use."""
        self._require_time(cover, "cover", starts_at, ends_at, reason, at)
        for known in self.absences.values():
            if known.starts_at < ends_at and starts_at < known.ends_at:
                raise AlreadyAway(
                    f"{self.person} is away from {known.starts_at.isoformat()} until {known.ends_at.isoformat()} "
                    f"already, covered by {known.cover}",
                    until=known.ends_at.isoformat(),
                    cover=known.cover,
                )
        self.record(
            e.AbsenceRecorded,
            at=at,
            absence_id=absence_id,
            starts_at=starts_at,
            ends_at=ends_at,
            cover=cover,
            reason=reason,
            delegation_id=delegation_id,
            by=by,
        )
        return self.absences[absence_id]

    def come_back(self, *, by: str, at: datetime) -> Absence:
        """Here again before the end; what came with the absence is over with it."""
        now = self.absence(at)
        if now is None:
            raise NotAway(f"{self.person} is not away", person=self.person)
        self.record(e.AbsenceEnded, at=at, absence_id=now.id, by=by)
        if now.delegation_id is not None:
            self.take_back(now.delegation_id, by=by, at=at)
        return self.absences[now.id]

    def absence(self, at: datetime) -> Absence | None:
        """The one that holds now; None while the person is here."""
        return next((known for known in self.absences.values() if known.holds(at)), None)

    def is_covered_by(self, person: str, at: datetime) -> bool:
        """Whether this person is away now and `person` is the cover."""
        now = self.absence(at)
        return now is not None and now.cover == person

    def _require_time(
        self, other: str, field: str, starts_at: datetime, ends_at: datetime, reason: str, at: datetime
    ) -> None:
        if other == self.person:
            raise Invalid(field, "nobody stands in for themselves")
        if ends_at <= max(starts_at, at):
            raise Invalid("ends_at", f"{ends_at.isoformat()} is over, or before it begins")
        if ends_at - starts_at > LONGEST:
            raise Invalid("ends_at", f"nobody stands in for longer than {LONGEST.days} days")
        if not reason.strip():
            raise Invalid("reason", "say why")

    @applies(e.StaffMemberKnown)
    def _on_known(self, event: e.StaffMemberKnown) -> None:
        self.person = event.person

    @applies(e.AuthorityHandedOn)
    def _on_handed_on(self, event: e.AuthorityHandedOn) -> None:
        self.delegations[event.delegation_id] = Delegation(
            event.delegation_id,
            event.deputy,
            event.backed_by,
            Bounds(event.roles, event.shops, event.up_to, event.actions),
            event.starts_at,
            event.ends_at,
            event.reason,
            event.timestamp,
        )

    @applies(e.AuthorityUsed)
    def _on_used(self, event: e.AuthorityUsed) -> None:
        known = self.delegations[event.delegation_id]
        if known.bounds.up_to is not None and event.amount is not None:
            self.delegations[known.id] = replace(known, used=known.used + event.amount.minor)

    @applies(e.AuthorityTakenBack)
    def _on_taken_back(self, event: e.AuthorityTakenBack) -> None:
        known = self.delegations[event.delegation_id]
        self.delegations[known.id] = replace(known, ends_at=event.timestamp, taken_back_by=event.by)

    @applies(e.AbsenceRecorded)
    def _on_away(self, event: e.AbsenceRecorded) -> None:
        self.absences[event.absence_id] = Absence(
            event.absence_id,
            event.starts_at,
            event.ends_at,
            event.cover,
            event.reason,
            event.delegation_id,
            event.by,
        )

    @applies(e.AbsenceEnded)
    def _on_back(self, event: e.AbsenceEnded) -> None:
        known = self.absences[event.absence_id]
        self.absences[known.id] = replace(known, ends_at=event.timestamp)


class Deputy(Aggregate, topic="casework.Deputy"):
    """In whose places one person may act, so that nobody has to look through everybody. What holds, the others say."""

    def __init__(self) -> None:
        self.givers: set[str] = set()

    @staticmethod
    def id_of(person: str) -> UUID:
        """Where it is kept in whose places `person` may act."""
        return derived_id("casework.deputy", person)

    @classmethod
    def known(cls, person: str, *, at: datetime) -> "Deputy":
        """In nobody's yet."""
        return cls.start(e.DeputyKnown, id=cls.id_of(person), at=at, person=person)

    def take_place_of(self, givers: Iterable[str], *, at: datetime) -> None:
        """Act for them from now on, where they let it; the same one counts once."""
        for giver in givers:
            if giver not in self.givers:
                self.record(e.PlaceTaken, at=at, giver=giver)

    @applies(e.DeputyKnown)
    def _on_known(self, event: e.DeputyKnown) -> None:
        """In nobody's place yet."""

    @applies(e.PlaceTaken)
    def _on_place_taken(self, event: e.PlaceTaken) -> None:
        self.givers.add(event.giver)
