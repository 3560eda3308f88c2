"""Many complaints, one cause: they meet by lot, and may part again."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from tests.unit.quality_complaints.world import NOON, SUPERVISOR, World


async def three_on_one_lot() -> World:
    """Three customers with goods of lot L7."""
    world = World()
    for n in (1, 2, 3):
        await world.order(f"O-{n}")
        await world.parcel(f"O-{n}", ("L7", 1))
        await world.file(f"O-{n}")
    return world


async def test_three_complaints_on_one_lot_meet() -> None:
    """In one investigation, opened by the first; each is told how many they are."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    assert (found.lot_id, found.state, len(found.members)) == ("L7", "open", 3)
    assert [m.complaints for _, _, m in world.public if type(m).__name__ == "ComplaintJoinedInvestigation"] == [1, 2, 3]


async def test_who_opens_it_for_the_lot_meets_the_others() -> None:
    """Whatever the symptom is called: of one lot there is one investigation."""
    world = await three_on_one_lot()
    opened = await world.decide(
        lambda work: world.app.open_investigation(
            work, shop_id="demo", sku="LAMP", lot_id="L7", symptom="leaks", case_ids=()
        )
    )
    assert [str(found.id) for found in world.investigations()] == [opened.id]
    assert opened.facts["complaints"] == "3"


async def test_a_lot_that_is_told_late_still_brings_them_together() -> None:
    """The parcel comes after the complaint."""
    world = World()
    await world.order()
    found = await world.file()
    assert world.investigations() == []
    await world.parcel("O-1", ("L7", 1))
    assert world.complaint(found).lot_source == "picking"
    assert world.complaint(found).investigation_id == Investigation.id_of("demo", "LAMP", "L7")


async def test_two_lots_in_one_line_say_nothing() -> None:
    """Which unit is faulty is not known, so neither is its lot."""
    world = World()
    await world.order(quantity=2)
    await world.parcel("O-1", ("L7", 1), ("L8", 1))
    assert (await world.file()).lot_id == ""


async def test_a_part_of_the_line_says_nothing() -> None:
    """The other unit may be of another lot."""
    world = World()
    await world.order(quantity=2)
    await world.parcel("O-1", ("L7", 1))
    assert (await world.file()).lot_id == ""


async def test_what_the_goods_say_stands_above_picking() -> None:
    """The customer read the lot off them."""
    world = World()
    await world.order()
    found = await world.file(lot_id="L9")
    await world.parcel("O-1", ("L7", 1))
    assert (world.complaint(found).lot_id, world.complaint(found).lot_source) == ("L9", "stated")


async def test_picking_that_is_corrected_moves_the_complaint() -> None:
    """A rule joined it, a rule may move it: out of one, into the other."""
    world = World()
    await world.order()
    await world.parcel("O-1", ("L7", 1))
    found = await world.file()
    await world.parcel("O-1", ("L8", 1), at=NOON + timedelta(hours=1))
    assert world.complaint(found).investigation_id == Investigation.id_of("demo", "LAMP", "L8")
    assert {i.lot_id: len(i.members) for i in world.investigations()} == {"L7": 0, "L8": 1}


async def test_what_a_person_joined_only_a_person_moves() -> None:
    """A corrected pick does not undo an agent's judgement."""
    world = World()
    await world.order()
    await world.parcel("O-1", ("L7", 1))
    found = await world.file()
    whole = await world.decide(
        lambda work: world.app.open_investigation(
            work, shop_id="demo", sku="LAMP", lot_id="", symptom="flickers", case_ids=(found.id,)
        )
    )
    await world.parcel("O-1", ("L8", 1), at=NOON + timedelta(hours=1))
    assert str(world.complaint(found).investigation_id) == whole.id


