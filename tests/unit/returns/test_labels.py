"""Labels for the way back: made by the shop or bought at an aggregator, told to the customer, voided when useless."""

from collections.abc import Awaitable, Callable

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.application.deciding import Item
from services.returns.application.labelling import (
    CODE_EFFECT,
    OFFER_EFFECT,
    PURCHASE_EFFECT,
    TAKE_BACK_EFFECT,
    VOID_EFFECT,
)
from services.returns.domain.case import ReturnCase
from services.returns.domain.case.next_actions import next_actions
from services.returns.domain.errors import AddressNeeded, UnknownLabel, WrongStage
from services.returns.domain.labels import EASYPOST, LabelStage, PostalAddress
from services.returns.presenting.returns import mine
from tests.unit.returns.build import DAY, HOUR, T0, eur
from tests.unit.returns.labelling import HOME, MADE, answered, ask_label, bought, labels, refused, with_return
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World

End = Callable[[World, ReturnCase], Awaitable[None]]


async def cancel(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.cancel(work, case.id, (), "changed their mind"), CUSTOMER)


async def expire(world: World, case: ReturnCase) -> None:
    world.now = T0 + 21 * DAY
    await world.fire("return_due", case.id)


async def withdraw(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.give_notice(work, "s1", "o1", ()), ANN)


async def report_lack(world: World, case: ReturnCase) -> None:
    await world.run(lambda work: world.app.report_lack(work, "s1", "o1", "l1", 1, "torn"), ANN)


async def keep(world: World, case: ReturnCase) -> None:
    await world.run(
        lambda work: world.app.keep_it(work, "s1", "o1", ("l1#1",), eur(100), "keeps it", case_id=case.id), ANN
    )


@pytest.mark.parametrize("end", [cancel, expire, withdraw, report_lack, keep], ids=lambda end: end.__name__)
@pytest.mark.parametrize(("maker", "kind"), [("", VOID_EFFECT), (EASYPOST, TAKE_BACK_EFFECT)], ids=["shop", "easypost"])
async def test_a_label_is_voided_once_when_its_return_ends(end: End, maker: str, kind: str) -> None:
    """However it ends: one request to whoever made it, in the unit that ends the return; ended again there is none."""
    world, case = await with_return(maker)
    if maker:
        await bought(world)
    else:
        await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    await end(world, case)
    (void,) = world.effects(kind)
    (label,) = labels(world, case.id)
    assert (label.stage, void.key) == (LabelStage.VOIDING, f"{label.label_id}:1")
    assert (void.body["label_id"], void.body["tracking_number"]) == (label.label_id, "T1")
    await world.fire("return_due", case.id)
    await answered(world, void, "v-1")
    await answered(world, void, "v-1")
    assert labels(world, case.id)[0].stage is LabelStage.VOIDED
    assert [told.tracking_number for told in world.tell("ReturnLabelVoided")] == ["T1"]
    assert len(world.effects(kind)) == 1


async def test_a_label_whose_goods_are_on_their_way_is_not_voided() -> None:
    """One of two units was sent with it and the other is cancelled: it goes on; a person cannot void it either."""
    world, case = await with_return("", Item("l1", 2, "too_small"))
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    await world.run(lambda work: world.app.record_posting(work, case.id, ("l1#1",), "T1"), ANN)
    await world.run(lambda work: world.app.cancel(work, case.id, ("l1#2",), "kept"), ANN)
    (label,) = labels(world, case.id)
    assert (label.stage, world.effects(VOID_EFFECT)) == (LabelStage.ISSUED, [])
    before = len(world.events)
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.void_label(work, case.id, label.label_id, "useless"), ANN)
    assert len(world.events) == before


async def test_a_label_of_which_one_unit_can_still_be_sent_is_kept() -> None:
    """Half a return that is cancelled leaves its label to the other half."""
    world, case = await with_return("", Item("l1", 2, "too_small"))
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    await world.run(lambda work: world.app.cancel(work, case.id, ("l1#2",), "kept"), ANN)
    assert labels(world, case.id)[0].stage is LabelStage.ISSUED
    await world.run(lambda work: world.app.cancel(work, case.id, ("l1#1",), "kept"), ANN)
    assert labels(world, case.id)[0].stage is LabelStage.VOIDING


