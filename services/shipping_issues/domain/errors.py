"""Refusals of shipping issues.

Refused
├── AlreadyRemedied     somebody did, or is doing, something for this trouble: names who, what and when
├── NotProposed         the guideline of this finding does not allow the remedy
├── ParcelHasArrived    the parcel was delivered, and nobody says otherwise
├── OrderUnknown        the order has not been told yet, so neither goods nor value are known
├── ContentsUnknown     nobody told what is in the parcel
├── NothingToRemedy     the amount or the units asked are not in the parcel
├── RemedyUnknown       no remedy of that id in this case
├── RemedyUnderWay      it can no longer be taken back, or the case not closed, for a remedy is being carried out
├── DateHasPassed       an expected date must lie ahead
└── OutcomeNotShown     the case cannot be closed with an outcome that no fact shows
"""

from chassis.domain import Refused


class AlreadyRemedied(Refused):
    """Somebody did it already."""

    reason = "ALREADY_REMEDIED"


class NotProposed(Refused):
    """The guideline does not allow it."""

    reason = "NOT_PROPOSED"


class ParcelHasArrived(Refused):
    """The parcel was delivered."""

    reason = "PARCEL_HAS_ARRIVED"


class OrderUnknown(Refused):
    """The order is not known yet."""

    reason = "ORDER_UNKNOWN"


class ContentsUnknown(Refused):
    """What is in the parcel is not known."""

    reason = "CONTENTS_UNKNOWN"


class NothingToRemedy(Refused):
    """What was asked is not in the parcel."""

    reason = "NOTHING_TO_REMEDY"


class RemedyUnknown(Refused):
    """No such remedy in this case."""

    reason = "REMEDY_UNKNOWN"


class RemedyUnderWay(Refused):
    """A remedy is being carried out."""

    reason = "REMEDY_UNDER_WAY"


class DateHasPassed(Refused):
    """The date lies in the past."""

    reason = "DATE_HAS_PASSED"


class OutcomeNotShown(Refused):
    """No fact shows that outcome."""

    reason = "OUTCOME_NOT_SHOWN"
