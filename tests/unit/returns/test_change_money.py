"""The money of changes before dispatch: what the shop confirmed goes back once, by the way it came, and never what was
not taken."""

import itertools

import pytest

from services.returns.domain.change import ChangeKind
from services.returns.domain.errors import NotChangeable, NothingLeft
from services.returns.domain.ledger.statement import statement_of
from services.returns.domain.order import Authorised, PaymentFact, PaymentKind, Tender
from tests.unit.returns.build import discount, eur, line, shipping, tax
from tests.unit.returns.changing import asked, asks, card, done, moved, shows, sold, swapped
from tests.unit.returns.world import ANN, World


async def captures(world: World, minor: int, reference: str = "cap") -> None:
    fact = PaymentFact(PaymentKind.CAPTURED, reference, "card", eur(minor), world.now)
    await world.run(lambda work: world.app.payment_told(work, "s1", "o1", fact))


async def test_what_was_taken_is_refunded_as_it_was_paid_with_its_discount_and_tax() -> None:
    """Exactly what was paid for the last unit, to the cent; the statement closes."""
    world = await sold(line("l1", 3, discounts=(discount(100),), taxes=(tax(479),)))
    change = await done(world, await asked(world, ("l1", 1)))
    assert (change.state, change.owed) == ("paying", eur(966))
    assert moved(world) == {"refund": 966}
    (transfer,) = world.ledger().transfers.values()
    await world.paid(transfer.key, eur(966))
    known = world.change(change.id)
    assert (known.state, known.outcome) == ("done", "done")
    statement = statement_of(world.ledger().books)
    assert (statement.refunded, statement.closes) == (966, True)


async def test_what_was_only_authorised_is_not_taken_and_never_refunded() -> None:
    world = await sold(captured=0, authorised=3490)
    change = await done(world, await asked(world, ("l1", 1)))
    assert moved(world) == {"release": 1000}
    (effect,) = world.effects("authorisation_release")
    await world.effect_moved(effect, "succeeded")
    assert world.change(change.id).outcome == "done"


async def test_of_an_order_that_is_taken_in_part_the_rest_is_not_taken_first() -> None:
    """The capture pays for the unit that stays: it is not touched while the authorisation has enough."""
    world = await sold(captured=1490, authorised=3490)
    await done(world, await asked(world, ("l1", 2)))
    assert moved(world) == {"release": 2000}


async def test_what_was_released_and_taken_all_the_same_is_refunded() -> None:
    """The shop captures the whole although it had confirmed: the release fails, and a refund stands in for it, once."""
    world = await sold(captured=0, authorised=3490)
    change = await done(world, await asked(world, ("l1", 1)))
    await captures(world, 3490)
    await captures(world, 3490)
    assert moved(world) == {"refund": 1000}
    assert world.change(change.id).state == "paying"


async def test_what_nobody_took_is_not_given_back() -> None:
    """An order on account: nothing was authorised, nothing is owed; when it is paid in full after all, it is."""
    world = await sold(captured=0)
    change = await done(world, await asked(world, ("l1", 1)))
    assert (change.state, change.outcome, change.held_back) == ("done", "done", "not_taken")
    await captures(world, 2490, "c1")
    assert moved(world) == {}
    await captures(world, 1000, "c2")
    assert moved(world) == {"refund": 1000}
    assert world.change(change.id).state == "paying"


async def test_the_shipping_goes_back_with_the_last_unit_and_not_before() -> None:
    world = await sold()
    await done(world, await asked(world, ("l1", 2)))
    assert moved(world) == {"refund": 2000}
    await done(world, await asked(world, ("l1", 1)))
    assert moved(world) == {"refund": 3490}
    kept = await sold(shipping="never")
    await done(kept, await asked(kept))
    assert moved(kept) == {"refund": 3000}


@pytest.mark.parametrize("order", list(itertools.permutations(["answer", "version", "capture"])), ids="-".join)
async def test_answer_version_and_capture_give_the_same_in_any_order(order: tuple[str, ...]) -> None:
    """Twice each: exactly what was paid for the two units goes back, and the statement closes."""
    world = await sold(captured=0)
    change = await asked(world, ("l1", 2))
    for _ in range(2):
        for fact in order:
            if fact == "answer":
                await done(world, change)
            elif fact == "version":
                await shows(world, line("l1", 3, cancelled_quantity=2))
            else:
                await captures(world, 3490)
    assert moved(world) == {"refund": 2000}
    statement = statement_of(world.ledger().books)
    assert (statement.paid, statement.pending, statement.closes) == (3490, 2000, True)


async def test_a_confirmation_that_comes_twice_pays_once() -> None:
    world = await sold()
    change = await asked(world, ("l1", 1))
    for _ in range(3):
        await done(world, change)
    assert moved(world) == {"refund": 1000}
    assert len(world.tell("OrderChangeConfirmed")) == 1


