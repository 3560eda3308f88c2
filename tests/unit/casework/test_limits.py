"""Limits are cumulative, and a refusal names the limit, what was given and what is left."""

import pytest

from casework import AgentDay, limits_from, spoken
from casework.errors import AboveLimit
from chassis.domain import Money
from tests.unit.casework.example import NINE, euros

LIMITS = limits_from(
    "2026-01",
    {
        "agent": {"refund": {"EUR": {"order": 5000, "day": 8000}}},
        "senior_agent": {"refund": {"EUR": {"order": 20000, "day": 50000}}},
    },
)
NOTHING = Money.zero("EUR")


def test_a_grant_within_both_sums_passes() -> None:
    """50.00 exactly is within 50.00."""
    limit = LIMITS.check({"agent"}, "refund", euros(50), order_so_far=NOTHING, day_so_far=NOTHING)
    assert limit.per_order == euros(50)


def test_the_order_sum_is_cumulative() -> None:
    """30 after 30 is above 50, and 20 are left."""
    with pytest.raises(AboveLimit) as refused:
        LIMITS.check({"agent"}, "refund", euros(30), order_so_far=euros(30), day_so_far=NOTHING)
    assert refused.value.facts == {
        "action": "refund",
        "amount": "3000 EUR",
        "limit": "5000 EUR",
        "per": "order",
        "given": "3000 EUR",
        "left": "2000 EUR",
        "limits_version": "2026-01",
    }


def test_the_day_sum_is_cumulative() -> None:
    """A new order does not help when the day is used up."""
    with pytest.raises(AboveLimit, match="per day"):
        LIMITS.check({"agent"}, "refund", euros(30), order_so_far=NOTHING, day_so_far=euros(60))


def test_the_widest_role_counts() -> None:
    """Somebody with two roles has the wider limit."""
    roles = {"agent", "senior_agent"}
    assert LIMITS.check(roles, "refund", euros(150), order_so_far=NOTHING, day_so_far=NOTHING).per_order == euros(200)


def test_a_role_without_an_entry_may_grant_nothing() -> None:
    """No entry is a limit of zero, in every currency."""
    with pytest.raises(AboveLimit, match=r"limit of 0\.00 SEK"):
        LIMITS.check(
            {"agent"},
            "refund",
            Money(1, "SEK"),
            order_so_far=Money(0, "SEK"),
            day_so_far=Money(0, "SEK"),
        )


def test_the_same_grant_counts_once_in_an_agents_day() -> None:
    """A key repeated adds nothing; actions and currencies are summed apart."""
    day = AgentDay.begin("ann", "2026-03-02", at=NINE)
    for key, action, amount in [
        ("a", "refund", euros(10)),
        ("a", "refund", euros(10)),
        ("b", "refund", euros(5)),
        ("c", "reship", euros(7)),
        ("d", "refund", Money(900, "SEK")),
    ]:
        day.grant(key, action, amount, at=NINE)
    assert day.so_far("refund", "EUR") == euros(15)
    assert day.id == AgentDay.id_of("ann", "2026-03-02")


@pytest.mark.parametrize(
    ("money", "said"),
    [
        (Money(8000, "EUR"), "80.00 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(1234, "KWD"), "1.234 KWD"),
    ],
)
def test_amounts_are_said_with_their_currencys_decimals(money: Money, said: str) -> None:
    """People read decimals, programs minor units."""
    assert spoken(money) == said
