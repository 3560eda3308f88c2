"""Carriers that come for parcels: within a window, once for one parcel, and not at all when nothing is to be sent."""

from datetime import timedelta
from uuid import UUID

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.application.collecting import (
    PICKUP_CANCEL_EFFECT,
    PICKUP_EFFECT,
    PICKUP_OFFER_EFFECT,
    PICKUP_PURCHASE_EFFECT,
    PICKUP_REFUND_EFFECT,
)
from services.returns.domain.case import Pickup, PickupStage, ReturnCase
from services.returns.domain.errors import UnknownLabel, UnknownPickup, WrongStage
from services.returns.domain.labels import EASYPOST
from services.returns.presenting.returns import mine
from tests.unit.returns.build import DAY, HOUR, eur
from tests.unit.returns.labelling import MADE, answered, bought, refused, with_return
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World


async def with_label(maker: str = "") -> tuple[World, ReturnCase]:
    """A return with a label that the customer has."""
    world, case = await with_return(maker)
    if maker:
        await bought(world)
    else:
        await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    return world, world.case(case.id)


async def book(world: World, case: ReturnCase, *, begins: timedelta = DAY, lasts: timedelta = 4 * HOUR) -> str:
    ready = world.now + begins
    receipt = await world.run(lambda work: world.app.book_pickup(work, case.id, "", ready, ready + lasts), CUSTOMER)
    return receipt.facts["pickup_id"]


def pickups(world: World, case_id: UUID) -> list[Pickup]:
    return list(world.case(case_id).pickups.values())


async def test_a_pickup_is_asked_of_the_shop_once_and_the_customer_is_told_when_it_comes() -> None:
    """One effect with the window; asked again while it is open is refused with nothing written; told when booked."""
    world, case = await with_label()
    id = await book(world, case)
    (effect,) = world.effects(PICKUP_EFFECT)
    assert (effect.key, effect.body["tracking_number"]) == (id, "T1")
    before = len(world.events)
    with pytest.raises(WrongStage):
        await book(world, case)
    assert len(world.events) == before
    await answered(world, effect, "P-1", instructions="Ring twice.")
    (told,) = world.tell("ReturnPickupBooked")
    assert (told.confirmation, told.instructions, told.carrier, told.tracking_number) == (
        "P-1", "Ring twice.", "dhl", "T1",
    )  # fmt: skip
    (shown,) = mine(world.case(case.id), world.now).label.pickups
    assert (shown.state, shown.confirmation, shown.HasField("cost")) == ("booked", "P-1", False)


async def test_a_pickup_is_booked_of_one_that_was_written_down_before() -> None:
    """Offered, then booked by its id; a second offer of it books nothing more."""
    world, case = await with_label(EASYPOST)
    id = await book(world, case)
    (offer,) = world.effects(PICKUP_OFFER_EFFECT)
    assert offer.body["parcel"] == "shp_1"
    await answered(world, offer, "pickup_1", carrier="USPS", service="NextDay", minor="0", currency="USD")
    (purchase,) = world.effects(PICKUP_PURCHASE_EFFECT)
    assert (purchase.body["reference"], purchase.body["service"]) == ("pickup_1", "NextDay")
    known = world.case(case.id)
    assert known.pickup_offered(id, "pickup_2", "USPS", "SameDay", eur(1), at=world.now) is False
    await answered(world, purchase, "pickup_1", confirmation="WTC1")
    assert (pickups(world, case.id)[0].stage, world.tell("ReturnPickupBooked")[0].confirmation) == (
        PickupStage.BOOKED, "WTC1",
    )  # fmt: skip


@pytest.mark.parametrize(("maker", "kind"), [("", PICKUP_CANCEL_EFFECT), (EASYPOST, PICKUP_REFUND_EFFECT)])
async def test_nobody_comes_for_a_parcel_of_a_return_that_ended(maker: str, kind: str) -> None:
    """Cancelled once, in the unit that ends the return; the customer is not told what the cancellation says already."""
    world, case = await with_label(maker)
    await book(world, case)
    if maker:
        offer = {"carrier": "USPS", "service": "NextDay", "minor": "0", "currency": "USD"}
        await answered(world, world.effects(PICKUP_OFFER_EFFECT)[0], "pickup_1", **offer)
        await answered(world, world.effects(PICKUP_PURCHASE_EFFECT)[0], "pickup_1", confirmation="C1")
    else:
        await answered(world, world.effects(PICKUP_EFFECT)[0], "C1")
    await world.run(lambda work: world.app.cancel(work, case.id, (), "no"), CUSTOMER)
    (effect,) = world.effects(kind)
    assert (effect.body["confirmation"], pickups(world, case.id)[0].stage) == ("C1", PickupStage.CANCELLING)
    await answered(world, effect, "x")
    await answered(world, effect, "x")
    (told,) = world.tell("ReturnPickupCancelled")
    assert (told.still_to_send, pickups(world, case.id)[0].stage) == (False, PickupStage.CANCELLED)


