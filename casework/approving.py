"""Asking a second person, as commands of a case.

Guarantee: an equal request that is still open is not asked twice, the requester never decides, and what was
granted works once, for the requester or whom they handed it to.
"""

from datetime import datetime
from uuid import UUID

from casework import approval_events as e
from casework.approvals import DECLINED, GRANTED, REQUESTED, ApprovalRequest
from casework.errors import ApprovalUnknown, CaseIsClosed
from casework.state import CaseState
from chassis.domain import Money


class Approving(CaseState):
    """The part of a case that needs a second person."""

    def require_open(self) -> None:
        """Refuse on a closed case."""
        if self.closed_at is not None:
            when = self.closed_at.isoformat()
            raise CaseIsClosed(
                f"the case was closed at {when} ({self.outcome})",
                closed_at=when,
                outcome=self.outcome,
            )

    def request_approval(
        self,
        approval_id: UUID,
        action: str,
        reason: str,
        *,
        amount: Money | None,
        limit: Money | None,
        arguments: dict[str, str],
        expires_at: datetime,
        by: str,
        at: datetime,
    ) -> None:
        """Ask a second person; an equal request that is still open is not asked twice."""
        self.require_open()
        same = (action, amount, tuple(sorted(arguments.items())), by)
        for asked in self.approvals.values():
            if asked.state == REQUESTED and (asked.action, asked.amount, asked.arguments, asked.requested_by) == same:
                return
        self.record(
            e.ApprovalRequested,
            at=at,
            approval_id=approval_id,
            action=action,
            amount=amount,
            limit=limit,
            reason=reason,
            arguments=arguments,
            expires_at=expires_at,
            by=by,
        )

    def grant_approval(
        self, approval_id: UUID, *, by: str, at: datetime, in_place_of: str = "", counted_on: str = ""
    ) -> ApprovalRequest:
        """A second person says yes; the same person saying it again changes nothing. `counted_on`: whose limit it is
        held against, where that is not the person's own."""
        approval = self.approval(approval_id)
        if not (approval.state == GRANTED and approval.decided_by == by):
            approval.check_decision(by, at, in_place_of=frozenset({in_place_of, counted_on} - {""}))
            self.record(
                e.ApprovalGranted,
                at=at,
                approval_id=approval_id,
                by=by,
                in_place_of=in_place_of,
                counted_on=counted_on or by,
            )
        return self.approvals[approval_id]

    def decline_approval(
        self, approval_id: UUID, reason: str, *, by: str, at: datetime, in_place_of: str = ""
    ) -> ApprovalRequest:
        """A second person says no."""
        approval = self.approval(approval_id)
        if not (approval.state == DECLINED and approval.decided_by == by):
            approval.check_decision(by, at, in_place_of=frozenset({in_place_of} - {""}))
            self.record(
                e.ApprovalDeclined, at=at, approval_id=approval_id, reason=reason, by=by, in_place_of=in_place_of
            )
        return self.approvals[approval_id]

    def hand_over_approval(self, approval_id: UUID, to: str, reason: str, *, by: str, at: datetime) -> ApprovalRequest:
        """The requester lets somebody else use it; never on from there, and never to who decided it."""
        approval = self.approval(approval_id)
        approval.check_handing(to, by, at)
        if approval.holder != to:
            self.record(e.ApprovalHandedOver, at=at, approval_id=approval_id, to=to, reason=reason, by=by)
        return self.approvals[approval_id]

    def use_approval(
        self,
        approval_id: UUID,
        action: str,
        amount: Money | None,
        *,
        by: str,
        at: datetime,
        in_place_of: str = "",
    ) -> ApprovalRequest:
        """Carry out what was approved; works once, for who asked or whom they handed it to."""
        self.approval(approval_id).check_use(action, amount, by, at, in_place_of=in_place_of)
        self.record(e.ApprovalUsed, at=at, approval_id=approval_id, by=by, in_place_of=in_place_of)
        return self.approvals[approval_id]

    def approval(self, approval_id: UUID) -> ApprovalRequest:
        """The approval of that id, or `ApprovalUnknown`."""
        if approval_id not in self.approvals:
            raise ApprovalUnknown(
                f"there is no approval {approval_id} on this case",
                approval_id=approval_id,
            )
        return self.approvals[approval_id]
