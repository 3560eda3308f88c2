"""What is listed to be done next is what the commands do, also where the ledger or a limit has the last word."""

from casework import NextAction
from chassis.work import Actor
from services.returns.domain.case import ReturnCase
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns import conforming, exchanging
from tests.unit.returns.build import ask, eur, line, units
from tests.unit.returns.withdrawing import came_back, noticed, shop
from tests.unit.returns.world import ANN, SUE, World


async def offered(world: World, case: ReturnCase, actor: Actor = ANN) -> dict[str, NextAction]:
    """Listed without anything being stored."""
    written = len(world.events)
    found = await world.look(lambda work: world.app.offered(work, case.id), actor)
    assert len(world.events) == written
    return {action.rpc: action for action in found}


async def disputed(world: World) -> None:
    fact = PaymentFact(PaymentKind.DISPUTE_OPENED, "dp-1", "card", eur(3000), world.now, outside=True)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))


async def test_a_refund_that_the_ledger_refuses_is_not_offered() -> None:
    """The goods are here and inspected; the bank took the money back meanwhile."""
    world = World()
    case = await world.ready_to_refund()
    assert (await offered(world, case))["RefundReturn"].recommended
    await disputed(world)
    refund = (await offered(world, case))["RefundReturn"]
    assert (refund.allowed, refund.recommended, refund.reason) == (False, False, "NOTHING_LEFT")


async def test_a_refund_above_the_callers_limit_is_offered_with_an_approval() -> None:
    """The agent needs a second person, the supervisor does not."""
    world = World()
    await world.order_told(line("l1", 1, 24_000))
    await world.delivered()
    case = await world.asked()
    await world.received(case)
    await world.inspected(case)
    by_role = [(await offered(world, case, actor))["RefundReturn"] for actor in (ANN, SUE)]
    assert [(a.allowed, a.needs_approval) for a in by_role] == [(True, True), (True, False)]


async def test_a_repayment_that_the_ledger_refuses_is_not_offered() -> None:
    """The same of a withdrawal."""
    world = await shop()
    known = await noticed(world)
    await came_back(world, known)
    await disputed(world)
    found = await world.look(lambda work: world.app.offered_on_withdrawal(work, known.id), ANN)
    assert {a.rpc: a.allowed for a in found}["RepayWithdrawal"] is False


async def test_a_return_whose_exchange_is_only_asked_for_may_be_cancelled_with_it() -> None:
    """The command calls the exchange off first, so the list does not ask for that."""
    known = exchanging.shop()
    await known.sold(1000)
    case = await known.returned()
    await known.exchange(case, 1400)
    assert (await offered(known.world, known.world.case(case.id)))["CancelReturn"].allowed
    await known.world.run(lambda work: known.world.app.cancel(work, case.id, (), "asked"), ANN)
    assert known.latest(case).is_off


async def test_a_replacement_that_the_ledger_refuses_is_not_offered() -> None:
    """Another service has given all that was paid for the unit since the lack was acknowledged."""
    world = await conforming.sold()
    await conforming.reported(world, sought="replacement")
    await conforming.acknowledged(world)
    id = conforming.file(world).id
    before = await world.look(lambda work: world.app.offered_on_conformity(work, id), ANN)
    assert {a.rpc: a.allowed for a in before}["StartRemedy"]
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", ask("k1", units=units("l1", 1, 1))))
    written = len(world.events)
    after = await world.look(lambda work: world.app.offered_on_conformity(work, id), ANN)
    assert {a.rpc: (a.allowed, a.reason) for a in after}["StartRemedy"] == (False, "NOTHING_LEFT")
    assert len(world.events) == written
