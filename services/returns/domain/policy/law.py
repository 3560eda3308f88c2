"""What the law gives whatever a shop's policy says, and whether a policy keeps to it.

Guarantee: pure. A policy is held against the law by deciding with it: for every clause that could refuse, a case is
made that the clause speaks of and that the law protects. A decline is a breach, and names the clause that decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chassis.domain import Money
from services.returns.domain.law.period import years_after
from services.returns.domain.policy.compiled import EXCEPTED
from services.returns.domain.policy.evaluate import judge_promise
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import day_of
from services.returns.domain.policy.values import Clause, ClauseKind, Ground, Outcome, Policy
from services.returns.domain.policy.weighing import weigh

REFUSING = EXCEPTED | {ClauseKind.WINDOW, ClauseKind.CONDITION, ClauseKind.REMEDIES, ClauseKind.BUNDLE}

_CONDITIONS = ("", "sealed", "opened", "used", "damaged", "incomplete")
_DELIVERED = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LawRule:
    """One rule: who asks on this ground within this time, in these countries, is not refused by the shop's own rules.

    `excepted` are the kinds of goods that the law itself leaves out.
    """

    kind: ClauseKind
    ground: Ground
    days: int
    years: int
    countries: tuple[str, ...]
    excepted: tuple[ClauseKind, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Breach:
    """A clause by which the shop would refuse what the law gives."""

    clause: str
    rule: LawRule
    countries: tuple[str, ...]
    text: str


def breaches(policy: Policy, rules: tuple[LawRule, ...]) -> list[Breach]:
    """Every clause by which final sale, a window or anything else of the shop beats the law."""
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for n, rule in enumerate(rules):
        for alike in _alike(policy, rule.countries):
            for facts in _protected(policy, rule, alike[0]):
                judged = weigh(policy, facts)
                if judged.outcome is Outcome.DECLINE and not _by_the_law_itself(policy, judged.clause, rule):
                    told = [(country, judge_promise(policy, facts).explanation) for country in alike]
                    found.setdefault((judged.clause, n), []).extend(told)
    return [
        Breach(clause, rules[n], tuple(dict.fromkeys(country for country, _ in where)), where[0][1])
        for (clause, n), where in found.items()
    ]


def _alike(policy: Policy, countries: tuple[str, ...]) -> list[list[str]]:
    """The countries in groups that no clause tells apart: one of each group stands for all."""
    named = [frozenset(c.texts(name)) for c in policy.clauses for name in ("countries", "not_countries")]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for country in countries:
        groups.setdefault(tuple(country in some for some in named), []).append(country)
    return list(groups.values())


def _by_the_law_itself(policy: Policy, clause: str, rule: LawRule) -> bool:
    kind = next(known.kind for known in policy.clauses if known.id == clause)
    return kind in rule.excepted


def _protected(policy: Policy, rule: LawRule, country: str) -> Iterator[UnitFacts]:
    """Cases that the law protects, one or more for each clause that could refuse."""
    reasons = [reason.code for reason in policy.reasons if reason.ground is rule.ground]
    shops = {s for c in policy.clauses if c.kind is ClauseKind.WITHDRAWAL for s in c.texts("shops")}
    for clause in policy.clauses:
        if clause.kind not in REFUSING or not _may(clause, "grounds", rule.ground.value):
            continue
        if not _may(clause, "countries", country):
            continue
        reason = next((code for code in reasons if _may(clause, "reasons", code)), None)
        channels = [c for c in (*clause.texts("channels"), "web", "other") if _may(clause, "channels", c)]
        channel = next((c for c in channels if c not in shops or rule.kind is not ClauseKind.WITHDRAWAL), None)
        if reason is None or channel is None:
            continue
        for condition in (c for c in _CONDITIONS if _may(clause, "conditions", c)):
            for asked in _days(rule):
                yield _case(clause, rule, country, reason, channel, condition, asked)


def _days(rule: LawRule) -> tuple[datetime, ...]:
    delivered = _DELIVERED.date()
    last = years_after(delivered, rule.years) if rule.years else delivered + timedelta(days=rule.days)
    return tuple(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in (delivered + timedelta(days=1), last))


def _case(
    clause: Clause, rule: LawRule, country: str, reason: str, channel: str, condition: str, asked: datetime
) -> UnitFacts:
    price = _price(clause)
    return UnitFacts(
        unit_id="a unit",
        sku="a sku",
        category=_one_of(clause, "categories"),
        tags=clause.texts("tags"),
        final_sale=clause.kind is ClauseKind.FINAL_SALE,
        reason=reason,
        ground=rule.ground,
        stated_condition=condition,
        possession_at=_DELIVERED,
        asked_at=asked,
        country=country,
        time_zone="UTC",
        paid=price,
        asked_total=price,
        placed_at=_placed(clause),
        dispatched_at=_DELIVERED - timedelta(days=2),
        last_possession_at=_DELIVERED,
        channel=channel,
        tenders=clause.texts("tenders") or ("card",),
        tier=_one_of(clause, "tiers"),
        gift=clause.text("gift") == "true",
        bundle=_one_of(clause, "bundles") or ("a bundle" if clause.kind is ClauseKind.BUNDLE else ""),
        bundle_missing=("the rest",) if clause.kind is ClauseKind.BUNDLE else (),
    )


def _may(clause: Clause, name: str, value: str) -> bool:
    allowed, barred = clause.scope.get(name), clause.scope.get(f"not_{name}", ())
    return (allowed is None or value in allowed) and value not in barred


def _one_of(clause: Clause, name: str) -> str:
    barred = clause.texts(f"not_{name}")
    return next((value for value in clause.texts(name) if value not in barred), "")


def _price(clause: Clause) -> Money:
    for name, change in (("price_from", 0), ("price_below", -1)):
        for value in clause.texts(name):
            currency, _, minor = value.partition("=")
            return Money(max(int(minor) + change, 0), currency)
    return Money(1000, "EUR")


def _placed(clause: Clause) -> datetime:
    given = clause.text("placed_from") or clause.text("placed_until")
    day: date = day_of(given, _DELIVERED.year) if given else _DELIVERED.date() - timedelta(days=3)
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
