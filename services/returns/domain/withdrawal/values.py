"""The words of a withdrawal, as immutable values."""

from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Money
from services.returns.domain.law import Deadline, Ruling, Whereabouts
from services.returns.domain.withdrawal.law import EFFECTIVE

SEND_BACK, REPAY = "send_back", "repay"
"""The two duties: the customer's, and the shop's."""


@dataclass(frozen=True, slots=True)
class WithdrawnUnit:
    """One sold unit of a notice, with what was paid for it and how the customer says it is."""

    unit_id: str
    line_id: str
    number: int
    sku: str
    title: str
    paid: Money
    stated_condition: str = ""


@dataclass(frozen=True, slots=True)
class RuledUnit:
    """What the law says of one unit at the notice, and where the unit was then."""

    unit_id: str
    ruling: Ruling
    where: Whereabouts


@dataclass(frozen=True, slots=True)
class LostValue:
    """What the goods lost by handling beyond what shows their nature; `informed_by`: how the customer was told."""

    amount: Money
    reason: str
    informed_by: str
    by: str


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit of a withdrawal. `free_since`: since when nothing justifies holding its money back; `proven_at`: when it
    was sent back, as far as proven."""

    asked: WithdrawnUnit
    ruling: Ruling | None = None
    where: Whereabouts = Whereabouts.WITH_CUSTOMER
    free_since: datetime | None = None
    proven_at: datetime | None = None
    receipt_number: str = ""
    lost: LostValue | None = None

    @property
    def effective(self) -> bool:
        """Whether the contract about it is ended."""
        return self.ruling is not None and self.ruling.rule == EFFECTIVE


@dataclass(frozen=True, slots=True)
class Dates:
    """The deadlines of a notice. `period`: None while not everything was delivered."""

    period: Deadline | None
    send_back: Deadline
    repay: Deadline
