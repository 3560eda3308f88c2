"""An approval above somebody's limit, as a fold of its events.

Guarantee: it works once, inside its time, for at most the amount asked, in the hands of who asked for it or to whom
they handed it, and never by the requester's own decision.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from casework.approval_events import ApprovalRequested
from casework.errors import ApprovalNotGranted, ApprovalNotOpen, ApprovalNotYours, ApproverIsRequester
from chassis.domain import Money

REQUESTED, GRANTED, DECLINED, USED, EXPIRED = (
    "requested",
    "granted",
    "declined",
    "used",
    "expired",
)


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What was asked of a second person, and what became of it."""

    id: UUID
    action: str
    amount: Money | None
    limit: Money | None
    reason: str
    arguments: tuple[tuple[str, str], ...]
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: str = REQUESTED
    decided_by: str = ""
    decided_at: datetime | None = None
    decline_reason: str = ""
    in_place_of: str = ""
    """In whose place it was decided; empty: in nobody's."""
    handed_to: str = ""
    """Who may use it, where the requester handed it on."""

    @property
    def holder(self) -> str:
        """Who may use it."""
        return self.handed_to or self.requested_by

    @classmethod
    def of(cls, event: ApprovalRequested) -> "ApprovalRequest":
        """The request as it was made."""
        return cls(
            id=event.approval_id,
            action=event.action,
            amount=event.amount,
            limit=event.limit,
            reason=event.reason,
            arguments=tuple(sorted(event.arguments.items())),
            requested_by=event.by,
            requested_at=event.timestamp,
            expires_at=event.expires_at,
        )

    def check_decision(self, by: str, at: datetime, *, in_place_of: frozenset[str] = frozenset()) -> None:
        """Whether `by` may decide it now, in the place of those named; raises the refusal."""
        for person in (by, *sorted(in_place_of)):
            if person in (self.requested_by, self.holder):
                raise ApproverIsRequester(
                    f"{person} asked for it, or is to use it; a second person decides, and not in {person}'s place",
                    approval_id=self.id,
                    requester=self.requested_by,
                )
        self.require_undecided(at)

    def require_undecided(self, at: datetime) -> None:
        """Refuse where it was decided, or is over."""
        if self.state != REQUESTED:
            raise ApprovalNotOpen(
                f"approval {self.id} is {self.state}",
                approval_id=self.id,
                state=self.state,
            )
        if at >= self.expires_at:
            raise ApprovalNotOpen(
                f"approval {self.id} expired at {self.expires_at.isoformat()}",
                approval_id=self.id,
                expired_at=self.expires_at.isoformat(),
            )

    def check_handing(self, to: str, by: str, at: datetime) -> None:
        """Whether `by` may let `to` use it; raises the refusal."""
        if by != self.requested_by:
            raise ApprovalNotYours(
                f"approval {self.id} was asked for by {self.requested_by}, who alone hands it on",
                approval_id=self.id,
                requester=self.requested_by,
            )
        if to in (self.decided_by, self.in_place_of):
            raise ApproverIsRequester(f"{to} decided it; nobody uses what they approved", approval_id=self.id)
        if self.state not in (REQUESTED, GRANTED) or at >= self.expires_at:
            state = EXPIRED if at >= self.expires_at else self.state
            raise ApprovalNotOpen(f"approval {self.id} is {state}", approval_id=self.id, state=state)

    def check_use(self, action: str, amount: Money | None, by: str, at: datetime, *, in_place_of: str = "") -> None:
        """Whether it carries `action` for `amount` now, in the hands of `by`; raises the refusal."""
        if self.state != GRANTED or at >= self.expires_at:
            state = EXPIRED if at >= self.expires_at else self.state
            raise ApprovalNotGranted(f"approval {self.id} is {state}", approval_id=self.id, state=state)
        if (in_place_of or by) != self.holder:
            raise ApprovalNotYours(
                f"approval {self.id} is {self.holder}'s to use", approval_id=self.id, holder=self.holder
            )
        if by in (self.decided_by, self.in_place_of):
            raise ApproverIsRequester(f"{by} decided it; nobody uses what they approved", approval_id=self.id)
        if self.action != action:
            raise ApprovalNotGranted(
                f"approval {self.id} is for {self.action}, not {action}",
                approval_id=self.id,
                action=self.action,
            )
        if amount is not None and (self.amount is None or amount > self.amount):
            raise ApprovalNotGranted(
                f"approval {self.id} carries {self.amount}, not {amount}",
                approval_id=self.id,
                approved=self.amount,
            )

    def decided(
        self, state: str, by: str, at: datetime, reason: str = "", *, in_place_of: str = ""
    ) -> "ApprovalRequest":
        """Granted or declined by a second person."""
        return replace(self, state=state, decided_by=by, decided_at=at, decline_reason=reason, in_place_of=in_place_of)

    def handed(self, to: str) -> "ApprovalRequest":
        """Somebody else may use it."""
        return replace(self, handed_to=to)

    def ended(self, state: str) -> "ApprovalRequest":
        """Used or expired."""
        return replace(self, state=state)
