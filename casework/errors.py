"""Refusals every case shares.

Refused
├── CaseIsClosed           nothing more is done on a closed case; reopen it first
├── CaseIsOpen             only a closed case can be reopened
├── PromiseUnknown         no open promise of that id
├── ApprovalUnknown        no approval of that id on this case
├── ApprovalNotOpen        it was decided, used, or has expired
├── ApprovalNotGranted     it does not (or no longer) carry this action and amount
├── ApprovalNotYours       it is used by who asked for it, or whom they handed it to
├── ApproverIsRequester    the second person must be another person
└── AboveLimit (LimitExceeded)   above what this role may grant; a second person may approve it
"""

from chassis.domain import LimitExceeded, Refused


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


class ApproverIsRequester(Refused):
    """Nobody approves what they asked for."""

    reason = "APPROVER_IS_REQUESTER"


class AboveLimit(LimitExceeded):
    """The amount is above the limit of the role."""

    reason = "ABOVE_LIMIT"
