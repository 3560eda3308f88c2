"""A lack of conformity: given what happened, when somebody speaks of it, then what follows or is refused."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chassis.domain import Invalid, NotFound
from services.returns.domain.errors import (
    AlreadyWithdrawn,
    BurdenOnSeller,
    LackIsOpen,
    NothingToDo,
    ProofNotAsked,
    UnitNotReturnable,
    WrongStage,
)
from tests.unit.returns.build import DAY, line
from tests.unit.returns.conforming import (
    acknowledged,
    asked,
    duties,
    evidence,
    file,
    reported,
    sold,
    started,
)
from tests.unit.returns.withdrawing import noticed
from tests.unit.returns.world import ANN, CUSTOMER, STRANGER, World


def written(world: World) -> int:
    return len(world.events)


async def test_a_report_starts_the_periods_and_both_duties_of_the_seller() -> None:
    """Covered, presumed, with the dates of the law and of the house; told in public without the customer's words."""
    world = await sold()
    receipt = await reported(world, sought="repair")
    known = file(world)
    assert receipt.facts["rule"] == "covered"
    assert (known.state, known.queue, known.lack.burden, known.lack.remedy) == (
        "reported",
        "conformity",
        "seller",
        "repair",
    )
    assert known.lack.dates.liable.last_day == date(2028, 1, 31)
    assert known.lack.dates.presumed.last_day == date(2027, 2, 1)  # the 31st of January is a Sunday
    assert duties(world) == {
        "answer": ("open", datetime(2026, 3, 9, 23, tzinfo=UTC)),
        "put_right": ("open", datetime(2026, 4, 1, 22, tzinfo=UTC)),
    }
    assert world.order().units_in_returns == {"l1#1": str(known.id)}


@pytest.mark.parametrize(("tags", "final_sale"), [(("final-sale",), False), ((), True), (("made-to-measure",), False)])
async def test_no_policy_of_the_shop_beats_it(tags: tuple[str, ...], final_sale: bool) -> None:
    """Final sale, made to measure, and long after every window: the seller answers all the same."""
    world = World()
    await world.order_told(line("l1", 2, tags=tags, final_sale=final_sale))
    await world.delivered(500)
    await reported(world)
    assert (file(world).lack.covered, file(world).lack.burden) == (True, "customer")


async def test_out_of_time_is_asked_of_the_shops_goodwill_and_says_so() -> None:
    """Not refused, not covered: a return of goodwill in the same unit, with the rule and its source."""
    world = await sold(800)
    receipt = await reported(world)
    known = file(world)
    assert (receipt.facts["rule"], known.state, known.is_open) == ("out_of_time", "goodwill", False)
    assert "2019/771" in known.lack.ruling.source
    assert world.case(known.return_id).units["l1#1"].asked.reason == "faulty"
    assert known.duties({}) == []


async def test_what_counts_is_when_the_lack_showed_not_when_it_was_told() -> None:
    """It showed on the last day of the two years and is told a month later."""
    world = await sold(760)
    await reported(world, apparent_at=world.now - 40 * DAY)
    assert file(world).lack.covered
    late = await sold(800)
    await reported(late, apparent_at=late.now - 40 * DAY)
    assert not file(late).lack.covered


async def test_a_lack_reported_twice_is_one_lack() -> None:
    """By the second agent too: refused with the file's id, and nothing is written."""
    world = await sold()
    await reported(world)
    before = written(world)
    with pytest.raises(LackIsOpen):
        await reported(world)
    assert written(world) == before
    await reported(world, 2)
    assert file(world, "l1#2").lack.number == 1


@pytest.mark.parametrize("case", ["future", "not delivered", "withdrawn", "no remedy"])
async def test_a_report_that_makes_no_sense_is_refused_and_nothing_is_written(case: str) -> None:
    world = await sold(5)
    values: dict[str, Any] = {}
    error: type[Exception] = Invalid
    if case == "future":
        values = {"apparent_at": world.now + DAY}
    elif case == "not delivered":
        world, error = World(), WrongStage
        await world.order_told()
    elif case == "withdrawn":
        await noticed(world)
        error = AlreadyWithdrawn
    else:
        values = {"sought": "refund"}
    before = written(world)
    with pytest.raises(error):
        await reported(world, **values)
    assert written(world) == before


async def test_a_return_gives_way_unless_it_has_the_goods() -> None:
    """Asked for and nothing sent: it lets go. Received: the report is refused with the return's id."""
    world = await sold()
    case = await world.asked()
    await reported(world)
    assert (world.case(case.id).state, file(world).lack.covered) == ("cancelled", True)
    other = await sold(10)
    case = await other.asked()
    await other.received(case)
    before = written(other)
    with pytest.raises(UnitNotReturnable):
        await reported(other)
    assert written(other) == before


