"""The old unit of an exchange whose new goods left first: awaited, charged with the customer's consent, or left.

Guarantee: nobody is charged who did not agree to it, with the instant and the way of the consent on record; without one
a person decides.
"""

from datetime import datetime

from chassis.domain import Invalid
from services.returns.domain.case import exchange_events as e
from services.returns.domain.case.authorising import POLICY
from services.returns.domain.case.exchange_state import due_of
from services.returns.domain.case.exchanges import Consent, Exchange, Stage
from services.returns.domain.case.exchanging import Exchanging
from services.returns.domain.case.values import Authorisation, Goods
from services.returns.domain.errors import ConsentNeeded, WrongStage


class Unreturned(Exchanging):
    """Abstract: `ReturnCase` adds the money."""

    def find_unreturned(self, exchange_id: str, reason: str, *, at: datetime) -> None:
        """The old unit did not come back: a person decides."""
        if self.exchange(exchange_id).stage in (Stage.PLACED, Stage.CHARGING):
            self.record(e.UnreturnedFound, at=at, exchange_id=exchange_id, reason=reason)
            self.ask_person(f"exchange {exchange_id}: {reason}", at=at)

    def await_unreturned(self, exchange_id: str, until: datetime, reason: str, *, by: str, at: datetime) -> None:
        """A person gives the customer more time."""
        self._require_unreturned(exchange_id)
        if until <= at:
            raise Invalid("until", f"{until.isoformat()} has passed")
        self.record(e.UnreturnedAwaited, at=at, exchange_id=exchange_id, return_by=until, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def charge_unreturned(self, exchange_id: str, consent: Consent | None, *, by: str, at: datetime) -> Exchange:
        """Charge what was carried over; only where the customer agreed to it, before or now."""
        known = self._require_unreturned(exchange_id)
        agreed = known.consent or consent
        if agreed is None:
            raise ConsentNeeded(
                f"the customer did not agree to be charged for unit {known.unit_id}", unit=known.unit_id
            )
        amount = known.money.carried
        self.record(e.UnreturnedCharging, at=at, exchange_id=exchange_id, amount=amount, consent=agreed, by=by)
        self.go_on(by=by, at=at)
        return self.exchanges[exchange_id]

    def unreturned_charged(self, exchange_id: str, reference: str, *, at: datetime) -> bool:
        """The customer has paid for both. False where that is known."""
        known = self.exchange(exchange_id)
        if known.stage is Stage.CHARGED:
            return False
        self.record(
            e.UnreturnedCharged, at=at, exchange_id=exchange_id, amount=known.money.carried, reference=reference
        )
        self.go_on(by=POLICY, at=at)
        return True

    def leave_unreturned(self, exchange_id: str, reason: str, *, by: str, at: datetime) -> None:
        """A person lets the customer have both."""
        self._require_unreturned(exchange_id)
        self.record(e.UnreturnedLeft, at=at, exchange_id=exchange_id, reason=reason, by=by)
        self.go_on(by=by, at=at)

    def exchange_dues(self) -> list[tuple[str, datetime]]:
        """When each exchange is to be looked at by itself."""
        return [(x.exchange_id, due) for x in self.exchanges.values() if (due := self._due(x)) is not None]

    def is_unreturned(self, known: Exchange) -> bool:
        """Whether the customer has both, and nothing says that the old one is on its way."""
        return self.units[known.unit_id].goods is Goods.WITH_CUSTOMER

    def _due(self, known: Exchange) -> datetime | None:
        if known.stage is Stage.PLACED and not self.is_unreturned(known):
            return None
        return due_of(known)

    def _require_unreturned(self, exchange_id: str) -> Exchange:
        known = self.exchange(exchange_id)
        declined = self.units[known.unit_id].authorisation is Authorisation.DECLINED
        if known.stage is not Stage.TO_CHARGE and not (
            known.stage is Stage.PLACED and known.instant and (self.is_unreturned(known) or declined)
        ):
            raise WrongStage(
                f"exchange {exchange_id} is {known.stage.value}: no unit of it is missing", stage=known.stage.value
            )
        return known
