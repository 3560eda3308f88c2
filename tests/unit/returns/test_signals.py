"""What a receipt shows that somebody should look at: with its source, shown to agents, never a decision by itself."""

from typing import Any

from services.returns.application.deciding import Item
from services.returns.domain.case import ArrivedLine, Authorisation, ReturnCase
from services.returns.domain.order import ShipmentFact
from services.returns.domain.receipt import ReceiptFact
from services.returns.presenting.notices import WORDS, notice
from services.returns.unit_rows import return_rows
from tests.unit.returns.build import DAY
from tests.unit.returns.world import World


async def sold(**values: Any) -> tuple[World, ReturnCase]:
    """Two of line l1 with their serials, 800 grams each; both are to come back."""
    world = World()
    await world.order_told(**values)
    parcel = ShipmentFact(
        "p1",
        world.now - 4 * DAY,
        True,
        (("l1", 3),),
        serials=(("l1", "SN-1"), ("l1", "SN-2")),
        unit_weights=(("l1", 800),),
    )
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", parcel))
    return world, await world.asked(Item("l1", 2, "too_small"))


async def came(
    world: World, case: ReturnCase, *lines: ArrivedLine, correction: int = 0, grams: int = 0
) -> list[tuple[str, tuple[str, ...], str]]:
    fact = ReceiptFact(correction, str(case.id), "", lines, world.now, weight_grams=grams)
    await world.run(lambda work: world.app.receipt_told(work, "s1", "r1", fact, by="warehouse"))
    seen = world.case(case.id).signals.get("r1", ())
    return [(one.name, one.units, one.detail) for one in seen]


def line(quantity: int, *serials: str, sku: str = "sku-l1") -> ArrivedLine:
    return ArrivedLine("1", sku, quantity, "", "", serials)


async def test_a_serial_that_was_not_sold_is_shown_with_what_was() -> None:
    """Of the unit it was read off, and of no other; the unit is received all the same."""
    world, case = await sold()
    seen = await came(world, case, line(2, "SN-1", "SN-9"))
    assert seen == [("serial_mismatch", ("l1#2",), "SN-9 came, SN-1, SN-2 were sold")]
    assert world.case(case.id).units["l1#2"].authorisation is Authorisation.AUTHORISED
    assert [row.values["signals"] for row in return_rows(world.case(case.id))] == [[], ["serial_mismatch"]]


async def lots_seen(*picked: tuple[str, str, int]) -> list[tuple[str, tuple[str, ...], str]]:
    """Two of three units are back, read as LOT-C; what their parcel was picked from is as told."""
    world = World()
    await world.order_told()
    parcel = ShipmentFact("p1", world.now - 4 * DAY, True, (("l1", 3),), lots=picked)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", parcel))
    case = await world.asked(Item("l1", 2, "too_small"))
    seen = await came(world, case, ArrivedLine("1", "sku-l1", 2, lot_id="LOT-C"))
    assert {unit.authorisation for unit in world.case(case.id).units.values()} == {Authorisation.AUTHORISED}
    assert await came(world, case, ArrivedLine("1", "sku-l1", 2, lot_id="LOT-A"), correction=1) == []
    return seen


async def test_a_lot_that_was_not_picked_is_shown_and_none_where_not_every_units_is_known() -> None:
    """Three were sent from two lots: a third lot is shown. With one unit's lot not recorded, it may be that one's."""
    detail = "LOT-C came, LOT-A, LOT-B were sold"
    assert await lots_seen(("l1", "LOT-A", 2), ("l1", "LOT-B", 1)) == [
        ("lot_mismatch", ("l1#1",), detail),
        ("lot_mismatch", ("l1#2",), detail),
    ]
    assert await lots_seen(("l1", "LOT-A", 2)) == []


async def test_an_empty_box_waits_for_a_person_and_a_correction_takes_it_back() -> None:
    """Nobody is declined by it; the customer reads a fair sentence, and none once the goods are found."""
    world, case = await sold(language="de-AT")
    assert await came(world, case) == [("empty_box", ("l1#1", "l1#2"), "nothing for 2 announced")]
    known = world.case(case.id)
    assert (known.waiting_on, notice(known)) == ("agent", WORDS["de"])
    assert {unit.authorisation for unit in known.units.values()} == {Authorisation.AUTHORISED}
    assert await came(world, case, line(2, "SN-1", "SN-2"), correction=1) == []
    assert (world.case(case.id).waiting_on, notice(world.case(case.id))) == ("warehouse", "")


async def test_another_article_in_its_place_is_shown() -> None:
    """A stranger's article came for one of two."""
    world, case = await sold()
    seen = await came(world, case, line(1, "SN-1"), ArrivedLine("2", "brick", 1))
    assert seen == [("wrong_item", ("l1#2",), "brick in place of what was announced")]


async def test_a_parcel_that_is_too_light_is_shown_and_one_within_what_scales_differ_is_not() -> None:
    """1600 grams were sent: 1250 are within a fourth, 1100 are not; without a weight nothing is said."""
    for grams, expected in ((0, []), (1250, []), (1100, ["weight_mismatch"])):
        world, case = await sold()
        seen = await came(world, case, line(2, "SN-1", "SN-2"), grams=grams)
        assert [name for name, _, _ in seen] == expected


async def test_a_voided_receipt_shows_nothing_and_a_repeat_writes_nothing() -> None:
    """Its signals go with it."""
    world, case = await sold()
    await came(world, case)
    before = len(world.events)
    await came(world, case)
    assert len(world.events) == before
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    assert world.case(case.id).signals == {}
