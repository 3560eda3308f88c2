"""Repair and replacement: chosen, refused with a reason, asked of the shop, done or not."""

import pytest

from chassis.domain import Invalid
from services.returns.domain.conformity.next_actions import next_actions
from services.returns.domain.errors import NothingLeft, NothingToDo, RemedyIsRefused, WrongStage
from services.returns.domain.law import Whereabouts
from services.returns.domain.ledger import Book, ClaimState
from tests.unit.returns.build import DAY, ask, eur, units
from tests.unit.returns.conforming import (
    acknowledged,
    asked,
    duties,
    ended,
    file,
    goods_asked,
    reported,
    sold,
    started,
    unit_back,
)
from tests.unit.returns.world import CUSTOMER, World

REFUSED = {
    "disproportionate": ("repair", "disproportionate", "the part costs more than the shoe", eur(4000), eur(1500)),
    "impossible": ("repair", "impossible", "no such part is made", None, None),
}


async def test_the_customer_chooses_and_may_choose_anew_until_something_is_done() -> None:
    world = await sold()
    await reported(world, sought="repair")
    await asked(world, "choose_remedy", "replacement", actor=CUSTOMER)
    await acknowledged(world)
    assert (file(world).lack.remedy, file(world).state) == ("replacement", "to_put_right")
    await asked(world, "start_remedy", goods_needed=False)
    before = len(world.events)
    with pytest.raises(WrongStage):
        await asked(world, "choose_remedy", "repair", actor=CUSTOMER)
    with pytest.raises(WrongStage):
        await asked(world, "refuse_remedy", *REFUSED["impossible"])
    assert len(world.events) == before


@pytest.mark.parametrize("ground", sorted(REFUSED))
async def test_a_refused_remedy_leaves_the_other_and_is_not_chosen_again(ground: str) -> None:
    world = await sold()
    await reported(world, sought="repair")
    await acknowledged(world)
    await asked(world, "refuse_remedy", *REFUSED[ground])
    assert (file(world).lack.remedy, file(world).money_rules()) == ("replacement", ())
    before = len(world.events)
    with pytest.raises(RemedyIsRefused):
        await asked(world, "choose_remedy", "repair", actor=CUSTOMER)
    assert len(world.events) == before


@pytest.mark.parametrize(
    "refusal",
    [
        ("repair", "inconvenient", "why not", None, None),
        ("repair", "impossible", "  ", None, None),
        ("refund", "impossible", "never", None, None),
        ("repair", "disproportionate", "dear", None, None),
        ("repair", "disproportionate", "dear", eur(1500), eur(1500)),
    ],
)
async def test_a_remedy_is_refused_only_with_a_ground_a_reason_and_figures(refusal: tuple[object, ...]) -> None:
    """What costs no more than the other way is not out of proportion; nothing is written."""
    world = await sold()
    await reported(world, sought="repair")
    before = len(world.events)
    with pytest.raises(Invalid):
        await asked(world, "refuse_remedy", *refusal)
    assert len(world.events) == before


async def test_nothing_is_put_right_before_it_is_acknowledged_and_chosen() -> None:
    world = await sold()
    await reported(world)
    for reach in (lambda: acknowledged(world), None):
        before = len(world.events)
        with pytest.raises(WrongStage):
            await asked(world, "start_remedy", goods_needed=False)
        assert (len(world.events), goods_asked(world)) == (before, [])
        if reach is not None:
            await reach()


async def test_a_repair_waits_for_the_goods_and_then_has_time_in_the_workshop() -> None:
    """The customer is asked to send them; the seller's duty is withheld, and due a while after they came."""
    world = await sold()
    await started(world, goods_needed=True)
    state, send_by = duties(world)["send"]
    assert (file(world).state, file(world).waiting_on, state) == ("awaiting_goods", "customer", "open")
    assert duties(world)["put_right"][0] == "withheld"
    assert send_by is not None
    world.now += 25 * DAY
    await unit_back(world)
    known = file(world)
    assert (known.state, known.unit.where, known.waiting_on) == ("putting_right", Whereabouts.RECEIVED, "shop")
    assert duties(world)["put_right"] == ("open", world.now + 14 * DAY)
    await ended(world)
    assert (file(world).state, file(world).unit.where) == ("put_right", Whereabouts.WITH_CUSTOMER)
    assert world.ledger().fees == {}


async def test_a_receipt_that_never_happened_makes_it_wait_again() -> None:
    world = await sold()
    await started(world, goods_needed=True)
    await unit_back(world)
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "another parcel"))
    assert file(world).state == "awaiting_goods"
    await asked(world, "prove_conformity_sending", "dhl", "T1", None, actor=CUSTOMER)
    assert (file(world).state, file(world).unit.where) == ("putting_right", Whereabouts.SENT)


async def test_a_receipt_that_was_booked_elsewhere_for_a_while_is_here_again() -> None:
    """The warehouse corrects the number on the parcel, and corrects it back: the goods are not lost to their file."""
    world = await sold()
    await started(world, goods_needed=True)
    await unit_back(world)
    await unit_back(world, rma="RMA-7", correction=1)
    assert file(world).unit.where is Whereabouts.WITH_CUSTOMER
    await unit_back(world, correction=2)
    assert (file(world).unit.where, file(world).state) == (Whereabouts.RECEIVED, "putting_right")
    written = len(world.events)
    await unit_back(world, correction=2)
    assert len(world.events) == written