async def test_somebody_elses_file_does_not_exist() -> None:
    world = await sold()
    await reported(world)
    with pytest.raises(NotFound):
        await asked(world, "choose_remedy", "repair", actor=STRANGER)
    with pytest.raises(NotFound):
        await reported(world, 2, actor=STRANGER)


async def test_within_the_presumption_only_evidence_rejects_a_lack() -> None:
    """The seller's word is none: refused. A workshop's finding on file is, and the customer's is no such thing."""
    world = await sold()
    await reported(world)
    await evidence(world, "lack", "customer", "photo-1")
    before = written(world)
    for named in ((), (1,)):
        with pytest.raises(BurdenOnSeller):
            await asked(world, "reject_lack", named, "looks used")
    with pytest.raises(Invalid):
        await asked(world, "reject_lack", (7,), "looks used")
    with pytest.raises(BurdenOnSeller):
        await asked(world, "ask_for_proof")
    assert written(world) == before
    await evidence(world, "no_lack", "workshop", "w-1")
    await asked(world, "reject_lack", (2,), "dropped from a height")
    known = file(world)
    assert (known.state, known.is_open, known.outcome) == ("rejected", False, "rejected")
    assert world.order().units_in_returns == {}


async def test_proof_that_is_shown_is_the_shops_to_answer_and_reopens_what_was_rejected() -> None:
    world = await sold(400)
    await reported(world)
    await asked(world, "ask_for_proof")
    await evidence(world, "lack", "expert", "x-1")
    assert (file(world).state, file(world).waiting_on) == ("reported", "agent")
    with pytest.raises(ProofNotAsked):
        await asked(world, "reject_lack", (), "we think not")
    await evidence(world, "no_lack", "maker", "m-1")
    await asked(world, "reject_lack", (2,), "worn out")
    await evidence(world, "lack", "court expert", "x-2")
    assert (file(world).state, file(world).is_open) == ("reported", True)
    assert world.order().units_in_returns == {"l1#1": str(file(world).id)}
    await acknowledged(world)
    assert file(world).state == "choosing"


@pytest.mark.parametrize("rejected", [False, True])
async def test_a_file_goes_on_about_a_unit_that_the_shop_cancelled_after_its_delivery(rejected: bool) -> None:
    """What the law gives for goods in the customer's hands does not end by a shop's statement of its order."""
    world = await sold(400)
    await reported(world, number=2)
    id = file(world, "l1#2").id
    if rejected:
        no_lack = ("no_lack", "maker", "m-1", "worn out", None)
        await world.run(lambda work: world.app.record_evidence(work, id, *no_lack), ANN)
        await world.run(lambda work: world.app.reject_lack(work, id, (1,), "worn out"), ANN)
    await world.order_told(line("l1", 2, cancelled_quantity=1), version=2, captured=0)
    lack = ("lack", "expert", "x-1", "see the report", None)
    await world.run(lambda work: world.app.record_evidence(work, id, *lack), ANN)
    assert (file(world, "l1#2").state, file(world, "l1#2").is_open) == ("reported", True)
    assert world.order().units_in_returns == {"l1#2": str(id)}


async def test_the_same_evidence_counts_once_and_none_is_taken_for_what_is_over() -> None:
    world = await sold()
    await reported(world)
    for _ in range(2):
        await evidence(world, "lack", "customer", "photo-1")
    assert len(file(world).evidence) == 1
    with pytest.raises(Invalid):
        await evidence(world, "maybe")
    await asked(world, "drop_lack", "works again", actor=CUSTOMER)
    before = written(world)
    with pytest.raises(NothingToDo):
        await evidence(world, "lack", "customer", "photo-2")
    assert written(world) == before


async def test_what_the_customer_lets_be_ends_and_can_be_reported_again() -> None:
    """Not while it is being put right."""
    world = await sold()
    await started(world)
    with pytest.raises(WrongStage):
        await asked(world, "drop_lack", "never mind", actor=CUSTOMER)
    other = await sold()
    await reported(other)
    await asked(other, "drop_lack", "works again", actor=CUSTOMER)
    assert (file(other).state, file(other).is_open) == ("dropped", False)
    await reported(other)
    assert (file(other).lack.number, file(other).is_open) == (2, True)


async def test_a_withdrawal_takes_the_place_of_a_lack_that_is_open() -> None:
    """The contract ends for another reason: nobody puts right what goes back."""
    world = await sold(5)
    await reported(world)
    known = await noticed(world)
    assert (file(world).state, file(world).is_open) == ("dropped", False)
    assert set(world.order().units_in_returns.values()) == {str(known.id)}
