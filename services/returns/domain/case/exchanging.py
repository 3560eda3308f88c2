"""Another variant or another product for a unit that comes back: asked, kept by the shop, ordered, and the old unit.

Guarantee: a unit has one exchange at a time. The new order is asked for when the old unit is back and as promised, or
at once where the exchange is instant; nobody is charged for an unreturned unit who did not agree to it.
"""

from collections.abc import Sequence
from datetime import datetime

from casework.case import ESCALATIONS
from chassis.domain import Invalid, Money
from services.returns.domain.case import exchange_events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.exchanges import AT_THE_SHOP, OFF, UNORDERED, Consent, Exchange, Stage, ValueClaim
from services.returns.domain.case.gifting import Gifts
from services.returns.domain.case.values import Authorisation, Goods
from services.returns.domain.errors import (
    ExchangeUnderWay,
    RemedyNotOffered,
    UnknownExchange,
    WrongStage,
)

EXCHANGE = "exchange"


class Exchanging(Gifts):
    """Abstract: `Unreturned` adds the old units that do not come back."""

    def require_exchangeable(self, unit_id: str) -> None:
        """The unit may come back, has no money on its way and no exchange, and exchange is offered for it."""
        self.require_open()
        unit = self.unit(unit_id)
        if (known := self.exchange_of(unit_id)) is not None:
            raise ExchangeUnderWay(
                f"exchange {known.exchange_id} of unit {unit_id} is {known.stage.value}",
                exchange=known.exchange_id,
                stage=known.stage.value,
            )
        money = self.money_of(unit_id)
        if unit.authorisation is not Authorisation.AUTHORISED or money or unit.goods is Goods.KEPT_BY_CUSTOMER:
            raise WrongStage(
                f"unit {unit_id} cannot be exchanged: it is {unit.authorisation.value}, {unit.goods.value}"
                + (f", its money {money.value}" if money else ""),
                unit=unit_id,
                authorisation=unit.authorisation.value,
                goods=unit.goods.value,
            )
        self.require_offered((unit_id,), EXCHANGE)

    def require_offered(self, units: Sequence[str], remedy: str) -> None:
        """The policy offers it for each of the units, or offers whatever can be done."""
        for unit_id in units or tuple(self.units):
            offered = self.unit(unit_id).offer.remedies
            if offered and remedy not in offered:
                names = ", ".join(offered)
                raise RemedyNotOffered(f"{remedy} is not offered for unit {unit_id}: {names}", unit=unit_id)

    def ask_exchange(
        self,
        exchange_id: str,
        unit_id: str,
        sku: str,
        shown: Money,
        *,
        instant: bool,
        consent: Consent | None,
        claims: tuple[ValueClaim, ...],
        by: str,
        at: datetime,
    ) -> Exchange:
        """The ledgers have reserved what was paid for the unit: the shop is asked to keep the new one."""
        self.require_exchangeable(unit_id)
        worth = Money(sum(claim.amount.minor for claim in claims), shown.currency)
        self.record(
            e.ExchangeAsked,
            at=at,
            exchange_id=exchange_id,
            unit_id=unit_id,
            sku=sku,
            shown=shown,
            instant=instant,
            consent=consent,
            worth=worth,
            claims=claims,
            by=by,
        )
        self.go_on(by=by, at=at)
        return self.exchanges[exchange_id]

    def exchange_reserved(
        self, exchange_id: str, reservation_id: str, expires_at: datetime, price: Money, *, at: datetime
    ) -> bool:
        """The shop keeps one. False where nobody waits for it any more."""
        known = self.exchange(exchange_id)
        if known.stage not in (Stage.ASKED, Stage.UNANSWERED):
            return False
        to_agree = price != known.shown
        self.record(
            e.ExchangeReserved,
            at=at,
            exchange_id=exchange_id,
            reservation_id=reservation_id,
            expires_at=expires_at,
            price=price,
            to_agree=to_agree,
        )
        self.go_on(by=POLICY, at=at)
        return True

    def exchange_unanswered(self, exchange_id: str, reason: str, *, at: datetime) -> None:
        """Nothing was heard of the shop in time."""
        known = self.exchange(exchange_id)
        if known.stage in AT_THE_SHOP and known.asks_person != reason:
            self.record(e.ExchangeUnanswered, at=at, exchange_id=exchange_id, reason=reason)
            self.ask_person(f"exchange {exchange_id}: {reason}", at=at)

    def agree_to_exchange(self, exchange_id: str, *, by: str, at: datetime) -> None:
        """The customer agrees to the price that the shop named."""
        known = self.exchange(exchange_id)
        if known.stage is not Stage.TO_AGREE:
            raise WrongStage(
                f"exchange {exchange_id} is {known.stage.value}: nothing is to be agreed to", stage=known.stage.value
            )
        self.record(e.ExchangeAgreed, at=at, exchange_id=exchange_id, by=by)
        self.go_on(by=by, at=at)

    def may_be_ordered(self, known: Exchange) -> bool:
        """Whether the new order is due by itself."""
        authorised = self.units[known.unit_id].authorisation is Authorisation.AUTHORISED
        return known.stage is Stage.RESERVED and authorised and (known.instant or self.is_back(known.unit_id))

    def order_exchange(self, exchange_id: str, *, by: str, at: datetime) -> Exchange:
        """Ask the shop for the new order. A person may do so although the inspection contradicts the promise."""
        known = self.exchange(exchange_id)
        unit = self.unit(known.unit_id)
        here = unit.goods is Goods.RECEIVED and unit.inspected
        if known.stage is not Stage.RESERVED or not (here or known.instant):
            inspected = "inspected" if unit.inspected else "not inspected"
            raise WrongStage(
                f"exchange {exchange_id} is {known.stage.value}, unit {known.unit_id} {unit.goods.value} and "
                f"{inspected}; the new order needs it reserved, and the unit received and inspected",
                stage=known.stage.value,
                goods=unit.goods.value,
            )
        self.record(e.ExchangeOrdered, at=at, exchange_id=exchange_id, by=by)
        self.go_on(by=by, at=at)
        return self.exchanges[exchange_id]

    def exchange_placed(
        self, exchange_id: str, new_order_id: str, new_unit: str, differs: str, *, at: datetime
    ) -> None:
        """The new order is there; what stands for the old unit is known from here on."""
        known = self.exchange(exchange_id)
        unit = self.units[known.unit_id]
        due = self.expires_at if known.instant and unit.goods is Goods.WITH_CUSTOMER else None
        self.record(
            e.ExchangePlaced,
            at=at,
            exchange_id=exchange_id,
            new_order_id=new_order_id,
            new_unit=new_unit,
            return_by=due,
            differs=differs,
        )
        if differs:
            self.ask_person(f"exchange {exchange_id}: {differs}", at=at)
        self.go_on(by=POLICY, at=at)

    def cancel_exchange(self, exchange_id: str, reason: str, *, by: str, at: datetime) -> Exchange:
        """Call it off: at once where nothing was ordered, else by the shop's word."""
        known = self.exchange(exchange_id)
        if known.stage in UNORDERED:
            self.call_off(exchange_id, Stage.CANCELLED, reason, by=by, at=at)
        elif known.stage in (Stage.ORDERED, Stage.PLACED):
            self.record(e.ExchangeCancelling, at=at, exchange_id=exchange_id, reason=reason, by=by)
            self.go_on(by=by, at=at)
        else:
            raise WrongStage(
                f"exchange {exchange_id} is {known.stage.value}: it cannot be called off", stage=known.stage.value
            )
        return self.exchanges[exchange_id]

    def exchange_stands(self, exchange_id: str, reason: str, *, at: datetime) -> None:
        """The shop could not stop the new order any more."""
        known = self.exchange(exchange_id)
        if known.stage is Stage.CANCELLING and known.new_order_id:
            self.record(e.ExchangeStands, at=at, exchange_id=exchange_id, reason=reason)
            self.ask_person(f"exchange {exchange_id} could not be called off: {reason}", at=at)

    def call_off(self, exchange_id: str, outcome: Stage, reason: str, *, by: str, at: datetime) -> bool:
        """It does not happen. False where that is known."""
        if outcome not in OFF:
            raise Invalid("outcome", f"{outcome.value} is no end without goods")
        if self.exchange(exchange_id).is_off:
            return False
        self.record(e.ExchangeCalledOff, at=at, exchange_id=exchange_id, outcome=outcome.value, reason=reason, by=by)
        self.go_on(by=by, at=at)
        return True

    def exchange_needs_person(self, exchange_id: str, reason: str, *, at: datetime) -> None:
        """Something of it cannot be done by itself."""
        if self.exchange(exchange_id).asks_person != reason:
            self.record(e.ExchangeNeedsPerson, at=at, exchange_id=exchange_id, reason=reason)
            self.ask_person(f"exchange {exchange_id}: {reason}", at=at)

    def exchange(self, exchange_id: str) -> Exchange:
        """An exchange by id, or `UnknownExchange`."""
        if exchange_id not in self.exchanges:
            raise UnknownExchange(f"this return has no exchange {exchange_id}", exchange=exchange_id)
        return self.exchanges[exchange_id]

    def ask_person(self, reason: str, *, at: datetime) -> None:
        if self.is_open:
            self.escalate(ESCALATIONS, reason, by=POLICY, at=at)
            self.go_on(by=POLICY, at=at)
