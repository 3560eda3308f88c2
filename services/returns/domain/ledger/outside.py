"""Money that moved without us, and what it does to our own grants.

Guarantee: what happened elsewhere is recorded even when it exceeds, and freezes our own grants until a person has
looked. A refund asked for under a key of ours that was lost with a restored database counts like money moved elsewhere
until its claim is made again, and freezes them too.
"""

from dataclasses import replace
from datetime import datetime

from chassis.domain import Money
from services.returns.domain.errors import NotFrozen
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.movements import Movements
from services.returns.domain.ledger.state import LOST_REFUND
from services.returns.domain.ledger.values import Claim, OutsideFact


class Outside(Movements):
    """Abstract: `Ledger` adds the claims."""

    def count_outside(self, fact: OutsideFact, *, at: datetime) -> None:
        """Money moved or was blocked elsewhere."""
        if self.outside.get(fact.id) != fact:
            self.record(e.OutsideCounted, at=at, fact=fact)

    def count_lost(self, request_id: str, tender_id: str, amount: Money, moved_at: datetime, *, at: datetime) -> None:
        """A refund was asked for under a key of ours that nobody here knows: it counts, and a person has to look."""
        known = self.outside.get(lost_id(request_id))
        kind = LOST_REFUND if known is None else known.kind  # whoever has looked need not look again
        self.count_outside(OutsideFact(lost_id(request_id), kind, tender_id, amount, moved_at, request_id), at=at)

    def clear_outside(self, fact_id: str, reason: str, *, at: datetime) -> None:
        """It did not stay so."""
        if fact_id in self.outside:
            self.record(e.OutsideCleared, at=at, fact_id=fact_id, reason=reason)

    def accept_excess(self, reason: str, *, by: str, at: datetime) -> None:
        """A person has looked at what exceeds, and at refunds of a lost time; an open dispute freezes on."""
        excess = self.books.excess()
        lost = [fact for fact in self.outside.values() if fact.kind == LOST_REFUND]
        if excess.minor <= self.accepted_excess and not lost:
            raise NotFrozen(f"nothing exceeds in the ledger of order {self.order_id}", order=self.order_id)
        for fact in lost:
            self.count_outside(replace(fact, kind="refund"), at=at)
        self.record(e.ExcessAccepted, at=at, excess=excess, reason=reason, by=by)

    def _take_back(self, claim: Claim, at: datetime) -> None:
        """The claim that a refund of a lost time belongs to is made again: it is no longer somebody else's."""
        for fact_id in [id for id in self.outside if id.startswith(lost_id(f"{claim.id}."))]:
            self.clear_outside(fact_id, "claimed again", at=at)


def lost_id(request_id: str) -> str:
    """What a refund asked for under a lost key is counted as."""
    return f"lost:{request_id}"
