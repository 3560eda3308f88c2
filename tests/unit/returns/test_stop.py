"""Goods that are stopped before they reach somebody who withdrew from them: asked, answered, late, or never."""

from datetime import timedelta

import pytest

from chassis.effects.effect import Effect
from chassis.service import Attempt, Failed, Succeeded
from services.returns.application.noticing import Withdrawn
from services.returns.application.stopping import STOP_EFFECT
from services.returns.domain.law import Whereabouts
from services.returns.domain.order import Delivery, ShipmentFact
from services.returns.domain.withdrawal import Withdrawal
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns.build import DAY, HOUR, line
from tests.unit.returns.withdrawing import came_back, noticed, on_the_way, shop
from tests.unit.returns.world import World


async def parcel(world: World, name: str, *contents: tuple[str, int], left: bool = False) -> None:
    fact = ShipmentFact(name, world.now, True, contents)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", fact))
    if left:
        await world.run(lambda work: world.app.handed_over(work, "s1", "o1", name, world.now))


async def answered(world: World, effect: Effect, answer: Succeeded | Failed) -> None:
    await world.run(lambda work: work.effect_fact(STOP_EFFECT, effect.key, answer))


def stops(world: World, known: Withdrawal) -> list[tuple[str, str]]:
    return [(stop.shipment_id, stop.state) for stop in world.withdrawal(known.id).stops.values()]


async def test_what_is_in_no_parcel_is_asked_not_to_be_sent() -> None:
    """Once, with the units by line and an answer-by time, as its contract says."""
    world = await shop(line("l1", 2), days_ago=None)
    known = await noticed(world)
    (effect,) = world.effects(STOP_EFFECT)
    recorder = Recorder()
    provider = asking(recorder)[STOP_EFFECT]
    await provider.perform(Attempt("stop", effect.key, effect.subject, effect.body, 1, "idem", world.now, world.now))
    ((topic, key, _, asked),) = recorder.sent
    assert (topic, key, asked.DESCRIPTOR.name) == ("aftercare.fulfilment.requests.v1", "o1", "DispatchStopRequested")
    assert [(u.line_id, u.quantity) for u in asked.units] == [("l1", 2)]
    assert asked.answer_by.ToDatetime() - asked.occurred_at.ToDatetime() == timedelta(hours=12)
    assert stops(world, known) == [("", "asked")]
    assert known.state == "to_repay" or known.state == "repaying", "the money waits for no answer"


@pytest.mark.parametrize("left", [False, True], ids=["packed", "on its way"])
async def test_a_parcel_is_asked_to_be_brought_back_once(left: bool) -> None:
    """Packed or with the carrier, it is named; told of again, it is not asked for again."""
    world = await shop(line("l1", 2), days_ago=None)
    await parcel(world, "p1", ("l1", 2), left=left)
    known = await noticed(world)
    await parcel(world, "p1", ("l1", 2), left=True)
    (effect,) = world.effects(STOP_EFFECT)
    recorder = Recorder()
    provider = asking(recorder)[STOP_EFFECT]
    await provider.perform(Attempt("stop", effect.key, effect.subject, effect.body, 1, "idem", world.now, world.now))
    assert (recorder.sent[0][3].DESCRIPTOR.name, recorder.sent[0][3].shipment_id) == ("InterceptionRequested", "p1")
    assert stops(world, known) == [("p1", "asked")]
    assert [type(event).__name__ for event in world.events].count("StopAsked") == 1


async def test_a_parcel_that_is_packed_after_the_notice_is_asked_for_too() -> None:
    """The shop was asked not to send, and packs all the same: the race is a second request, about the parcel."""
    world = await shop(line("l1", 2), days_ago=None)
    known = await noticed(world)
    await parcel(world, "p1", ("l1", 2), left=True)
    assert stops(world, known) == [("", "asked"), ("p1", "asked")]
    assert len(world.effects(STOP_EFFECT)) == 2


