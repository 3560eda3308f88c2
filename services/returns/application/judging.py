"""What a policy says of units that are asked for together, and which version of it says so. Pure.

Guarantee: all units of a request are decided by one version. What is declined of a bundle that comes back only whole
takes the rest of it along.
"""

from collections.abc import Sequence

from services.returns.application.deciding import Asking, Item, unit_facts
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.policy import ClauseKind, Judged, Outcome, Policy, UnitFacts, judge_promise
from services.returns.domain.policy.evaluate import kindness


def judged_together(
    policy: Policy,
    order: Order,
    snapshot: OrderSnapshot,
    chosen: Sequence[tuple[SoldUnit, Item]],
    asking: Asking,
) -> tuple[list[UnitFacts], list[Judged]]:
    """What a policy says of units that are asked for together: what it declines comes back with none of the others."""
    refused: frozenset[str] = frozenset()
    of_bundles = {clause.id for clause in policy.clauses if clause.kind is ClauseKind.BUNDLE}
    while True:
        facts = unit_facts(policy, order, snapshot, chosen, asking, refused=refused)
        judged = [judge_promise(policy, fact) for fact in facts]
        declined = (one for one in judged if one.outcome is Outcome.DECLINE and one.clause not in of_bundles)
        found = refused.union(one.unit_id for one in declined)
        if found == refused or not of_bundles:
            return facts, judged
        refused = found


def kindest(
    policies: Sequence[Policy],
    order: Order,
    snapshot: OrderSnapshot,
    chosen: Sequence[tuple[SoldUnit, Item]],
    asking: Asking,
) -> tuple[Policy, list[UnitFacts], list[Judged]]:
    """The decision by the policy in force at the order, or by a later one that is kinder and says that it may.

    All units of a request are decided by one version. A later one that does not know a reason does not count.
    """
    first, *later = policies
    found = []
    for policy in (first, *(p for p in later if all(p.knows_reason(item.reason) for _, item in chosen))):
        found.append((policy, *judged_together(policy, order, snapshot, chosen, asking)))
    return max(found, key=lambda one: kindness(one[2]))
