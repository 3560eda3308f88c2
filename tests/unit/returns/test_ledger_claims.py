"""What the ledger gives, refuses, settles and lets go."""

from datetime import timedelta

import pytest

from services.returns.domain.errors import NotFrozen, NothingLeft
from services.returns.domain.ledger import Book, ClaimState, Ledger, OutsideFact, Part, TransferState
from tests.unit.returns.build import DAY, HOLD, T0, ask, eur, ledger, news, settled, state, units


def test_all_that_is_left_is_reserved_by_unit_and_component() -> None:
    """Without an amount, a unit and the shipping are reserved whole, through the one tender."""
    known = ledger()
    claim = known.request(ask("k1", units=units("l1", 1, 2), subjects=("ship",)), hold=HOLD, at=T0)
    assert claim.state is ClaimState.RESERVED
    assert claim.parts == (Part("l1#2", eur(1000)), Part("ship", eur(490)))
    assert claim.hold_until == T0 + HOLD
    assert [(t.key, t.tender_id, t.amount) for t in known.transfers.values()] == [(f"{claim.id}.1", "card", eur(1490))]


def test_the_second_is_refused_with_what_is_left_and_who_gave_the_rest() -> None:
    """After a price reduction of 300, a full refund of 1000 reads: 700 left, 300 by returns."""
    known = ledger({"l1#1": 1000})
    known.reserve(ask("k1", requester="returns", units=units("l1", 1, 1), amount=eur(300)), hold=HOLD, at=T0)
    known.request(ask("k2", units=units("l1", 1, 1), amount=eur(1000)), hold=HOLD, at=T0)
    refused = known.pending_events[-1]
    assert (refused.bound, refused.left) == ("entitlement", eur(700))  # type: ignore[attr-defined]
    given = refused.given[0]  # type: ignore[attr-defined]
    assert (given.requester, given.case_id, given.amount, given.state) == ("returns", "case-k1", eur(300), "reserved")