async def test_a_shop_that_refunded_by_itself_is_not_doubled() -> None:
    """Its own refund is recorded, ours is held back, and a person reads why."""
    world = await sold()
    change = await asked(world, ("l1", 1))
    await world.paid("", eur(1000), "re-shop", outside=True, request_id="")
    known = await done(world, change)
    assert moved(world) == {}
    assert (known.state, known.held_back, known.waiting_on) == ("to_pay", "moved_elsewhere", "agent")
    with pytest.raises(NothingLeft):
        await world.run(lambda work: world.app._plan(
            work, world.order(), world.ledger(), known, eur(99_999), "", by_person=True
        ))  # fmt: skip


async def test_a_refund_that_does_not_arrive_waits_for_a_person() -> None:
    """No fact of the order sends it again by itself; the agent's word does, under another key."""
    world = await sold()
    change = await done(world, await asked(world, ("l1", 1)))
    (first,) = world.ledger().transfers.values()
    await world.bounced(first.key, eur(1000))
    await shows(world, line("l1", 3, cancelled_quantity=1))
    known = world.change(change.id)
    assert (known.state, known.waiting_on, moved(world)) == ("to_pay", "agent", {})
    await world.run(lambda work: world.app.repay_change(work, change.id), ANN)
    assert moved(world) == {"refund": 1000}
    assert len(set(world.ledger().transfers)) == 2


async def test_a_cheaper_variant_gives_the_difference_back_once_the_order_shows_it() -> None:
    """The answer alone does not pay: what the order costs now says what was paid too much."""
    world = await sold()
    change = await done(world, await swapped(world, 700), -300)
    assert (change.state, change.held_back, moved(world)) == ("to_pay", "not_taken", {})
    for _ in range(2):
        await shows(world, line("l1", 3, cancelled_quantity=1), line("l2", 1, price=700))
    assert moved(world) == {"refund": 300}
    assert statement_of(world.ledger().books).closes
    assert world.order().units_in_changes == {}


async def test_a_cheaper_variant_that_the_order_never_shows_is_a_persons_task() -> None:
    world = await sold()
    change = await done(world, await swapped(world, 700), -300)
    world.now = change.under.answer_by
    await world.fire("change_due", change.id, "order")
    known = world.change(change.id)
    assert (known.queue, known.waiting_on) == ("escalations", "agent")


async def test_a_dearer_variant_is_charged_by_the_shop_and_written_down() -> None:
    """Nothing of ours moves; what may be given back for it later is what the order says."""
    world = await sold()
    change = await done(world, await swapped(world, 1200), 200)
    assert (change.outcome, change.difference, moved(world)) == ("done", eur(200), {})
    (told,) = world.tell("OrderChangeConfirmed")
    assert told.difference.minor_units == 200


async def test_another_tender_releases_the_old_one_once_the_shop_has_confirmed() -> None:
    """No grant of the ledger: what was paid for stays owed, the old authorisation is released once."""
    world = await sold(captured=0, authorised=3490)
    change = await asked(world, kind=ChangeKind.TENDER, tender_id="card", to_kind="invoice")
    assert world.effects("tender_release") == []
    for _ in range(2):
        await done(world, change)
    (effect,) = world.effects("tender_release")
    assert (effect.body["tender_id"], effect.body["minor"]) == ("card", 3490)
    assert not world.ledger().books.tills.untaken("card").minor
    await world.effect_moved(effect, "succeeded")
    assert world.change(change.id).outcome == "done"
    await shows(world, line("l1", 3))
    assert not world.ledger().books.tills.untaken("card").minor, "an old authorisation came back with a version"


async def test_what_was_taken_is_not_charged_to_another_tender() -> None:
    world = await sold()
    for tender_id in ("card", "nothing"):
        with pytest.raises(NotChangeable):
            await asks(world, kind=ChangeKind.TENDER, tender_id=tender_id, to_kind="invoice")
    assert world.effects("tender_change") == []


async def test_an_order_is_paid_otherwise_by_one_change_at_a_time() -> None:
    world = await sold(captured=0, authorised=3490)
    await asked(world, kind=ChangeKind.TENDER, tender_id="card", to_kind="invoice")
    with pytest.raises(NotChangeable):
        await asks(world, kind=ChangeKind.TENDER, tender_id="card", to_kind="wallet")


async def test_money_taken_through_the_old_tender_after_all_is_a_persons_matter() -> None:
    world = await sold(captured=0, authorised=3490)
    change = await asked(world, kind=ChangeKind.TENDER, tender_id="card", to_kind="invoice")
    await captures(world, 3490)
    known = await done(world, change)
    assert (known.state, known.queue) == ("contradicted", "escalations")
    assert world.effects("tender_release") == []


async def test_a_tender_of_two_goes_alone() -> None:
    """Only what the named tender was authorised for is released."""
    world = World()
    gift = Tender("gift", "gift_card", authorisations=(Authorised("a2", "gift", eur(500)),))
    await world.order_told(line("l1", 3), captured=0, components=(shipping(),), tenders=(card(2990), gift))
    change = await done(world, await asked(world, kind=ChangeKind.TENDER, tender_id="gift", to_kind="card"))
    (effect,) = world.effects("tender_release")
    assert effect.body["minor"] == 500
    assert change.tender_released == "planned"
    assert world.ledger().books.tills.untaken("card") == eur(2990)
