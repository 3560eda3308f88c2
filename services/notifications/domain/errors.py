"""Refusals of notifications, each named for the rule that was broken."""

from chassis.domain import Invalid, Refused


class UnknownLanguage(Invalid):
    """The language is no BCP 47 tag."""

    reason = "UNKNOWN_LANGUAGE"


class UnknownChannel(Invalid):
    """There is no such way to reach a customer."""

    reason = "UNKNOWN_CHANNEL"


class CustomerForgotten(Refused):
    """The customer was erased: nothing is kept about that person any more."""

    reason = "CUSTOMER_FORGOTTEN"


class NotSendable(Refused):
    """The message is not in a state from which it could be sent again."""

    reason = "NOT_SENDABLE"
