"""What changes before dispatch mean for the ledger: what stays owed, and what of it was ever taken.

Guarantee: what was not taken for the units of a change is not given back for them, although other money of the order
was taken.
"""

from datetime import datetime

from chassis.domain import Money
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.notes import Notes
from services.returns.domain.ledger.values import Entitlement, Kept


class Changed(Notes):
    """Abstract: `Ledger` adds the claims."""

    def keep(self, case_id: str, entitlements: tuple[Entitlement, ...], *, beside: bool, at: datetime) -> None:
        """These stay owed whatever the order says from now on. `beside`: what everything else costs is as it is now."""
        own = {entitlement.subject for entitlement in entitlements}
        rest = sum(one.amount.minor for subject, one in self.entitlements.items() if subject not in own)
        kept = Kept(case_id, entitlements, self.books.money(rest) if beside else None)
        if self.kept.get(case_id) is None:
            self.record(e.EntitlementsKept, at=at, kept=kept)

    def let_go(self, case_id: str, *, at: datetime) -> None:
        """What the order says counts again."""
        if case_id in self.kept:
            self.record(e.EntitlementsLetGo, at=at, case_id=case_id)

    def void_authorisations(self, tender_id: str, case_id: str, *, at: datetime) -> Money:
        """A tender is not charged any more; gives what it was authorised for and neither taken nor released."""
        left = self.books.tills.untaken(tender_id)
        if any(tender == tender_id and amount.minor for tender, amount in self.authorisations.values()):
            self.record(e.AuthorisationsVoided, at=at, tender_id=tender_id, case_id=case_id)
        return left

    def taken_for(self, case_id: str) -> Money:
        """What was taken, or may be, for what a change took out: all there is beyond what everything else costs, less
        what went back for it. What moved elsewhere may have been the same money."""
        kept = self.kept[case_id]
        own = {entitlement.subject for entitlement in kept.entitlements}
        now = sum(one.amount.minor for subject, one in self.entitlements.items() if subject not in own)
        beside = now if kept.beside is None else kept.beside.minor
        given = sum(self.books.given_for(subject) for subject in own)
        elsewhere = sum(fact.amount.minor for fact in self.outside.values())
        return self.books.money(max(self.books.tills.taken_or_open() - beside - given - elsewhere, 0))
