"""A person's word on a return: approve, decline, cancel, expire, label."""

from uuid import UUID

import pytest

from casework.errors import AboveLimit
from chassis.domain import NotFound
from chassis.service import Succeeded
from services.returns.application.deciding import Item
from services.returns.domain.case import Authorisation
from services.returns.domain.case.next_actions import next_actions
from services.returns.domain.errors import LawStandsAbove, NothingToDo, WrongStage
from tests.unit.returns.build import DAY, T0, eur, line
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, SUE, World


async def waiting(reason: str = "too_small") -> World:
    """A return above the automatic limit."""
    world = World()
    await world.order_told(line("l1", 2, 20_000, final_sale=reason == "faulty"))
    await world.delivered()
    await world.asked(Item("l1", 2, reason))
    return world


def only_case(world: World) -> str:
    return next(str(event.originator_id) for event in world.events if type(event).__name__ == "ReturnRequested")


async def test_an_agent_lets_units_come_back() -> None:
    """All that wait are authorised; the world hears that a person did it."""
    world = await waiting()
    case_id = world.case(only_case(world)).id
    await world.run(lambda work: world.app.approve(work, case_id, (), "good customer"), ANN)
    case = world.case(case_id)
    assert (case.state, case.waiting_on, case.send_by) == ("authorised", "customer", T0 + 14 * DAY)
    assert world.tell("ReturnAuthorised")[0].decided_by == "person"
    with pytest.raises(NothingToDo):
        await world.run(lambda work: world.app.approve(work, case_id, (), "again"), ANN)


async def test_a_declined_return_ends_and_frees_its_units() -> None:
    """It is closed as declined, and the units can be asked for again."""
    world = await waiting()
    case_id = world.case(only_case(world)).id
    await world.run(lambda work: world.app.decline(work, case_id, (), "worn"), ANN)
    case = world.case(case_id)
    assert (case.state, case.is_open, case.outcome) == ("declined", False, "declined")
    assert world.order().units_in_returns == {}
    assert world.tell("ReturnDeclined")[0].reason == "worn"


async def test_no_agent_declines_a_defect_by_final_sale() -> None:
    """The law is named, and nothing is recorded; another ground may decline it."""
    world = await waiting("faulty")
    case_id = world.case(only_case(world)).id
    before = len(world.events)
    with pytest.raises(LawStandsAbove) as refused:
        await world.run(lambda work: world.app.decline(work, case_id, (), "final_sale"), ANN)
    assert refused.value.facts == {"law": "conformity", "rule": "final_sale"}
    assert len(world.events) == before
    await world.run(lambda work: world.app.decline(work, case_id, (), "no_defect_found"), ANN)
    assert world.case(case_id).state == "declined"


async def test_overruling_the_policy_is_bound_by_the_agents_limit() -> None:
    """400.00 EUR of declined goods are above an agent's 200.00; within it the return is opened again."""
    world = World()
    await world.order_told(line("l1", 2, 20_000), line("l2", 1, 1000))
    await world.delivered(days_ago=90)
    case = await world.asked(Item("l1", 2, "too_small"), Item("l2", 1, "too_small"))
    assert (case.state, case.is_open) == ("declined", False)
    before = len(world.events)
    with pytest.raises(AboveLimit):
        await world.run(lambda work: world.app.approve(work, case.id, ("l1#1", "l1#2"), "please"), ANN)
    assert len(world.events) == before
    await world.run(lambda work: world.app.approve(work, case.id, ("l2#1",), "please"), ANN)
    again = world.case(case.id)
    assert (again.is_open, again.units["l2#1"].authorisation) == (True, Authorisation.AUTHORISED)
    assert world.order().units_in_returns == {"l2#1": str(case.id)}


async def test_a_customer_cancels_what_was_not_sent() -> None:
    """The return ends; a stranger never sees it; sent goods cannot be cancelled."""
    world = World()
    await world.order_told()
    case = await world.asked(Item("l1", 2, "too_small"))
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.cancel(work, case.id, (), "customer"), STRANGER)
    await world.received(case)
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.cancel(work, case.id, ("l1#1",), "customer"), CUSTOMER)
    await world.run(lambda work: world.app.cancel(work, case.id, (), "customer"), CUSTOMER)
    ways = {u: unit.authorisation.value for u, unit in world.case(case.id).units.items()}
    assert ways == {"l1#1": "authorised", "l1#2": "cancelled"}
    assert world.order().units_in_returns == {"l1#1": str(case.id)}


