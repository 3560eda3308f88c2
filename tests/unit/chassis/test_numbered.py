"""Keys that are counted up and seen outside: a restored log gives none out a second time."""

from uuid import UUID

from chassis.domain import numbered
from services.quality_complaints.domain import remedy as complaints
from services.shipping_issues.domain import remedy as shipping


def test_the_first_life_of_a_log_counts_plainly_and_later_ones_say_which_they_are() -> None:
    """What was counted in the lost time is another key than what is counted now."""
    assert [numbered(1, 1), numbered(1, 2), numbered(11, 1), numbered(1, 11)] == ["1", "1r2", "11", "1r11"]


def test_a_remedy_of_a_later_life_names_its_case() -> None:
    """The shop's answer finds the case, whichever life asked."""
    case = UUID(int=5)
    assert [shipping.case_of(shipping.remedy_id(case, 1, life)) for life in (1, 2)] == [case, case]
    assert [complaints.case_of(complaints.remedy_id(case, 1, life)) for life in (1, 2)] == [case, case]
    assert shipping.remedy_id(case, 1, 2) != shipping.remedy_id(case, 1)
