"""Keep-it discounts, goodwill, and the second person above a limit."""

from uuid import UUID, uuid4

import pytest

from casework.errors import AboveLimit, ApprovalNotGranted, ApprovalUnknown, ApproverIsRequester
from chassis.domain import Invalid, Money
from chassis.service import Receipt
from chassis.work import Actor
from services.returns.application.deciding import Item
from services.returns.domain.case import Goods, ReturnCase
from services.returns.domain.errors import NothingLeft
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import DAY, eur, line, snapshot
from tests.unit.returns.world import ANN, BEN, SUE, World

SENIOR = Actor("sam", frozenset({"senior_agent"}))


async def shop(price: int = 10_000) -> World:
    world = World()
    await world.order_told(line("l1", 2, price))
    await world.delivered()
    return world


async def keep(world: World, amount: Money, actor: Actor = ANN, case: ReturnCase | None = None, **kw: str) -> Receipt:
    return await world.run(
        lambda work: world.app.keep_it(
            work, "s1", "o1", ("l1#1",), amount, "scratched", case_id=case.id if case else None, **kw
        ),
        actor,
    )


async def test_a_keep_it_discount_needs_no_return_and_leaves_the_rest() -> None:
    """A return of its own tells its story; 20.00 of 100.00 EUR are given, 80.00 left, and the unit is in no return."""
    world = await shop()
    receipt = await keep(world, eur(2000))
    case = world.case(receipt.id)
    assert (case.remedy, case.units["l1#1"].goods) == ("price_reduction", Goods.KEPT_BY_CUSTOMER)
    assert world.ledger().books.left_of("l1#1") == eur(8000)
    assert world.order().units_in_returns == {}
    assert world.tell("RefundPromised")[0].reason == "price_reduction"
    (effect,) = world.effects()
    await world.paid(effect.key, eur(2000))
    assert (world.case(receipt.id).is_open, world.case(receipt.id).state) == (False, "refunded")


@pytest.mark.parametrize("refund_first", [True, False])
async def test_a_discount_and_a_full_refund_race_and_the_second_reads_who_was_first(refund_first: bool) -> None:
    """Whichever is second is refused with what is left and the name of the other; nothing of it is written."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "damaged"))
    if refund_first:
        await world.refunded(case, SUE, units=("l1#1",), amount=eur(10_000))
        with pytest.raises(NothingLeft) as refused:
            await keep(world, eur(2000), case=case)
        left, giver = "0 EUR", "sue"
    else:
        await keep(world, eur(2000), case=case)
        with pytest.raises(NothingLeft) as refused:
            await world.refunded(case, SUE, units=("l1#1",), amount=eur(10_000))
        left, giver = "8000 EUR", "ann"
    assert refused.value.facts["left"] == left
    assert f", {giver})" in refused.value.facts["given_by"]
    assert len(world.effects()) == 1


async def test_above_the_limit_a_second_person_approves_and_it_is_carried_through_once() -> None:
    """Refused with the limit named; asked; granted by another; given; not a second time."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "faulty"))
    before = len(world.events)
    with pytest.raises(AboveLimit) as refused:
        await keep(world, eur(6000), case=case)
    assert (refused.value.reason, refused.value.facts["limit"]) == ("ABOVE_LIMIT", "3000 EUR")
    assert len(world.events) == before
    approval_id = await ask_for(world, case, "GiveKeepItDiscount", eur(6000))
    with pytest.raises(ApprovalNotGranted):
        await keep(world, eur(6000), case=case, approval_id=str(approval_id))
    with pytest.raises(ApproverIsRequester):
        await grant(world, case, approval_id, ANN)
    await grant(world, case, approval_id, SUE)
    with pytest.raises(ApprovalNotGranted):
        await keep(world, eur(6001), case=case, approval_id=str(approval_id))
    await keep(world, eur(6000), case=case, approval_id=str(approval_id))
    claim = next(iter(world.ledger().claims.values()))
    assert (claim.ask.by, claim.ask.approved_by) == ("ann", "sue")
    with pytest.raises(ApprovalNotGranted):
        await keep(world, eur(1000), case=case, approval_id=str(approval_id))


