"""What a what-if decides once it would have decided so each time, and what it remembers is bounded."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.returns.domain.policy import Policy, UnitFacts
from services.returns.domain.policy.facts import RECORDED
from services.returns.domain.policy.weighing import weigh
from services.returns.policies import default_policy
from services.returns.what_if import replay
from services.returns.what_if.replay import Recorded, Replay
from tests.unit.returns.policies import facts
from tests.unit.returns.test_policy_properties import policies, units


def record(unit: UnitFacts, case_id: str = "c1", outcome: str = "person") -> Recorded:
    """A request of one unit as it stands in the log."""
    named = {f"{unit.unit_id}.{name}": value for name, value in unit.named().items()} | {"facts": RECORDED}
    verdict = {"unit_id": unit.unit_id, "outcome": outcome, "clause": "x"}
    return Recorded(case_id, case_id, msgspec.json.encode({"d": {"decision": {"facts": named}, "verdicts": [verdict]}}))


def outcomes(policy: Policy, *asked: UnitFacts) -> dict[str, str]:
    """What becomes of each, decided one after the other by one replay."""
    tried = Replay(policy, examples=len(asked))
    tried.take(record(unit, str(n)) for n, unit in enumerate(asked))
    report = tried.finished()
    return dict.fromkeys(map(str, range(len(asked))), "person") | {e.case_id: e.after for e in report.examples}


@given(policy=policies, asked=st.lists(units(), min_size=2, max_size=6), hours=st.integers(1, 30))
@settings(max_examples=150)
def test_what_is_decided_once_would_be_decided_so_each_time(policy: Policy, asked: list[UnitFacts], hours: int) -> None:
    """Each unit beside itself some hours later, where it may be another day: nobody gets his neighbour's outcome."""
    known = [unit for unit in asked if policy.knows_reason(unit.reason)]
    both = [later for unit in known for later in (unit, moved(unit, hours))]
    wanted = {str(n): weigh(policy, with_ground(policy, unit)).outcome.value for n, unit in enumerate(both)}
    assert outcomes(policy, *both) == wanted


def moved(unit: UnitFacts, hours: int) -> UnitFacts:
    return replace(unit, asked_at=unit.asked_at + timedelta(hours=hours))


def with_ground(policy: Policy, unit: UnitFacts) -> UnitFacts:
    return replace(unit, ground=policy.ground_of(unit.reason))


def test_no_more_is_remembered_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred different prices, and room for seven."""
    monkeypatch.setattr(replay, "MOST_KNOWN", 7)
    tried = Replay(default_policy(), examples=0)
    unit = facts()
    tried.take(record(moved(unit, 24 * n), str(n)) for n in range(100))
    assert (tried.finished().decisions, len(tried._decided) <= 7) == (100, True)


def test_the_laws_own_last_day_tells_two_units_apart() -> None:
    """Alike but for the day to which a holiday moved the end of the right of withdrawal: one is in time."""
    unit = facts(final_sale=True, country="DE", time_zone="Europe/Berlin")
    unit = replace(unit, asked_at=unit.possession_at + timedelta(days=18)) if unit.possession_at else unit
    moved_to = (unit.asked_at + timedelta(days=1)).date()
    assert outcomes(default_policy(), unit, replace(unit, withdraw_by=moved_to)) == {"0": "decline", "1": "authorise"}
