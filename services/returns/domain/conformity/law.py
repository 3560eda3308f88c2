"""What the law of conformity says: how long the seller answers, and who proves what.

Guarantee: pure. Nothing but the law ends the liability: not a member state, or out of time. What counts is the day on
which the lack showed, not the day on which it was told. A repair only ever makes it longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.returns.domain.law import Deadline, Place, Ruling
from services.returns.domain.law.period import (
    deadline,
    deadline_in_years,
    ending_on,
    local_day,
    off_days_of_rest,
    years_after,
)

COVERED = "covered"
"""The rule of a lack the seller answers for; the others say why not."""

NO_RIGHT, OUT_OF_TIME, NOTHING_OWED = "no_right", "out_of_time", "nothing_owed"
SELLER, CUSTOMER = "seller", "customer"
"""Who has to prove whether the lack was there at the delivery."""


@dataclass(frozen=True, slots=True)
class NationalRule:
    """What one member state gives beyond the directive."""

    liability_years: int
    presumption_years: int
    suspended_while_repaired: bool
    source: str


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair that was carried out as a remedy: from when to when the customer was without the goods."""

    began_at: datetime
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Sale:
    """What the periods of one unit rest on."""

    placed_at: datetime
    delivered_at: datetime
    second_hand: bool = False
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the law's data that a file goes on with once a lack was reported."""

    attempts: int
    put_right_days: int
    workshop_days: int
    repay_days: int
    wait_days: int
    warn_days: int


@dataclass(frozen=True, slots=True)
class ConformityLaw:
    """The law as data; see `data/law.yaml`."""

    version: str
    countries: frozenset[str]
    liability_years: int
    presumption_years: int
    extension_years: int
    extension_from: date
    second_hand_tag: str
    second_hand_years: int
    second_hand_countries: frozenset[str]
    national: Mapping[str, NationalRule]
    attempts: int
    answer_days: int
    put_right_days: int
    workshop_days: int
    repay_days: int
    wait_days: int
    warn_days: int
    sources: Mapping[str, str]

    @property
    def figures(self) -> Figures:
        """What a file keeps of it."""
        return Figures(
            self.attempts, self.put_right_days, self.workshop_days, self.repay_days, self.wait_days, self.warn_days
        )

    def liable_until(self, sale: Sale, place: Place) -> Deadline:
        """How long a lack may show for the seller to answer for it."""
        planned = years_after(local_day(sale.delivered_at, place.zone), self._years(sale, place.country))
        if sale.repairs and local_day(sale.placed_at, place.zone) >= self.extension_from:
            planned = years_after(planned, self.extension_years)  # once, however many repairs
        national = self.national.get(place.country)
        if national is not None and national.suspended_while_repaired:
            planned += sum((_days(repair, place.zone) for repair in sale.repairs), timedelta())
        return ending_on(off_days_of_rest(planned, place.holidays), planned, place.zone)

    def presumed_until(self, sale: Sale, place: Place) -> Deadline:
        """How long a lack that shows is taken to have been there at the delivery; never longer than the liability."""
        national = self.national.get(place.country)
        years = national.presumption_years if national else self.presumption_years
        years = min(years, self._years(sale, place.country))
        return deadline_in_years(sale.delivered_at, years, place.zone, place.holidays)

    def due(self, begins: datetime, days: int, place: Place) -> Deadline:
        """So many whole local days, not ending on a day of rest."""
        return deadline(begins, days, place.zone, place.holidays)

    def rule(self, apparent_at: datetime, sale: Sale, place: Place) -> tuple[Ruling, str]:
        """Whether the seller answers for a lack that showed then, and who has to prove what."""
        if place.country not in self.countries:
            text = f"{place.country} is no country whose law of conformity is known here."
            return Ruling(NO_RIGHT, text, self.sources["right"]), CUSTOMER
        until = self.liable_until(sale, place)
        if not until.covers(apparent_at):
            return Ruling(OUT_OF_TIME, f"The seller answered for it until {until.text}.", self._source(sale, place)), ""
        presumed = self.presumed_until(sale, place)
        burden = SELLER if presumed.covers(apparent_at) else CUSTOMER
        proof = f"until {presumed.text} it is taken to have been there at the delivery"
        text = f"The seller answers for it until {until.text}; {proof}."
        return Ruling(COVERED, text, self._source(sale, place)), burden

    def _years(self, sale: Sale, country: str) -> int:
        national = self.national.get(country)
        years = national.liability_years if national else self.liability_years
        if sale.second_hand and country in self.second_hand_countries:
            return min(years, self.second_hand_years)
        return years

    def _source(self, sale: Sale, place: Place) -> str:
        if sale.second_hand and place.country in self.second_hand_countries:
            return self.sources["second_hand"]
        if sale.repairs and local_day(sale.placed_at, place.zone) >= self.extension_from:
            return self.sources["repair_extension"]
        national = self.national.get(place.country)
        return national.source if national else self.sources["right"]


def _days(repair: Repair, zone: str) -> timedelta:
    return local_day(repair.done_at, zone) - local_day(repair.began_at, zone)
