"""A chargeback while a return is open: our own money stands still, and the customer gets it once."""

import pytest

from chassis.domain import DomainError
from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect
from chassis.effects.terms import Terms
from chassis.service import NotDone
from chassis.work import Work
from services.returns.domain.case import MoneyState
from services.returns.domain.ledger import ClaimState, TransferState
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import DAY, ask, eur, units
from tests.unit.returns.world import World

TERMS = Terms(None)


async def disputed(world: World, kind: PaymentKind = PaymentKind.DISPUTE_OPENED, minor: int = 3000) -> None:
    fact = PaymentFact(kind, "dp-1", "card", eur(minor), world.now, outside=True, reason="fraudulent")
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))


async def begun(world: World) -> None:
    """An attempt has begun, and its provider may have been asked."""

    async def begin(work: Work) -> None:
        effect = await work.get(Effect, world.effects()[0].id)
        assert effect.begin(TERMS, at=work.now, real_ms=1)
        await tell_owner(work, effect)

    await world.run(begin)


async def came_to_nothing(world: World) -> None:
    """The provider was busy, and did nothing."""

    async def answer(work: Work) -> None:
        effect = await work.get(Effect, world.effects()[0].id)
        assert effect.answered(1, NotDone("BUSY"), TERMS, at=work.now, real_ms=2)
        await tell_owner(work, effect)

    await world.run(answer)


async def test_a_refund_that_waits_to_be_tried_again_is_stopped_too() -> None:
    """Its provider was busy and has done nothing: it would be the bank's money a second time."""
    world = World()
    await world.refunded(await world.ready_to_refund())
    await begun(world)
    await came_to_nothing(world)
    await disputed(world)
    (effect,) = world.effects()
    assert (effect.state, effect.why) == ("failed", "disputed")
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.RELEASED]


async def test_a_refund_that_has_not_left_is_stopped_and_the_ledger_freezes() -> None:
    """It was only planned: nobody is asked for it any more, the return shows it, and another one is refused."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    await disputed(world)
    (effect,) = world.effects()
    assert (effect.state, effect.why) == ("failed", "disputed")
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.RELEASED]
    assert (world.ledger().frozen, world.case(case.id).money_of("l1#1")) == (True, MoneyState.FAILED)
    written = len(world.events)
    with pytest.raises(DomainError) as refused:
        await world.refunded(world.case(case.id), units=("l1#1",))
    assert (refused.value.facts["bound"], len(world.events)) == ("frozen", written)


async def test_a_refund_that_is_on_its_way_is_left_to_its_answer() -> None:
    """It may have been done: it stays as it is, counts, and settles."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    await begun(world)
    await disputed(world)
    (transfer,) = world.ledger().transfers.values()
    assert transfer.state is TransferState.ATTEMPTING
    await world.paid(transfer.key, transfer.amount)
    assert [t.state for t in world.ledger().transfers.values()] == [TransferState.SETTLED]
    assert statement_of(world.ledger().books).closes


async def test_a_lost_chargeback_is_the_customers_money_and_a_won_one_gives_ours_back() -> None:
    """Lost: all of it went back by the bank, nothing is left to give. Won: the refund can be made after all."""
    for end, left in ((PaymentKind.DISPUTE_LOST, 0), (PaymentKind.DISPUTE_WON, 3000)):
        world = World()
        case = await world.ready_to_refund()
        await disputed(world)
        world.now += DAY
        await disputed(world, end, 3000 if left == 0 else 0)
        assert (statement_of(world.ledger().books).left, world.ledger().frozen) == (left, False)
        if left:
            await world.refunded(case)
            assert len(world.effects()) == 1
        else:
            with pytest.raises(DomainError):
                await world.refunded(case)
            assert world.effects() == []


async def test_another_services_refund_is_stopped_and_told() -> None:
    """Its claim has failed with the reason; only its requester releases it."""
    world = World()
    await world.order_told()
    wanted = ask("k1", units=units("l1"))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", wanted))
    await disputed(world)
    assert [claim.state for claim in world.ledger().claims.values()] == [ClaimState.FAILED]
    assert [message.reason for message in world.tell("RefundFailed")] == ["disputed"]
