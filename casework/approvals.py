"""An approval above somebody's limit, as a fold of its events.

Guarantee: it works once, inside its time, for at most the amount asked, and never by the requester's
own decision.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from casework.errors import ApprovalNotGranted, ApprovalNotOpen, ApproverIsRequester
from casework.events import ApprovalRequested
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

    def check_decision(self, by: str, at: datetime) -> None:
        """Whether `by` may decide it now; raises the refusal."""
        if by == self.requested_by:
            raise ApproverIsRequester(
                f"{by} asked for it; a second person decides",
                approval_id=self.id,
                requester=by,
            )
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

    def check_use(self, action: str, amount: Money | None, at: datetime) -> None:
        """Whether it carries `action` for `amount` now; raises the refusal."""
        if self.state != GRANTED or at >= self.expires_at:
            state = EXPIRED if at >= self.expires_at else self.state
            raise ApprovalNotGranted(f"approval {self.id} is {state}", approval_id=self.id, state=state)
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

    def decided(self, state: str, by: str, at: datetime, reason: str = "") -> "ApprovalRequest":
        """Granted or declined by a second person."""
        return replace(self, state=state, decided_by=by, decided_at=at, decline_reason=reason)

    def ended(self, state: str) -> "ApprovalRequest":
        """Used or expired."""
        return replace(self, state=state)