def test_a_refusal_inside_returns_records_nothing() -> None:
    """`reserve` raises with the figures and the ledger is as it was."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", units=units("l1", 1), amount=eur(600)), hold=HOLD, at=T0)
    settled(known)
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("k2", requester="returns", units=units("l1", 1), amount=eur(500)), hold=HOLD, at=T0)
    assert refused.value.facts["left"] == "400 EUR"
    assert "6.00 EUR by shipping_issues case case-k1" in refused.value.facts["given_by"]
    assert news(known) == []


def test_the_same_ask_is_one_claim() -> None:
    """Sent again under the same key, nothing is recorded and the first claim is the answer."""
    known = ledger()
    first = known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    settled(known)
    assert known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0 + DAY) == first
    assert news(known) == []


def test_what_was_asked_before_the_order_was_known_is_judged_when_it_is() -> None:
    """Pending first; reserved and refused in the order of asking once the order is stated and paid."""
    known = Ledger.open("s1", "o1", at=T0)
    assert known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0).state is ClaimState.PENDING
    assert known.request(ask("k2", units=units("l1", 1)), hold=HOLD, at=T0).state is ClaimState.PENDING
    known.count_capture("cap", "card", eur(1000), hold=HOLD, at=T0)
    settled(known)
    state(known, {"l1#1": 1000})
    assert news(known) == ["EntitlementsStated", "ClaimReserved", "ClaimRefused"]


def test_money_is_bound_by_what_was_captured() -> None:
    """600 of 1000 were captured: 700 are refused by capture, with 600 left; all that is left is 600."""
    known = ledger({"l1#1": 1000}, captured=600)
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("k1", units=units("l1", 1), amount=eur(700)), hold=HOLD, at=T0)
    assert (refused.value.facts["bound"], refused.value.facts["left"]) == ("capture", "600 EUR")
    assert known.reserve(ask("k2", units=units("l1", 1)), hold=HOLD, at=T0).parts == (Part("l1#1", eur(600)),)


def test_several_tenders_pay_back_most_first_and_a_named_one_is_a_bound() -> None:
    """900 go back as 700 by card and 200 by voucher; 400 by voucher alone are refused by tender."""
    known = ledger({"l1#1": 1000}, captured={"card": 700, "voucher": 300})
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("k0", units=units("l1", 1), amount=eur(400), tender_id="voucher"), hold=HOLD, at=T0)
    assert (refused.value.facts["bound"], refused.value.facts["left"]) == ("tender", "300 EUR")
    known.reserve(ask("k1", units=units("l1", 1), amount=eur(900)), hold=HOLD, at=T0)
    assert [(t.tender_id, t.amount.minor) for t in known.transfers.values()] == [("card", 700), ("voucher", 200)]


def test_a_claim_settles_when_the_last_of_its_transfers_does() -> None:
    """The first settled transfer moves; the second one settles the claim for the whole."""
    known = ledger({"l1#1": 1000}, captured={"card": 700, "voucher": 300})
    claim = known.reserve(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    settled(known)
    known.transfer_settled(f"{claim.id}.1", eur(700), "re-1", at=T0)
    assert news(known) == ["TransferMoved"]
    known.transfer_settled(f"{claim.id}.2", eur(300), "re-2", at=T0)
    assert news(known) == ["TransferMoved", "TransferMoved", "ClaimSettled"]
    assert known.pending_events[-1].amount == eur(1000)  # type: ignore[attr-defined]


def test_a_failure_counts_until_its_requester_releases_it() -> None:
    """Failed after it settled: nothing is left; released: all of it is left, and a new key is used."""
    known = ledger({"l1#1": 1000})
    claim = known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    known.transfer_settled(f"{claim.id}.1", eur(1000), "re-1", at=T0)
    known.transfer_failed(f"{claim.id}.1", "account_closed", at=T0 + DAY)
    assert known.claims[claim.id].state is ClaimState.FAILED
    assert known.books.left_of("l1#1") == eur(0)
    assert known.release("shipping_issues", "k1", "another tender", at=T0 + DAY) is True
    assert known.books.left_of("l1#1") == eur(1000)
    again = known.reserve(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0 + DAY)
    assert known.transfers[f"{again.id}.2"].state is TransferState.PLANNED


def test_a_release_after_the_attempt_is_too_late() -> None:
    """Submitted money is not released; the answer says so and everything stays."""
    known = ledger({"l1#1": 1000})
    claim = known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    known.transfer_moved(f"{claim.id}.1", TransferState.SUBMITTED, attempts=1, at=T0)
    settled(known)
    assert known.release("shipping_issues", "k1", "not needed", at=T0) is False
    assert news(known) == ["ReleaseCameTooLate"]
    assert known.books.left_of("l1#1") == eur(0)


def test_a_release_before_the_attempt_frees_it() -> None:
    """Reserved and nothing attempted: all is left again; released twice records once."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    settled(known)
    assert known.release("shipping_issues", "k1", "found", at=T0) is True
    assert known.release("shipping_issues", "k1", "found", at=T0) is True
    assert news(known) == ["ClaimReleased"]
    assert known.books.left_of("l1#1") == eur(1000)


def test_a_late_success_counts_even_after_the_release() -> None:
    """A released transfer that the provider carried out after all counts again, and what exceeds freezes."""
    known = ledger({"l1#1": 1000})
    first = known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    known.transfer_failed(f"{first.id}.1", "declined", at=T0)
    known.release("shipping_issues", "k1", "other way", at=T0)
    known.request(ask("k2", units=units("l1", 1)), hold=HOLD, at=T0)
    known.transfer_settled(f"{first.id}.1", eur(1000), "re-1", at=T0)
    assert known.claims[first.id].state is ClaimState.SETTLED
    assert (known.books.excess(), known.frozen) == (eur(1000), True)


