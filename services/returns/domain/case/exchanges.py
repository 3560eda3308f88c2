"""The words and the money of an exchange: one unit for another variant or another product.

Guarantee: pure. Carried over + paid on top is the price of the new unit, carried over + paid back is what was really
paid for the old one, to the minor unit; never both on top and back.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from chassis.domain import Money


class Stage(Enum):
    """How far an exchange is. `to_charge`: the old unit did not come back, and a person decides."""

    ASKED = "asked"
    UNANSWERED = "unanswered"
    RESERVED = "reserved"
    TO_AGREE = "to_agree"
    ORDERED = "ordered"
    PLACED = "placed"
    CANCELLING = "cancelling"
    TO_CHARGE = "to_charge"
    CHARGING = "charging"
    CHARGED = "charged"
    LEFT = "left"
    REFUSED = "refused"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


OFF = frozenset({Stage.REFUSED, Stage.LAPSED, Stage.CANCELLED})
"""It did not happen: the unit is free for another remedy."""

UNORDERED = frozenset({Stage.ASKED, Stage.UNANSWERED, Stage.RESERVED, Stage.TO_AGREE})
"""Nothing but a reservation rests on it: it can be called off at once."""

AT_THE_SHOP = frozenset({Stage.ASKED, Stage.ORDERED, Stage.CANCELLING, Stage.CHARGING})
"""The shop was asked, and is to answer."""

WITH_NEW_GOODS = frozenset({Stage.PLACED, Stage.TO_CHARGE, Stage.CHARGING, Stage.CHARGED, Stage.LEFT})
"""The new order exists."""


@dataclass(frozen=True, slots=True)
class ExchangeMoney:
    """What becomes of the money: see the module's guarantee."""

    worth: Money
    price: Money
    carried: Money
    on_top: Money
    back: Money


def exchange_money(worth: Money, price: Money) -> ExchangeMoney:
    """What a unit that `worth` was paid for gives towards one that costs `price`."""
    carried = min(worth, price, key=lambda money: money.minor)
    return ExchangeMoney(worth, price, carried, price - carried, worth - carried)


@dataclass(frozen=True, slots=True)
class Consent:
    """The customer agreed to be charged for a unit that is not given back: when, how, and who wrote it down."""

    at: datetime
    how: str
    by: str


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """Where a part of the old unit's worth is reserved: a claim in the ledger of one order."""

    order_id: str
    request_key: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange as the return knows it. `claims` begin with the order the unit was sold with and lead back through
    the orders it was exchanged for. `orders_asked`, `cancels_asked` and `charges` count how often the shop was asked
    for the new order, for its end, and for money of an unreturned unit. `asks_person`: why it does not go on by itself.
    """

    exchange_id: str
    unit_id: str
    sku: str
    shown: Money
    instant: bool
    consent: Consent | None
    worth: Money
    claims: tuple[ValueClaim, ...]
    asked_at: datetime
    by: str
    stage: Stage = Stage.ASKED
    reservation_id: str = ""
    expires_at: datetime | None = None
    price: Money | None = None
    orders_asked: int = 0
    cancels_asked: int = 0
    charges: int = 0
    new_order_id: str = ""
    new_unit: str = ""
    return_by: datetime | None = None
    differs: str = ""
    reason: str = ""
    asks_person: str = ""

    @property
    def money(self) -> ExchangeMoney:
        """By the shop's price, before its answer by the one that was shown."""
        return exchange_money(self.worth, self.price or self.shown)

    @property
    def is_off(self) -> bool:
        """It did not happen."""
        return self.stage in OFF

    @property
    def order_key(self) -> str:
        """The id of the latest request for the new order, which that order names."""
        return f"{self.exchange_id}.o{self.orders_asked}"
