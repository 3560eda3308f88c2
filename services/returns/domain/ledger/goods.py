"""Which unit carries an entitlement, and what the customer has beside it.

Guarantee: one unit of a chain carries the entitlement at a time; what the customer has more than that is owed back, and
comes back before the replacement that stands for it does.
"""

from datetime import datetime

from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.fees import Fees


class Goods(Fees):
    """Abstract: `Ledger` adds the claims."""

    def goods_came_back(self, subject: str, cause: str, *, at: datetime) -> None:
        """A unit was received back or confirmed lost: what was owed back first, else the replacement ends."""
        root = self.roots.get(subject, subject)
        if root in self.owed_back:
            self.record(e.OwedGoodsReturned, at=at, subject=root)
        elif root in self.carriers:
            self.record(e.EntitlementReturned, at=at, subject=root, cause=cause)

    def goods_turned_up(self, subject: str, *, at: datetime) -> None:
        """A unit given up for lost reached the customer beside its replacement."""
        root = self.roots.get(subject, subject)
        if root in self.carriers and root not in self.owed_back:
            self.record(e.GoodsOwedBack, at=at, subject=root)

    def _next_carrier(self, subject: str) -> str:
        root = self.roots.get(subject, subject)
        return f"{root}~{1 + sum(1 for r in self.roots.values() if r == root)}"
