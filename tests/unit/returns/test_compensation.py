"""What other services ask of the ledger, and what they are answered."""

from typing import Any

from aftercare.compensation.v1 import ledger_pb2

from services.returns.domain.ledger import Book, ClaimState
from services.returns.domain.order import Delivery, ShipmentFact
from tests.unit.returns.build import DAY, HOLD, ask, eur, line, units
from tests.unit.returns.world import World


async def requested(world: World, key: str, **values: Any) -> None:
    asked = ask(key, customer_id="c1", units=units("l1", 1), **values)
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", asked))


async def shop(*, captured: int | None = None) -> World:
    world = World()
    await world.order_told(line("l1", 2), captured=captured)
    return world


async def test_money_is_reserved_answered_and_sent_by_returns() -> None:
    """Reserved with amount, units and end; the refund is planned in the same unit, and ends as RefundSettled."""
    world = await shop()
    await requested(world, "k1")
    (answer,) = world.tell("CompensationReserved")
    assert (answer.request_key, answer.requester, answer.case_id) == ("k1", "shipping_issues", "case-k1")
    assert (answer.amount.minor_units, list(answer.units[0].units)) == (1000, [1])
    assert answer.hold_until.ToDatetime() == (world.now + HOLD).replace(tzinfo=None)
    (effect,) = world.effects()
    assert (effect.body["requester"], effect.body["case_id"]) == ("shipping_issues", "case-k1")
    await world.paid(effect.key, eur(1000))
    (settled,) = world.tell("RefundSettled")
    assert (settled.amount.minor_units, settled.tender_id, settled.provider_refund_id) == (1000, "card", "re-1")


async def test_a_refusal_says_what_is_left_and_who_gave_the_rest() -> None:
    """Both units are given: refused by entitlement, with both grants."""
    world = await shop()
    for key in ("k1", "k2", "k3"):
        await requested(world, key)
    (answer,) = world.tell("CompensationRefused")
    assert (answer.request_key, answer.reason, answer.left.minor_units) == ("k3", "entitlement", 0)
    assert [(g.request_key, g.amount.minor_units, list(g.units[0].units)) for g in answer.given] == [
        ("k1", 1000, [1]),
        ("k2", 1000, [2]),
    ]


async def test_an_order_that_is_not_known_is_pending_and_answered_when_it_is() -> None:
    """Pending for the order, then for its payment, then reserved and sent; the same request key all the way."""
    world = World()
    await requested(world, "k1")
    assert [(a.reason, a.customer_id) for a in world.tell("CompensationPending")] == [("order_unknown", "c1")]
    await world.order_told(line("l1", 1), captured=0)
    assert world.tell("CompensationReserved") == []
    await world.order_told(line("l1", 1))
    assert [a.request_key for a in world.tell("CompensationReserved")] == ["k1"]
    assert len(world.effects()) == 1


async def test_asked_again_is_answered_once() -> None:
    """A restored requester that sends the same key gets no second claim and no second effect."""
    world = await shop()
    await requested(world, "k1")
    before = len(world.events)
    await requested(world, "k1")
    assert (len(world.events), len(world.effects())) == (before, 1)


async def test_released_before_the_attempt_nothing_is_sent() -> None:
    """The effect is over before it began, and the unit is free."""
    world = await shop()
    await requested(world, "k1")
    await world.run(
        lambda work: world.app.compensation_released(work, "s1", "o1", "shipping_issues", "k1", "turned up")
    )
    (effect,) = world.effects()
    assert effect.state.value == "failed"
    assert world.ledger().books.left_of("l1#1") == eur(1000)
    assert world.tell("CompensationTooLate") == []


async def test_released_after_the_attempt_is_too_late() -> None:
    """The answer names what has become of it."""
    world = await shop()
    await requested(world, "k1")
    (effect,) = world.effects()
    await world.effect_moved(effect, "attempting")
    await world.run(
        lambda work: world.app.compensation_released(work, "s1", "o1", "shipping_issues", "k1", "turned up")
    )
    assert [a.state for a in world.tell("CompensationTooLate")] == ["attempting"]
    assert world.ledger().books.left_of("l1#1") == eur(0)


async def test_only_its_requester_releases() -> None:
    """Another service with the same key names another claim: nothing happens."""
    world = await shop()
    await requested(world, "k1")
    before = len(world.events)
    await world.run(
        lambda work: world.app.compensation_released(work, "s1", "o1", "quality_complaints", "k1", "not mine")
    )
    assert len(world.events) == before


async def test_a_failed_refund_counts_until_its_requester_releases_it() -> None:
    """Told as RefundFailed; nothing is left before the release, all of it after."""
    world = await shop()
    await requested(world, "k1")
    (effect,) = world.effects()
    await world.effect_moved(effect, "failed", "account_closed")
    assert [a.reason for a in world.tell("RefundFailed")] == ["account_closed"]
    assert world.ledger().books.left_of("l1#1") == eur(0)
    await world.run(
        lambda work: world.app.compensation_released(work, "s1", "o1", "shipping_issues", "k1", "other tender")
    )
    assert world.ledger().books.left_of("l1#1") == eur(1000)


async def test_goods_are_reserved_without_money_and_settled_by_the_requester() -> None:
    """No amount, no effect; settled they are not refundable, and a second reservation of the unit is refused."""
    world = await shop()
    await requested(world, "k1", book=Book.IN_KIND)
    (answer,) = world.tell("CompensationReserved")
    assert (answer.book, answer.HasField("amount"), world.effects()) == (ledger_pb2.BOOK_IN_KIND, False, [])
    await world.run(lambda work: world.app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", "o2", ()))
    assert world.ledger().books.left_of("l1#1") == eur(0)
    assert world.tell("RefundPromised") == []


async def test_a_lost_parcel_that_is_delivered_after_its_replacement_went_out_is_owed_back() -> None:
    """The old parcel turns up: one unit sent back frees nothing."""
    world = await shop()
    old = ShipmentFact("p1", world.now - DAY, True, (("l1", 2),))
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", old))
    await requested(world, "k1", book=Book.IN_KIND)
    await world.run(lambda work: world.app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", "o2", ()))
    arrived = Delivery("p1", "d1", world.now)
    await world.run(lambda work: world.app.delivery_told(work, "s1", "o1", arrived))
    assert list(world.ledger().owed_back) == ["l1#1"]


async def test_a_reservation_that_reached_its_end_is_asked_about() -> None:
    """Its timer stands at the end; it is told once and still counts."""
    world = await shop()
    await requested(world, "k1", book=Book.IN_KIND)
    (timer,) = [timer for _, timer in world.timers() if timer.kind == "reservation_due"]
    assert timer.due_at == world.now + HOLD
    world.now = timer.due_at
    await world.fire("reservation_due", world.ledger().id, timer.key)
    await world.fire("reservation_due", world.ledger().id, timer.key)
    assert [a.request_key for a in world.tell("CompensationOverdue")] == ["k1"]
    assert [c.state for c in world.ledger().claims.values()] == [ClaimState.RESERVED]
    assert [timer for _, timer in world.timers() if timer.kind == "reservation_due"] == []
