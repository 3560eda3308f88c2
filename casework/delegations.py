"""What one person may do in the place of another, as values.

Guarantee: it covers what lies within its bounds and its time, and says why it does not cover something else.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from casework.amounts import spoken
from chassis.domain import Money


@dataclass(frozen=True, slots=True)
class Bounds:
    """What authority is about. `up_to`: all that is approved by it, None is what the roles may; no `actions` named is
    all, by the names of their rpcs; no `shops` named is all."""

    roles: tuple[str, ...]
    shops: tuple[str, ...] = ()
    up_to: Money | None = None
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """What one person may approve in the place of another."""

    id: UUID
    deputy: str
    backed_by: str
    bounds: Bounds
    starts_at: datetime
    ends_at: datetime
    reason: str
    given_at: datetime
    used: int = 0
    """What was approved by it, in the minor units of its bound."""
    taken_back_by: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it may be used at that instant."""
        return self.starts_at <= at < self.ends_at

    def obstacle(self, shop_id: str, action: str, amount: Money | None, at: datetime) -> str:
        """Why it does not cover this, in words; empty where it does."""
        bounds = self.bounds
        if not self.holds(at):
            return f"it holds from {self.starts_at.isoformat()} until {self.ends_at.isoformat()}"
        if shop_id not in (bounds.shops or (shop_id,)):
            return f"it is not about shop {shop_id}"
        if action not in (bounds.actions or (action,)):
            return f"it is about {', '.join(bounds.actions)}, not {action}"
        if bounds.up_to is None or amount is None:
            return ""
        if amount.currency != bounds.up_to.currency or self.used + amount.minor > bounds.up_to.minor:
            left = Money(bounds.up_to.minor - self.used, bounds.up_to.currency)
            return f"{spoken(left)} of it are left, not {spoken(amount)}"
        return ""


@dataclass(frozen=True, slots=True)
class Absence:
    """A time somebody is away, and who uses what they may use meanwhile."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    cover: str
    reason: str
    delegation_id: UUID | None
    by: str

    def holds(self, at: datetime) -> bool:
        """Whether the person is away at that instant."""
        return self.starts_at <= at < self.ends_at
