"""What of a withdrawn unit's price, or of its shipping, the shop keeps: by name, or not at all."""

from chassis.domain import Money
from chassis.work import Work
from services.returns.domain.ledger import Fee, Ledger
from services.returns.domain.withdrawal import Withdrawal


def keep(
    work: Work,
    ledger: Ledger,
    known: Withdrawal,
    kind: str,
    name: str,
    subject: str,
    amount: Money,
    tax: Money,
    reason: str,
    by: str,
) -> None:
    """Keep a part of what was paid for a withdrawn unit or its shipping, by name."""
    fee_id = ":".join((str(known.id), kind, name, subject))
    ledger.withhold(Fee(fee_id, kind, name, subject, amount, tax, reason, str(known.id), by), at=work.now)
