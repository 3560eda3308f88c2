"""A return (RMA) of one order: four independent axes for every unit."""

from services.returns.domain.case.matching import ArrivedLine, Match, match_lines
from services.returns.domain.case.return_case import ReturnCase
from services.returns.domain.case.values import (
    Authorisation,
    CaseRefund,
    Found,
    Goods,
    Label,
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
    "Found",
    "Goods",
    "Label",
    "Match",
    "MatchedLine",
    "MoneyState",
    "ReceivedGoods",
    "RequestedUnit",
    "ReturnCase",
    "ReturnUnit",
    "SendTime",
    "Verdict",
    "match_lines",
]