async def test_a_label_that_comes_after_the_end_is_voided_and_told_to_nobody() -> None:
    """The return ended while the shop made it: it is taken back in the unit that hears of it."""
    world, case = await with_return()
    await cancel(world, case)
    assert world.effects(VOID_EFFECT) == []
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    assert labels(world, case.id)[0].stage is LabelStage.VOIDING
    assert (len(world.effects(VOID_EFFECT)), world.tell("ReturnLabelIssued")) == (1, [])


async def test_nothing_is_bought_for_a_return_that_has_ended() -> None:
    """The parcel was written down, which costs nothing; a label for it is not bought."""
    world, case = await with_return(EASYPOST)
    await cancel(world, case)
    (offer,) = world.effects(OFFER_EFFECT)
    await answered(world, offer, "shp_1", offer="rate_1", minor="607", currency="USD")
    assert (world.effects(PURCHASE_EFFECT), labels(world, case.id)[0].reason) == ([], "not_needed")


async def test_a_label_is_bought_of_the_parcel_that_was_written_down_before() -> None:
    """Offered, then bought by the parcel's own id and rate, then told; the desk sees the cost, the customer not."""
    world, case = await with_return(EASYPOST)
    (offer,) = world.effects(OFFER_EFFECT)
    assert "Weber" not in repr(offer.body) + repr(world.events)
    await answered(world, offer, "shp_1", offer="rate_3", minor="607", currency="USD")
    (purchase,) = world.effects(PURCHASE_EFFECT)
    assert (purchase.body["reference"], purchase.body["offer"]) == ("shp_1", "rate_3")
    await answered(world, purchase, "shp_1", **MADE)
    (told,) = world.tell("ReturnLabelIssued")
    assert (told.label_url, told.tracking_number, told.qr_code_url) == (MADE["label_url"], "T1", "")
    (label,) = labels(world, case.id)
    shown = mine(world.case(case.id), world.now).label
    assert (label.cost.minor if label.cost else 0, label.stage) == (607, LabelStage.ISSUED)
    assert (shown.tracking_number, shown.maker, shown.HasField("cost")) == ("T1", "", False)


async def test_a_second_offer_of_the_same_parcel_buys_nothing_more() -> None:
    """A proof that comes twice, or another parcel of the same name, is not bought a label for."""
    world, case = await with_return(EASYPOST)
    await answered(world, world.effects(OFFER_EFFECT)[0], "shp_1", offer="rate_1", minor="607", currency="USD")
    known = world.case(case.id)
    (label,) = known.labels.values()
    assert known.label_offered(label.label_id, "shp_2", "rate_9", eur(1), at=world.now) is False
    assert known.labels[label.label_id].reference == "shp_1"


async def test_a_code_is_asked_for_before_the_customer_is_told_and_its_failure_leaves_the_label() -> None:
    """One mail with both; where the carrier makes no codes, one mail with the label alone."""
    for makes_codes in (True, False):
        world, case = await with_return(EASYPOST, paperless=True)
        await bought(world)
        assert (world.tell("ReturnLabelIssued"), mine(world.case(case.id), world.now).label.state) == ([], "requested")
        (code,) = world.effects(CODE_EFFECT)
        if makes_codes:
            await answered(world, code, "form_1", qr_code_url="https://labels.example/1.png")
        else:
            await refused(world, code, "FORM.UNSUPPORTED")
        (told,) = world.tell("ReturnLabelIssued")
        assert told.qr_code_url == ("https://labels.example/1.png" if makes_codes else "")
        assert told.label_url == MADE["label_url"]


async def test_a_shops_own_code_and_words_reach_the_customer() -> None:
    """What the shop answers is what its customer reads."""
    world, case = await with_return(paperless=True)
    (effect,) = world.effects("return_label")
    assert effect.body["paperless"] is True
    await answered(world, effect, "L-1", **MADE, qr_code_url="https://q", instructions="At any parcel shop.")
    (told,) = world.tell("ReturnLabelIssued")
    assert (told.qr_code_url, told.instructions) == ("https://q", "At any parcel shop.")
    assert mine(world.case(case.id), world.now).label.instructions == "At any parcel shop."


