"""Goods for goods: a replacement carries the entitlement of the unit it stands for."""

import pytest

from services.returns.domain.errors import NothingLeft
from services.returns.domain.ledger import Book, ClaimState, Ledger
from tests.unit.returns.build import HOLD, T0, ask, eur, ledger, news, settled, units


def replaced(with_customer: tuple[str, ...] = ()) -> Ledger:
    """The first unit was lost (or is faulty, and with the customer) and its replacement went out."""
    known = ledger({"l1#1": 1000, "l1#2": 1000})
    known.request(ask("ship-1", Book.IN_KIND, units=units("l1", 1, 1)), hold=HOLD, at=T0)
    known.settle_goods("shipping_issues", "ship-1", "o2", (), with_customer=with_customer, at=T0)
    return settled(known)


def test_goods_are_reserved_once_for_one_loss() -> None:
    """Of two agents who press reship the second reads who did it; no money moves."""
    known = ledger({"l1#1": 1000})
    first = known.request(ask("k1", Book.IN_KIND, units=units("l1", 1), by="agent-1"), hold=HOLD, at=T0)
    known.request(ask("k2", Book.IN_KIND, units=units("l1", 1), by="agent-2"), hold=HOLD, at=T0)
    refused = known.pending_events[-1]
    assert (first.state, known.transfers) == (ClaimState.RESERVED, {})
    assert (refused.bound, refused.left, refused.given[0].by) == ("entitlement", eur(0), "agent-1")  # type: ignore[attr-defined]


def test_money_is_not_given_beside_goods() -> None:
    """While a replacement is reserved or out, the unit it stands for has nothing left."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", Book.IN_KIND, units=units("l1", 1)), hold=HOLD, at=T0)
    assert known.books.left_of("l1#1") == eur(0)
    known.settle_goods("shipping_issues", "k1", "o2", (), with_customer=(), at=T0)
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("k2", requester="returns", units=units("l1", 1, 1)), hold=HOLD, at=T0)
    assert "case-k1 (in_kind, settled, agent-1)" in refused.value.facts["given_by"]


def test_goods_are_not_given_beside_money() -> None:
    """A unit with a price reduction has no full entitlement for a replacement."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", units=units("l1", 1), amount=eur(1)), hold=HOLD, at=T0)
    known.request(ask("k2", Book.IN_KIND, units=units("l1", 1)), hold=HOLD, at=T0)
    assert known.pending_events[-1].left == eur(999)  # type: ignore[attr-defined]


def test_the_replacement_carries_the_entitlement() -> None:
    """The new unit may be refunded in the old one's place, once."""
    known = replaced()
    assert (known.books.left_of("l1#1"), known.books.left_of("l1#1~1")) == (eur(0), eur(1000))
    known.reserve(ask("k1", requester="returns", subjects=("l1#1~1",)), hold=HOLD, at=T0)
    assert known.books.left_of("l1#1~1") == eur(0)


def test_a_replacement_that_came_back_gives_the_entitlement_back_to_the_chain() -> None:
    """Paid, lost, replaced, the defective replacement received: the unit may be refunded."""
    known = replaced()
    known.goods_came_back("l1#1~1", "received", at=T0)
    assert news(known) == ["EntitlementReturned"]
    assert known.books.left_of("l1#1") == eur(1000)


def test_a_faulty_unit_received_after_its_replacement_gives_nothing_back() -> None:
    """It was owed: only when the replacement comes back as well is there something left."""
    known = replaced(with_customer=("l1#1",))
    known.goods_came_back("l1#1", "received", at=T0)
    assert (news(known), known.books.left_of("l1#1")) == (["OwedGoodsReturned"], eur(0))
    known.goods_came_back("l1#1", "received", at=T0)
    assert known.books.left_of("l1#1") == eur(1000)


def test_a_receipt_that_is_void_takes_back_what_it_undid_and_nothing_else() -> None:
    """The replacement stands for the unit again; another receipt that undid nothing takes nothing back; once."""
    known = replaced()
    known.goods_came_back("l1#1~1", "receipt r1", at=T0)
    settled(known)
    known.goods_never_came("l1#1", "receipt r2", at=T0)
    assert news(known) == []
    known.goods_never_came("l1#1~1", "receipt r1", at=T0)
    known.goods_never_came("l1#1~1", "receipt r1", at=T0)
    assert news(known) == ["GoodsNeverCame"]
    assert (known.books.left_of("l1#1"), known.books.left_of("l1#1~1")) == (eur(0), eur(1000))


def test_what_was_owed_and_never_came_is_owed_again() -> None:
    """The faulty unit was written down by mistake: the customer has two, and gets nothing for sending one."""
    known = replaced(with_customer=("l1#1",))
    known.goods_came_back("l1#1", "receipt r1", at=T0)
    known.goods_never_came("l1#1", "receipt r1", at=T0)
    assert list(known.owed_back) == ["l1#1"]
    known.goods_came_back("l1#1", "receipt r2", at=T0)
    assert (known.owed_back, known.books.left_of("l1#1")) == ({}, eur(0))


def test_a_replacement_sent_meanwhile_stands_and_the_first_is_owed_back() -> None:
    """The first one was counted as back, a second went out, and the first never came: one too many is out."""
    known = replaced()
    known.goods_came_back("l1#1~1", "receipt r1", at=T0)
    known.request(ask("k2", Book.IN_KIND, units=units("l1", 1, 1)), hold=HOLD, at=T0)
    known.settle_goods("shipping_issues", "k2", "o3", (), with_customer=(), at=T0)
    known.goods_never_came("l1#1~1", "receipt r1", at=T0)
    assert (known.carriers, list(known.owed_back)) == ({"l1#1": "l1#1~2"}, ["l1#1"])


def test_a_lost_parcel_that_turns_up_is_owed_back() -> None:
    """The customer has two: one sent back leaves one, and no money."""
    known = replaced()
    known.goods_turned_up("l1#1", at=T0)
    known.goods_turned_up("l1#1", at=T0)
    known.goods_came_back("l1#1", "received", at=T0)
    assert news(known) == ["GoodsOwedBack", "OwedGoodsReturned"]
    assert known.books.left_of("l1#1") == eur(0)


def test_a_replacement_can_be_replaced() -> None:
    """The carrier moves on along the chain; the entitlement stays one."""
    known = replaced()
    known.goods_came_back("l1#1", "lost", at=T0)
    known.request(ask("k2", Book.IN_KIND, units=units("l1", 1, 1)), hold=HOLD, at=T0)
    known.settle_goods("shipping_issues", "k2", "o3", (), with_customer=(), at=T0)
    assert (known.carriers, known.books.left_of("l1#1~2")) == ({"l1#1": "l1#1~2"}, eur(1000))


def test_goods_are_settled_in_every_state() -> None:
    """Released, and the parcel went out all the same: it counts."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", Book.IN_KIND, units=units("l1", 1)), hold=HOLD, at=T0)
    known.release("shipping_issues", "k1", "found", at=T0)
    known.settle_goods("shipping_issues", "k1", "o2", ("r1#1",), with_customer=(), at=T0)
    assert (known.books.left_of("l1#1"), known.books.left_of("r1#1")) == (eur(0), eur(1000))
    assert known.release("shipping_issues", "k1", "again", at=T0) is False


def test_no_goods_are_sent_for_a_cancelled_order() -> None:
    """The bound is named."""
    known = ledger({"l1#1": 1000}, cancelled=True)
    known.request(ask("k1", Book.IN_KIND, units=units("l1", 1)), hold=HOLD, at=T0)
    assert known.pending_events[-1].bound == "order_cancelled"  # type: ignore[attr-defined]
