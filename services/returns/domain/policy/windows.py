"""Windows and what the calendar says: whole local days from a clock to an act.

Guarantee: pure; a window whose clock has not begun is open. What counts at request is the day it was asked; a window
that ends with sending or with arrival is held against that act once it has happened.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.returns.domain.law import period
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import day_of
from services.returns.domain.policy.values import Clause

CLOCKS = ("delivery", "last_delivery", "order", "dispatch", "notice")
ENDS = ("request", "hand_over", "receipt")

_BEGAN = {
    "delivery": "Delivered",
    "last_delivery": "The last of the order delivered",
    "order": "Ordered",
    "dispatch": "Sent",
    "notice": "Asked",
}
_NOT_BEGUN = {
    "delivery": "Not delivered yet",
    "last_delivery": "Not all of the order is delivered yet",
    "order": "The day of the order is not known",
    "dispatch": "Not sent yet",
}
_ACTS = {"request": "asked", "hand_over": "sent back", "receipt": "received back"}


@dataclass(frozen=True, slots=True)
class Span:
    """A window over the facts of one unit. `last` is its last local day, None while its clock has not begun."""

    last: date | None
    open: bool
    text: str
    act: str = ""
    act_by: datetime | None = None


def local_day(at: datetime, facts: UnitFacts) -> date:
    """The day it is for the customer."""
    return period.local_day(at, facts.time_zone)


def end_of(day: date, facts: UnitFacts) -> datetime:
    """The instant at which a local day is over."""
    return period.end_of_day(day, facts.time_zone)


def span_of(clause: Clause, facts: UnitFacts, season: tuple[date, str] | None) -> Span:
    """A window clause over the facts; `season` is a later last day with what extends to it."""
    clock, end, days = clause.text("clock", "delivery"), clause.text("end", "request"), clause.number("days")
    began = _began(clock, facts)
    if began is None:
        return Span(None, True, f"{_NOT_BEGUN[clock]}: the window has not begun.")
    first = local_day(began, facts)
    last = first + timedelta(days=days)
    text = f"{_BEGAN[clock]} on {first}, {days} days end on {last}"
    if season is not None and season[0] > last:
        last = season[0]
        text += f", extended to {last} by {season[1]}"
    asked = local_day(facts.asked_at, facts)
    happened = _happened(end, facts)
    if happened is None:  # the act is yet to come: asking after the end is too late for it all the same
        text += f", asked on {asked}; to be {_ACTS[end]} by then."
        return Span(last, asked <= last, text, end, end_of(last, facts))
    acted = local_day(happened, facts)
    return Span(last, acted <= last, f"{text}, {_ACTS[end]} on {acted}.")


def season_of(clause: Clause, facts: UnitFacts) -> date | None:
    """The last day to which a season carries the windows of this order; None where its day is not known."""
    if facts.placed_at is None:
        return None
    placed = local_day(facts.placed_at, facts)
    until = day_of(clause.text("until"), placed.year)
    return until if until >= placed else day_of(clause.text("until"), placed.year + 1)


def _began(clock: str, facts: UnitFacts) -> datetime | None:
    return {
        "delivery": facts.possession_at,
        "last_delivery": facts.last_possession_at,
        "order": facts.placed_at,
        "dispatch": facts.dispatched_at,
        "notice": facts.asked_at,
    }[clock]


def _happened(end: str, facts: UnitFacts) -> datetime | None:
    if end == "request":
        return facts.asked_at
    if end == "receipt":
        return facts.received_back_at
    return facts.handed_back_at or facts.received_back_at
