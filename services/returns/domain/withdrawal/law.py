"""What the law of withdrawal says, and what it says of one unit.

Guarantee: pure. Nothing but the law takes the right away: not a member state, out of time, or goods that the law itself
leaves out. Each ruling names the source it rests on. An open period, before the last delivery, is never over.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.returns.domain.law.period import Deadline, deadline, ending_on, off_days_of_rest, years_after
from services.returns.domain.law.ruling import Place, Ruling

EFFECTIVE = "effective"
"""The rule of a notice that ends the contract about a unit; the others say why it does not."""
TRADER, CONSUMER = "trader", "consumer"
"""Who may bear the cost of sending back."""

NO_RIGHT, OUT_OF_TIME, EXCEPTED, NOTHING_OWED = "no_right", "out_of_time", "excepted", "nothing_owed"


@dataclass(frozen=True, slots=True)
class ExceptedGoods:
    """Goods the law leaves out, by the kind of the policy's clause that names them; empty bounds always hold."""

    kind: str
    source: str
    conditions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def holds(self, condition: str, tags: Collection[str]) -> bool:
        """Whether it speaks of goods that are stated to be so and are marked so."""
        in_condition = not self.conditions or condition in self.conditions
        return in_condition and (not self.tags or not set(self.tags).isdisjoint(tags))


@dataclass(frozen=True, slots=True)
class WithdrawalLaw:
    """The law as data; see `data/law.yaml`."""

    version: str
    countries: frozenset[str]
    withdraw_days: int
    send_back_days: int
    repay_days: int
    informed: bool
    uninformed_years: int
    warn_days: int
    days_after_withholding: int
    sources: Mapping[str, str]
    exceptions: tuple[ExceptedGoods, ...]
    return_cost: str = TRADER

    @property
    def is_return_free(self) -> bool:
        """Whether the trader bears the cost of sending back: agreed to, or the consumer was not told otherwise."""
        return self.return_cost == TRADER or not self.informed

    def period(self, possession: datetime, place: Place) -> Deadline:
        """When the right ends, from the possession of the last good; later where the shop did not inform of it."""
        initial = deadline(possession, self.withdraw_days, place.zone, place.holidays)
        if self.informed:
            return initial
        planned = years_after(initial.last_day, self.uninformed_years)
        return ending_on(off_days_of_rest(planned, place.holidays), planned, place.zone)

    def send_back_by(self, begins: datetime, place: Place) -> Deadline:
        """By when the customer sends the goods; sending on that day suffices."""
        return deadline(begins, self.send_back_days, place.zone, place.holidays)

    def repay_by(self, noticed_at: datetime, place: Place) -> Deadline:
        """By when the shop pays back, counted from the day it was informed."""
        return deadline(noticed_at, self.repay_days, place.zone, place.holidays)

    def rule(
        self,
        noticed_at: datetime,
        possession: datetime | None,
        place: Place,
        excepted: ExceptedGoods | None,
    ) -> Ruling:
        """Whether the notice ends the contract about one unit. `possession`: of the order's last good."""
        if place.country not in self.countries:
            text = f"{place.country} is no country whose law gives a right of withdrawal that is known here."
            return Ruling(NO_RIGHT, text, self.sources["period"])
        if excepted is not None:
            return Ruling(EXCEPTED, f"The law leaves such goods out ({excepted.kind}).", excepted.source)
        if possession is None:
            return Ruling(EFFECTIVE, "Not everything is delivered: the period has not begun.", self.sources["period"])
        until = self.period(possession, place)
        if until.covers(noticed_at):
            return Ruling(EFFECTIVE, f"The period ends on {until.text}.", self.sources["period"])
        return Ruling(OUT_OF_TIME, f"The period ended on {until.text}.", self.sources["days"])
