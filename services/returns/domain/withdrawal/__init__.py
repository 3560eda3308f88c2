"""The withdrawal from a distance contract (European Union): effective on the notice, declined by nobody."""

from services.returns.domain.withdrawal.law import ExceptedGoods, WithdrawalLaw
from services.returns.domain.withdrawal.values import Dates, LostValue, RuledUnit, UnitState, WithdrawnUnit
from services.returns.domain.withdrawal.withdrawal import Withdrawal

__all__ = [
    "Dates",
    "ExceptedGoods",
    "LostValue",
    "RuledUnit",
    "UnitState",
    "Withdrawal",
    "WithdrawalLaw",
    "WithdrawnUnit",
]