def test_a_reservation_becomes_overdue_and_still_counts() -> None:
    """At its end it is asked about once; nothing is free."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    settled(known)
    known.overdue(at=T0 + HOLD - timedelta(seconds=1))
    assert news(known) == []
    known.overdue(at=T0 + HOLD)
    known.overdue(at=T0 + HOLD + DAY)
    assert news(known) == ["ClaimOverdue"]
    assert known.books.left_of("l1#1") == eur(0)


def test_a_provider_that_pays_less_frees_the_rest() -> None:
    """Asked for 1000, paid 400: 600 are left for the unit."""
    known = ledger({"l1#1": 1000})
    claim = known.request(ask("k1", units=units("l1", 1)), hold=HOLD, at=T0)
    known.transfer_settled(f"{claim.id}.1", eur(400), "re-1", at=T0)
    assert known.books.left_of("l1#1") == eur(600)


def test_gestures_have_a_budget_of_their_own() -> None:
    """800 of 1000 given as goodwill: 300 more are refused with 200 left, and the unit keeps its entitlement."""
    known = ledger({"l1#1": 5000})
    known.reserve(ask("g1", Book.GESTURES, amount=eur(800)), hold=HOLD, at=T0)
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("g2", Book.GESTURES, amount=eur(300)), hold=HOLD, at=T0)
    assert (refused.value.facts["bound"], refused.value.facts["left"]) == ("budget", "200 EUR")
    assert known.books.left_of("l1#1") == eur(5000)


def test_costs_are_bound_by_proof() -> None:
    """Nothing without proof; with one of 450, no more than 450."""
    known = ledger({"l1#1": 5000})
    with pytest.raises(NothingLeft) as refused:
        known.reserve(ask("c1", Book.COSTS, subjects=("post",), amount=eur(450)), hold=HOLD, at=T0)
    assert refused.value.facts["bound"] == "proof"
    known.prove_cost("post", eur(450), "receipt 17", by="agent-1", at=T0)
    assert known.reserve(ask("c2", Book.COSTS, subjects=("post",)), hold=HOLD, at=T0).parts == (Part("post", eur(450)),)


def test_recoveries_never_lower_what_the_customer_may_get() -> None:
    """A paid carrier claim changes nothing for the unit."""
    known = ledger({"l1#1": 1000})
    known.count_recovery("claim-7", "dhl", eur(1000), at=T0)
    assert known.books.left_of("l1#1") == eur(1000)


def test_a_unit_that_was_never_sold_is_refused() -> None:
    """Unknown lines and numbers are named as such."""
    known = ledger({"l1#1": 1000})
    known.request(ask("k1", units=units("l9", 1)), hold=HOLD, at=T0)
    known.request(ask("k2", units=units("l1", 1, 7)), hold=HOLD, at=T0)
    assert [event.bound for event in known.pending_events] == ["unknown_unit", "unknown_unit"]  # type: ignore[attr-defined]


def test_what_happens_elsewhere_is_recorded_even_when_it_exceeds_and_freezes_our_own_grants() -> None:
    """A dashboard refund of 400 beside ours of 1000 exceeds by 400; a person accepts it, then grants go on."""
    known = ledger({"l1#1": 1000, "l1#2": 1000}, captured=1000)
    known.reserve(ask("k1", units=units("l1", 1, 1)), hold=HOLD, at=T0)
    known.count_outside(OutsideFact("refund:re-7", "refund", "card", eur(400), T0), at=T0)
    assert (known.frozen, known.books.excess()) == (True, eur(400))
    settled(known)
    known.request(ask("k2", Book.IN_KIND, units=units("l1", 1, 2)), hold=HOLD, at=T0)
    assert known.pending_events[-1].bound == "frozen"  # type: ignore[attr-defined]
    known.accept_excess("the customer was promised it", by="supervisor-1", at=T0)
    assert known.frozen is False
    with pytest.raises(NotFrozen):
        known.accept_excess("again", by="supervisor-1", at=T0)


def test_an_open_dispute_freezes_until_it_ends() -> None:
    """Blocked money counts; won, all is free again; lost, it stays counted and does not freeze by itself."""
    known = ledger({"l1#1": 1000})
    known.count_outside(OutsideFact("dispute:d1", "dispute_open", "card", eur(1000), T0), at=T0)
    assert known.frozen is True
    known.clear_outside("dispute:d1", "won", at=T0)
    assert (known.frozen, known.books.tills.moved()) == (False, eur(0))
    known.count_outside(OutsideFact("dispute:d1", "dispute_lost", "card", eur(1000), T0), at=T0)
    assert (known.frozen, known.books.tills.moved()) == (False, eur(1000))
