"""Policy data as it is loaded, and the book that keeps its versions."""

from dataclasses import replace
from importlib import resources

import pytest

from casework.plans import plan_of, plans_from
from chassis.domain import Invalid, Money
from services.returns.domain.policy import Ground, PolicyBook
from services.returns.policies import default_policy, load_policy, money, service_plans
from tests.unit.returns.build import DAY, T0, news, settled


def test_amounts_are_in_the_currencys_own_notation() -> None:
    """Two, none and three decimals; an amount the currency cannot express is an error."""
    assert money("12.34 EUR") == Money(1234, "EUR")
    assert money("500 JPY") == Money(500, "JPY")
    assert money("1.250 KWD") == Money(1250, "KWD")
    for wrong in ("1.234 EUR", "0.5 JPY", "12.34", "x EUR"):
        with pytest.raises(ValueError, match="is no amount"):
            money(wrong)


def test_the_default_policy_is_whole() -> None:
    """Every role that may give has a limit for each action, and the limits rise with the role."""
    policy = default_policy()
    assert policy.ground_of("faulty") is Ground.DEFECT
    limits = {(limit.role, limit.action): limit.per_order for limit in policy.limits if limit.per_day.currency == "EUR"}
    for action in ("refund", "price_reduction", "goodwill"):
        assert limits["agent", action] < limits["senior_agent", action] < limits["supervisor", action]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: window", "kind: windows", "'windows' is not a valid ClauseKind"),
        ("    days: 30\n", "", "clause window: days is missing"),
        ("clock: delivery", "clock: dispatch", "clause window: a window runs from delivery to request"),
        ("changed_mind: remorse", "changed_mind: whim", "'whim' is not a valid Ground"),
        ("terms:", "words:", ""),
        ("id: default", "name: default", "id is missing"),
        ("hold_days: 14", "hold: 14", "unexpected keyword argument 'hold'"),
    ],
)
def test_what_is_wrong_in_a_policy_is_named(old: str, new: str, said: str) -> None:
    """A typo never becomes another policy; terms that are left out are the defaults."""
    text = resources.files("services.returns").joinpath("data/default.yaml").read_text(encoding="utf-8")
    assert old in text
    if not said:
        assert load_policy(text.split("terms:")[0]).terms == default_policy().terms
        return
    with pytest.raises(Invalid) as refused:
        load_policy(text.replace(old, new))
    assert said in refused.value.message


def test_the_version_in_force_when_the_order_was_placed_governs() -> None:
    """An older order keeps the older version, whenever the newer was adopted; the first governs all before it."""
    first = default_policy()
    book = PolicyBook.open("s1", first, by="system", at=T0)
    book.adopt(replace(first, version="2"), active_from=T0 + 5 * DAY, by="sue", at=T0)
    assert [book.governing(T0 + n * DAY).version for n in (-400, 4, 5, 400)] == ["1", "1", "2", "2"]


def test_a_version_is_never_edited_nor_back_dated() -> None:
    """The same version again, and one from yesterday: refused, nothing recorded."""
    first = default_policy()
    book = settled(PolicyBook.open("s1", first, by="system", at=T0))
    with pytest.raises(Invalid):
        book.adopt(first, active_from=T0 + DAY, by="sue", at=T0)
    with pytest.raises(Invalid):
        book.adopt(replace(first, version="2"), active_from=T0 - DAY, by="sue", at=T0)
    assert news(book) == []


def test_service_plans_are_whole() -> None:
    """A country without its own takes the default; a table without a default is an error."""
    plans = service_plans()
    assert plan_of(plans, "FR") is plans["default"]
    assert plan_of(plans, "US").calendar.time_zone == "America/New_York"
    with pytest.raises(ValueError, match="there is no plan named default"):
        plans_from({"version": "1", "calendars": {}, "plans": {}}, "returns", lambda country: ())
