"""The words of a file of conformity, as immutable values."""

from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Money, Personal
from services.returns.domain.case.values import RequestedUnit
from services.returns.domain.conformity.law import COVERED, Repair
from services.returns.domain.law import Deadline, Ruling, Whereabouts

REPAIR, REPLACEMENT = "repair", "replacement"
REMEDIES = (REPAIR, REPLACEMENT)
PRICE_REDUCTION, TERMINATION = "price_reduction", "termination"

MINOR, ORDINARY, SERIOUS = "minor", "ordinary", "serious"
SEVERITIES = (MINOR, ORDINARY, SERIOUS)
"""How much a lack weighs: a minor one ends no contract, a serious one gives money at once."""

IMPOSSIBLE, DISPROPORTIONATE = "impossible", "disproportionate"

LACK, NO_LACK = "lack", "no_lack"
"""What a piece of evidence speaks for."""

ANSWER, PROVE, SEND, PUT_RIGHT, REPAY = "answer", "prove", "send", "put_right", "repay"
"""The duties: to prove and to send are the customer's, the others the shop's."""

REFUSED, FAILED, LATE, AGAIN, SERIOUS_LACK = "refused", "failed", "late", "again", "serious"
"""The rules by which money may be asked for; each is named by its source in the law's data."""


@dataclass(frozen=True, slots=True)
class FiledUnit:
    """The unit a file is about. `free_since`: since when the shop has the goods, or the proof that they were sent."""

    asked: RequestedUnit
    where: Whereabouts = Whereabouts.WITH_CUSTOMER
    free_since: datetime | None = None
    proven_at: datetime | None = None
    receipt_number: str = ""


@dataclass(frozen=True, slots=True)
class LackDates:
    """The dates of one lack. `liable` and `presumed` end periods of the law, the others are duties of the shop."""

    liable: Deadline
    presumed: Deadline
    answer: Deadline
    put_right: Deadline


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that speaks for a lack or against it: a fact with its source, never an opinion of the file."""

    number: int
    lack: int
    says: str
    source: str
    reference: str
    observed_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RemedyRefusal:
    """Why the seller does not put it right in this way; `cost` beside `other_cost` where it is disproportionate."""

    remedy: str
    ground: str
    reason: str
    cost: Money | None
    other_cost: Money | None
    by: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One repair or replacement. `state`: started, done or failed. `reserved`: its claim in the ledger."""

    number: int
    remedy: str
    key: str
    started_at: datetime
    goods_wanted: bool
    lack: int
    state: str = "started"
    ended_at: datetime | None = None
    reference: str = ""
    reason: str = ""
    claim_id: str = ""


@dataclass(frozen=True, slots=True)
class MoneyAsked:
    """Price reduction or termination, with the rule of law it rests on. `amount`: None for all that was paid."""

    kind: str
    rule: Ruling
    amount: Money | None
    asked_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Lack:
    """What a customer says is wrong, and how it stands. `answer`: acknowledged, rejected, or empty."""

    number: int
    description: Personal
    apparent_at: datetime
    reported_at: datetime
    channel: str
    ruling: Ruling
    burden: str
    dates: LackDates
    answer: str = ""
    severity: str = ""
    prove_by: datetime | None = None
    remedy: str = ""
    refusals: tuple[RemedyRefusal, ...] = ()
    send_by: datetime | None = None

    @property
    def covered(self) -> bool:
        """Whether the seller answers for it."""
        return self.ruling.rule == COVERED

    @property
    def refused(self) -> frozenset[str]:
        """The remedies that the seller refused with a reason."""
        return frozenset(refusal.remedy for refusal in self.refusals)


def repairs_of(attempts: dict[int, Attempt]) -> tuple[Repair, ...]:
    """The repairs that were carried out, each from when the customer was without the goods."""
    return tuple(
        Repair(one.started_at, one.ended_at)
        for one in attempts.values()
        if one.remedy == REPAIR and one.state == "done" and one.ended_at is not None
    )
