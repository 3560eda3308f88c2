"""A return (RMA) of one order: four independent axes for every unit."""

from services.returns.domain.case.exchanges import Consent, Exchange, ExchangeMoney, Stage, ValueClaim, exchange_money
from services.returns.domain.case.matching import ArrivedLine, Match, match_lines
from services.returns.domain.case.pickups import Pickup, PickupStage
from services.returns.domain.case.return_case import ReturnCase
from services.returns.domain.case.values import (
    Authorisation,
    CaseRefund,
    Found,
    Goods,
    Grading,
    MatchedLine,
    MoneyState,
    ReceivedGoods,
    RequestedUnit,
    ReturnUnit,
    SendTime,
    Verdict,
)

__all__ = [
    "ArrivedLine",
    "Authorisation",
    "CaseRefund",
    "Consent",
    "Exchange",
    "ExchangeMoney",
    "Found",
    "Goods",
    "Grading",
    "Match",
    "MatchedLine",
    "MoneyState",
    "Pickup",
    "PickupStage",
    "ReceivedGoods",
    "RequestedUnit",
    "ReturnCase",
    "ReturnUnit",
    "SendTime",
    "Stage",
    "ValueClaim",
    "Verdict",
    "exchange_money",
    "match_lines",
]
