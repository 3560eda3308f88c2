"""What a shop's policy gives to who was given a gift, and does not know or show what was paid.

Guarantee: pure. Without a clause nothing is offered to a recipient who asks alone. Money itself would go back to who
paid: a recipient gets what stays in the shop.
"""

from dataclasses import dataclass

from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import nearest
from services.returns.domain.policy.values import ClauseKind, Policy

FOR_RECIPIENTS = ("store_credit", "exchange")
"""What a recipient can be given."""


@dataclass(frozen=True, slots=True)
class GiftRule:
    """What the clause that counts says. `tells_value`: the recipient may be shown what was paid for the gift."""

    clause: str
    remedies: tuple[str, ...]
    tells_value: bool


def gift_rule(policy: Policy, facts: UnitFacts) -> GiftRule | None:
    """The rule for one unit; None where the policy offers recipients nothing."""
    clause = nearest([clause for clause in policy.clauses if clause.kind is ClauseKind.GIFT_RETURN], facts)
    if clause is None:
        return None
    return GiftRule(clause.id, clause.texts("remedies"), clause.text("tells_value") == "true")