async def test_a_parcel_with_goods_that_somebody_wants_goes_on() -> None:
    """One of two lines was withdrawn from, and both are in one parcel; of two parcels, only the one is stopped."""
    world = await shop(line("l1", 1), line("l2", 1), days_ago=None)
    await parcel(world, "p1", ("l1", 1), ("l2", 1))
    known = await noticed(world, Withdrawn("l1", 1))
    assert stops(world, known) == []
    world = await shop(line("l1", 1), line("l2", 1), days_ago=None)
    await parcel(world, "p1", ("l1", 1))
    await parcel(world, "p2", ("l2", 1))
    known = await noticed(world, Withdrawn("l1", 1))
    assert stops(world, known) == [("p1", "asked")]


async def test_delivered_goods_are_not_stopped() -> None:
    """What the customer has is sent back as before."""
    world = await shop()
    known = await noticed(world)
    assert (world.effects(STOP_EFFECT), stops(world, known)) == ([], [])


@pytest.mark.parametrize("outcome", ["done", "failed", "unanswered"])
async def test_the_withdrawal_is_the_same_whatever_is_answered(outcome: str) -> None:
    """State, what is owed and by when stay; the answer is written down once, and one after the time-out counts."""
    world = await shop(line("l1", 2), days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    (effect,) = world.effects(STOP_EFFECT)
    before = (known.state, known.payable, known.next_due(), known.withheld, len(known.repayments))
    timers = [timer for name, timer in world.timers() if timer.kind == "stop_due"]
    assert [timer.due_at for timer in timers] == [world.now + 12 * HOUR]
    if outcome == "unanswered":
        world.now += 12 * HOUR
        for _ in range(2):
            await world.fire("stop_due", known.id, effect.key)
    else:
        answer = Succeeded("x") if outcome == "done" else Failed("delivered")
        for _ in range(2):
            await answered(world, effect, answer)
    now = world.withdrawal(known.id)
    assert (now.state, now.payable, now.next_due(), now.withheld, len(now.repayments)) == before
    assert stops(world, known) == [("p0", outcome)]
    assert [timer for name, timer in world.timers() if timer.kind == "stop_due"] == []
    ended = [event for event in world.events if type(event).__name__ == "StopEnded"]
    assert len(ended) == 1
    if outcome == "unanswered":
        await answered(world, effect, Succeeded("x"))
        assert stops(world, known) == [("p0", "done")]


async def test_a_parcel_that_arrives_all_the_same_is_to_be_sent_back_and_one_that_is_stopped_comes_home() -> None:
    """Delivered: as without a request. Stopped: the receipt books the units, and nobody has to send anything."""
    world = await shop(line("l1", 2), days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    await world.run(lambda work: world.app.delivery_told(work, "s1", "o1", Delivery("p0", "d0", world.now + DAY)))
    assert {unit.where for unit in world.withdrawal(known.id).units.values()} == {Whereabouts.WITH_CUSTOMER}
    world = await shop(line("l1", 2), days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    await answered(world, world.effects(STOP_EFFECT)[0], Succeeded("x"))
    await came_back(world, known, 2)
    assert {unit.where for unit in world.withdrawal(known.id).units.values()} == {Whereabouts.RECEIVED}


async def test_history_asks_for_nothing() -> None:
    """A parcel of the past builds state, and nobody is asked to stop it."""
    world = await shop(line("l1", 2), days_ago=None)
    await noticed(world)

    async def told(work: object) -> None:
        work.history = True  # type: ignore[attr-defined]
        fact = ShipmentFact("p1", world.now, True, (("l1", 2),))
        await world.app.shipment_told(work, "s1", "o1", fact)  # type: ignore[arg-type]

    await world.run(told)
    assert len(world.effects(STOP_EFFECT)) == 1


@pytest.mark.parametrize("answer", [Succeeded("x"), Failed("delivered")])
async def test_what_the_carrier_answered_is_not_answered_again_by_silence(answer: Succeeded | Failed) -> None:
    """The end of the time, told late or twice, says less than the answer: nothing is written."""
    world = await shop(line("l1", 2), days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    (effect,) = world.effects(STOP_EFFECT)
    await answered(world, effect, answer)
    now = world.withdrawal(known.id).clone()
    before = now.version
    assert not now.stop_ended(effect.key, "unanswered", done=False, at=world.now + DAY)
    assert now.version == before
