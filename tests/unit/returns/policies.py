"""Policies of a few clauses, and the facts of one unit, for tests of the engine."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.domain import Money
from services.returns.domain.policy import Ground, Policy, UnitFacts
from services.returns.policies import load_policy

ASKED = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)

_REST = """
reasons: {changed_mind: remorse, too_small: remorse, faulty: defect, arrived_late: delivery}
limits: {}
gesture_budget: [50.00 EUR]
refund_without_goods: [supervisor]
clauses:
"""


def policy(*clauses: str, version: str = "1", more: str = "") -> Policy:
    """A policy of these clauses, each written as ``id: kind, parameter: value``."""
    lines = []
    for clause in clauses:
        id, _, rest = clause.partition(": ")
        lines.append(f"  - {{id: {id}, kind: {rest}}}")
    return load_policy(f'id: test\nversion: "{version}"\n{more}{_REST}' + "\n".join(lines or ["  []"]) + "\n")


def facts(**changes: Any) -> UnitFacts:
    """Changed my mind, in the United States, sealed, five days after delivery, 40.00 EUR."""
    values: dict[str, Any] = {
        "unit_id": "l1#1",
        "sku": "sku",
        "category": "shoes/boots",
        "tags": (),
        "final_sale": False,
        "reason": "changed_mind",
        "ground": Ground.REMORSE,
        "stated_condition": "sealed",
        "possession_at": ASKED - 5 * DAY,
        "asked_at": ASKED,
        "country": "US",
        "time_zone": "America/New_York",
        "paid": Money(4000, "EUR"),
        "asked_total": Money(4000, "EUR"),
        "placed_at": ASKED - 8 * DAY,
        "dispatched_at": ASKED - 7 * DAY,
        "last_possession_at": ASKED - 4 * DAY,
        "channel": "web",
        "tenders": ("card",),
        "tier": "",
        "gift": False,
    }
    if changes.get("reason") in ("faulty", "arrived_late"):
        values["ground"] = Ground.DEFECT if changes["reason"] == "faulty" else Ground.DELIVERY
    return UnitFacts(**{**values, **changes})
