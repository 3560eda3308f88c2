"""Clauses that can never count: dead ones, whose bounds exclude each other, and shadowed ones, before which another
always stands.

Guarantee: pure, and cautious: what is reported can be taken out of the policy without changing any decision. What is
not reported may still be useless.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.returns.domain.policy.scope import day_of
from services.returns.domain.policy.values import NEAREST, SCOPES, Clause, ClauseKind, Policy

_SETS_BY = {ClauseKind.FEE: ("name",), ClauseKind.CHANGE: ("action", "asked_by")}
"""What clauses of one kind set one thing by."""

ALWAYS_REFUSES = frozenset({ClauseKind.PERISHABLE, ClauseKind.MADE_TO_MEASURE, ClauseKind.EXCLUSION})


@dataclass(frozen=True, slots=True)
class Useless:
    """A clause that never counts. `reason`: DEAD or SHADOWED."""

    clause: str
    reason: str
    text: str


def useless(policy: Policy) -> list[Useless]:
    """Every clause found to be dead or shadowed, in the order of the policy."""
    return [found for clause in policy.clauses if (found := _looked_at(policy, clause)) is not None]


def _looked_at(policy: Policy, clause: Clause) -> Useless | None:
    why = next(_never(policy, clause), "")
    if why:
        return Useless(clause.id, "DEAD", f"clause {clause.id} never speaks: {why}")
    for other in policy.clauses:
        if other is not clause and not next(_never(policy, other), "") and (how := _stands_before(other, clause)):
            return Useless(clause.id, "SHADOWED", f"clause {clause.id} never counts: {other.id} {how}")
    return None


def _never(policy: Policy, clause: Clause) -> Iterator[str]:
    scope = clause.scope
    for name in SCOPES:
        given, barred = scope.get(name), scope.get(f"not_{name}", ())
        if name != "tags" and name != "tenders" and given is not None and set(given) <= set(barred):
            yield f"{name} and not_{name} name the same"
    codes = [
        reason.code
        for reason in policy.reasons
        if reason.code in scope.get("reasons", (reason.code,)) and reason.code not in scope.get("not_reasons", ())
        if reason.ground.value in scope.get("grounds", (reason.ground.value,))
        and reason.ground.value not in scope.get("not_grounds", ())
    ]
    if not codes:
        yield "no reason of the policy is within its grounds and reasons"
    first, last = clause.text("placed_from"), clause.text("placed_until")
    if first.count("-") == last.count("-") == 2 and day_of(first, 0) > day_of(last, 0):
        yield f"{first} is after {last}"
    below = dict(value.split("=") for value in scope.get("price_below", ()))
    above = dict(value.split("=") for value in scope.get("price_from", ()))
    if below and above and all(c not in below or int(below[c]) <= int(minor) for c, minor in above.items()):
        yield "no price is both from price_from and below price_below"


def _stands_before(other: Clause, clause: Clause) -> str:
    if not _covers(other, clause):
        return ""
    if other.kind is clause.kind and clause.kind in NEAREST:
        same_thing = all(other.text(name) == clause.text(name) for name in _SETS_BY.get(clause.kind, ()))
        return "speaks of the same and more, and is nearer" if same_thing and _counts_first(other, clause) else ""
    if other.kind is clause.kind and clause.kind in ALWAYS_REFUSES:
        twins = _covers(clause, other)
        return "refuses the same and more" if not twins or other.id < clause.id else ""
    if clause.kind is ClauseKind.WINDOW and other.kind is ClauseKind.EXCLUSION:
        return "refuses everything it speaks of"
    return ""


def _covers(other: Clause, clause: Clause) -> bool:
    """Whether `other` speaks wherever `clause` does, as far as their bounds show it."""
    theirs = clause.scope
    for name, given in other.scope.items():
        if name not in theirs:
            return False
        if name.startswith("not_"):
            if not set(given) <= set(theirs[name]):
                return False
        elif name in SCOPES:
            if not set(theirs[name]) <= set(given):
                return False
        elif theirs[name] != given:
            return False
    return True


def _counts_first(other: Clause, clause: Clause) -> bool:
    """Whether of the two `other` is nearer, or equally near and never less kind, or the same with a smaller id."""
    mine, theirs = ((c.number("priority"), len(c.scope)) for c in (clause, other))
    if mine != theirs:
        return theirs > mine
    if clause.kind is ClauseKind.WINDOW and all(other.text(n) == clause.text(n) for n in ("clock", "end")):
        return (-other.number("days"), other.id) < (-clause.number("days"), clause.id)
    own = {name for name in (*clause.parameters, *other.parameters) if name not in ("say", "why")}
    return all(other.texts(name) == clause.texts(name) for name in own) and other.id < clause.id
