"""Whose text it is: a customer of one shop, and of no other."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Personal, shop_and_customer, subject_of
from tests.unit.chassis.test_domain import NOW, account

names = st.text(st.sampled_from("a%25F/"), max_size=8) | st.text(max_size=8)


def test_ordinary_ids_are_read_at_a_glance() -> None:
    """An operator recognises the customer."""
    assert subject_of("shop-1", "C-1") == "shop-1/C-1"


@given(shop=names, customer=names)
def test_the_pair_comes_back_so_no_two_pairs_are_one_person(shop: str, customer: str) -> None:
    """Also where an id holds a slash or a percent sign."""
    assert shop_and_customer(subject_of(shop, customer)) == (shop, customer)


def test_forgetting_a_shops_customer_leaves_the_other_shops_of_the_same_id() -> None:
    """Two shops number their customers alike."""
    theirs, ours = account(), account()
    theirs.name_owner(Personal(subject_of("shop-2", "C-1"), "Boris"), at=NOW)
    ours.name_owner(Personal(subject_of("shop-1", "C-1"), "Anna"), at=NOW)
    for each in (theirs, ours):
        each.collect_events()
        each.erase_personal_data(subject_of("shop-1", "C-1"), at=NOW)
    assert (theirs.owner, ours.owner) == (Personal("shop-2/C-1", "Boris"), Personal("shop-1/C-1", None))
    assert theirs.collect_events() == []
