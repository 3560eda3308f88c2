"""The words of the ledger, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chassis.domain import Money


class Book(Enum):
    """The six books; each has a bound of its own."""

    RESTITUTION = "restitution"
    IN_KIND = "in_kind"
    COSTS = "costs"
    GESTURES = "gestures"
    RECOVERIES = "recoveries"
    OUTSIDE = "outside"


class ClaimState(Enum):
    """What became of something asked of the ledger."""

    PENDING = "pending"
    RESERVED = "reserved"
    SETTLED = "settled"
    FAILED = "failed"
    RELEASED = "released"
    REFUSED = "refused"


class TransferState(Enum):
    """Where one movement of money is. Settled is not final: a refund can fail after it succeeded."""

    PLANNED = "planned"
    ATTEMPTING = "attempting"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The most that may be given back for one unit (`number` of its line) or one component (number 0)."""

    subject: str
    line_id: str
    number: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays owed although the order no longer shows it, because a change took it out before it was sent.

    `beside`: what was to be paid for everything else when it was asked, None where the order of now says so.
    """

    case_id: str
    entitlements: tuple[Entitlement, ...]
    beside: Money | None


@dataclass(frozen=True, slots=True)
class UnitsAsked:
    """Units of one line; without numbers the ledger takes those with something left, lowest first."""

    line_id: str
    quantity: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to give. `subjects` names units by their id, components, or proven costs. `override_by`: the
    supervisor who lets it pass an entitlement with too little left, and why."""

    requester: str
    request_key: str
    case_id: str
    book: Book
    reason: str
    by: str
    action: str = ""
    units: tuple[UnitsAsked, ...] = ()
    subjects: tuple[str, ...] = ()
    amount: Money | None = None
    tender_id: str = ""
    approved_by: str = ""
    hold_until: datetime | None = None
    override_by: str = ""
    override_reason: str = ""
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one unit, component, cost or gesture in a claim."""

    subject: str
    amount: Money


class Way(Enum):
    """How money is given back: what was taken is refunded, what was only authorised is not taken. What cannot or shall
    not go back the way it came is issued in the shop's own wallet, or transferred to a bank account."""

    REFUND = "refund"
    RELEASE = "release"
    CREDIT = "credit"
    TRANSFER = "transfer"


WALLET = "wallet:store_credit"
"""The tender of what is issued as store credit; no order is paid with it, and the balance is the shop's to keep."""

BANK = "bank:transfer"
"""The tender of what is transferred to an account that the customer named for it."""

OTHER_WAYS = {WALLET: Way.CREDIT, BANK: Way.TRANSFER}


@dataclass(frozen=True, slots=True)
class TenderRank:
    """One way the order was paid; tenders stand in the order they are paid back by. `provider`: whom we ask ourselves,
    empty where the shop's payment system is asked."""

    tender_id: str
    kind: str
    provider: str


@dataclass(frozen=True, slots=True)
class Fee:
    """A part of what was paid that the shop keeps by name; `amount` contains `tax`. `name` tells fees of one kind
    apart, for instance which promotion was lost."""

    id: str
    kind: str
    name: str
    subject: str
    amount: Money
    tax: Money
    reason: str
    case_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Route:
    """So much goes back through one tender, out of one capture or an authorisation that is still open."""

    tender_id: str
    capture_id: str
    way: Way
    amount: Money


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money of one claim through one tender. `key` is the provider's idempotency key, and is never used again."""

    key: str
    claim_id: str
    tender_id: str
    amount: Money
    capture_id: str = ""
    way: Way = Way.REFUND
    provider: str = ""
    state: TransferState = TransferState.PLANNED
    attempts: int = 0
    reference: str = ""
    reason: str = ""
    settled_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """Whether the customer has, or may yet have, this money."""
        return self.state is not TransferState.RELEASED


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that was asked of the ledger, and what became of it."""

    id: str
    ask: Ask
    at: datetime
    state: ClaimState
    parts: tuple[Part, ...] = ()
    hold_until: datetime | None = None
    overdue: bool = False
    reference: str = ""

    @property
    def is_money(self) -> bool:
        """Paid out by returns; goods are the requester's to send."""
        return self.ask.book is not Book.IN_KIND


@dataclass(frozen=True, slots=True)
class Given:
    """Who has what of an entitlement; told to whoever is refused."""

    requester: str
    case_id: str
    request_key: str
    book: Book
    amount: Money
    subjects: tuple[str, ...]
    state: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class OutsideFact:
    """Money that moved, or is held back, elsewhere. `kind`: refund, lost_refund (asked for under a key of ours that was
    lost with a restored database), dispute_open, dispute_lost."""

    id: str
    kind: str
    tender_id: str
    amount: Money
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """The ledger can give it: so much of each subject, by these routes."""

    parts: tuple[Part, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """The ledger cannot give it. `bound`: entitlement, capture, tender, budget, proof, frozen, unknown_unit
    or order_cancelled."""

    bound: str
    left: Money
    left_units: tuple[str, ...]
    given: tuple[Given, ...]
