"""Where goods are in the eyes of the law, and how it is known.

Guarantee: plain values; what the customer has proven to have sent counts like what is here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Whereabouts(Enum):
    """Where a unit is; a shop may hold money back only for what the customer has. `sent`: there is a proof."""

    NOT_DELIVERED = "not_delivered"
    WITH_CUSTOMER = "with_customer"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Proof:
    """That goods were sent back: by a carrier's scan, or by what the customer has in hand."""

    carrier: str
    tracking_number: str
    sent_at: datetime
    by: str
