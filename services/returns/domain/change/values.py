"""The words of a change before dispatch, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chassis.domain import Money


class ChangeKind(Enum):
    """What is to be changed of the order."""

    CANCEL = "cancel"
    SWAP = "swap"
    TENDER = "tender"


class UnitStage(Enum):
    """Where the change of one unit stands. Overtaken: its parcel left before the shop had changed the order."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ChangedUnit:
    """One sold unit of a change, with what was paid for it when it was asked."""

    unit_id: str
    line_id: str
    number: int
    sku: str
    title: str
    paid: Money


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted. `components`: what beside goods is given back with a cancellation. `most_on_top`: what the
    customer agreed to pay for a swap. `tender_id`: not to be charged any more."""

    kind: ChangeKind
    reason: str
    units: tuple[ChangedUnit, ...] = ()
    components: tuple[tuple[str, Money], ...] = ()
    sku: str = ""
    variant_id: str = ""
    most_on_top: Money | None = None
    tender_id: str = ""
    to_kind: str = ""
    to_reference: str = ""


@dataclass(frozen=True, slots=True)
class AskedUnder:
    """The clause that let it be asked, and what the clause says follows. `overtaken`: return, interception, person."""

    policy: str
    policy_version: str
    clause: str
    overtaken: str
    answer_hours: int
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class Interception:
    """A parcel that the carrier was asked to bring back. `state`: asked, done, failed."""

    interception_id: str
    shipment_id: str
    units: tuple[str, ...]
    answer_by: datetime
    state: str = "asked"
    reason: str = ""


NOT_TAKEN = "not_taken"
"""Why nothing goes back: no money was taken for it, nor may it be."""
