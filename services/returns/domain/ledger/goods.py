"""Which unit carries an entitlement, and what the customer has beside it.

Guarantee: one unit of a chain carries the entitlement at a time; what the customer has more than that is owed back, and
comes back before the replacement that stands for it does.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from chassis.domain import Money
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.chain import without
from services.returns.domain.ledger.fees import Fees
from services.returns.domain.ledger.values import ClaimState


class Goods(Fees):
    """Abstract: `Ledger` adds the claims."""

    def goods_came_back(self, subject: str, cause: str, *, at: datetime) -> None:
        """A unit was received back or confirmed lost: what was owed back first, else the replacement ends. `cause`
        names the receipt, so that it can be taken back with it."""
        root = self.roots.get(subject, subject)
        if root in self.owed_back:
            self.record(e.OwedGoodsReturned, at=at, subject=root, cause=cause)
        elif root in self.carriers:
            self.record(e.EntitlementReturned, at=at, subject=root, cause=cause)

    def goods_never_came(self, subject: str, cause: str, *, at: datetime) -> None:
        """The receipt by which a unit was counted as back is void, or says otherwise now."""
        root = self.roots.get(subject, subject)
        known = self.steps.get(root, ())
        if without(known, cause) != known:
            self.record(e.GoodsNeverCame, at=at, subject=root, cause=cause)

    def goods_turned_up(self, subject: str, *, at: datetime) -> None:
        """A unit given up for lost reached the customer beside its replacement."""
        root = self.roots.get(subject, subject)
        if root in self.carriers and root not in self.owed_back:
            self.record(e.GoodsOwedBack, at=at, subject=root)

    def undo_carry(self, subject: str, cause: str, *, at: datetime) -> None:
        """What was to stand for a unit does not: the unit carries its own entitlement again, and is owed to nobody."""
        root = self.roots.get(subject, subject)
        if root in self.carriers:
            self.record(e.CarryUndone, at=at, subject=root, cause=cause)

    def count_charged(self, subject: str, amount: Money, *, at: datetime) -> None:
        """What a unit was exchanged for was paid with this order after all."""
        if amount.minor > 0 and subject in self.entitlements:
            self.record(e.ValueCharged, at=at, subject=subject, amount=amount)

    def stands_for(self, order_id: str, unit_id: str, parcels: Collection[str] = ()) -> str:
        """The name under which a unit of another order carries an entitlement of this one; empty where it does not.
        Whoever sent it may have named the order, or one of its `parcels`."""
        names = (order_id, *parcels)
        full = {carried_name(name, unit_id) for name in names}
        for root, carrier in self.carriers.items():
            if carrier in full or (self._came_with(names, root) and _is_unit(carrier, root, unit_id)):
                return carrier
        return ""

    def _came_with(self, names: Collection[str], root: str) -> bool:
        """Whether the latest goods that stand for a unit were sent under one of these names."""
        found = [c for c in self.claims.values() if not c.is_money and c.state is ClaimState.SETTLED]
        last = [c.reference for c in found if any(self.roots.get(p.subject, p.subject) == root for p in c.parts)]
        return bool(last) and last[-1] in names

    def _carrier(self, subject: str, reference: str, named: Sequence[str]) -> str:
        """The name of the unit that stands for `subject` from now on. Another order may call a unit of its own as this
        one calls one of its: then it is told apart by the order it came with."""
        root = self.roots.get(subject, subject)
        if not named:
            return f"{root}~{1 + sum(1 for r in self.roots.values() if r == root)}"
        taken = named[0] in self.entitlements or self.roots.get(named[0], root) != root
        return f"{reference}/{named[0]}" if taken and named[0] != root else named[0]


def carried_name(reference: str, unit_id: str) -> str:
    """What a unit of another order is called in the ledger whose entitlement it carries."""
    return f"{reference}/{unit_id}"


def _is_unit(carrier: str, root: str, unit_id: str) -> bool:
    # whoever sent the goods may not have said which unit is which: then the one of the same name is meant
    return carrier == unit_id or (carrier.startswith(f"{root}~") and root == unit_id)
