"""The compensation ledger: one per order, so that nothing is ever given twice."""

from services.returns.domain.ledger.ledger import Ledger
from services.returns.domain.ledger.outside import lost_id
from services.returns.domain.ledger.values import (
    Ask,
    Book,
    Claim,
    ClaimState,
    Entitlement,
    Given,
    OutsideFact,
    Part,
    Transfer,
    TransferState,
    UnitsAsked,
)

__all__ = [
    "Ask",
    "Book",
    "Claim",
    "ClaimState",
    "Entitlement",
    "Given",
    "Ledger",
    "OutsideFact",
    "Part",
    "Transfer",
    "TransferState",
    "UnitsAsked",
    "lost_id",
]
