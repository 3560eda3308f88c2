"""An order's facts in any order, twice, with new ids: one state."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Invalid, Money
from services.returns.domain.errors import UnitNotReturnable
from services.returns.domain.order import Delivery, Order, PaymentFact, PaymentKind, ShipmentFact
from tests.unit.returns.build import DAY, T0, eur, line, news, order, settled, snapshot

HOUR = timedelta(hours=1)


def refund(reference: str, minor: int = 500, hours: int = 0, **values: Any) -> PaymentFact:
    return PaymentFact(
        PaymentKind.REFUNDED, reference, "card", eur(minor), T0 + hours * HOUR, provider_refund_id=reference, **values
    )


def failure(reference: str, hours: int = 0, **values: Any) -> PaymentFact:
    return PaymentFact(PaymentKind.REFUND_FAILED, reference, "card", eur(500), T0 + hours * HOUR, **values)


FACTS: list[Any] = [
    snapshot(line("l1", 1)),
    snapshot(line("l1", 3), version=4),
    snapshot(line("l1", 2), version=2),
    PaymentFact(PaymentKind.CAPTURED, "cap-1", "card", eur(3000), T0),
    refund("re-1", hours=1),
    failure("re-1", hours=2),
    refund("re-2", request_id="k1", hours=1),
    ShipmentFact("p1", T0, True),
    ShipmentFact("p1", T0 + HOUR, True, (("l1", 2),)),
    ShipmentFact("back", T0, False, (("l1", 1),)),
    Delivery("p1", "d1", T0 + DAY),
    Delivery("p1", "d1", None, revoked=True),
    Delivery("p1", "d2", T0 + 2 * DAY),
    Delivery("back", "d3", T0 + 9 * DAY),
]


def told(facts: list[Any], known: Order | None = None) -> Order:
    known = known or Order.hear_of("s1", "o1", at=T0)
    for fact in facts:
        match fact:
            case PaymentFact():
                known.pay(fact, history=False, at=T0)
            case ShipmentFact():
                known.ship(fact, history=False, at=T0)
            case Delivery():
                known.deliver(fact, history=False, at=T0)
            case _:
                known.take(fact, history=False, at=T0)
    return known


def state(known: Order) -> tuple[Any, ...]:
    return (
        known.snapshot,
        known.payments,
        known.shipments,
        known.deliveries,
        known.prices,
        known.possession_of("l1"),
        known.captures(),
        known.refunds(request_id=FACTS[4].request_id, reference=FACTS[4].reference)[0],
    )


@given(st.permutations(FACTS), st.lists(st.sampled_from(FACTS), max_size=5))
def test_any_order_of_facts_with_any_repeats_gives_one_state(facts: list[Any], repeats: list[Any]) -> None:
    """Every permutation of the facts, repeats appended, folds to the state of the given order."""
    assert state(told([*facts, *repeats])) == state(told(FACTS))


def test_a_known_fact_records_nothing() -> None:
    """Told again, no fact adds an event."""
    known = settled(told(FACTS))
    told(FACTS, known)
    assert news(known) == []


def test_possession_starts_with_the_first_delivery_that_stands() -> None:
    """The revoked delivery and the returned parcel's arrival are no possession: the second delivery is."""
    assert told(FACTS).possession_of("l1") == T0 + 2 * DAY


def test_a_delivery_is_no_possession_of_lines_that_were_not_in_the_parcel() -> None:
    """Only the line in the delivered parcel is with the customer."""
    known = order(line("l1"), line("l2"))
    known.ship(ShipmentFact("p1", T0, True, (("l1", 1),)), history=False, at=T0)
    known.deliver(Delivery("p1", "d1", T0), history=False, at=T0)
    assert (known.possession_of("l1"), known.possession_of("l2")) == (T0, None)


def test_a_refund_that_failed_after_it_succeeded_has_failed() -> None:
    """Of two facts about one provider's refund the later holds."""
    assert told(FACTS).refunds(reference="re-1")[0].succeeded is False


def test_success_of_any_attempt_is_success_of_the_request() -> None:
    """A failed first attempt under the same request does not undo the second one's success."""
    known = order()
    known.pay(refund("re-9", request_id="k9"), history=False, at=T0)
    known.pay(failure("k9", hours=5, request_id="k9"), history=False, at=T0)
    outcome = known.refunds(request_id="k9")[0]
    assert (outcome.succeeded, outcome.reference) == (True, "re-9")


def test_a_unit_is_in_one_return_only() -> None:
    """A second return is refused the unit, and the first keeps it; freed, it can be taken again."""
    known = order(line("l1", 2))
    known.take_units("rma-1", ("l1#1",), at=T0)
    settled(known)
    with pytest.raises(UnitNotReturnable) as refused:
        known.take_units("rma-2", ("l1#1", "l1#2"), at=T0)
    assert refused.value.facts == {"unit": "l1#1", "rma_id": "rma-1"}
    assert news(known) == []
    known.free_units("rma-1", ("l1#1",), at=T0)
    known.take_units("rma-2", ("l1#1", "l1#2"), at=T0)
    assert known.units_in_returns == {"l1#1": "rma-2", "l1#2": "rma-2"}


def test_a_cancelled_unit_cannot_be_returned() -> None:
    """The last unit of the line was cancelled: it is not sold."""
    known = order(line("l1", 2, cancelled_quantity=1))
    assert known.free_units_of("l1") == ("l1#1",)
    with pytest.raises(UnitNotReturnable):
        known.take_units("rma-1", ("l1#2",), at=T0)
    assert news(known) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (snapshot(line("l1", 10_001)), "10001 units are more than an order may have here (10000)"),
        (snapshot(time_zone="Europe"), "Europe is no IANA time zone"),
        (snapshot(time_zone="Mars/Base"), "Mars/Base is no IANA time zone"),
        (snapshot(currency="USD"), "an order in USD has an amount in EUR"),
    ],
)
def test_an_order_that_could_never_be_decided_on_is_refused_before_it_is_stored(told: Any, said: str) -> None:
    """It is set aside with its reason; nothing is recorded."""
    known = settled(Order.hear_of("s1", "o1", at=T0))
    with pytest.raises(Invalid) as refused:
        known.take(told, history=False, at=T0)
    assert refused.value.message == said
    assert news(known) == []


def test_a_payment_in_another_currency_is_refused_whichever_came_first() -> None:
    """Before or after the order."""
    dollars = PaymentFact(PaymentKind.CAPTURED, "cap-9", "card", Money(1000, "USD"), T0)
    known = order()
    with pytest.raises(Invalid):
        known.pay(dollars, history=False, at=T0)
    first = settled(Order.hear_of("s1", "o1", at=T0))
    first.pay(dollars, history=False, at=T0)
    with pytest.raises(Invalid):
        first.take(snapshot(), history=False, at=T0)
    assert news(first) == ["PaymentTold"]