async def test_a_complaint_leaves_again() -> None:
    """It was about something else; once out, it cannot leave twice."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    case_id = next(iter(found.members))
    await world.decide(lambda work: world.app.leave(work, case_id, found.id, "other lamp"))
    assert len(world.investigations()[0].members) == 2
    assert await world.refused(lambda work: world.app.leave(work, case_id, found.id, "again")) == "NOT_A_MEMBER"


async def test_other_goods_do_not_join() -> None:
    """An investigation of another lot refuses."""
    world = await three_on_one_lot()
    other = await world.decide(
        lambda work: world.app.open_investigation(
            work, shop_id="demo", sku="LAMP", lot_id="L8", symptom="", case_ids=()
        )
    )
    case_id = next(iter(world.investigations()[0].members))
    target = next(i.id for i in world.investigations() if str(i.id) == other.id)
    assert await world.refused(lambda work: world.app.join(work, case_id, target)) == "OTHER_GOODS"


async def test_a_cause_is_told_with_every_member() -> None:
    """So that each customer can be told once; said again unchanged, it is not told again."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    for _ in range(2):
        await world.decide(
            lambda work: world.app.find_cause(work, found.id, cause="material", escape_point="incoming", description="")
        )
    (told,) = [m for _, _, m in world.public if type(m).__name__ == "RootCauseRecorded"]
    assert [member.customer_id for member in told.members] == ["C-1", "C-2", "C-3"]
    assert world.investigations()[0].state == "cause_found"


async def test_a_new_complaint_opens_a_closed_investigation() -> None:
    """It speaks against its end."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    await world.decide(lambda work: world.app.close_investigation(work, found.id, "no_defect"))
    await world.order("O-4")
    await world.parcel("O-4", ("L7", 1))
    await world.file("O-4")
    assert (world.investigations()[0].state, len(world.investigations()[0].members)) == ("open", 4)


async def test_a_cause_that_was_not_found_cannot_have_been_fixed() -> None:
    """The outcome needs a fact."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    close = world.app.close_investigation
    assert await world.refused(lambda work: close(work, found.id, "cause_fixed")) == "OUTCOME_NOT_SHOWN"


async def test_a_lot_is_stopped_once_and_may_be_sent_again() -> None:
    """Asked of the shop; a second stop is refused, lifting it is another request."""
    world = await three_on_one_lot()
    (found,) = world.investigations()
    await world.decide(lambda work: world.app.contain(work, found.id, lifted=False), by=SUPERVISOR)
    (effect,) = world.effects()
    assert (effect.kind, effect.key, effect.body["lifted"]) == ("stop_ship", f"qi.{found.id}.1", False)
    again = world.app.contain
    assert await world.refused(lambda work: again(work, found.id, lifted=False)) == "ALREADY_CONTAINED"
    await world.decide(lambda work: world.app.shop_did(work, f"qi.{found.id}.1", "stop-1"))
    assert world.investigations()[0].containment == "done"
    await world.decide(lambda work: world.app.contain(work, found.id, lifted=True), by=SUPERVISOR)
    assert not world.investigations()[0].is_contained


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("order", "parcel", "file", "correct")), st.integers(1, 3)), min_size=1, max_size=20
    )
)
async def test_every_complaint_is_where_its_lot_is(steps: list[tuple[str, int]]) -> None:
    """Whatever comes first, and however often: a member knows its investigation and the investigation its member."""
    world = World()
    for minute, (what, n) in enumerate(steps, start=1):
        at = NOON + timedelta(minutes=minute)
        match what:
            case "order":
                await world.order(f"O-{n}", version=minute)
            case "parcel":
                await world.parcel(f"O-{n}", ("L7", 1), at=at)
            case "correct":
                await world.parcel(f"O-{n}", ("L8", 1), at=at)
            case "file":
                await world.order(f"O-{n}", version=minute)
                await world.file(f"O-{n}")
    complaints = [found for found in world.aggregates.values() if isinstance(found, Complaint)]
    inside = {case_id: i.id for i in world.investigations() for case_id in i.members}
    assert sum(len(i.members) for i in world.investigations()) == len(inside)
    for found in complaints:
        expected = Investigation.id_of("demo", "LAMP", found.lot_id) if found.lot_id else None
        assert inside.get(found.id) == found.investigation_id == expected
