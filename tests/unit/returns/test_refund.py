"""Paying back: through ledger and effect, settled by the provider's own fact."""

import pytest

from casework.errors import AboveLimit
from chassis.domain import Invalid, Money
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import MoneyState, ReturnCase
from services.returns.domain.errors import NothingLeft, NothingToDo, OnlySupervisor, WrongStage
from services.returns.domain.ledger import ClaimState, TransferState
from tests.unit.returns.build import DAY, eur, line, shipping
from tests.unit.returns.world import BEN, SUE, World


async def test_a_refund_is_reserved_planned_and_promised_in_one_decision() -> None:
    """All that is left for the one unit that is ready; one effect under the transfer's key, without personal data."""
    world = await world_ready()
    case = only(world)
    receipt = await world.refunded(case)
    (effect,) = world.effects()
    assert receipt.facts["amount"] == "1000 EUR"
    assert effect.body == {
        "shop_id": "s1",
        "order_id": "o1",
        "case_id": str(case.id),
        "requester": "returns",
        "tender_id": "card",
        "capture_id": "cap",
        "minor": 1000,
        "currency": "EUR",
        "reason": "return",
    }
    assert effect.key == f"{receipt.facts['refund_id']}.1"
    assert world.case(case.id).money_of("l1#1") is MoneyState.PLANNED
    assert world.tell("RefundPromised")[0].amount.minor_units == 1000


async def test_submitted_is_not_settled_until_the_provider_says_so() -> None:
    """The effect's success is money submitted; the provider's fact settles it and closes the return."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    (effect,) = world.effects()
    await world.effect_moved(effect, "succeeded")
    assert world.case(case.id).money_of("l1#1") is MoneyState.SUBMITTED
    await world.paid(effect.key, eur(1000))
    known = world.case(case.id)
    assert (known.money_of("l1#1"), known.state, known.is_open) == (MoneyState.SETTLED, "refunded", False)
    assert world.tell("RefundConfirmed")[0].provider_refund_id == "re-1"
    assert world.tell("ReturnClosed")[0].refunded.minor_units == 1000


async def test_the_providers_fact_may_come_before_any_answer() -> None:
    """Settled at once, the effect is proven, and a late "unknown" changes nothing."""
    world = await world_ready()
    await world.refunded(only(world))
    (effect,) = world.effects()
    await world.paid(effect.key, eur(1000))
    assert world.effect(effect.key).state.value == "succeeded"
    await world.effect_moved(effect, "unknown", "LEASE_ENDED")
    assert world.ledger().transfers[effect.key].state is TransferState.SETTLED


async def test_silence_is_shown_as_unknown_and_still_counts() -> None:
    """Nothing is left for the unit, and the case waits on an agent."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    (effect,) = world.effects()
    await world.effect_moved(effect, "unknown", "NO_ANSWER")
    known = world.case(case.id)
    assert (known.money_of("l1#1"), known.waiting_on) == (MoneyState.UNKNOWN, "agent")
    assert world.ledger().books.left_of("l1#1") == eur(0)
    assert len(world.tell("RefundUnknown")) == 1


async def test_a_failure_frees_the_reservation_and_can_be_paid_again() -> None:
    """The provider refused: all is left again, and a second refund has a key of its own."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    (effect,) = world.effects()
    await world.effect_moved(effect, "failed", "account_closed")
    known = world.case(case.id)
    assert (known.money_of("l1#1"), known.waiting_on) == (MoneyState.FAILED, "customer")
    assert world.ledger().books.left_of("l1#1") == eur(1000)
    assert world.tell("RefundBounced")[0].reason == "account_closed"
    await world.refunded(case, units=("l1#1",))
    assert len({e.key for e in world.effects()}) == 2


async def test_a_refund_that_fails_after_it_settled_opens_the_return_again() -> None:
    """The bank sends it back a day later."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    (effect,) = world.effects()
    await world.paid(effect.key, eur(1000))
    world.now += DAY
    await world.bounced(effect.key, eur(1000))
    known = world.case(case.id)
    assert (known.is_open, known.money_of("l1#1"), known.waiting_on) == (True, MoneyState.FAILED, "customer")
    assert world.ledger().books.left_of("l1#1") == eur(1000)


async def test_shipping_is_paid_back_with_the_units_when_it_is_named() -> None:
    """One claim over unit and component, split by what is left of each."""
    world = World()
    await world.order_told(line("l1", 1), components=(shipping(490),))
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case, components=("ship",))
    (refund,) = world.case(case.id).refunds.values()
    assert refund.parts == (("l1#1", eur(1000)), ("ship", eur(490)))


async def test_only_what_is_authorised_received_and_inspected_is_paid() -> None:
    """Named too early, or nothing ready: refused, and nothing is written; a supervisor may pay without goods."""
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    before = len(world.events)
    with pytest.raises(NothingToDo):
        await world.refunded(case)
    with pytest.raises(WrongStage):
        await world.refunded(case, units=("l1#1",))
    assert len(world.events) == before
    await world.refunded(case, SUE, units=("l1#1",))
    assert len(world.effects()) == 1