async def test_goods_that_were_not_sent_in_time_expire() -> None:
    """The timer stands at the end of the grace; before it nothing happens, at it the units are free again."""
    world = World()
    await world.order_told()
    case = await world.asked()
    (timer,) = [timer for name, timer in world.timers() if timer.kind == "return_due"]
    assert timer.due_at == T0 + 21 * DAY
    world.now = T0 + 20 * DAY
    await world.fire("return_due", case.id)
    assert world.case(case.id).state == "authorised"
    world.now = T0 + 21 * DAY
    await world.fire("return_due", case.id)
    assert (world.case(case.id).state, world.case(case.id).outcome) == ("expired", "expired")
    assert world.order().units_in_returns == {}
    assert len(world.tell("ReturnExpired")) == 1
    assert [timer for name, timer in world.timers() if timer.kind == "return_due"] == []


async def test_a_label_is_asked_of_the_shop_once_and_comes_as_its_answer() -> None:
    """One effect; asked again while it is open is refused; the answer issues it and tells the customer."""
    world = World()
    await world.order_told()
    case = await world.asked(Item("l1", 2, "too_small"))
    receipt = await world.run(lambda work: world.app.issue_label(work, case.id, ()), ANN)
    (effect,) = world.effects("return_label")
    assert (effect.key, effect.body["units"]) == (receipt.facts["label_id"], [["l1", "sku-l1", 2]])
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.issue_label(work, case.id, ()), ANN)
    answer = Succeeded("L-1", {"label_url": "https://shop.example/l", "carrier": "dhl", "tracking_number": "T1"})
    await world.run(lambda work: work.effect_fact("return_label", effect.key, answer))
    (told,) = world.tell("ReturnLabelIssued")
    assert (told.label_url, told.carrier, told.tracking_number) == ("https://shop.example/l", "dhl", "T1")


async def test_a_label_the_shop_refuses_waits_on_an_agent() -> None:
    """The refusal is kept with its reason, and another label may be asked for."""
    world = World()
    await world.order_told()
    case = await world.asked()
    await world.run(lambda work: world.app.issue_label(work, case.id, ()), ANN)
    (effect,) = world.effects("return_label")
    await world.effect_moved(effect, "failed", "no_carrier")
    known = world.case(case.id)
    assert ([label.reason for label in known.labels.values()], known.waiting_on) == (["no_carrier"], "agent")
    await world.run(lambda work: world.app.issue_label(work, case.id, ()), ANN)
    assert len(world.effects("return_label")) == 2


async def test_a_declined_return_is_opened_to_ask_a_second_person_and_ends_again_with_a_no() -> None:
    """Overruling 400.00 EUR needs a supervisor: asked, declined, ended; asked again, granted, carried through."""
    world = World()
    await world.order_told(line("l1", 2, 20_000))
    await world.delivered(days_ago=90)
    case = await world.asked(Item("l1", 2, "too_small"))
    for granted in (False, True):
        asked = await world.run(
            lambda work: world.app.request_approval(work, case.id, "ApproveReturn", eur(40_000), "best customer"), ANN
        )
        assert world.case(case.id).is_open
        approval_id = UUID(asked.facts["approval_id"])
        if not granted:
            await world.run(lambda work, a=approval_id: world.app.decline_approval(work, case.id, a, "no"), SUE)  # type: ignore[misc]
            assert world.case(case.id).is_open is False
            continue
        await world.run(lambda work, a=approval_id: world.app.grant_approval(work, case.id, a), SUE)  # type: ignore[misc]
        await world.run(
            lambda work, a=str(approval_id): world.app.approve(work, case.id, ("l1#1", "l1#2"), "ok", a),  # type: ignore[misc]
            ANN,
        )
    assert world.case(case.id).state == "authorised"


async def test_the_next_actions_are_those_the_commands_allow() -> None:
    """Waiting: approve is recommended; authorised: a label; the rest says why not."""
    world = await waiting()
    case = world.case(only_case(world))
    found = {a.rpc: a for a in next_actions(case, without_goods=False, by="ann", at=world.now)}
    assert found["ApproveReturn"].recommended and found["DeclineReturn"].allowed
    assert (found["IssueLabel"].allowed, found["IssueLabel"].reason) == (False, "NOTHING_TO_DO")
    await world.run(lambda work: world.app.approve(work, case.id, (), "ok"), ANN)
    found = {a.rpc: a for a in next_actions(world.case(case.id), without_goods=False, by="ann", at=world.now)}
    assert [rpc for rpc, a in found.items() if a.recommended] == ["IssueLabel"]
    assert [rpc for rpc, a in found.items() if a.allowed] == ["ExchangeUnit", "IssueLabel", "CancelReturn"]
