"""Money that moved without our knowing: in a lost time, or twice for one request."""

from uuid import UUID

import pytest

from services.returns.domain.errors import NothingLeft
from tests.unit.returns.build import eur
from tests.unit.returns.test_refund import only, world_ready

LOST = f"{UUID(int=7)}.1"
"""A key of the form the ledgers give out, which none of them knows."""


async def test_a_refund_of_a_lost_time_counts_and_freezes_until_a_supervisor_has_looked() -> None:
    """A restore took the claim away: 5.00 of 30.00 EUR have moved, and nothing more is given before a person looks."""
    world = await world_ready()
    await world.paid(LOST, eur(500), "re-x")
    ledger = world.ledger()
    assert (ledger.frozen, [amount for _, amount in ledger.books.tills.free()]) == (True, [eur(2500)])
    before = len(world.events)
    with pytest.raises(NothingLeft):
        await world.refunded(only(world))
    assert len(world.events) == before
    ledger.accept_excess("seen at the provider", by="sue", at=world.now)
    assert (ledger.frozen, ledger.books.tills.moved()) == (False, eur(500))
    ledger.count_lost(LOST, "card", eur(500), world.now, at=world.now)
    assert ledger.frozen is False


async def test_a_second_payment_for_one_request_is_counted_as_money_moved_elsewhere() -> None:
    """The provider paid twice under two references: the ledger shows what moved, whichever was told first."""
    seen = []
    for references in (("re-1", "re-2"), ("re-2", "re-1")):
        world = await world_ready()
        await world.refunded(only(world))
        for reference in references:
            await world.paid(world.effects()[0].key, eur(1000), reference)
        ledger = world.ledger()
        seen.append((ledger.books.tills.moved(), [fact.amount for fact in ledger.outside.values()]))
    assert seen == [(eur(2000), [eur(1000)])] * 2


async def test_a_refund_asked_for_in_a_lost_time_counts_until_it_is_proven_to_have_failed() -> None:
    """Recovery hands over the request; the provider's no takes it out again, its yes changes nothing more."""
    world = await world_ready()

    async def found() -> None:
        await world.run(lambda work: world.app.refund_lost(work, "s1", "o1", LOST, "card", eur(500), world.now))

    await found()
    assert (world.ledger().frozen, world.ledger().books.tills.moved()) == (True, eur(500))
    before = len(world.events)
    await found()
    assert len(world.events) == before
    await world.bounced(LOST, eur(500), "re-x")
    assert (world.ledger().frozen, world.ledger().books.tills.moved()) == (False, eur(0))
    await found()
    assert (world.ledger().frozen, world.ledger().books.tills.moved()) == (False, eur(0))


async def test_a_release_that_comes_too_late_is_answered_once_whatever_id_it_comes_under() -> None:
    """The same release under a new CloudEvents id is the same release."""
    world = await world_ready()
    await world.refunded(only(world))
    await world.paid(world.effects()[0].key, eur(1000))
    ledger = world.ledger()
    (claim,) = ledger.claims.values()
    for _ in range(2):
        assert ledger.release("returns", claim.ask.request_key, "changed my mind", at=world.now) is False
    assert [event for event in ledger.pending_events if type(event).__name__ == "ReleaseCameTooLate"][1:] == []