async def test_a_second_refund_reads_what_is_left_and_who_gave_the_rest() -> None:
    """Nothing left, given by ann in this case; nothing is written."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    before = len(world.events)
    with pytest.raises(NothingLeft) as refused:
        await world.refunded(case, BEN, units=("l1#1",), amount=eur(1000))
    assert refused.value.facts["left"] == "0 EUR"
    assert f"10.00 EUR by returns case {case.id} (restitution, reserved, ann)" in refused.value.facts["given_by"]
    assert len(world.events) == before


async def test_limits_are_cumulative_per_order_whoever_gave_it() -> None:
    """150.00 EUR by ann leave ben 50.00 EUR of his 200.00; a second 150.00 needs a second person."""
    world = World()
    await world.order_told(line("l1", 2, 15_000))
    await world.delivered()
    first = await world.asked(Item("l1", 1, "too_small"))
    second = await world.asked(Item("l1", 1, "too_small"))
    for case, unit in ((first, "l1#1"), (second, "l1#2")):
        await world.received(case, number=f"r-{unit}")
        await world.inspected(case, Finding(unit, "sealed", "customer", "restock"))
    await world.refunded(first)
    before = len(world.events)
    with pytest.raises(AboveLimit) as refused:
        await world.refunded(second, BEN)
    assert refused.value.facts["given"] == "15000 EUR"
    assert len(world.events) == before


async def test_money_moved_elsewhere_is_counted_and_never_paid_twice() -> None:
    """A dashboard refund leaves 20.00 of 30.00 EUR to give back, whatever the units would allow."""
    world = await world_ready()
    await world.paid("", eur(1000), "re-dash", request_id="", outside=True)
    assert world.ledger().outside["refund:re-dash"].amount == eur(1000)
    free = [amount for _, amount in world.ledger().books.tills.free()]
    assert free == [eur(2000)]


async def test_a_settled_refund_under_an_unknown_request_is_money_moved_elsewhere() -> None:
    """A key that no ledger gave out is nobody's of ours."""
    world = await world_ready()
    await world.paid("not-ours.1", eur(500), "re-x")
    assert world.ledger().outside["refund:re-x"].amount == eur(500)
    assert all(claim.state is not ClaimState.SETTLED for claim in world.ledger().claims.values())


async def world_ready() -> World:
    world = World()
    await world.order_told()
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    return world


def only(world: World) -> ReturnCase:
    return world.case(next(iter(world.order().units_in_returns.values())))


async def test_more_money_for_an_ended_return_opens_it_until_it_is_settled() -> None:
    """The shipping fee is paid back a day after the goods were: open while it is on its way, then closed again."""
    world = World()
    await world.order_told(line("l1", 1), components=(shipping(490),))
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    await world.refunded(case)
    await world.paid(world.effects()[0].key, eur(1000))
    world.now += DAY
    await world.refunded(case, units=("l1#1",), components=("ship",))
    assert world.case(case.id).is_open is True
    await world.paid(world.effects()[1].key, eur(490), "re-2")
    known = world.case(case.id)
    assert (known.is_open, known.refunded("EUR")) == (False, eur(1490))


async def test_an_amount_in_another_currency_is_named_and_writes_nothing() -> None:
    """A refund, and an approval for one."""
    world = await world_ready()
    case, dollars = only(world), Money(100, "USD")
    before = len(world.events)
    with pytest.raises(Invalid):
        await world.refunded(case, amount=dollars)
    with pytest.raises(Invalid):
        await world.run(lambda work: world.app.request_approval(work, case.id, "RefundReturn", dollars, "x"), BEN)
    assert len(world.events) == before


async def test_a_supervisor_overrides_what_is_left_by_name_and_never_what_was_taken() -> None:
    """After a full refund 5.00 more are refused to all; a supervisor gives them with a reason, the ledger names who and
    why; 30.00 more are not there to give."""
    world = await world_ready()
    case = only(world)
    await world.refunded(case)
    more = {"units": ("l1#1",), "amount": eur(500)}
    before = len(world.events)
    with pytest.raises(OnlySupervisor):
        await world.refunded(case, BEN, override_reason="promised", **more)
    with pytest.raises(Invalid):
        await world.refunded(case, SUE, units=("l1#1",), override_reason="promised")
    with pytest.raises(NothingLeft):
        await world.refunded(case, SUE, **more)
    assert len(world.events) == before
    await world.refunded(case, SUE, override_reason="promised by letter", **more)
    claim = list(world.ledger().claims.values())[-1]
    assert (claim.ask.override_by, claim.ask.override_reason) == ("sue", "promised by letter")
    assert world.ledger().books.left_of("l1#1") == eur(0)
    with pytest.raises(NothingLeft) as refused:
        await world.refunded(case, SUE, units=("l1#1",), amount=eur(3000), override_reason="again")
    assert refused.value.facts["bound"] == "capture"
