"""The compensation ledger: one per order, so that nothing is ever given twice."""

from services.returns.domain.ledger.gifts import recipient_of
from services.returns.domain.ledger.goods import carried_name
from services.returns.domain.ledger.ledger import Ledger
from services.returns.domain.ledger.note_lines import Taxed
from services.returns.domain.ledger.note_values import CreditNote, NoteFee, NoteLine, NoteState, NoteTax
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
    "CreditNote",
    "Entitlement",
    "Fee",
    "Given",
    "Ledger",
    "NoteFee",
    "NoteLine",
    "NoteState",
    "NoteTax",
    "OutsideFact",
    "Part",
    "Taxed",
    "TenderRank",
    "Transfer",
    "TransferState",
    "UnitsAsked",
    "Way",
    "carried_name",
    "lost_id",
    "recipient_of",
]