async def test_an_aggregator_needs_an_address_and_the_shop_does_not() -> None:
    """Refused by name, with nothing written; given once, it serves the next label too."""
    world, case = await with_return()
    world = World(label_makers={"s1": EASYPOST})
    await world.order_told()
    case = await world.asked()
    before = len(world.events)
    with pytest.raises(AddressNeeded):
        await world.run(lambda work: world.app.issue_label(work, case.id, ()), CUSTOMER)
    with pytest.raises(Invalid):
        nowhere = PostalAddress("Grete Weber", (), "Bonn", "", "", "DE")
        await world.run(lambda work: world.app.issue_label(work, case.id, (), sender=nowhere), CUSTOMER)
    assert (len(world.events), world.effects(OFFER_EFFECT)) == (before, [])
    await ask_label(world, case)
    await refused(world, world.effects(OFFER_EFFECT)[0], "no_label_within_terms")
    assert (labels(world, case.id)[0].reason, world.case(case.id).waiting_on) == ("no_label_within_terms", "agent")
    await world.run(lambda work: world.app.issue_label(work, case.id, ()), CUSTOMER)
    assert world.case(case.id).starts_at() == HOME


async def test_a_label_that_was_given_up_and_was_made_after_all_does_not_stand_beside_another() -> None:
    """Held, so another was bought and told; the first is proven later: the customer keeps what was told first."""
    world, case = await with_return(EASYPOST)
    await answered(world, world.effects(OFFER_EFFECT)[0], "shp_1", offer="rate_1", minor="607", currency="USD")
    (first,) = world.effects(PURCHASE_EFFECT)
    await world.effect_moved(first, "held", "TIMEOUT")
    await ask_label(world, case)
    await bought(world, "2")
    assert [label.stage for label in labels(world, case.id)] == [LabelStage.REFUSED, LabelStage.ISSUED]
    await answered(world, first, "shp_1", **MADE)
    assert [label.stage for label in labels(world, case.id)] == [LabelStage.VOIDING, LabelStage.ISSUED]
    (void,) = world.effects(TAKE_BACK_EFFECT)
    assert void.body["reference"] == "shp_1"
    assert [told.tracking_number for told in world.tell("ReturnLabelIssued")] == ["T2"]


async def test_a_void_that_is_refused_is_shown_and_may_be_tried_again() -> None:
    """The carrier says no: the story says so; a person tries again under a key of its own, and then it is done."""
    world, case = await with_return()
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    (label,) = labels(world, case.id)
    await world.run(lambda work: world.app.void_label(work, case.id, label.label_id, "wrong units"), ANN)
    await refused(world, world.effects(VOID_EFFECT)[0], "too_old")
    assert (labels(world, case.id)[0].stage, labels(world, case.id)[0].reason) == (LabelStage.NOT_VOIDED, "too_old")
    await world.run(lambda work: world.app.void_label(work, case.id, label.label_id, "again"), ANN)
    first, second = world.effects(VOID_EFFECT)
    assert (first.key, second.key) == (f"{label.label_id}:1", f"{label.label_id}:2")
    await answered(world, second, "v-2")
    assert labels(world, case.id)[0].stage is LabelStage.VOIDED


async def test_after_a_voided_label_another_may_be_asked_for() -> None:
    """Taken back because it was wrong: the units are without one, and the next is on its way."""
    world, case = await with_return()
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    (label,) = labels(world, case.id)
    actions = {a.rpc: a for a in next_actions(world.case(case.id), without_goods=False, by="ann", at=world.now)}
    assert (actions["VoidLabel"].allowed, actions["VoidLabel"].arguments[1]) == (True, ("label_id", label.label_id))
    await world.run(lambda work: world.app.void_label(work, case.id, label.label_id, "wrong units"), ANN)
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.void_label(work, case.id, label.label_id, "wrong units"), ANN)
    with pytest.raises(UnknownLabel):
        await world.run(lambda work: world.app.void_label(work, case.id, "x", "wrong units"), ANN)
    await ask_label(world, case)
    assert len(world.effects("return_label")) == 2


async def test_a_customer_asks_for_a_label_of_the_own_return_only() -> None:
    """Somebody else's return does not exist, and nothing is written."""
    world = World()
    await world.order_told()
    case = await world.asked()
    world.now += HOUR
    before = len(world.events)
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.issue_label(work, case.id, ()), STRANGER)
    assert len(world.events) == before
    await world.run(lambda work: world.app.issue_label(work, case.id, (), paperless=True), CUSTOMER)
    assert labels(world, case.id)[0].paperless
