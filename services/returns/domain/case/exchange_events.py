"""Everything that can happen to an exchange of a return."""

from datetime import datetime

from chassis.domain import Event, Money
from services.returns.domain.case.exchanges import Consent, ValueClaim


class ExchangeAsked(Event):
    """Somebody wants another variant or product for a unit. Its worth is reserved; the shop is asked to keep one."""

    TOPIC = "returns.Return.ExchangeAsked"
    exchange_id: str
    unit_id: str
    sku: str
    shown: Money
    instant: bool
    consent: Consent | None
    worth: Money
    claims: tuple[ValueClaim, ...]
    by: str


class ExchangeReserved(Event):
    """The shop keeps one until then. `to_agree`: its price is another than was shown."""

    TOPIC = "returns.Return.ExchangeReserved"
    exchange_id: str
    reservation_id: str
    expires_at: datetime
    price: Money
    to_agree: bool


class ExchangeUnanswered(Event):
    """Nothing was heard of the shop in time; a person has to see to it. An answer that comes later counts."""

    TOPIC = "returns.Return.ExchangeUnanswered"
    exchange_id: str
    reason: str


class ExchangeAgreed(Event):
    """The customer agreed to the shop's price."""

    TOPIC = "returns.Return.ExchangeAgreed"
    exchange_id: str
    by: str


class ExchangeOrdered(Event):
    """The shop is asked to make an order of what it keeps."""

    TOPIC = "returns.Return.ExchangeOrdered"
    exchange_id: str
    by: str


class ExchangePlaced(Event):
    """The new order is there. `differs`: it is not what was agreed, and a person has to see to it."""

    TOPIC = "returns.Return.ExchangePlaced"
    exchange_id: str
    new_order_id: str
    new_unit: str
    return_by: datetime | None
    differs: str


class ExchangeCancelling(Event):
    """Somebody calls it off while the new order is on its way, or there: the shop's word decides."""

    TOPIC = "returns.Return.ExchangeCancelling"
    exchange_id: str
    reason: str
    by: str


class ExchangeStands(Event):
    """It could not be called off any more."""

    TOPIC = "returns.Return.ExchangeStands"
    exchange_id: str
    reason: str


class ExchangeCalledOff(Event):
    """It does not happen. `outcome`: refused, lapsed, or cancelled."""

    TOPIC = "returns.Return.ExchangeCalledOff"
    exchange_id: str
    outcome: str
    reason: str
    by: str


class ExchangeNeedsPerson(Event):
    """Something of it cannot be done by itself."""

    TOPIC = "returns.Return.ExchangeNeedsPerson"
    exchange_id: str
    reason: str


class UnreturnedFound(Event):
    """The old unit did not come back in time; nobody is charged before a person has decided."""

    TOPIC = "returns.Return.UnreturnedFound"
    exchange_id: str
    reason: str


class UnreturnedAwaited(Event):
    """A person gives the customer more time."""

    TOPIC = "returns.Return.UnreturnedAwaited"
    exchange_id: str
    return_by: datetime
    reason: str
    by: str


class UnreturnedCharging(Event):
    """The customer is charged for the old unit, as agreed."""

    TOPIC = "returns.Return.UnreturnedCharging"
    exchange_id: str
    amount: Money
    consent: Consent
    by: str


class UnreturnedCharged(Event):
    """The customer has paid for both."""

    TOPIC = "returns.Return.UnreturnedCharged"
    exchange_id: str
    amount: Money
    reference: str


class UnreturnedLeft(Event):
    """A person lets the customer have both."""

    TOPIC = "returns.Return.UnreturnedLeft"
    exchange_id: str
    reason: str
    by: str
