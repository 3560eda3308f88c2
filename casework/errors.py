"""Refusals every case shares.

Refused
├── CaseIsClosed           nothing more is done on a closed case; reopen it first
├── CaseIsOpen             only a closed case can be reopened
├── PromiseUnknown         no open promise of that id
├── ApprovalUnknown        no approval of that id on this case
├── ApprovalNotOpen        it was decided, used, or has expired
├── ApprovalNotGranted     it does not (or no longer) carry this action and amount
├── ApprovalNotYours       it is used by who asked for it, or whom they handed it to
├── NotInTheirPlace        nothing lets this person decide it in the other's place
├── AuthorityEnded         what was handed on is over already
├── AlreadyAway            there is an absence at that time
├── NotAway                there is none that could end
├── ApproverIsRequester    the second person must be another person
└── AboveLimit (LimitExceeded)   above what this role may grant; a second person may approve it

NotPermitted
└── MayNotApprove          none of the person's roles approves anything
"""

from chassis.domain import LimitExceeded, NotPermitted, Refused


class CaseIsClosed(Refused):
    """The case is closed."""

    reason = "CASE_IS_CLOSED"


class CaseIsOpen(Refused):
    """The case is still open."""

    reason = "CASE_IS_OPEN"


class PromiseUnknown(Refused):
    """There is no open promise of that id."""

    reason = "PROMISE_UNKNOWN"


class ApprovalUnknown(Refused):
    """There is no approval of that id on this case."""

    reason = "APPROVAL_UNKNOWN"


class ApprovalNotOpen(Refused):
    """The approval was decided, used, or has expired."""

    reason = "APPROVAL_NOT_OPEN"


class ApprovalNotGranted(Refused):
    """The approval does not carry this action."""

    reason = "APPROVAL_NOT_GRANTED"


class ApprovalNotYours(Refused):
    """The approval is somebody else's to use, or to hand on."""

    reason = "APPROVAL_NOT_YOURS"


class NotInTheirPlace(Refused):
    """Nobody handed on what would cover it."""

    reason = "NOT_IN_THEIR_PLACE"


class AuthorityEnded(Refused):
    """There is nothing to take back any more."""

    reason = "AUTHORITY_ENDED"


class AlreadyAway(Refused):
    """The person is away at that time already."""

    reason = "ALREADY_AWAY"


class NotAway(Refused):
    """The person is not away."""

    reason = "NOT_AWAY"


class ApproverIsRequester(Refused):
    """Nobody approves what they asked for."""

    reason = "APPROVER_IS_REQUESTER"


class AboveLimit(LimitExceeded):
    """The amount is above the limit of the role."""

    reason = "ABOVE_LIMIT"


class MayNotApprove(NotPermitted):
    """Who has none of the roles that approve decides only in the place of somebody who has."""

    reason = "MAY_NOT_APPROVE"