async def test_a_pickup_that_is_booked_after_the_end_is_cancelled_and_one_only_offered_is_not_booked() -> None:
    """The return ended while it was asked for."""
    world, case = await with_label()
    await book(world, case)
    await world.run(lambda work: world.app.cancel(work, case.id, (), "no"), CUSTOMER)
    await answered(world, world.effects(PICKUP_EFFECT)[0], "C1")
    assert (len(world.effects(PICKUP_CANCEL_EFFECT)), world.tell("ReturnPickupBooked")) == (1, [])
    world, case = await with_label(EASYPOST)
    await book(world, case)
    await world.run(lambda work: world.app.cancel(work, case.id, (), "no"), CUSTOMER)
    offer = {"carrier": "USPS", "service": "NextDay", "minor": "0", "currency": "USD"}
    await answered(world, world.effects(PICKUP_OFFER_EFFECT)[0], "pickup_1", **offer)
    assert (world.effects(PICKUP_PURCHASE_EFFECT), pickups(world, case.id)[0].reason) == ([], "not_needed")


async def test_a_customer_cancels_and_books_another() -> None:
    """The carrier says no to the first cancellation and yes to the second; then another window may be asked for."""
    world, case = await with_label()
    id = await book(world, case)
    await answered(world, world.effects(PICKUP_EFFECT)[0], "C1")
    await world.run(lambda work: world.app.cancel_pickup(work, case.id, id, "customer"), CUSTOMER)
    await refused(world, world.effects(PICKUP_CANCEL_EFFECT)[0], "too_late")
    assert pickups(world, case.id)[0].stage is PickupStage.NOT_CANCELLED
    await world.run(lambda work: world.app.cancel_pickup(work, case.id, id, "customer"), CUSTOMER)
    assert [effect.key for effect in world.effects(PICKUP_CANCEL_EFFECT)] == [f"{id}:1", f"{id}:2"]
    await answered(world, world.effects(PICKUP_CANCEL_EFFECT)[1], "x")
    assert world.tell("ReturnPickupCancelled")[0].still_to_send is True
    await book(world, case, begins=2 * DAY)
    assert len(world.effects(PICKUP_EFFECT)) == 2


async def test_a_window_is_one_in_which_the_parcel_may_be_sent() -> None:
    """Not over, not turned round, not after the return expires; by its own customer, for a label that is there."""
    world, case = await with_label()
    before = len(world.events)
    for begins, lasts in ((DAY, timedelta()), (-2 * DAY, DAY), (60 * DAY, HOUR)):
        with pytest.raises(Invalid):
            await book(world, case, begins=begins, lasts=lasts)
    at = world.now + DAY
    with pytest.raises(NotFound):
        await world.run(lambda work: world.app.book_pickup(work, case.id, "", at, at + HOUR), STRANGER)
    with pytest.raises(UnknownLabel):
        await world.run(lambda work: world.app.book_pickup(work, case.id, "x", at, at + HOUR), ANN)
    with pytest.raises(UnknownPickup):
        await world.run(lambda work: world.app.cancel_pickup(work, case.id, "x", "no"), ANN)
    assert (len(world.events), world.effects(PICKUP_EFFECT)) == (before, [])
    world, case = await with_return()
    with pytest.raises(WrongStage):
        await book(world, case)


async def test_a_pickup_that_nobody_can_make_waits_on_an_agent() -> None:
    """The customer is told that nobody comes, and that the label stays good."""
    world, case = await with_label()
    await book(world, case)
    await refused(world, world.effects(PICKUP_EFFECT)[0], "no_driver")
    assert world.case(case.id).waiting_on == "agent"
    assert world.tell("ReturnPickupCancelled")[0].still_to_send is True
