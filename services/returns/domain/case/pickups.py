"""A carrier that comes for the parcel, within a window that the customer named."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.domain import Money


class PickupStage(StrEnum):
    """How far a pickup is."""

    REQUESTED = "requested"
    BOOKED = "booked"
    REFUSED = "refused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    NOT_CANCELLED = "not_cancelled"


COMING = (PickupStage.REQUESTED, PickupStage.BOOKED)


@dataclass(frozen=True, slots=True)
class Pickup:
    """One pickup of the parcel of one label. `reference` and `offer` are its maker's names of it and of what is
    booked; `confirmation` is what the carrier knows it by."""

    pickup_id: str
    label_id: str
    maker: str
    stage: PickupStage
    ready_from: datetime
    ready_until: datetime
    requested_at: datetime
    reference: str = ""
    carrier: str = ""
    service: str = ""
    cost: Money | None = None
    confirmation: str = ""
    instructions: str = ""
    cancels: int = 0
    reason: str = ""

    @property
    def is_coming(self) -> bool:
        """The carrier comes, or is asked to."""
        return self.stage in COMING
