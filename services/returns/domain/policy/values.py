"""A policy as data: clauses with parameters, reasons, limits and terms.

A clause is stored as kind and parameters, so a new kind of clause needs no new kind of event.
"""

from dataclasses import dataclass
from enum import Enum

from casework.limits import Limit, Limits
from chassis.domain import Invalid, Money


class ClauseKind(Enum):
    """The questions a clause can ask; each is one function of `evaluate`."""

    WINDOW = "window"
    FINAL_SALE = "final_sale"
    CONDITION = "condition"
    AUTOMATIC_APPROVAL = "automatic_approval"
    CONFORMITY = "conformity"


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

    def number(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.text(name))

    def amount(self, name: str, currency: str) -> Money | None:
        """A parameter given per currency as minor units, for instance ("EUR=10000", "JPY=15000")."""
        for value in self.texts(name):
            code, _, minor = value.partition("=")
            if code == currency:
                return Money(int(minor), currency)
        return None


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
class Policy:
    """One version of a shop's policy; never edited. `without_goods`: roles that may refund what did not come back."""

    id: str
    version: str
    clauses: tuple[Clause, ...]
    reasons: tuple[Reason, ...]
    limits: tuple[RoleLimit, ...]
    gesture_budgets: tuple[Money, ...]
    without_goods: tuple[str, ...]
    terms: Terms

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
