"""Which unit carries an entitlement, and what the customer has beside it.

Guarantee: one unit of a chain carries the entitlement at a time; what the customer has more than that is owed back, and
comes back before the replacement that stands for it does.
"""

from collections.abc import Sequence
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

    def _carrier(self, subject: str, reference: str, named: Sequence[str]) -> str:
        """The name of the unit that stands for `subject` from now on. Another order may call a unit of its own as this
        one calls one of its: then it is told apart by the order it came with."""
        root = self.roots.get(subject, subject)
        if not named:
            return f"{root}~{1 + sum(1 for r in self.roots.values() if r == root)}"
        taken = named[0] in self.entitlements or self.roots.get(named[0], root) != root
        return f"{reference}/{named[0]}" if taken and named[0] != root else named[0]