async def test_nobody_approves_more_than_they_could_give() -> None:
    """A senior agent's limit is 150.00 EUR; 160.00 are not theirs to approve, and nothing is written."""
    world = await shop(price=50_000)
    case = await world.asked(Item("l1", 1, "faulty"))
    approval_id = await ask_for(world, case, "GiveKeepItDiscount", eur(16_000))
    before = len(world.events)
    with pytest.raises(AboveLimit):
        await grant(world, case, approval_id, SENIOR)
    assert len(world.events) == before
    await grant(world, case, approval_id, SUE)


async def test_an_approval_that_nobody_used_expires() -> None:
    """Its timer stands at the end of its time."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "faulty"))
    approval_id = await ask_for(world, case, "GiveGoodwill", eur(4000))
    (timer,) = [timer for _, timer in world.timers() if timer.key.startswith("approval:")]
    assert timer.due_at == world.now + 3 * DAY
    world.now = timer.due_at
    await world.fire("alarm", case.id, timer.key)
    assert world.case(case.id).approvals[approval_id].state == "expired"


async def test_an_approval_is_asked_for_known_actions_of_this_return() -> None:
    """Something that needs none, and an id of nowhere: refused, nothing is written."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "faulty"))
    before = len(world.events)
    with pytest.raises(Invalid):
        await ask_for(world, case, "AddNote", None)
    with pytest.raises(ApprovalUnknown):
        await grant(world, case, uuid4(), SUE)
    assert len(world.events) == before


async def test_goodwill_is_bound_by_role_order_and_day() -> None:
    """15.00 EUR by ann leave ben 5.00 of an agent's 20.00 in one order."""
    world = await shop()
    case = await world.asked(Item("l1", 1, "faulty"))
    await goodwill(world, case, eur(1500))
    with pytest.raises(AboveLimit) as refused:
        await goodwill(world, case, eur(600), BEN)
    assert (refused.value.facts["per"], refused.value.facts["left"]) == ("order", "500 EUR")


async def test_the_days_limit_counts_over_all_orders() -> None:
    """Ten orders of 20.00 EUR are a day of goodwill; the eleventh is refused, and tomorrow it passes."""
    world = World()
    cases = [await order_with_return(world, f"o{n}") for n in range(11)]
    for case in cases[:10]:
        await goodwill(world, case, eur(2000))
    with pytest.raises(AboveLimit) as refused:
        await goodwill(world, cases[10], eur(2000))
    assert refused.value.facts["per"] == "day"
    world.now += DAY
    await goodwill(world, cases[10], eur(2000))


async def test_goodwill_has_a_budget_per_order_whoever_gives_it() -> None:
    """100.00 EUR in all; a supervisor who has 100.00 left is held by what others gave."""
    world = await shop(price=50_000)
    case = await world.asked(Item("l1", 1, "faulty"))
    await goodwill(world, case, eur(2000))
    with pytest.raises(NothingLeft) as refused:
        await goodwill(world, case, eur(9000), SUE)
    assert (refused.value.facts["bound"], refused.value.facts["left"]) == ("budget", "8000 EUR")


async def order_with_return(world: World, order_id: str) -> ReturnCase:
    told = snapshot(line("l1", 1, 10_000))
    paid = PaymentFact(PaymentKind.CAPTURED, f"cap-{order_id}", "card", eur(10_000), world.now)
    await world.run(lambda work: world.app.order_recorded(work, "s1", order_id, told))
    await world.run(lambda work: world.app.payment_told(work, "s1", order_id, paid))
    receipt, _ = await world.run(lambda work: world.app.request(work, "s1", order_id, [Item("l1", 1, "faulty")]), ANN)
    return world.case(receipt.id)


async def goodwill(world: World, case: ReturnCase, amount: Money, actor: Actor = ANN) -> None:
    await world.run(lambda work: world.app.goodwill(work, case.id, amount, "sorry"), actor)


async def ask_for(world: World, case: ReturnCase, action: str, amount: Money | None) -> UUID:
    receipt = await world.run(
        lambda work: world.app.request_approval(work, case.id, action, amount, "scratched cup"), ANN
    )
    return UUID(receipt.facts["approval_id"])


async def grant(world: World, case: ReturnCase, approval_id: UUID, actor: Actor) -> None:
    await world.run(lambda work: world.app.grant_approval(work, case.id, approval_id), actor)
