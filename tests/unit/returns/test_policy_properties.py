"""What holds of the engine whatever the policy and the facts are."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.domain import Money
from services.returns.domain.policy import (
    Clause,
    ClauseKind,
    Outcome,
    Policy,
    UnitFacts,
    judge_inspection,
    judge_promise,
)
from services.returns.domain.policy.compiled import compiled
from services.returns.domain.policy.weighing import NO_CLAUSE, weigh
from services.returns.policies import EXAMPLES, default_policy, example_text, load_policy
from tests.unit.returns.policies import ASKED, facts

POLICIES = (default_policy(), *(load_policy(example_text(name)) for name in EXAMPLES))
REFUSALS_BY_LAW = {"hygiene", "digital", "perishable", "made_to_measure"}

policies = st.sampled_from(POLICIES)
days = st.one_of(st.none(), st.integers(0, 900))


@st.composite
def units(draw: st.DrawFn) -> UnitFacts:
    """Anything a shop may be asked."""
    reason = draw(st.sampled_from(("changed_mind", "too_small", "faulty", "damaged", "arrived_late")))
    delivered = draw(days)
    at = None if delivered is None else ASKED - timedelta(days=delivered)
    german = draw(st.booleans())
    price = Money(draw(st.integers(0, 100_000)), draw(st.sampled_from(("EUR", "USD", "JPY"))))
    words = ("shoes", "underwear", "phones", "games", "fresh/fruit", "drones", "batteries", "other")
    tags = ("sale", "outlet", "clearance", "tailored", "personalised", "seller-strict", "hazmat", "final-sale")
    return facts(
        reason=reason,
        ground=POLICIES[0].ground_of(reason),
        possession_at=at,
        last_possession_at=at,
        placed_at=(at or ASKED) - timedelta(days=3),
        country="DE" if german else draw(st.sampled_from(("US", "CH"))),
        time_zone="Europe/Berlin" if german else "America/New_York",
        category=draw(st.sampled_from(words)),
        tags=tuple(draw(st.lists(st.sampled_from(tags), unique=True, max_size=3))),
        final_sale=draw(st.booleans()),
        stated_condition=draw(st.sampled_from(("", "sealed", "opened", "used", "damaged"))),
        tier=draw(st.sampled_from(("", "gold", "pro", "plus"))),
        gift=draw(st.booleans()),
        remedy=draw(st.sampled_from(("refund", "exchange", "store_credit"))),
        proofs=tuple(draw(st.lists(st.sampled_from(("photo", "account_removed")), unique=True))),
        paid=price,
        asked_total=price + Money(draw(st.integers(0, 50_000)), price.currency),
        channel=draw(st.sampled_from(("web", "store", ""))),
        bundle=draw(st.sampled_from(("", "CAM-KIT"))),
        bundle_missing=tuple(draw(st.lists(st.sampled_from(("l2#1 Lens, wide", "l3#1")), max_size=2))),
        returns_before=tuple(ASKED.date() - timedelta(days=n) for n in range(draw(st.integers(0, 30)))),
    )


def about_returns(clauses: Iterable[Clause]) -> list[str]:
    """What may be changed before goods leave, how they are looked at later, and what a gift's recipient may ask for say
    nothing of what may come back."""
    others = (ClauseKind.CHANGE, ClauseKind.GRADING, ClauseKind.GIFT_RETURN)
    return [clause.id for clause in clauses if clause.kind not in others]


@given(policy=policies, unit=units(), order=st.randoms(use_true_random=False))
@settings(max_examples=300)
def test_the_order_in_which_clauses_are_written_means_nothing(policy: Policy, unit: UnitFacts, order: Any) -> None:
    """Outcome, decider, terms, both texts: the same; the readings too, in the order they were written."""
    mixed = list(policy.clauses)
    order.shuffle(mixed)
    one, other = judge_promise(policy, unit), judge_promise(replace(policy, clauses=tuple(mixed)), unit)
    assert replace(one, readings=()) == replace(other, readings=())
    assert sorted(one.readings, key=lambda r: r.id) == sorted(other.readings, key=lambda r: r.id)
    assert [r.id for r in other.readings] == about_returns(mixed)


@given(policy=policies, unit=units())
@settings(max_examples=300)
def test_a_decision_always_says_who_decided_and_what_each_clause_said(policy: Policy, unit: UnitFacts) -> None:
    """The decider is a clause that spoke, with the verdict its outcome needs; nobody is left without words."""
    one = judge_promise(policy, unit)
    readings = {r.id: r for r in one.readings}
    assert [r.id for r in one.readings] == about_returns(policy.clauses)
    assert all(r.text for r in one.readings) and one.explanation and one.customer_text and one.alternatives
    if one.clause == NO_CLAUSE:
        assert one.outcome is Outcome.PERSON
        return
    needed = {Outcome.AUTHORISE: "allows", Outcome.PERSON: "limits", Outcome.DECLINE: "refuses"}
    assert readings[one.clause].verdict == needed[one.outcome]
    assert readings[one.clause].text == one.explanation


@given(policy=policies, unit=units())
@settings(max_examples=300)
def test_no_refusal_of_a_shop_beats_the_law(policy: Policy, unit: UnitFacts) -> None:
    """What a rule of law allows is never declined; fees stay within what the law lets the customer bear."""
    one = judge_promise(policy, unit)
    if not one.by_law:
        return
    assert one.outcome is not Outcome.DECLINE
    rule = next(clause.kind.value for clause in policy.clauses if clause.id == one.by_law)
    assert {fee.name for fee in one.offer.fees} <= ({"return_label"} if rule == "withdrawal" else set())


@given(policy=policies, unit=units())
@settings(max_examples=300)
def test_the_same_facts_give_the_same_decision_also_after_they_were_recorded(policy: Policy, unit: UnitFacts) -> None:
    """Determinism over what a decision keeps: this is what a what-if rests on."""
    again = UnitFacts.recorded(unit.unit_id, unit.named())
    assert again == unit
    assert judge_promise(policy, again) == judge_promise(policy, unit)


@given(policy=policies, unit=units())
@settings(max_examples=300)
def test_the_quick_way_of_a_what_if_is_the_decision_without_its_words(policy: Policy, unit: UnitFacts) -> None:
    """Outcome, decider and fees, with nothing said of the clauses that do not speak."""
    quick, whole = weigh(policy, unit), judge_promise(policy, unit)
    assert (quick.outcome, quick.clause, quick.fees) == (whole.outcome, whole.clause, whole.offer.fees)


@given(policy=policies, unit=units())
@settings(max_examples=200)
def test_a_decision_rests_on_nothing_but_the_facts_its_clauses_look_at(policy: Policy, unit: UnitFacts) -> None:
    """What no clause reads may be anything: this is how a what-if knows what it cannot know."""
    others = {"tier": "other", "gift": not unit.gift, "channel": "elsewhere", "tenders": ("coins",), "signals": ("x",)}
    unread: dict[str, Any] = {name: value for name, value in others.items() if name not in compiled(policy).reads}
    assert judge_promise(policy, replace(unit, **unread)).outcome is judge_promise(policy, unit).outcome


@given(policy=policies, unit=units(), condition=st.sampled_from(("sealed", "opened", "used", "damaged")))
@settings(max_examples=200)
def test_an_inspection_never_declines(policy: Policy, unit: UnitFacts, condition: str) -> None:
    """It keeps the promise, or a person decides and is told what stands against it."""
    one = judge_inspection(policy, unit, condition, "customer")
    assert one.outcome in (Outcome.AUTHORISE, Outcome.PERSON)
    assert one.outcome is Outcome.AUTHORISE or one.clause in {clause.id for clause in policy.clauses}
