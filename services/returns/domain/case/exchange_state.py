"""What a return remembers of its exchanges, and how each event changes it.

Guarantee: folds and readings only; nothing in here decides.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.domain import applies
from services.returns.domain.case import exchange_events as e
from services.returns.domain.case.correction_state import CorrectionState
from services.returns.domain.case.exchanges import Exchange, Stage


class ExchangeState(CorrectionState):
    """Abstract: `ReturnState` adds the units."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: dict[str, Exchange] = {}

    def exchange_of(self, unit_id: str) -> Exchange | None:
        """The exchange of a unit that is under way or done; None where there is none, or it is off."""
        found = (x for x in reversed(self.exchanges.values()) if x.unit_id == unit_id and not x.is_off)
        return next(found, None)

    @applies(e.ExchangeAsked)
    def _on_exchange_asked(self, event: e.ExchangeAsked) -> None:
        self.exchanges[event.exchange_id] = Exchange(
            exchange_id=event.exchange_id,
            unit_id=event.unit_id,
            sku=event.sku,
            shown=event.shown,
            instant=event.instant,
            consent=event.consent,
            worth=event.worth,
            claims=event.claims,
            asked_at=event.timestamp,
            by=event.by,
        )

    @applies(e.ExchangeReserved)
    def _on_exchange_reserved(self, event: e.ExchangeReserved) -> None:
        self._exchange(
            event.exchange_id,
            stage=Stage.TO_AGREE if event.to_agree else Stage.RESERVED,
            reservation_id=event.reservation_id,
            expires_at=event.expires_at,
            price=event.price,
            asks_person="",
        )

    @applies(e.ExchangeUnanswered)
    def _on_exchange_unanswered(self, event: e.ExchangeUnanswered) -> None:
        asked = self.exchanges[event.exchange_id]
        stage = Stage.UNANSWERED if asked.stage is Stage.ASKED else asked.stage
        self._exchange(event.exchange_id, stage=stage, asks_person=event.reason)

    @applies(e.ExchangeAgreed)
    def _on_exchange_agreed(self, event: e.ExchangeAgreed) -> None:
        self._exchange(event.exchange_id, stage=Stage.RESERVED)

    @applies(e.ExchangeOrdered)
    def _on_exchange_ordered(self, event: e.ExchangeOrdered) -> None:
        asked = self.exchanges[event.exchange_id].orders_asked
        self._exchange(event.exchange_id, stage=Stage.ORDERED, orders_asked=asked + 1, asks_person="")

    @applies(e.ExchangePlaced)
    def _on_exchange_placed(self, event: e.ExchangePlaced) -> None:
        cancelling = self.exchanges[event.exchange_id].stage is Stage.CANCELLING
        self._exchange(
            event.exchange_id,
            stage=Stage.CANCELLING if cancelling else Stage.PLACED,
            new_order_id=event.new_order_id,
            new_unit=event.new_unit,
            return_by=event.return_by,
            differs=event.differs,
            asks_person=event.differs,
        )

    @applies(e.ExchangeCancelling)
    def _on_exchange_cancelling(self, event: e.ExchangeCancelling) -> None:
        asked = self.exchanges[event.exchange_id].cancels_asked
        self._exchange(
            event.exchange_id,
            stage=Stage.CANCELLING,
            reason=event.reason,
            cancels_asked=asked + 1,
            asks_person="",
        )

    @applies(e.ExchangeStands)
    def _on_exchange_stands(self, event: e.ExchangeStands) -> None:
        self._exchange(event.exchange_id, stage=Stage.PLACED, asks_person=event.reason)

    @applies(e.ExchangeCalledOff)
    def _on_exchange_called_off(self, event: e.ExchangeCalledOff) -> None:
        self._exchange(event.exchange_id, stage=Stage(event.outcome), reason=event.reason, asks_person="")

    @applies(e.ExchangeNeedsPerson)
    def _on_exchange_needs_person(self, event: e.ExchangeNeedsPerson) -> None:
        self._exchange(event.exchange_id, asks_person=event.reason)

    @applies(e.UnreturnedFound)
    def _on_unreturned_found(self, event: e.UnreturnedFound) -> None:
        self._exchange(event.exchange_id, stage=Stage.TO_CHARGE, asks_person=event.reason)

    @applies(e.UnreturnedAwaited)
    def _on_unreturned_awaited(self, event: e.UnreturnedAwaited) -> None:
        self._exchange(event.exchange_id, stage=Stage.PLACED, return_by=event.return_by, asks_person="")

    @applies(e.UnreturnedCharging)
    def _on_unreturned_charging(self, event: e.UnreturnedCharging) -> None:
        charges = self.exchanges[event.exchange_id].charges + 1
        self._exchange(event.exchange_id, stage=Stage.CHARGING, charges=charges, consent=event.consent, asks_person="")

    @applies(e.UnreturnedCharged)
    def _on_unreturned_charged(self, event: e.UnreturnedCharged) -> None:
        self._exchange(event.exchange_id, stage=Stage.CHARGED, asks_person="")

    @applies(e.UnreturnedLeft)
    def _on_unreturned_left(self, event: e.UnreturnedLeft) -> None:
        self._exchange(event.exchange_id, stage=Stage.LEFT, reason=event.reason, asks_person="")

    def _exchange(self, exchange_id: str, **values: Any) -> None:
        self.exchanges[exchange_id] = replace(self.exchanges[exchange_id], **values)


def due_of(exchange: Exchange) -> datetime | None:
    """When an exchange ends by itself, or is asked about: the shop keeps nothing any longer, the old unit is late."""
    if exchange.stage in (Stage.RESERVED, Stage.TO_AGREE):
        return exchange.expires_at
    return exchange.return_by if exchange.stage is Stage.PLACED else None
