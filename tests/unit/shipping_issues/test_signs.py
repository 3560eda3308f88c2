"""Whereabouts: later contrary facts count, older ones never downgrade, and back at the sender is not delivered."""

from services.shipping_issues.domain.signs import Sign, Whereabouts, fold_signs
from tests.unit.shipping_issues.build import HOUR, MONDAY, scan
from tests.unit.shipping_issues.world import REF, World


def after(*told: tuple[float, str, str]) -> Whereabouts:
    signs = [Sign(MONDAY + HOUR * hour, str(n), status, sub) for n, (hour, status, sub) in enumerate(told)]
    return fold_signs(signs, is_return=False)


def test_a_depot_scan_after_the_delivery_does_not_undo_it() -> None:
    """Paperwork scans come late."""
    where = after((1, "delivered", ""), (2, "in_transit", ""))
    assert (where.status, where.delivered_at) == ("delivered", MONDAY + HOUR)


def test_a_redelivery_counts() -> None:
    """It was not delivered after all; it is on its way again."""
    where = after((1, "delivered", ""), (2, "in_transit", "redelivery"))
    assert (where.status, where.delivered_at) == ("in_transit", None)


def test_delivered_back_to_its_sender_is_no_delivery() -> None:
    """The carrier calls it delivered; it is returned."""
    where = after((1, "exception", "returning_to_sender"), (2, "in_transit", ""), (3, "delivered", ""))
    assert (where.status, where.delivered_at) == ("returned", None)


def test_ready_for_pickup_is_not_possession() -> None:
    """It can be collected; nobody has it."""
    where = after((1, "ready_for_pickup", ""))
    assert (where.status, where.delivered_at, where.is_over) == ("ready_for_pickup", None, False)


def test_an_unknown_code_is_a_sign_of_life_that_moves_nothing() -> None:
    """Last seen moves, the status does not."""
    where = after((1, "out_for_delivery", ""), (2, "unknown", ""))
    assert (where.status, where.last_sign_at) == ("out_for_delivery", MONDAY + 2 * HOUR)


async def test_a_revoked_delivery_is_outstanding_again() -> None:
    """Even when the revocation is told first."""
    world = World()
    await world.order_told()
    await world.scan("a", MONDAY)
    await world.run(lambda work: world.app.delivery_revoked(work, REF, "d", MONDAY + 2 * HOUR, history=False))
    await world.delivered("d", MONDAY + HOUR)
    where = world.parcel().whereabouts
    assert (where.status, where.sub_status, where.delivered_at) == ("in_transit", "delivery_revoked", None)


async def test_a_revoked_scan_never_happened() -> None:
    """The exception it told is gone."""
    world = World()
    await world.order_told()
    await world.scan("a", MONDAY)
    await world.run(lambda work: world.app.scan_revoked(work, REF, "b", MONDAY, history=False))
    await world.run(
        lambda work: world.app.scanned(work, REF, scan("b", MONDAY + HOUR, "exception", "lost"), history=False)
    )
    assert world.parcel().whereabouts.status == "in_transit" and world.cases() == []
