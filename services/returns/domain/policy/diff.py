"""What is different between two policies, thing by thing.

Guarantee: pure, and complete: two policies without a difference decide alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from casework.amounts import spoken
from services.returns.domain.policy.values import Clause, Policy


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different. `kind`: added, removed or changed."""

    kind: str
    subject: str
    field: str
    before: str
    after: str


def differences(before: Policy, after: Policy) -> list[Change]:
    """Everything that is different, in the order clauses, reasons, limits, the rest."""
    old, new = _things(before), _things(after)
    return [change for subject in dict.fromkeys((*old, *new)) for change in _changes(subject, old, new)]


def _changes(subject: str, old: Mapping[str, dict[str, str]], new: Mapping[str, dict[str, str]]) -> Iterator[Change]:
    if subject not in new:
        yield Change("removed", subject, "", _said(old[subject]), "")
    elif subject not in old:
        yield Change("added", subject, "", "", _said(new[subject]))
    else:
        for name in dict.fromkeys((*old[subject], *new[subject])):
            was, now = old[subject].get(name, ""), new[subject].get(name, "")
            if was != now:
                yield Change("changed", subject, name, was, now)


def _said(values: dict[str, str]) -> str:
    return "; ".join(f"{name}: {value}" if name else value for name, value in values.items())


def _things(policy: Policy) -> dict[str, dict[str, str]]:
    found = {f"clause {clause.id}": _clause(clause) for clause in policy.clauses}
    found |= {f"reason {reason.code}": {"ground": reason.ground.value} for reason in policy.reasons}
    found |= {
        f"limit {one.role} {one.action} {one.per_order.currency}": {
            "order": spoken(one.per_order),
            "day": spoken(one.per_day),
        }
        for one in policy.limits
    }
    found |= {f"gesture budget {one.currency}": {"": spoken(one)} for one in policy.gesture_budgets}
    found["terms"] = {f.name: str(getattr(policy.terms, f.name)) for f in fields(policy.terms)}
    found["policy"] = {
        "id": policy.id,
        "version": policy.version,
        "newer_if_kinder": str(policy.newer_if_kinder).lower(),
        "refund_without_goods": ", ".join(policy.without_goods),
    }
    return found


def _clause(clause: Clause) -> dict[str, str]:
    given = {name: ", ".join(values) for name, values in sorted(clause.parameters.items())}
    return {"kind": clause.kind.value, **given} | ({"source": clause.source} if clause.source else {})
