"""What a shop's policy says of changing an order before its parcel leaves.

Guarantee: pure. What no clause allows is not asked of the shop. Of several clauses about one action that of the highest
`priority` counts, then the one with most bounds, then the first by id.
"""

from dataclasses import dataclass

from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import bounds_of, nearness
from services.returns.domain.policy.values import Clause, ClauseKind, Policy

ACTIONS = ("cancel", "swap", "tender")
UNTIL = ("open", "packed")
"""How far a unit may be: not packed yet, or packed and still in the house."""
ASKED_BY = ("customer", "staff")
OVERTAKEN = ("return", "interception", "person")
"""What becomes of units that left before the shop confirmed."""
SHIPPING = ("whole", "never")
"""Whether a cancellation of the whole order gives back what was paid beside the goods."""


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """What the clause that counts says. `per_order`: how often an order may be changed so; 0: as often as wanted."""

    clause: str
    until: str
    per_order: int
    overtaken: str
    answer_hours: int
    shipping: str


def change_rule(policy: Policy, action: str, facts: UnitFacts, *, by_customer: bool) -> ChangeRule | str:
    """The rule for one unit, or in words why none lets the change be asked."""
    about = [c for c in policy.clauses if c.kind is ClauseKind.CHANGE and c.text("action") == action]
    if not about:
        return f"Policy {policy.id} {policy.version} lets no order be changed so."
    asker = "customer" if by_customer else "staff"
    mine = [clause for clause in about if asker in (clause.texts("asked_by") or ASKED_BY)]
    outside = {clause.id: _outside(clause, facts) for clause in mine}
    inside = [clause for clause in mine if not outside[clause.id]]
    if inside:
        return _rule(min(inside, key=nearness))
    return next(iter(outside.values()), f"Clause {about[0].id}: only the shop's staff may ask for it.")


def _outside(clause: Clause, facts: UnitFacts) -> str:
    for bound in bounds_of(clause):
        if not bound.holds(facts):
            return f"Clause {clause.id}: {bound.otherwise}"
    return ""


def _rule(clause: Clause) -> ChangeRule:
    return ChangeRule(
        clause.id,
        clause.text("until"),
        clause.number("per_order"),
        clause.text("overtaken"),
        clause.number("answer_hours"),
        clause.text("shipping", "whole"),
    )
