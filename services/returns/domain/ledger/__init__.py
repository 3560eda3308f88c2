"""The compensation ledger: one per order, so that nothing is ever given twice."""

from services.returns.domain.ledger.goods import carried_name
from services.returns.domain.ledger.ledger import Ledger
from services.returns.domain.ledger.outside import lost_id
from services.returns.domain.ledger.values import (
    BANK,
    OTHER_WAYS,
    WALLET,
    Ask,
    Book,
    Claim,
    ClaimState,
    Entitlement,
    Fee,
    Given,
    OutsideFact,
    Part,
    TenderRank,
    Transfer,
    TransferState,
    UnitsAsked,
    Way,
)

__all__ = [
    "BANK",
    "OTHER_WAYS",
    "WALLET",
    "Ask",
    "Book",
    "Claim",
    "ClaimState",
    "Entitlement",
    "Fee",
    "Given",
    "Ledger",
    "OutsideFact",
    "Part",
    "TenderRank",
    "Transfer",
    "TransferState",
    "UnitsAsked",
    "Way",
    "carried_name",
    "lost_id",
]
