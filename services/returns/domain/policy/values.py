"""A policy as data: clauses with parameters, reasons, limits and terms, and what a decision offers.

A clause is stored as kind and parameters, so a new kind of clause needs no new kind of event.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from casework.limits import Limit, Limits
from chassis.domain import Invalid, Money


class ClauseKind(Enum):
    """The questions a clause can ask, in the order in which one of several refusals is named as the deciding one."""

    FINAL_SALE = "final_sale"
    PERISHABLE = "perishable"
    MADE_TO_MEASURE = "made_to_measure"
    DIGITAL = "digital"
    HYGIENE = "hygiene"
    EXCLUSION = "exclusion"
    WINDOW = "window"
    CONDITION = "condition"
    REMEDIES = "remedies"
    BUNDLE = "bundle"
    HAZARDOUS = "hazardous"
    PROOF = "proof"
    SIGNAL = "signal"
    REVIEW = "review"
    AUTOMATIC_APPROVAL = "automatic_approval"
    SEASON = "season"
    FEE = "fee"
    REFUND_AT = "refund_at"
    RETURNLESS = "returnless"
    CONFORMITY = "conformity"
    WITHDRAWAL = "withdrawal"
    CHANGE = "change"
    GRADING = "grading"
    GIFT_RETURN = "gift_return"


LAW = frozenset({ClauseKind.CONFORMITY, ClauseKind.WITHDRAWAL})
"""Rules of law: they name their source, and stand above every refusal of the shop."""

NEAREST = frozenset(
    {
        ClauseKind.WINDOW,
        ClauseKind.CONDITION,
        ClauseKind.REMEDIES,
        ClauseKind.AUTOMATIC_APPROVAL,
        ClauseKind.FEE,
        ClauseKind.REFUND_AT,
        ClauseKind.RETURNLESS,
        ClauseKind.CHANGE,
        ClauseKind.GRADING,
        ClauseKind.GIFT_RETURN,
        ClauseKind.BUNDLE,
    }
)
"""Kinds of which one clause counts for a unit: the nearest to it. Of all others each speaks for itself."""

SCOPES = tuple("grounds reasons categories tags countries channels tenders tiers conditions bundles".split())
"""What a clause may be bound to; each also as ``not_…``."""


class Ground(Enum):
    """What a reason rests on: the law treats a defect unlike a change of mind."""

    REMORSE = "remorse"
    DEFECT = "defect"
    DELIVERY = "delivery"


class Outcome(Enum):
    """What a decision says of a unit."""

    AUTHORISE = "authorise"
    PERSON = "person"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule. `source` names law and date for a rule of law, which stands above the shop's own."""

    id: str
    kind: ClauseKind
    parameters: dict[str, tuple[str, ...]]
    source: str = ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A parameter with several values; empty where it is not given."""
        return self.parameters.get(name, ())

    def text(self, name: str, default: str = "") -> str:
        """A parameter with one value."""
        return next(iter(self.texts(name)), default)

    def number(self, name: str, default: int = 0) -> int:
        """A parameter that is a whole number."""
        return int(self.text(name, str(default)))

    def amount(self, name: str, currency: str) -> Money | None:
        """A parameter given per currency as minor units, for instance ("EUR=10000", "JPY=15000")."""
        for value in self.texts(name):
            code, _, minor = value.partition("=")
            if code == currency:
                return Money(int(minor), currency)
        return None

    @property
    def scope(self) -> dict[str, tuple[str, ...]]:
        """What it is bound to. The tags of a final sale are its marks, and bind nothing."""
        own = ("tags",) if self.kind is ClauseKind.FINAL_SALE else ()
        bound = {*SCOPES, *(f"not_{name}" for name in SCOPES)}
        bound |= {"gift", "placed_from", "placed_until", "price_from", "price_below"}
        return {name: given for name, given in self.parameters.items() if name in bound and name not in own}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why goods come back, in the shop's words, and the ground it rests on."""

    code: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class RoleLimit:
    """What a role may give of one action, in one order and in one day."""

    role: str
    action: str
    per_order: Money
    per_day: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """Spans that are not clauses."""

    send_within_days: int = 14
    grace_days: int = 7
    hold_days: int = 14
    approval_hours: int = 72
    refund_days: int = 5


@dataclass(frozen=True, slots=True)
class Fee:
    """What the customer bears of a return. `per` unit: for each; `per` return: once, however many units have it."""

    name: str
    clause: str
    amount: Money
    per: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a unit that may come back comes with. No remedy named means whatever the service can do."""

    remedies: tuple[str, ...] = ()
    preferred: str = ""
    fees: tuple[Fee, ...] = ()
    proofs: tuple[str, ...] = ()
    refund_at: str = "inspection"
    returnless: bool = False
    act: str = ""
    act_by: datetime | None = None


NOTHING_OFFERED = Offer()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a shop's policy; never edited. `without_goods`: roles that may refund what did not come back.

    `newer_if_kinder`: this version also decides orders placed before it, where it is kinder to the customer.
    """

    id: str
    version: str
    clauses: tuple[Clause, ...]
    reasons: tuple[Reason, ...]
    limits: tuple[RoleLimit, ...]
    gesture_budgets: tuple[Money, ...]
    without_goods: tuple[str, ...]
    terms: Terms
    newer_if_kinder: bool = False

    def __hash__(self) -> int:
        return hash((self.id, self.version, len(self.clauses)))  # equal ones are; a clause's parameters have no hash

    def ground_of(self, reason: str) -> Ground:
        """What a reason code rests on; `Invalid` where the policy does not know it."""
        for known in self.reasons:
            if known.code == reason:
                return known.ground
        codes = ", ".join(known.code for known in self.reasons)
        raise Invalid("reason", f"policy {self.id} {self.version} knows no reason {reason}; it knows {codes}")

    def knows_reason(self, reason: str) -> bool:
        """Whether the policy says what a reason rests on; unannounced goods come without one."""
        return any(known.code == reason for known in self.reasons)

    def role_limits(self) -> Limits:
        """The limits as casework checks them."""
        entries = {
            (limit.role, limit.action, limit.per_order.currency): Limit(limit.per_order, limit.per_day)
            for limit in self.limits
        }
        return Limits(f"{self.id} {self.version}", entries)

    def gesture_budget(self, currency: str) -> Money:
        """All goodwill one order may get; zero in a currency the policy does not name."""
        return next((b for b in self.gesture_budgets if b.currency == currency), Money.zero(currency))
