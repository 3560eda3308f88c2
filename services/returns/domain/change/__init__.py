"""Changes of an order before its parcel leaves: asked of the shop, confirmed by it, or overtaken by the parcel."""

from services.returns.domain.change.change import OrderChange
from services.returns.domain.change.values import (
    NOT_TAKEN,
    AskedUnder,
    ChangedUnit,
    ChangeKind,
    Interception,
    UnitStage,
    Wish,
)

__all__ = [
    "NOT_TAKEN",
    "AskedUnder",
    "ChangeKind",
    "ChangedUnit",
    "Interception",
    "OrderChange",
    "UnitStage",
    "Wish",
]
