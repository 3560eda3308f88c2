"""Refusals of quality complaints.

Refused
├── OrderUnknown         the order has not been told yet
├── LineUnknown          the order has no such line, or not so many units of it
├── NotAssessed          nothing is done before somebody has judged how bad it is
├── SafetyFirst          somebody could be hurt: the goods are contained before anybody is compensated
├── NotProposed          the guideline of this severity does not allow the remedy
├── AlreadyRemedied      somebody did, or is doing, something for this complaint
├── NothingToRemedy      the amount asked is more than what was paid for the units
├── RemedyUnknown        no remedy of that id in this complaint
├── RemedyUnderWay       it can no longer be taken back, or the complaint not closed
├── OutcomeNotShown      the complaint cannot be closed with an outcome that no fact shows
├── OtherGoods           the complaint is about other goods than the investigation
├── NotAMember           the complaint is not in this investigation
├── AlreadyContained     the lot is stopped already
└── InvestigationIsClosed  a closed investigation takes a new complaint, and nothing else
"""

from chassis.domain import Refused


class OrderUnknown(Refused):
    """The order is not known yet."""

    reason = "ORDER_UNKNOWN"


class LineUnknown(Refused):
    """No such units in this order."""

    reason = "LINE_UNKNOWN"


class NotAssessed(Refused):
    """Nobody has judged the complaint yet."""

    reason = "NOT_ASSESSED"


class SafetyFirst(Refused):
    """Containment comes before compensation."""

    reason = "SAFETY_FIRST"


class NotProposed(Refused):
    """The guideline does not allow it."""

    reason = "NOT_PROPOSED"


class AlreadyRemedied(Refused):
    """Somebody did it already."""

    reason = "ALREADY_REMEDIED"


class NothingToRemedy(Refused):
    """More than what was paid."""

    reason = "NOTHING_TO_REMEDY"


class RemedyUnknown(Refused):
    """No such remedy in this complaint."""

    reason = "REMEDY_UNKNOWN"


class RemedyUnderWay(Refused):
    """It is being carried out."""

    reason = "REMEDY_UNDER_WAY"


class OutcomeNotShown(Refused):
    """No fact shows this outcome."""

    reason = "OUTCOME_NOT_SHOWN"


class OtherGoods(Refused):
    """Another SKU, or another lot."""

    reason = "OTHER_GOODS"


class NotAMember(Refused):
    """The complaint is not in this investigation."""

    reason = "NOT_A_MEMBER"


class AlreadyContained(Refused):
    """The lot is stopped already."""

    reason = "ALREADY_CONTAINED"


class InvestigationIsClosed(Refused):
    """The investigation is closed."""

    reason = "INVESTIGATION_IS_CLOSED"
