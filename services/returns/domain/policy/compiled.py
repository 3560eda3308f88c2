"""A policy made ready for many decisions: its bounds built once, its clauses in the order they are read.

Guarantee: compiled once for each version; it holds nothing of any decision, but which clauses speak of goods that are
described alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from services.returns.domain.policy.customer import NOT_RECEIVED, SERIAL
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import READS, Bound, bounds_of
from services.returns.domain.policy.speaking import READERS, Reader
from services.returns.domain.policy.values import LAW, NEAREST, Clause, ClauseKind, Policy

EXCEPTED = frozenset(
    {
        ClauseKind.FINAL_SALE,
        ClauseKind.PERISHABLE,
        ClauseKind.MADE_TO_MEASURE,
        ClauseKind.DIGITAL,
        ClauseKind.HYGIENE,
        ClauseKind.EXCLUSION,
    }
)
"""Goods that do not come back, of which the law excepts some."""

LEADS = EXCEPTED | LAW | {ClauseKind.SEASON, ClauseKind.RETURNLESS}

WEIGHT = {kind: n for n, kind in enumerate(ClauseKind)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A clause with its bounds and its reader. `nearness`: its priority, then how many bounds it names."""

    clause: Clause
    read: Reader
    bounds: tuple[Bound, ...]
    nearness: tuple[int, int]

    def outside(self, facts: UnitFacts) -> str:
        """Why it does not speak of this unit; empty where it does."""
        for bound in self.bounds:
            if not bound.holds(facts):
                return bound.otherwise
        return ""


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses that are read together. Of `nearest` ones one counts; of others each speaks for itself."""

    kind: ClauseKind
    nearest: bool
    leads: bool
    """What it says means something for those that are read after it."""
    clauses: tuple[Prepared, ...]


Words = tuple[object, ...]
"""What describes a unit and its order in words: every bound but those of price and day looks at these alone."""

OF_FIGURES = ("price_from", "price_below", "placed")
MOST_KINDS = 4096
"""Descriptions that are kept at once; a shop has far fewer, and whoever makes up more begins anew."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Ready to be read over the facts of any unit."""

    policy: Policy
    groups: tuple[Group, ...]
    places: dict[str, int]
    reads: frozenset[str]
    """The facts that any clause looks at."""
    speaking: dict[Words, tuple[Group, ...]] = field(default_factory=dict)

    def of_kind(self, facts: UnitFacts) -> tuple[Group, ...]:
        """The groups of clauses that speak of such goods, with what is still to be asked of price and day."""
        words = (
            facts.ground,
            facts.reason,
            facts.category,
            facts.tags,
            facts.country,
            facts.channel,
            facts.tenders,
            facts.tier,
            facts.stated_condition,
            facts.gift,
            facts.bundle,
        )
        known = self.speaking.get(words)
        if known is None:
            if len(self.speaking) >= MOST_KINDS:
                self.speaking.clear()
            known = self.speaking[words] = tuple(self._narrowed(facts))
        return known

    def _narrowed(self, facts: UnitFacts) -> Iterable[Group]:
        for group in self.groups:
            clauses = [
                replace(ready, bounds=tuple(bound for bound in ready.bounds if bound.name in OF_FIGURES))
                for ready in group.clauses
                if all(bound.holds(facts) for bound in ready.bounds if bound.name not in OF_FIGURES)
            ]
            if clauses:
                yield replace(group, clauses=tuple(clauses))


@lru_cache(maxsize=256)
def compiled(policy: Policy) -> Compiled:
    """The policy ready to be read, made once."""
    groups: dict[tuple[ClauseKind, str], list[Prepared]] = {}
    for kind in READERS:
        for clause in policy.clauses:
            if clause.kind is kind:
                name = clause.text("name") if kind is ClauseKind.FEE else ""
                groups.setdefault((kind, name), []).append(_prepared(clause))
    return Compiled(
        policy,
        tuple(Group(kind, kind in NEAREST, kind in LEADS, tuple(found)) for (kind, _), found in groups.items()),
        {clause.id: n for n, clause in enumerate(policy.clauses)},
        frozenset(_reads(policy.clauses)),
    )


def _prepared(clause: Clause) -> Prepared:
    bounds = bounds_of(clause)
    return Prepared(clause, READERS[clause.kind], bounds, (clause.number("priority"), len(bounds)))


_CLOCKS = {
    "delivery": "possession_at",
    "last_delivery": "last_possession_at",
    "order": "placed_at",
    "dispatch": "dispatched_at",
    "notice": "asked_at",
}
_BEFORE = {SERIAL: "returns_before", NOT_RECEIVED: "not_received_before"}
_OWN: dict[ClauseKind, tuple[str, ...]] = {
    ClauseKind.FINAL_SALE: ("final_sale", "tags"),
    ClauseKind.CONFORMITY: ("possession_at", "asked_at", "ground", "liable_by"),
    ClauseKind.WITHDRAWAL: ("possession_at", "last_possession_at", "asked_at", "ground", "withdraw_by"),
    ClauseKind.SEASON: ("placed_at",),
    ClauseKind.CONDITION: ("stated_condition",),
    ClauseKind.HYGIENE: ("stated_condition",),
    ClauseKind.DIGITAL: ("stated_condition",),
    ClauseKind.PROOF: ("proofs",),
    ClauseKind.REMEDIES: ("remedy",),
    ClauseKind.AUTOMATIC_APPROVAL: ("asked_total",),
    ClauseKind.RETURNLESS: ("asked_total",),
    ClauseKind.BUNDLE: ("bundle", "bundle_missing", "ground", "remedy", "received_back_at"),
}


def _reads(clauses: Iterable[Clause]) -> Iterable[str]:
    for clause in clauses:
        yield from (READS[name.removeprefix("not_")] for name in clause.scope)
        yield from _OWN.get(clause.kind, ())
        match clause.kind:
            case ClauseKind.WINDOW:
                yield from ("asked_at", _CLOCKS[clause.text("clock", "delivery")])
            case ClauseKind.SIGNAL:
                yield _BEFORE.get(clause.text("signal"), "signals")
            case ClauseKind.WITHDRAWAL if clause.texts("shops"):
                yield "channel"
            case ClauseKind.FEE:
                yield "paid"
                waived = {"waived_tiers": "tier", "waived_reasons": "reason", "waived_remedies": "remedy"}
                yield from (fact for name, fact in waived.items() if clause.texts(name))
            case _:
                pass
