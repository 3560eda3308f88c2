"""Labels of goods that are to be put right: asked of the shop, given to the customer, taken back with the need."""

from typing import Any

import pytest
from aftercare.returns.v1 import events_pb2 as pb

from chassis.domain import NotFound
from chassis.work import Actor
from services.returns.application.common import LABEL_EFFECT
from services.returns.application.labelling import VOID_EFFECT
from services.returns.domain.case import ArrivedLine
from services.returns.domain.conformity.next_actions import next_actions
from services.returns.domain.errors import UnitNotInReturn, WrongStage
from services.returns.domain.labels import EASYPOST, LabelStage
from services.returns.domain.receipt import ReceiptFact
from services.returns.presenting.conformity import mine, whole
from tests.unit.returns.conforming import asked, ended, file, reported, sold, started, unit_back
from tests.unit.returns.labelling import HOME, MADE, answered, refused
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World


async def label(world: World, actor: Actor = ANN, **values: Any) -> str:
    """A label for the file's unit; its id."""
    units = values.pop("units", ())
    receipt = await world.run(lambda work: world.app.issue_label(work, file(world).id, units, **values), actor)
    return receipt.facts["label_id"]


async def made(world: World, number: str = "T1") -> None:
    """The shop made the label that was asked for last."""
    await answered(world, world.effects(LABEL_EFFECT)[-1], **MADE | {"tracking_number": number})


async def with_label() -> World:
    """Goods are awaited for a repair, and the customer has a label for them."""
    world = await sold()
    await started(world, goods_needed=True)
    await label(world)
    await made(world)
    return world


def stages(world: World) -> list[LabelStage]:
    return [one.stage for one in file(world).labels.values()]


def told(world: World, kind: type[Any]) -> list[Any]:
    return [message for message in world.told if isinstance(message, kind)]


async def test_a_label_is_asked_of_the_shop_for_goods_that_a_repair_needs_and_the_customer_is_told() -> None:
    """The request names the file as any other case; the mail names the last day of the customer's duty to send."""
    world = await sold()
    await started(world, goods_needed=True)
    await label(world, CUSTOMER, sender=HOME, paperless=True)
    (effect,) = world.effects(LABEL_EFFECT)
    assert effect.body["case_id"] == str(file(world).id)
    assert (effect.body["units"], effect.body["sender"], effect.body["paperless"]) == (
        [["l1", "sku-l1", 1]],
        True,
        True,
    )
    assert file(world).starts_at() == HOME
    await made(world)
    (issued,) = told(world, pb.ReturnLabelIssued)
    assert (issued.case_id, issued.tracking_number) == (str(file(world).id), "T1")
    send_by = file(world).send_by
    assert send_by is not None and issued.send_by.ToSeconds() == int(send_by.timestamp()) - 1
    assert file(world).waiting_on == "customer"


async def test_a_second_label_is_refused_while_one_is_there() -> None:
    world = await with_label()
    with pytest.raises(WrongStage, match="is issued"):
        await label(world)
    assert len(world.effects(LABEL_EFFECT)) == 1


@pytest.mark.parametrize("goods_needed", [False, True])
async def test_no_label_is_asked_for_goods_that_nobody_needs(goods_needed: bool) -> None:
    """Neither before something is begun that needs them, nor for a repair at the customer's, nor once they are here."""
    world = await sold()
    await reported(world, sought="repair")
    with pytest.raises(WrongStage, match="not needed"):
        await label(world)
    await asked(world, "acknowledge_lack", "ordinary", "seen")
    await asked(world, "start_remedy", goods_needed=goods_needed)
    if goods_needed:
        await unit_back(world)
    with pytest.raises(WrongStage, match="not needed"):
        await label(world)
    assert not file(world).labels and not world.effects(LABEL_EFFECT)


async def test_a_label_is_for_the_unit_of_the_file_alone() -> None:
    world = await sold()
    await started(world, goods_needed=True)
    with pytest.raises(UnitNotInReturn):
        await label(world, units=("l1#2",))
    assert not file(world).labels


async def test_the_file_of_another_customer_has_no_labels_to_ask_for() -> None:
    world = await sold()
    await started(world, goods_needed=True)
    with pytest.raises(NotFound):
        await label(world, STRANGER)
    assert not file(world).labels


