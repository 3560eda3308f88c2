"""Units that come back: given what returns told, then which of them are evidence in the investigation of their lot."""

from datetime import timedelta
from typing import Any

from aftercare.returns.v1 import events_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.grpc.convert import timestamp_to_proto
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from tests.unit.quality_complaints.test_consumers import hear
from tests.unit.quality_complaints.world import NOON, World

L7 = Investigation.id_of("demo", "LAMP", "L7")
L9 = Investigation.id_of("demo", "LAMP", "L9")


def told(version: int, *, return_id: str = "R-1", order_id: str = "O-1", unit: int = 1, **known: Any) -> Any:
    """A unit is here, and came back for a defect, unless something else is said."""
    return events_pb2.ReturnedUnitRecorded(
        shop_id="demo",
        case_id=return_id,
        occurred_at=timestamp_to_proto(NOON + timedelta(minutes=version)),
        order_id=order_id,
        customer_id=order_id.replace("O", "C"),
        line_id="1",
        unit=unit,
        sku="LAMP",
        version=version,
        **{"reason": "faulty", "ground": "defect", "received": True, **known},
    )


def evidence(world: World) -> dict[str, list[tuple[str, int]]]:
    """The units in each investigation that has some, by its lot."""
    return {
        found.lot_id: sorted((unit.order_id, unit.unit) for unit in found.evidence.values())
        for found in world.investigations()
        if found.evidence
    }


async def picked(lot: str = "L7", *, quantity: int = 1) -> World:
    """An order whose goods were picked from one lot."""
    world = World()
    await world.order(quantity=quantity)
    await world.parcel("O-1", (lot, quantity))
    return world


async def test_a_unit_counts_once_however_often_it_is_told_of() -> None:
    """The same message again, an older one, the same unit in a second return: one piece of evidence, and nothing new
    in the log for what was known."""
    world = await picked()
    await hear(world, told(5))
    written = len(world.events)
    for again in (told(5), told(3, received=False), told(4, responsibility="customer")):
        await hear(world, again)
    assert (evidence(world), len(world.events)) == ({"L7": [("O-1", 1)]}, written)
    await hear(world, told(9, return_id="R-2"))
    assert evidence(world) == {"L7": [("O-1", 1)]}


async def test_complaints_and_units_of_one_lot_meet_in_one_investigation() -> None:
    """A lot that nobody complains about is looked into all the same."""
    world = await picked()
    await hear(world, told(5))
    (found,) = world.investigations()
    assert (found.lot_id, found.opened_by, len(found.members)) == ("L7", "rule", 0)
    await world.file()
    assert [(len(i.members), len(i.evidence)) for i in world.investigations()] == [(1, 1)]


async def test_what_is_not_here_or_came_back_for_another_reason_is_no_evidence() -> None:
    """Asked for and not come; remorse; unannounced without a finding; a defect somebody else answers for."""
    cases: tuple[dict[str, Any], ...] = (
        {"received": False},
        {"ground": "remorse"},
        {"ground": ""},
        {"responsibility": "carrier"},
        {"responsibility": "customer"},
    )
    for known in cases:
        world = await picked()
        await hear(world, told(5, **known))
        assert evidence(world) == {}, known


async def test_what_was_found_stands_above_the_reason_given() -> None:
    """Sent back for another reason, and the maker is found responsible; an unknown cause says nothing either way."""
    cases: tuple[dict[str, Any], ...] = (
        {"ground": "remorse", "responsibility": "maker"},
        {"responsibility": "unknown"},
    )
    for known in cases:
        world = await picked()
        await hear(world, told(5, **known))
        assert evidence(world) == {"L7": [("O-1", 1)]}, known


async def test_a_grade_that_is_put_right_and_a_receipt_that_is_voided_take_it_out_again() -> None:
    """And in again, when the correction was wrong."""
    world = await picked()
    await hear(world, told(5, responsibility="maker"))
    await hear(world, told(6, responsibility="customer"))
    assert evidence(world) == {}
    await hear(world, told(7, responsibility="maker"))
    assert evidence(world) == {"L7": [("O-1", 1)]}
    await hear(world, told(8, received=False))
    assert evidence(world) == {}


async def test_the_lot_that_is_read_off_the_goods_stands_above_picking() -> None:
    """It moves from the one investigation to the other, and is never in both."""
    world = await picked()
    await hear(world, told(5))
    await hear(world, told(6, lot_id="L9"))
    assert evidence(world) == {"L9": [("O-1", 1)]}


async def test_a_lot_that_is_told_late_brings_the_unit_in_and_one_that_is_put_right_moves_it() -> None:
    """Returns may speak before the shop does: of the order, and of what it was picked from."""
    world = World()
    await hear(world, told(5))
    assert (world.investigations(), evidence(world)) == ([], {})
    await world.order()
    await world.parcel("O-1", ("L7", 1))
    assert evidence(world) == {"L7": [("O-1", 1)]}
    await world.parcel("O-1", ("L9", 1), at=NOON + timedelta(hours=1))
    assert evidence(world) == {"L9": [("O-1", 1)]}


async def test_a_unit_opens_a_closed_investigation_again() -> None:
    """Whatever it was closed with."""
    world = await picked(quantity=2)
    await hear(world, told(5))
    await world.decide(lambda work: world.app.close_investigation(work, L7, "no_defect"))
    await hear(world, told(6, unit=2))
    (found,) = world.investigations()
    assert (found.state, evidence(world)) == ("open", {"L7": [("O-1", 1), ("O-1", 2)]})


SAID: tuple[dict[str, Any], ...] = (
    {"received": False},
    {},
    {"lot_id": "L9"},
    {"lot_id": "L9", "responsibility": "customer"},
    {"lot_id": "L9", "responsibility": "maker"},
    {"received": False, "lot_id": "L9"},
)
WORDS = st.sampled_from(
    [
        told(version, return_id=return_id, **known)
        for return_id, first in (("R-1", 1), ("R-2", 10))
        for version, known in enumerate(SAID, start=first)
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
async def test_what_is_evidence_does_not_depend_on_the_order_or_on_repeats(words: list[Any], random: Any) -> None:
    """Two returns of one unit, told in any order and twice: the same investigation holds it, or none does, and the unit
    and the investigations say the same."""
    ends = []
    for mixed in (words, random.sample(words + words, 2 * len(words))):
        world = await picked()
        for word in mixed:
            await hear(world, word)
        known = world.aggregates[ReturnedUnit.id_of("demo", "O-1", "1", 1)]
        assert isinstance(known, ReturnedUnit)
        assert [i.id for i in world.investigations() if i.evidence] == [
            id for id in (known.investigation_id,) if id is not None
        ]
        ends.append((known.told, known.investigation_id))
    assert ends[0] == ends[1]


async def test_a_unit_makes_no_complaint_and_tells_nobody_anything() -> None:
    """But that the lot is looked into."""
    world = await picked()
    await hear(world, told(5))
    assert world.told() == ["InvestigationOpened"]
