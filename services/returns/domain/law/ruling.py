"""Whose law counts where the customer is, and what it says of one thing.

Guarantee: plain values; each ruling names the source it rests on.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where the customer is: whose law, whose clock and whose public holidays count."""

    country: str
    zone: str
    holidays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the law says of one unit, by the name of its rule."""

    rule: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that has to be done in time. `state`: open, withheld (not due yet), done, or missed."""

    name: str
    owner: str
    due_at: datetime | None
    state: str
    text: str
    source: str
