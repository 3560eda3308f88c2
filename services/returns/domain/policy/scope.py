"""Whether a clause speaks of a unit at all.

Guarantee: pure; a clause speaks where every one of its bounds holds, of several values of one bound any.
A category holds its sub-categories: `shoes` speaks of `shoes/boots` too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.values import Clause

Holds = Callable[[UnitFacts], bool]


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound of a clause, with what is said where it does not hold."""

    name: str
    holds: Holds
    otherwise: str


def nearest(clauses: Iterable[Clause], facts: UnitFacts) -> Clause | None:
    """Of clauses that speak of a unit that of the highest priority, then of most bounds, then the first by id."""
    speaking = [clause for clause in clauses if all(bound.holds(facts) for bound in bounds_of(clause))]
    return min(speaking, key=nearness, default=None)


def nearness(clause: Clause) -> tuple[int, int, str]:
    """The smaller the nearer."""
    return -clause.number("priority"), -len(bounds_of(clause)), clause.id


_VALUES: dict[str, Callable[[UnitFacts], tuple[str, ...]]] = {
    "grounds": lambda facts: (facts.ground.value,),
    "reasons": lambda facts: (facts.reason,),
    "tags": lambda facts: facts.tags,
    "countries": lambda facts: (facts.country,),
    "channels": lambda facts: (facts.channel,),
    "tenders": lambda facts: facts.tenders,
    "tiers": lambda facts: (facts.tier,),
    "conditions": lambda facts: (facts.stated_condition,),
    "bundles": lambda facts: (facts.bundle,),
}
READS = {
    "grounds": "ground",
    "reasons": "reason",
    "categories": "category",
    "tags": "tags",
    "countries": "country",
    "channels": "channel",
    "tenders": "tenders",
    "tiers": "tier",
    "conditions": "stated_condition",
    "bundles": "bundle",
    "gift": "gift",
    "placed_from": "placed_at",
    "placed_until": "placed_at",
    "price_from": "paid",
    "price_below": "paid",
}
"""The fact each bound looks at."""


def bounds_of(clause: Clause) -> tuple[Bound, ...]:
    """Every bound of a clause."""
    scope = dict(clause.scope)
    first, last = (scope.pop(name, ("",))[0] for name in ("placed_from", "placed_until"))
    found = [_bound(name, given) for name, given in scope.items()]
    if first or last:
        words = " ".join(f"{word} {day}" for word, day in (("from", first), ("until", last)) if day)
        found.append(Bound("placed", _placed(first, last), f"Speaks of orders placed {words}."))
    return tuple(found)


def _bound(name: str, given: tuple[str, ...]) -> Bound:
    listed = " and ".join(given)
    if name == "gift":
        wanted = given[0] == "true"
        return Bound(name, lambda facts: facts.gift is wanted, "Speaks of gifts only." if wanted else "Not for gifts.")
    if name in ("price_from", "price_below"):
        amounts = {code: int(minor) for code, _, minor in (value.partition("=") for value in given)}
        return Bound(name, _price(name, amounts), f"Speaks of another price ({name.replace('_', ' ')} a limit).")
    negated, field = name.startswith("not_"), name.removeprefix("not_")
    holds = _category(given) if field == "categories" else _any_of(_VALUES[field], frozenset(given))
    if negated:
        return Bound(name, lambda facts: not holds(facts), f"Does not speak of {listed}.")
    return Bound(name, holds, f"Speaks of {listed} only.")


def _any_of(values: Callable[[UnitFacts], tuple[str, ...]], wanted: frozenset[str]) -> Holds:
    return lambda facts: not wanted.isdisjoint(values(facts))


def _category(given: Iterable[str]) -> Holds:
    whole, below = frozenset(given), tuple(f"{name}/" for name in given)
    return lambda facts: facts.category in whole or facts.category.startswith(below)


def _price(name: str, amounts: dict[str, int]) -> Holds:
    if name == "price_from":
        return lambda facts: (at := amounts.get(facts.paid.currency)) is not None and facts.paid.minor >= at
    return lambda facts: (at := amounts.get(facts.paid.currency)) is not None and facts.paid.minor < at


def _placed(first: str, last: str) -> Holds:
    over_new_year = bool(first and last) and first.count("-") == 1 and last < first

    def holds(facts: UnitFacts) -> bool:
        if facts.placed_at is None:
            return False
        day = facts.placed_at.astimezone(ZoneInfo(facts.time_zone)).date()
        after = not first or day >= day_of(first, day.year)
        before = not last or day <= day_of(last, day.year)
        return (after or before) if over_new_year else (after and before)

    return holds


def day_of(given: str, year: int) -> date:
    """``2026-11-15``, or of a day of every year, ``11-15``, that of `year`; 29 February is 28 in other years."""
    if given.count("-") == 2:
        return date.fromisoformat(given)
    month, _, day = given.partition("-")
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return date(year, int(month), int(day) - 1)
