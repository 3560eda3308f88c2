"""What a withdrawal makes owed is paid without anybody's word, once, and not beside what was paid elsewhere."""

import pytest

from chassis.domain import Invalid
from services.returns.application.noticing import Withdrawn
from services.returns.domain.case import MoneyState
from services.returns.domain.ledger import Book
from services.returns.domain.order import PaymentFact, PaymentKind
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.build import DAY, ask, eur, shipping, units
from tests.unit.returns.withdrawing import came_back, noticed, on_the_way, repaid, shop
from tests.unit.returns.world import CUSTOMER, SUE, World


async def proven(world: World, known: Withdrawal) -> Withdrawal:
    await world.run(lambda work: world.app.prove_sending(work, known.id, (), "dhl", "T1", None), CUSTOMER)
    return world.withdrawal(known.id)


async def elsewhere(world: World, minor: int, reference: str = "re-dash") -> None:
    world.now += DAY
    await world.paid("", eur(minor), reference, request_id="", outside=True)


async def test_a_proof_of_sending_plans_the_money_in_the_same_unit_and_once() -> None:
    """The same tender, the standard shipping, one effect; the same proof again, and the goods, plan nothing more."""
    world = await shop(components=(shipping(490),))
    known = await proven(world, await noticed(world))
    assert (known.state, known.waiting_on, known.repay_due()) == ("repaying", "provider", None)
    await proven(world, known)
    await came_back(world, known)
    (effect,) = world.effects()
    assert (effect.body["minor"], effect.body["tender_id"]) == (3490, "card")
    await world.paid(effect.key, eur(3490))
    assert (world.withdrawal(known.id).state, world.withdrawal(known.id).is_open) == ("repaid", False)


async def test_goods_without_a_proof_leave_a_day_to_look_at_them() -> None:
    """A timer then pays; fired again it pays nothing."""
    world = await shop()
    known = await noticed(world)
    await came_back(world, known)
    (timer,) = [t for who, t in world.timers() if who == "Withdrawal" and t.key == "itself:repay"]
    assert (timer.due_at, world.effects()) == (world.now + DAY, [])
    world.now = timer.due_at
    for _ in range(2):
        await world.fire("duty_due", known.id, timer.key)
    assert [effect.body["minor"] for effect in world.effects()] == [3000]
    assert "itself:repay" not in [t.key for _, t in world.timers()]


async def test_a_refund_made_elsewhere_after_the_notice_ends_the_duty() -> None:
    """Of just what is owed: nothing is paid beside it and nothing escalates; where it bounces it is owed again."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    await elsewhere(world, 1000)
    known = world.withdrawal(known.id)
    assert (known.state, known.outcome, known.money_of("l1#1")) == ("repaid", "repaid", MoneyState.OUTSIDE)
    assert (world.effects(), [t for who, t in world.timers() if who == "Withdrawal"]) == ([], [])
    await world.bounced("", eur(1000), "re-dash")
    known = world.withdrawal(known.id)
    assert (known.is_open, known.state, known.waiting_on) == (True, "repaying", "provider")  # and paid by itself, once
    assert [effect.body["minor"] for effect in world.effects()] == [1000]


@pytest.mark.parametrize("by", ["the return", "another service"])
async def test_what_another_gives_for_the_same_unit_ends_the_duty_in_the_same_unit(by: str) -> None:
    """The goods are here and looked at for a day; whoever is asked meanwhile gives once, and no list still owes it."""
    world = await shop()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    known = await noticed(world, Withdrawn("l1", 1, (1,)))
    assert world.withdrawal(known.id).state == "to_repay"
    if by == "the return":
        await world.refunded(world.case(case.id))
    else:
        theirs = ask("lost", units=units("l1", 1, 1))
        await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", theirs))
    known = world.withdrawal(known.id)
    assert (known.state, known.money_of("l1#1")) == ("repaid", MoneyState.OUTSIDE)
    assert [effect.body["minor"] for effect in world.effects()] == [1000]


async def test_money_of_another_sum_that_moved_elsewhere_is_a_persons_to_judge() -> None:
    """It may have been for these units or not: nobody pays by itself, and the duty stays with its date."""
    world = await shop()
    known = await noticed(world)
    await elsewhere(world, 700)
    known = await proven(world, known)
    assert (known.state, world.effects()) == ("to_repay", [])
    assert known.repay_due() is not None
    assert (await repaid(world, known)).facts["amount"] == "2300 EUR"


async def test_where_a_part_of_what_was_paid_elsewhere_bounces_a_person_judges_the_rest() -> None:
    """Two refunds were counted for one unit: what stayed may be for it: nothing is paid beside it."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await came_back(world, known, 1)
    await elsewhere(world, 400, "re-stays")
    await elsewhere(world, 600, "re-bounces")
    assert world.withdrawal(known.id).money_of("l1#1") is MoneyState.OUTSIDE
    await world.bounced("", eur(600), "re-bounces")
    known = world.withdrawal(known.id)
    assert (known.is_open, known.state, known.money_of("l1#1"), world.effects()) == (True, "to_repay", None, [])


