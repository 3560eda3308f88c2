"""The withdrawal from a distance contract (European Union): effective on the notice, declined by nobody."""

from services.returns.domain.withdrawal.law import ExceptedGoods, Place, Ruling, WithdrawalLaw
from services.returns.domain.withdrawal.period import Deadline
from services.returns.domain.withdrawal.values import (
    Dates,
    Duty,
    LostValue,
    Proof,
    RuledUnit,
    UnitState,
    Whereabouts,
    WithdrawnUnit,
)
from services.returns.domain.withdrawal.withdrawal import Withdrawal

__all__ = [
    "Dates",
    "Deadline",
    "Duty",
    "ExceptedGoods",
    "LostValue",
    "Place",
    "Proof",
    "RuledUnit",
    "Ruling",
    "UnitState",
    "Whereabouts",
    "Withdrawal",
    "WithdrawalLaw",
    "WithdrawnUnit",
]
