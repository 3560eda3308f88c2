"""Lack of conformity (European Union): the seller puts goods right, before money and whatever the policy says."""

from services.returns.domain.conformity.conformity import Conformity
from services.returns.domain.conformity.law import ConformityLaw, NationalRule, Sale
from services.returns.domain.conformity.values import (
    PRICE_REDUCTION,
    REPAIR,
    REPLACEMENT,
    TERMINATION,
    LackDates,
    RemedyRefusal,
)

__all__ = [
    "PRICE_REDUCTION",
    "REPAIR",
    "REPLACEMENT",
    "TERMINATION",
    "Conformity",
    "ConformityLaw",
    "LackDates",
    "NationalRule",
    "RemedyRefusal",
    "Sale",
]