async def test_what_another_case_gave_back_for_the_same_units_is_not_owed() -> None:
    """Shipping paid for the lost parcel before the withdrawal could: the duty is done when it is next looked at."""
    world = await shop(days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    due = known.repay_due()
    assert due is not None
    theirs = ask("lost", Book.RESTITUTION, units=units("l1", 3))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", theirs))
    (effect,) = world.effects()
    await world.paid(effect.key, eur(3000))
    world.now = due
    await world.fire("duty_due", known.id, "missed:repay")
    known = world.withdrawal(known.id)
    assert (known.state, known.queue, len(world.effects())) == ("repaid", "withdrawals", 1)
    assert world.tell("WithdrawalDutyMissed") == []


async def test_a_frozen_ledger_keeps_it_waiting_and_asks_a_person() -> None:
    """A dispute is open: nothing is planned, the desk is warned; once it is won the money goes by itself."""
    world = await shop()
    known = await noticed(world)
    dispute = PaymentFact(PaymentKind.DISPUTE_OPENED, "dp-1", "card", eur(3000), world.now)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", dispute))
    await came_back(world, known)
    world.now += DAY
    await world.fire("duty_due", known.id, "itself:repay")
    known = world.withdrawal(known.id)
    assert (known.state, world.effects(), known.look_ends()) == ("to_repay", [], None)
    won = PaymentFact(PaymentKind.DISPUTE_WON, "dp-1", "card", eur(3000), world.now)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", won))
    assert [effect.body["minor"] for effect in world.effects()] == [3000]


async def test_money_that_came_back_is_not_sent_again_by_itself() -> None:
    """An account that is closed stays closed: the second time is a person's."""
    world = await shop()
    known = await proven(world, await noticed(world))
    (effect,) = world.effects()
    await world.paid(effect.key, eur(3000))
    await world.bounced(effect.key, eur(3000))
    await proven(world, known)
    known = world.withdrawal(known.id)
    assert (known.state, known.waiting_on, len(world.effects())) == ("to_repay", "agent", 1)


async def test_a_person_says_what_money_that_moved_elsewhere_was_for() -> None:
    """Of no known name, too little, counted before: refused, nothing written. Else the duty ends by that word."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))
    await elsewhere(world, 700, "re-small")
    await elsewhere(world, 1500, "re-large")
    known = await proven(world, known)
    assert known.state == "to_repay"

    async def said(reference: str) -> None:
        await world.run(
            lambda work: world.app.record_repaid_elsewhere(work, known.id, (), reference, "asked the provider"), SUE
        )

    before = len(world.events)
    for reference in ("re-unknown", "re-small"):
        with pytest.raises(Invalid):
            await said(reference)
    assert len(world.events) == before
    await said("re-large")
    known = world.withdrawal(known.id)
    assert (known.state, known.money_of("l1#1"), world.effects()) == ("repaid", MoneyState.OUTSIDE, [])
    with pytest.raises(Invalid):
        await said("re-large")
