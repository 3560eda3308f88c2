"""What a return is, as read from its axes: its roll-up, whom it waits on, and whether it is over.

Guarantee: pure readings; the read model, the clocks and the decisions use the same ones.
"""

from datetime import datetime

from chassis.domain import Money
from services.returns.domain.case.exchanges import AT_THE_SHOP, WITH_NEW_GOODS, Exchange, Stage
from services.returns.domain.case.signals import EMPTY_BOX
from services.returns.domain.case.state import ReturnState
from services.returns.domain.case.values import USUAL_DAYS, Authorisation, CaseRefund, Goods, MoneyState, ReturnUnit

ENDED = (Authorisation.DECLINED, Authorisation.CANCELLED, Authorisation.EXPIRED)
ON_THE_WAY = (MoneyState.PLANNED, MoneyState.ATTEMPTING, MoneyState.SUBMITTED)
_LEAST_CERTAIN_FIRST = (
    MoneyState.HELD,
    MoneyState.UNKNOWN,
    MoneyState.FAILED,
    MoneyState.PLANNED,
    MoneyState.ATTEMPTING,
    MoneyState.SUBMITTED,
    MoneyState.SETTLED,
)


class ReturnReading(ReturnState):
    """Abstract: `ReturnCase` adds the decisions."""

    @property
    def state(self) -> str:
        """requested, authorised, declined, cancelled, expired, received, refunded, exchanged or nothing_owed."""
        ways = {unit.authorisation for unit in self.units.values()}
        for ended in ENDED:
            if ways == {ended}:
                return ended.value
        if ways <= set(ENDED):
            return Authorisation.DECLINED.value if Authorisation.DECLINED in ways else Authorisation.CANCELLED.value
        active = {u: unit for u, unit in self.units.items() if unit.authorisation not in ENDED}
        if all(self.is_done(u) for u in active):
            if all(unit.nothing_owed for unit in active.values()):
                return "nothing_owed"
            return "exchanged" if any(self.exchange_of(u) for u in active) else "refunded"
        if any(unit.goods is Goods.RECEIVED for unit in active.values()):
            return "received"
        waits = any(unit.authorisation is Authorisation.REQUESTED for unit in active.values())
        return "requested" if waits else "authorised"

    @property
    def trouble(self) -> str:
        """Why goods come back; ``mixed`` where units differ."""
        reasons = {unit.asked.reason for unit in self.units.values() if unit.announced}
        return reasons.pop() if len(reasons) == 1 else "mixed"

    def signals_about(self, unit_id: str) -> list[str]:
        """What receipts show of a unit that somebody should look at."""
        return sorted({one.name for seen in self.signals.values() for one in seen if unit_id in one.units})

    def found_of(self, unit_id: str) -> tuple[str, str]:
        """Condition and responsibility as last found."""
        unit = self.units[unit_id]
        return (
            unit.condition.value if unit.condition else "",
            unit.responsibility.value if unit.responsibility else "",
        )

    def let_go(self, receipt_number: str) -> list[str]:
        """Units that a receipt was booked on and is not any more."""
        return self.units_let_go.get(receipt_number, [])

    def refunds_of(self, unit_id: str) -> list[CaseRefund]:
        """Money planned, sent or failed for a unit."""
        return [r for r in self.refunds.values() if any(subject == unit_id for subject, _ in r.parts)]

    def money_of(self, unit_id: str) -> MoneyState | None:
        """The unit's money rolled up, the least certain first; a failed refund counts only while no other stands."""
        states = {refund.state for refund in self.refunds_of(unit_id)}
        if states - {MoneyState.FAILED}:
            states.discard(MoneyState.FAILED)
        return next((state for state in _LEAST_CERTAIN_FIRST if state in states), None)

    def is_done(self, unit_id: str) -> bool:
        """Its money is with the customer, or what it was exchanged for and all that goes with it."""
        known = self.exchange_of(unit_id)
        if known is None:
            return self.money_of(unit_id) is MoneyState.SETTLED or bool(self.units[unit_id].nothing_owed)
        if known.stage in (Stage.CHARGED, Stage.LEFT):
            return True
        return self._is_exchanged(unit_id) and self.is_paid_back(known)

    def is_paid_back(self, known: Exchange) -> bool:
        """Whether what was paid for the old unit beyond the price of the new one is with the customer."""
        differences = self.differences_of(known)
        settled = sum(r.amount.minor for r in differences if r.state is MoneyState.SETTLED)
        return settled >= known.money.back.minor

    def differences_of(self, known: Exchange) -> list[CaseRefund]:
        """What was paid back, or is on its way, of an exchange that cost less."""
        return [r for r in self.refunds.values() if r.request_key.startswith(f"{known.exchange_id}:")]

    def is_back(self, unit_id: str) -> bool:
        """The unit is here, and as promised."""
        unit = self.units[unit_id]
        return unit.goods is Goods.RECEIVED and unit.inspected and not unit.contradicts

    def _is_exchanged(self, unit_id: str) -> bool:
        known = self.exchange_of(unit_id)
        return known is not None and known.stage is Stage.PLACED and (self.is_back(unit_id) or not known.instant)

    def _exchange_waits_on(self) -> str:
        live = [x for x in self.exchanges.values() if not x.is_off and not self.is_done(x.unit_id)]
        monies = {r.state for x in live for r in self.differences_of(x)}
        if any(x.asks_person for x in live) or monies & {MoneyState.FAILED, MoneyState.HELD, MoneyState.UNKNOWN}:
            return "agent"
        if monies & set(ON_THE_WAY):
            return "provider"
        if any(x.stage is Stage.TO_AGREE for x in live):
            return "customer"
        return "shop" if any(x.stage in AT_THE_SHOP for x in live) else ""

    def _is_awaited(self, unit_id: str) -> bool:
        unit, known = self.units[unit_id], self.exchange_of(unit_id)
        late = known is not None and known.stage in (*WITH_NEW_GOODS, Stage.ORDERED, Stage.CANCELLING)
        return unit.authorisation is Authorisation.AUTHORISED and unit.goods is Goods.WITH_CUSTOMER and not late

    def refunded(self, currency: str) -> Money:
        """All money of this return that is with the customer."""
        settled = (r.amount.minor for r in self.refunds.values() if r.state is MoneyState.SETTLED)
        return Money(sum(settled), currency)

    def pending(self, currency: str) -> Money:
        """All money of this return that is planned, under way or unknown."""
        ended = (MoneyState.SETTLED, MoneyState.FAILED)
        return Money(sum(r.amount.minor for r in self.refunds.values() if r.state not in ended), currency)

    def money_expected_by(self, now: datetime) -> datetime | None:
        """When all that is on its way should be with the customer; None where nothing is, where somebody has to look,
        and once that day has passed: it is promised to nobody twice."""
        open_ones = [r for r in self.refunds.values() if r.state not in (MoneyState.SETTLED, MoneyState.FAILED)]
        if not open_ones or any(r.state not in ON_THE_WAY for r in open_ones):
            return None
        expected = max(r.planned_at for r in open_ones) + USUAL_DAYS
        return expected if expected > now else None

    def awaited_until(self) -> datetime | None:
        """When what was not sent expires; None where nothing is awaited from the customer."""
        awaited = any(self._is_awaited(unit_id) for unit_id in self.units)
        return self.expires_at if self.is_open and awaited else None

    def next_party(self) -> str:
        """Whom the return waits on; the nearest to the end of the way first."""
        if self.open_corrections:
            return "agent"
        active = [(u, unit) for u, unit in self.units.items() if unit.authorisation not in ENDED]
        monies = [self.money_of(u) for u, _ in active]
        if any(money in (MoneyState.FAILED, MoneyState.HELD, MoneyState.UNKNOWN) for money in monies):
            asked = {r.claim_id for u, _ in active for r in self.refunds_of(u)} & self.other_tender_asked.keys()
            return "customer" if asked and set(monies) <= {MoneyState.FAILED, MoneyState.SETTLED} else "agent"
        if any(unit.authorisation is Authorisation.REQUESTED for _, unit in active):
            return "agent"
        if party := self._exchange_waits_on():
            return party
        empty = {u for seen in self.signals.values() for one in seen if one.name == EMPTY_BOX for u in one.units}
        if any(u in empty and unit.goods is not Goods.RECEIVED and self.money_of(u) is None for u, unit in active):
            return "agent"
        here = [(u, unit) for u, unit in active if unit.goods is Goods.RECEIVED]
        if any(not unit.inspected for _, unit in here):
            return "warehouse"
        open_ = [u for u, unit in here if self.money_of(u) is None and not unit.nothing_owed]
        if any(not self._is_exchanged(u) for u in open_):
            return "agent"
        if any(money in ON_THE_WAY for money in monies):
            return "provider"
        goods = {unit.goods for _, unit in active}
        if goods & {Goods.HANDED_OVER, Goods.IN_TRANSIT}:
            return "carrier"
        return "customer" if Goods.WITH_CUSTOMER in goods else "agent"

    def ending(self) -> str:
        """The outcome of a return that is over; empty while something is open."""
        if self.open_corrections:
            return ""
        if any(r.state not in (MoneyState.SETTLED, MoneyState.FAILED) for r in self.refunds.values()):
            return ""
        active = [u for u, unit in self.units.items() if unit.authorisation not in ENDED]
        if all(self.is_done(u) for u in active):
            return self.state
        return ""

    def _is_refundable(self, unit: ReturnUnit) -> bool:
        if unit.authorisation is not Authorisation.AUTHORISED:
            return False
        kept = unit.goods is Goods.KEPT_BY_CUSTOMER and unit.offer.returnless
        lost = unit.goods is Goods.MISSING  # only what was sent with proof is: the risk of the way back is the shop's
        return kept or lost or (unit.goods is Goods.RECEIVED and unit.inspected)
