"""Labels of goods that a withdrawal sends back: whose they are to ask for, what they are for, and when they stand."""

from dataclasses import replace
from typing import Any

import pytest
from aftercare.returns.v1 import events_pb2 as pb

from chassis.domain import NotFound
from chassis.work import Actor
from services.returns.application.common import LABEL_EFFECT
from services.returns.application.labelling import VOID_EFFECT
from services.returns.application.noticing import Withdrawn
from services.returns.domain.errors import AddressNeeded, NothingToDo, ReturnAtOwnCost, WrongStage
from services.returns.domain.labels import EASYPOST, LabelStage
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal.law import CONSUMER
from services.returns.domain.withdrawal.next_actions import next_actions
from services.returns.presenting.withdrawals import mine
from tests.unit.returns.labelling import HOME, MADE, answered, bought
from tests.unit.returns.withdrawing import ALL, came_back, noticed, shop
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World


async def label(world: World, known: Withdrawal, *units: str, actor: Actor = CUSTOMER, **values: Any) -> str:
    """A label is asked for; its id."""
    receipt = await world.run(lambda work: world.app.issue_label(work, known.id, units, **values), actor)
    return receipt.facts["label_id"]


async def with_label(world: World, *items: Withdrawn) -> Withdrawal:
    """A notice, and a label for what it sends back."""
    known = await noticed(world, *items)
    await label(world, known)
    await answered(world, world.effects(LABEL_EFFECT)[-1], **MADE)
    return world.withdrawal(str(known.id))


def stages(known: Withdrawal) -> list[LabelStage]:
    return [one.stage for one in known.labels.values()]


async def test_a_label_is_asked_of_the_shop_for_all_that_is_to_be_sent_back_and_the_customer_is_told() -> None:
    """The mail names the last day to send, and the warehouse hears the number to expect."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 2))
    await label(world, known, sender=HOME)
    (effect,) = world.effects(LABEL_EFFECT)
    assert effect.body["units"] == [["l1", "sku-l1", 2]]
    await answered(world, effect, **MADE)
    (issued,) = [message for message in world.told if isinstance(message, pb.ReturnLabelIssued)]
    known = world.withdrawal(str(known.id))
    assert (issued.case_id, issued.tracking_number) == (str(known.id), "T1")
    assert known.send_back_by is not None and issued.send_by.ToSeconds() == int(known.send_back_by.timestamp()) - 1
    expected = [message for message in world.told if isinstance(message, pb.ReturnExpected)]
    assert list(expected[-1].tracking_numbers) == ["T1"]
    seen = mine(known, world.ledger(), world.law)
    assert [(one.state, one.maker) for one in seen.labels] == [("issued", "")]


async def test_two_labels_are_not_given_for_the_same_units() -> None:
    world = await shop()
    known = await with_label(world)
    with pytest.raises(WrongStage, match="is issued"):
        await label(world, known, "l1#1")
    assert len(world.effects(LABEL_EFFECT)) == 1


async def test_nothing_that_the_customer_does_not_have_is_given_a_label() -> None:
    """Neither before the notice, nor what never came, nor what is back."""
    world = await shop(days_ago=None)
    known = await noticed(world)
    with pytest.raises(NothingToDo):
        await label(world, known)
    with pytest.raises(WrongStage, match="not_delivered"):
        await label(world, known, "l1#1")
    world = await shop()
    declared = await world.run(lambda work: world.app.declare_withdrawal(work, "s1", "o1", ALL), CUSTOMER)
    with pytest.raises(NothingToDo):
        await label(world, world.withdrawal(declared.id))
    known = await noticed(world)
    await came_back(world, known)
    with pytest.raises(WrongStage, match="received"):
        await label(world, known, "l1#1")
    assert not world.effects(LABEL_EFFECT)


async def test_a_withdrawal_of_another_customer_has_no_labels_to_ask_for() -> None:
    world = await shop()
    known = await noticed(world)
    with pytest.raises(NotFound):
        await label(world, known, actor=STRANGER)
    assert not world.effects(LABEL_EFFECT)


async def test_customers_who_bear_the_cost_get_no_free_label_by_themselves_and_the_desk_may_give_one() -> None:
    """Directive 2011/83/EU, Article 14(1): the consumer bears it unless the trader agreed to, as a person may."""
    world = World(law=replace(World().law, return_cost=CONSUMER))
    await world.order_told()
    await world.delivered(2)
    known = await noticed(world)
    with pytest.raises(ReturnAtOwnCost):
        await label(world, known)
    assert not world.effects(LABEL_EFFECT)
    await label(world, known, actor=ANN)
    assert len(world.effects(LABEL_EFFECT)) == 1


async def test_a_shop_that_did_not_inform_bears_the_cost_whatever_its_data_says() -> None:
    """Directive 2011/83/EU, Article 6(6)."""
    world = World(law=replace(World().law, return_cost=CONSUMER, informed=False))
    await world.order_told()
    await world.delivered(2)
    await label(world, await noticed(world))
    assert len(world.effects(LABEL_EFFECT)) == 1


async def test_a_label_of_goods_that_came_is_not_taken_back_and_stands_again_when_they_never_did() -> None:
    world = await shop()
    known = await with_label(world)
    (label_id,) = known.labels
    await came_back(world, known)
    with pytest.raises(WrongStage, match="goods were sent"):
        await world.run(lambda work: world.app.void_label(work, known.id, label_id, "wrong"), ANN)
    assert not world.effects(VOID_EFFECT)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another's", by="warehouse"))
    known = world.withdrawal(str(known.id))
    assert (known.to_send, stages(known)) == (("l1#1", "l1#2", "l1#3"), [LabelStage.ISSUED])


async def test_a_wrong_label_is_taken_back_and_another_given() -> None:
    world = await shop()
    known = await with_label(world)
    (label_id,) = known.labels
    await world.run(lambda work: world.app.void_label(work, known.id, label_id, "wrong"), ANN)
    await answered(world, world.effects(VOID_EFFECT)[-1])
    await label(world, known)
    assert stages(world.withdrawal(str(known.id))) == [LabelStage.VOIDED, LabelStage.REQUESTED]


async def test_the_desk_is_offered_what_can_be_done_about_labels() -> None:
    world = await shop()
    known = await noticed(world)

    def offered(now: Withdrawal) -> dict[str, bool]:
        found = next_actions(now, informed=True, without_goods=False, by="ann", at=world.now)
        return {one.rpc: one.allowed for one in found if one.rpc.endswith("Label")}

    assert offered(known) == {"IssueLabel": True}
    await label(world, known)
    await answered(world, world.effects(LABEL_EFFECT)[-1], **MADE)
    assert offered(world.withdrawal(str(known.id))) == {"IssueLabel": False, "VoidLabel": True}


async def test_a_label_is_bought_at_an_aggregator_where_the_shop_has_an_account() -> None:
    """Of the parcel that was written down, from the address that was given, as for a return."""
    world = await shop()
    world.label_makers["s1"] = EASYPOST
    known = await noticed(world)
    with pytest.raises(AddressNeeded):
        await label(world, known)
    await label(world, known, sender=HOME)
    await bought(world)
    known = world.withdrawal(str(known.id))
    assert (stages(known), known.starts_at()) == ([LabelStage.ISSUED], HOME)
