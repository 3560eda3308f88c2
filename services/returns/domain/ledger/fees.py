"""What the shop keeps by name of what was paid: restocking, the label, a promotion that is lost.

Guarantee: a fee is withheld once by its name, never more than is left of what it is taken from, so no refund falls
below zero; what is withheld and what is given back add up to what was paid.
"""

from dataclasses import replace
from datetime import datetime

from chassis.domain import Money, split_by_weight
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.outside import Outside
from services.returns.domain.ledger.values import Fee


class Fees(Outside):
    """Abstract: `Goods` adds what stands for what, `Ledger` the claims."""

    def withhold(self, fee: Fee, *, at: datetime) -> Money:
        """Keep a part of what was paid for one unit or component; how much of it is withheld now."""
        known = self.fees.get(fee.id)
        if known is not None:
            return known.amount
        left = self.books.left_of(fee.subject)
        if left.minor <= 0:
            return self.books.money(0)
        amount = min(fee.amount, left, key=lambda money: money.minor)
        tax, _ = split_by_weight(amount.minor, [fee.tax.minor, fee.amount.minor - fee.tax.minor])
        subject = self.books.root_of(fee.subject)
        kept = replace(fee, subject=subject, amount=amount, tax=self.books.money(tax))
        self.record(e.FeeWithheld, at=at, fee=kept)
        return amount

    def fees_of(self, case_id: str) -> tuple[Fee, ...]:
        """What is kept for one case."""
        return tuple(fee for fee in self.fees.values() if fee.case_id == case_id)

    def waive(self, fee_id: str, reason: str, *, by: str, at: datetime) -> None:
        """Do not keep it after all: it may be given back again."""
        if fee_id in self.fees:
            self.record(e.FeeWaived, at=at, fee_id=fee_id, reason=reason, by=by)
