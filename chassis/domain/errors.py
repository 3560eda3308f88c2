"""Errors a caller can act on.

DomainError
├── NotFound        nothing by that id, or not yours to see
├── Invalid         the command itself is wrong; names the field
├── Refused         the command is well formed, but a rule says no now
│   └── LimitExceeded   ... because an amount is above somebody's limit
├── NotPermitted    the caller's role may not do this
└── Stale           the caller's etag is not the current one

A service names its own errors for the rule that was broken, under one of these. Each carries `reason`
(UPPER_SNAKE, stable, for programs), the message (for people) and `facts` (figures, dates, ids as text).
"""

from typing import ClassVar


class DomainError(Exception):
    """Base of all refusals. Raising one writes nothing."""

    reason: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = {name: str(value) for name, value in facts.items()}


class NotFound(DomainError):
    """Nothing by that id, or not the caller's to see: both look the same from outside."""

    reason = "NOT_FOUND"

    def __init__(self, what: str, id: object) -> None:
        super().__init__(f"{what} {id} does not exist", what=what, id=id)


class Invalid(DomainError):
    """A field of the command is wrong. One with many mistakes lists them all in `violations`: field, words, reason."""

    reason = "INVALID"

    def __init__(self, field: str, message: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.field = field
        self.violations: tuple[tuple[str, str, str], ...] = ((field, message, self.reason),)


class Refused(DomainError):
    """A rule says no in the present state."""

    reason = "REFUSED"


class LimitExceeded(Refused):
    """An amount is above the limit of whoever asked; a second person may approve it."""

    reason = "LIMIT_EXCEEDED"


class NotPermitted(DomainError):
    """The caller's role may not do this."""

    reason = "NOT_PERMITTED"


class Stale(DomainError):
    """The caller decided on an older state than the current one."""

    reason = "STALE"
