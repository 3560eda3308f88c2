"""Authority is handed on for a time, within bounds, by who has it, and can be taken back; absences do not overlap."""

from datetime import timedelta
from uuid import UUID

import pytest

from casework import StaffMember
from casework.delegations import Bounds
from casework.errors import AlreadyAway, AuthorityEnded, NotAway, NotInTheirPlace
from chassis.domain import Invalid, Money
from tests.unit.casework.example import HOUR, NINE, euros

DAY = timedelta(days=1)
WHOLE = Bounds(("supervisor",))
ONE = UUID(int=1)


def gil(bounds: Bounds = WHOLE, deputy: str = "dora", days: int = 7) -> StaffMember:
    """Given: gil lets somebody act in their place."""
    known = StaffMember.known("gil", at=NINE)
    known.hand_on(ONE, deputy, bounds, backed_by="gil", starts_at=NINE, ends_at=NINE + days * DAY, reason="x", at=NINE)
    known.collect_events()
    return known


@pytest.mark.parametrize(
    ("shop", "action", "amount", "hours", "why"),
    [
        ("s2", "RefundReturn", euros(10), 1, "not about shop s2"),
        ("s1", "GiveGoodwill", euros(10), 1, "not GiveGoodwill"),
        ("s1", "RefundReturn", euros(101), 1, r"100\.00 EUR of it are left, not 101\.00 EUR"),
        ("s1", "RefundReturn", Money(1, "SEK"), 1, "of it are left"),
        ("s1", "RefundReturn", euros(10), -1, "it holds from"),
        ("s1", "RefundReturn", euros(10), 7 * 24, "it holds from"),
    ],
)
def test_beyond_its_bounds_or_its_time_nothing_is_decided(
    shop: str, action: str, amount: Money, hours: int, why: str
) -> None:
    """Shop, action, sum, currency, before it begins and at its end."""
    known = gil(Bounds(("supervisor",), ("s1",), euros(100), ("RefundReturn",)))
    assert known.authority_of("dora", "s1", "RefundReturn", euros(100), NINE).id == ONE
    with pytest.raises(NotInTheirPlace, match=why):
        known.authority_of("dora", shop, action, amount, NINE + hours * HOUR)


def test_its_sum_is_for_all_that_is_approved_by_it() -> None:
    """60.00 of 100.00 EUR leave 40.00."""
    known = gil(Bounds(("supervisor",), up_to=euros(100)))
    known.use(ONE, "a-1", euros(60), at=NINE)
    known.authority_of("dora", "s1", "RefundReturn", euros(40), NINE)
    with pytest.raises(NotInTheirPlace, match=r"40\.00 EUR of it are left"):
        known.authority_of("dora", "s1", "RefundReturn", euros(41), NINE)


def test_nobody_else_acts_by_it() -> None:
    """It names one person."""
    with pytest.raises(NotInTheirPlace, match="gil let cleo do nothing"):
        gil().authority_of("cleo", "s1", "RefundReturn", None, NINE)


def test_taken_back_it_is_over_at_once_and_once() -> None:
    """Taken back again it changes nothing; what ended by itself cannot be taken back."""
    known = gil()
    known.take_back(ONE, by="gil", at=NINE + HOUR)
    known.take_back(ONE, by="gil", at=NINE + 2 * HOUR)
    assert len(known.collect_events()) == 1
    with pytest.raises(NotInTheirPlace):
        known.authority_of("dora", "s1", "RefundReturn", None, NINE + HOUR)
    over = gil()
    with pytest.raises(AuthorityEnded):
        over.take_back(ONE, by="gil", at=NINE + 7 * DAY)
    assert over.collect_events() == []


@pytest.mark.parametrize(
    ("deputy", "days", "bounds"),
    [("gil", 7, Bounds(("supervisor",))), ("dora", 0, Bounds(("supervisor",))), ("dora", 93, Bounds(("supervisor",)))],
)
def test_nobody_stands_in_for_themselves_for_no_time_or_for_ever(deputy: str, days: int, bounds: Bounds) -> None:
    """At most 92 days, and a time that is still to come."""
    with pytest.raises(Invalid):
        gil(bounds, deputy, days)


def test_one_absence_at_a_time_with_one_cover() -> None:
    """A second one that overlaps is refused; back earlier, the cover covers no more, and nobody comes back twice."""
    known = gil()
    week = {"starts_at": NINE, "ends_at": NINE + 7 * DAY, "reason": "holiday", "by": "gil", "at": NINE}
    known.go_away(ONE, "dora", delegation_id=ONE, **week)  # type: ignore[arg-type]
    assert (known.is_covered_by("dora", NINE + DAY), known.is_covered_by("cleo", NINE + DAY)) == (True, False)
    with pytest.raises(AlreadyAway, match="covered by dora"):
        known.go_away(UUID(int=2), "cleo", delegation_id=None, **week)  # type: ignore[arg-type]
    known.come_back(by="gil", at=NINE + DAY)
    assert not known.is_covered_by("dora", NINE + DAY)
    with pytest.raises(NotInTheirPlace):
        known.authority_of("dora", "s1", "RefundReturn", None, NINE + DAY)
    with pytest.raises(NotAway):
        known.come_back(by="gil", at=NINE + DAY)