async def test_the_label_is_voided_once_when_the_goods_were_put_right_without_it() -> None:
    world = await with_label()
    await ended(world)
    (void,) = world.effects(VOID_EFFECT)
    assert (void.body["case_id"], stages(world)) == (str(file(world).id), [LabelStage.VOIDING])
    await answered(world, void)
    assert stages(world) == [LabelStage.VOIDED]
    assert [message.tracking_number for message in told(world, pb.ReturnLabelVoided)] == ["T1"]


async def test_the_label_is_voided_when_what_was_tried_did_not_help() -> None:
    world = await with_label()
    await ended(world, done=False)
    assert stages(world) == [LabelStage.VOIDING]


async def test_the_label_is_voided_when_the_customer_withdraws_from_the_contract() -> None:
    world = await sold(2)
    await started(world, goods_needed=True)
    await label(world)
    await made(world)
    await world.run(lambda work: world.app.give_notice(work, "s1", "o1", []), CUSTOMER)
    assert (file(world).state, stages(world)) == ("dropped", [LabelStage.VOIDING])


async def test_a_label_that_comes_after_the_end_is_voided_and_told_to_nobody() -> None:
    world = await sold()
    await started(world, goods_needed=True)
    await label(world)
    await ended(world)
    await made(world)
    assert stages(world) == [LabelStage.VOIDING]
    assert not told(world, pb.ReturnLabelIssued)


async def test_a_label_that_was_used_is_not_voided_and_goods_that_are_needed_again_get_another() -> None:
    """Out and in again: the goods were repaired, are with the customer, and lack something else."""
    world = await with_label()
    await unit_back(world)
    await ended(world)
    assert (stages(world), world.effects(VOID_EFFECT)) == ([LabelStage.ISSUED], [])
    await started(world, goods_needed=True)
    await label(world)
    await made(world, "T2")
    assert stages(world) == [LabelStage.ISSUED, LabelStage.ISSUED]
    await ended(world)
    assert stages(world) == [LabelStage.ISSUED, LabelStage.VOIDING]


async def test_a_label_can_be_used_again_once_the_receipt_of_its_goods_never_happened() -> None:
    world = await with_label()
    await unit_back(world)
    with pytest.raises(WrongStage, match="goods were sent"):
        await asked(world, "void_label", next(iter(file(world).labels)), "wrong")
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another's", by="warehouse"))
    assert [one.is_live for one in file(world).labels.values()] == [True]
    await ended(world)
    assert stages(world) == [LabelStage.VOIDING]


async def test_a_label_is_asked_for_when_the_contract_is_ended_and_the_goods_are_to_come() -> None:
    world = await sold()
    await reported(world, sought="repair")
    await asked(world, "acknowledge_lack", "serious", "seen")
    await asked(world, "terminate")
    await label(world)
    await made(world)
    (issued,) = told(world, pb.ReturnLabelIssued)
    assert issued.HasField("send_by")
    fact = ReceiptFact(0, str(file(world).id), "", (ArrivedLine("1", "sku-l1", 1),), world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r1", fact, by="warehouse"))
    assert stages(world) == [LabelStage.ISSUED]


async def test_a_refusal_of_the_shop_waits_for_a_person() -> None:
    world = await sold()
    await started(world, goods_needed=True)
    await label(world)
    await refused(world, world.effects(LABEL_EFFECT)[-1], "no_carrier")
    assert (stages(world), file(world).waiting_on) == ([LabelStage.REFUSED], "agent")


async def test_the_desk_is_offered_a_label_while_the_goods_are_awaited() -> None:
    world = await sold()
    await started(world, goods_needed=True)

    def offered() -> dict[str, tuple[bool, bool]]:
        found = next_actions(file(world), by="ann", at=world.now)
        return {one.rpc: (one.allowed, one.recommended) for one in found if one.rpc.endswith("Label")}

    assert offered() == {"IssueLabel": (True, True)}
    await label(world)
    await made(world)
    assert offered() == {"IssueLabel": (False, False), "VoidLabel": (True, False)}


async def test_a_customer_sees_the_label_to_use_and_not_what_it_costs() -> None:
    world = await sold()
    world.label_makers["s1"] = EASYPOST
    await started(world, goods_needed=True)
    await label(world, CUSTOMER, sender=HOME)
    seen = mine(file(world), world.ledger(), world.conformity)
    assert [(one.state, one.maker) for one in seen.labels] == [("requested", "")]
    assert [one.maker for one in whole(file(world), world.ledger(), world.conformity).labels] == [EASYPOST]
