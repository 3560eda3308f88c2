"""The last days that the law gives for one line of an order, for whoever decides by a shop's policy.

Guarantee: they are counted by the law's own flows, days of rest included, so a policy never counts them otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from services.returns.domain.conformity import ConformityLaw, Sale
from services.returns.domain.law import Place
from services.returns.domain.order import Order, OrderSnapshot
from services.returns.domain.order.way import whole_possession
from services.returns.domain.withdrawal import WithdrawalLaw


@dataclass(frozen=True, slots=True)
class LastDays:
    """The last local day to withdraw, and the last on which a lack may show; None before it began or where none is."""

    withdraw: date | None
    liable: date | None


@dataclass(frozen=True, slots=True)
class LegalDays:
    """See the module's guarantee."""

    withdrawal: WithdrawalLaw
    conformity: ConformityLaw
    place_of: Callable[[str, str, datetime], Place]

    def of(self, order: Order, snapshot: OrderSnapshot, line_id: str) -> LastDays:
        """The days of one line."""
        whole, delivered = whole_possession(order), order.possession_of(line_id)
        withdraw = liable = None
        if whole is not None and snapshot.country in self.withdrawal.countries:
            place = self.place_of(snapshot.country, snapshot.time_zone, whole)
            withdraw = self.withdrawal.period(whole, place).last_day
        if delivered is not None and snapshot.country in self.conformity.countries:
            place = self.place_of(snapshot.country, snapshot.time_zone, delivered)
            second_hand = self.conformity.second_hand_tag in order.line(line_id).tags
            sale = Sale(snapshot.placed_at, delivered, second_hand)
            liable = self.conformity.liable_until(sale, place).last_day
        return LastDays(withdraw, liable)
