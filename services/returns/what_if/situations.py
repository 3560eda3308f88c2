"""Made-up requests, written down as data, as the facts a policy decides by.

Guarantee: pure; one situation gives the same facts for every policy, but for the ground its own reasons have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from services.returns.domain.policy import Policy, UnitFacts
from services.returns.policies import data, money

_NOON = time(12)
_ZONES = {"US": "America/New_York"}


@dataclass(frozen=True, slots=True)
class Situation:
    """One request. `values` holds what differs from the usual one."""

    name: str
    today: date
    values: Mapping[str, Any]

    def facts(self, policy: Policy) -> UnitFacts:
        """The same as a policy sees it. Of several tiers the customer has the one that the policy names."""
        given = self.values
        zone = _ZONES.get(given.get("country", "DE"), "Europe/Berlin")
        asked = datetime.combine(self.today, _NOON, ZoneInfo(zone)).astimezone(UTC)
        days = given.get("days", 5)
        delivered = None if days is None else asked - timedelta(days=days)
        placed = (delivered or asked) - timedelta(days=3)
        price = money(given.get("price", "40.00 EUR"))
        reason = given["reason"]
        named = {tier for clause in policy.clauses for name in ("tiers", "waived_tiers") for tier in clause.texts(name)}
        return UnitFacts(
            unit_id="L1#1",
            sku="SKU-1",
            category=given.get("category", "other"),
            tags=tuple(given.get("tags", ())),
            final_sale=given.get("final_sale", False),
            reason=reason,
            ground=policy.ground_of(reason),
            stated_condition=given.get("condition", ""),
            possession_at=delivered,
            asked_at=asked,
            country=given.get("country", "DE"),
            time_zone=zone,
            paid=price,
            asked_total=price,
            placed_at=placed,
            dispatched_at=placed + timedelta(days=1) if delivered else None,
            last_possession_at=delivered,
            channel=given.get("channel", "web"),
            tenders=(given.get("tender", "card"),),
            tier=next((tier for tier in given.get("tier", ()) if tier in named), ""),
            gift=given.get("gift", False),
            remedy=given.get("remedy", "refund"),
            proofs=tuple(given.get("proofs", ())),
            returns_before=tuple(self.today - timedelta(days=1 + n) for n in range(given.get("returns", 0))),
        )


def example_situations() -> list[Situation]:
    """The twenty-five of the documents."""
    written = yaml.safe_load(data("examples", "situations.yaml"))
    return [Situation(one["name"], one.get("today", written["today"]), one) for one in written["situations"]]