async def test_the_shop_is_asked_once_and_its_answer_ends_it() -> None:
    """One effect under the attempt's key, without personal data; done by the shop's own word, once."""
    world = await sold()
    await started(world)
    (effect,) = world.effects("conformity_repair")
    assert effect.body["units"] == [["l1", "sku-l1", 1]]
    assert "Kim" not in str(effect.body)
    for _ in range(2):
        await world.effect_moved(effect, "succeeded")
    known = file(world)
    assert (known.state, [attempt.state for attempt in known.attempts.values()]) == ("put_right", ["done"])
    assert [m.state for m in world.tell("LackRemedyMoved")] == ["started", "done"]


async def test_a_replacement_is_reserved_in_the_ledger_and_carries_the_entitlement() -> None:
    """Defective again, the chain is replaced and then paid: the old unit is owed back, the ledger closes."""
    world = await sold()
    await started(world, "replacement")
    (claim,) = world.ledger().claims.values()
    assert (claim.ask.book, claim.ask.reason, claim.state) == (
        Book.IN_KIND,
        "replacement_conformity",
        ClaimState.RESERVED,
    )
    await world.effect_moved(world.effects("conformity_replacement")[0], "succeeded")
    books = world.ledger().books
    assert (books.carrier_of("l1#1"), set(world.ledger().owed_back)) == ("l1#1~1", {"l1#1"})
    assert (books.left_of("l1#1"), books.left_of("l1#1~1")) == (eur(0), eur(1000))
    await reported(world)
    await acknowledged(world)
    assert file(world).money_rules() == ("again",)
    await asked(world, "terminate", actor=CUSTOMER)
    await asked(world, "prove_conformity_sending", "dhl", "T1", None, actor=CUSTOMER)
    assert [(c.ask.reason, [p.subject for p in c.parts]) for c in world.ledger().claims.values() if c.is_money] == [
        ("termination_again", ["l1#1~1"])
    ]


async def test_goods_that_another_service_gave_already_are_not_given_twice() -> None:
    """Refused with who has it; no effect, no event."""
    world = await sold()
    await reported(world, sought="replacement")
    await acknowledged(world)
    theirs = ask("k1", Book.IN_KIND, units=units("l1", 2))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", theirs))
    before = len(world.events)
    with pytest.raises(NothingLeft):
        await asked(world, "start_remedy", goods_needed=False)
    assert (len(world.events), goods_asked(world)) == (before, [])


async def test_what_did_not_help_frees_the_goods_reserved_and_opens_money() -> None:
    """Refused by the shop: the claim is released, the customer may choose anew or ask for money."""
    world = await sold()
    await started(world, "replacement")
    await world.effect_moved(world.effects("conformity_replacement")[0], "failed", "out_of_stock")
    known = file(world)
    assert (known.state, known.money_rules(), known.waiting_on) == ("money_open", ("failed",), "customer")
    assert [claim.state for claim in world.ledger().claims.values()] == [ClaimState.RELEASED]
    await asked(world, "choose_remedy", "repair", actor=CUSTOMER)
    assert file(world).state == "to_put_right"


async def test_what_a_person_said_of_an_attempt_is_not_said_again_by_the_shop() -> None:
    world = await sold()
    await started(world)
    with pytest.raises(Invalid):
        await asked(world, "record_remedy_outcome", done=False, reference="", reason=" ")
    await ended(world, done=False)
    await world.effect_moved(world.effects("conformity_repair")[0], "succeeded")
    assert [attempt.state for attempt in file(world).attempts.values()] == ["failed"]
    with pytest.raises(WrongStage):
        await ended(world)


async def test_what_was_put_right_is_not_put_right_again_without_another_lack() -> None:
    world = await sold()
    await started(world)
    await ended(world)
    with pytest.raises(NothingToDo):
        file(world).clone().require_startable()


async def test_the_next_action_is_what_the_command_would_do() -> None:
    """Reported, acknowledged and chosen, under way: allowed and refused as the commands are, one recommended."""

    def listed(world: World) -> tuple[set[str], list[str]]:
        actions = next_actions(file(world), by="ann", at=world.now)
        return {a.rpc for a in actions if a.allowed}, [a.rpc for a in actions if a.recommended and a.allowed]

    world = await sold()
    await reported(world, sought="repair")
    assert listed(world)[1] == ["AcknowledgeLack"]
    assert {"StartRemedy", "ReducePrice", "RejectLack"} & listed(world)[0] == set()
    await acknowledged(world)
    assert listed(world)[1] == ["StartRemedy"]
    await asked(world, "start_remedy", goods_needed=False)
    others = {"AssignConformity", "RecordLackEvidence", "RecordRemedyOutcome", "RecordLackGoodsSent"}
    assert listed(world)[0] == {"AcknowledgeLack", *others}, "how much it weighs may be put right until money is chosen"
