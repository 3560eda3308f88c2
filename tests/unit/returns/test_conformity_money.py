"""Money for goods that do not conform: after repair and replacement, by a rule that is named, once."""

import pytest

from chassis.domain import Invalid
from services.returns.domain.case import MoneyState
from services.returns.domain.errors import MinorLack, NothingToDo, RemedyFirst, Withheld, WrongStage
from tests.unit.returns.build import DAY, eur, shipping
from tests.unit.returns.conforming import (
    acknowledged,
    asked,
    duties,
    ended,
    file,
    reduced,
    reported,
    sold,
    spent,
    started,
    unit_back,
)
from tests.unit.returns.world import CUSTOMER, World


async def both_refused(world: World, severity: str = "ordinary") -> None:
    await reported(world)
    await acknowledged(world, severity)
    for remedy in ("repair", "replacement"):
        await asked(world, "refuse_remedy", remedy, "impossible", "not made any more", None, None)


async def test_repair_or_replacement_comes_before_money() -> None:
    """An ordinary lack: neither a lower price nor the end of the contract, and nothing is written."""
    world = await sold()
    await reported(world)
    for reach in (lambda: acknowledged(world), None):
        before = len(world.events)
        with pytest.raises(RemedyFirst):
            await asked(world, "terminate", actor=CUSTOMER)
        with pytest.raises(RemedyFirst):
            await reduced(world)
        assert len(world.events) == before
        if reach is not None:
            await reach()


async def test_each_rule_of_law_gives_money_and_is_named() -> None:
    """Refused, failed, again defective, serious: the claim's reason and the public event name it with its source."""
    refused, failed, again, serious = [await sold() for _ in range(4)]
    await both_refused(refused)
    await started(failed)
    await ended(failed, done=False)
    await started(again)
    await ended(again)
    await reported(again)
    await acknowledged(again)
    await reported(serious)
    await acknowledged(serious, "serious")
    for rule, world in (("refused", refused), ("failed", failed), ("again", again), ("serious", serious)):
        assert file(world).money_rules() == (rule,)
        await reduced(world)
        assert [reason for reason, _ in spent(world)] == [f"price_reduction_{rule}"]
        (told,) = world.tell("LackMoneyChosen")
        assert (told.rule, "2019/771" in told.source) == (rule, True)


async def test_a_minor_lack_ends_no_contract_and_lowers_the_price() -> None:
    world = await sold()
    await both_refused(world, "minor")
    before = len(world.events)
    with pytest.raises(MinorLack):
        await asked(world, "terminate", actor=CUSTOMER)
    assert len(world.events) == before
    receipt = await reduced(world)
    assert receipt.facts["amount"] == "334 EUR"  # a third of 10.00, rounded for the customer
    assert spent(world) == [("price_reduction_refused", eur(334))]


@pytest.mark.parametrize(("worth", "as_is"), [(900, 900), (900, 1000), (0, 0)])
async def test_a_price_is_lowered_by_what_the_lack_costs_and_not_otherwise(worth: int, as_is: int) -> None:
    world = await sold()
    await both_refused(world)
    before = len(world.events)
    with pytest.raises(Invalid):
        await reduced(world, worth, as_is)
    assert (len(world.events), spent(world)) == (before, [])


async def test_a_lower_price_is_paid_at_once_and_the_unit_is_free_again() -> None:
    """Settled it closes; what shows later is another lack, and the price of it is what is left."""
    world = await sold()
    await both_refused(world)
    await reduced(world)
    (effect,) = world.effects()
    await world.paid(effect.key, eur(334))
    known = file(world)
    assert (known.state, known.is_open, known.repaid()) == ("price_reduction", False, eur(334))
    assert world.order().units_in_returns == {}
    await reported(world)
    await acknowledged(world, "serious")
    await asked(world, "terminate", actor=CUSTOMER)
    await unit_back(world)
    assert spent(world)[1:] == [("termination_serious", eur(666))]


async def test_the_end_of_the_contract_pays_with_the_goods_or_their_proof_by_itself() -> None:
    """Withheld while the customer has them; then all that was paid for the unit, to the same tender, once."""
    world = await sold(components=(shipping(490),))
    await both_refused(world)
    await asked(world, "terminate", actor=CUSTOMER)
    known = file(world)
    assert (known.state, duties(world)["send"][0], duties(world)["repay"]) == (
        "awaiting_return",
        "open",
        ("withheld", None),
    )
    with pytest.raises(Withheld):
        await asked(world, "pay_conformity")
    await unit_back(world)
    await asked(world, "prove_conformity_sending", "dhl", "T1", None, actor=CUSTOMER)
    (effect,) = world.effects()
    assert (effect.body["minor"], effect.body["tender_id"], effect.body["reason"]) == (
        1000,
        "card",
        "termination_refused",
    )
    with pytest.raises(WrongStage):
        await asked(world, "pay_conformity")
    await world.paid(effect.key, eur(1000))
    known = file(world)
    assert (known.state, known.outcome, known.money_of()) == ("termination", "termination", MoneyState.SETTLED)
    with pytest.raises(WrongStage):
        await reported(world)


async def test_money_that_bounces_is_owed_again_to_a_person() -> None:
    world = await sold()
    await both_refused(world)
    await reduced(world)
    (effect,) = world.effects()
    await world.paid(effect.key, eur(334))
    await world.bounced(effect.key, eur(334))
    known = file(world)
    assert (known.is_open, known.state, known.waiting_on) == (True, "to_repay", "agent")
    assert (await asked(world, "pay_conformity")).facts["amount"] == "334 EUR"


async def test_money_is_chosen_once() -> None:
    world = await sold()
    await both_refused(world)
    await reduced(world)
    before = len(world.events)
    with pytest.raises(WrongStage):
        await asked(world, "terminate", actor=CUSTOMER)
    with pytest.raises(WrongStage):
        await acknowledged(world, "minor")
    assert len(world.events) == before


async def test_nothing_is_paid_before_anything_was_chosen() -> None:
    world = await sold()
    await both_refused(world)
    with pytest.raises(NothingToDo):
        await asked(world, "pay_conformity")


async def test_a_duty_to_pay_back_that_is_missed_escalates() -> None:
    """The ledger is frozen: it cannot go by itself, and the date stands."""
    from services.returns.domain.order import PaymentFact, PaymentKind

    world = await sold()
    await both_refused(world)
    dispute = PaymentFact(PaymentKind.DISPUTE_OPENED, "dp-1", "card", eur(2000), world.now)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", dispute))
    await reduced(world)
    state, due = duties(world)["repay"]
    assert (state, due, world.effects()) == ("open", world.now + 14 * DAY, [])
    assert due is not None
    world.now = due
    await world.fire("duty_due", file(world).id, "missed:repay")
    assert (file(world).queue, duties(world)["repay"][0]) == ("escalations", "missed")
