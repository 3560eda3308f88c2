"""Parcels at the warehouse: unidentified, of several returns, of goods nobody announced, put right, posted, lost."""

from typing import Any

import pytest

from chassis.domain import Invalid, NotFound, Refused
from chassis.work import Actor, Work
from services.returns.application.deciding import Finding, Item
from services.returns.domain.case import ArrivedLine, Authorisation, Goods
from services.returns.domain.errors import NothingToDo, ReceiptIsVoid, WrongStage
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import DAY, T0, line
from tests.unit.returns.world import ANN, CUSTOMER, WALT, World

ELSEWHERE = Actor("olga", frozenset({"warehouse"}), shops=frozenset({"other"}))


async def delivered() -> World:
    world = World()
    await world.order_told(line("l1", 3), line("l2", 1))
    await world.delivered()
    return world


async def told(world: World, number: str, *lines: ArrivedLine, rma_id: str = "", order_id: str = "") -> None:
    fact = ReceiptFact(0, rma_id, order_id, lines, world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", number, fact, by="warehouse"))


async def registered(world: World, number: str = "p1", *lines: ArrivedLine, actor: Actor = WALT) -> None:
    fact = ReceiptFact(0, "", "", lines or (ArrivedLine("1", "sku-l1", 1),), world.now, tracking_number="JR9")
    await world.run(lambda work: world.app.register_parcel(work, "s1", number, fact, "A-7", ["photo://1"]), actor)


async def refused(world: World, refusal: type[Exception], decide: Any, actor: Actor = WALT) -> None:
    """It is refused, and nothing is written."""
    before = len(world.events)
    with pytest.raises(refusal):
        await world.run(decide, actor)
    assert len(world.events) == before


async def test_an_unidentified_parcel_has_a_place_of_its_own_and_is_matched_later() -> None:
    """Shelf and photos are kept, nobody is told; matched by an agent it is received on the return, once."""
    world = await delivered()
    case = await world.asked()
    heard = len(world.told)
    await registered(world)
    parcel = world.receipt("p1")
    assert (parcel.case_id, parcel.shelf, parcel.photos, len(world.told)) == ("", "A-7", ("photo://1",), heard)
    match = lambda work: world.app.match_parcel(work, "s1", "p1", str(case.id))  # noqa: E731
    await world.run(match, ANN)
    assert world.case(case.id).units["l1#1"].goods is Goods.RECEIVED
    before = len(world.events)
    await world.run(match, ANN)
    assert len(world.events) == before


async def test_a_parcel_is_shelved_anew_with_more_photos() -> None:
    """The shelf moves, photos add up, what is known is not written again."""
    world = await delivered()
    await registered(world)
    await world.run(lambda work: world.app.shelve_parcel(work, "s1", "p1", "B-1", ["photo://1", "photo://2"]), WALT)
    assert (world.receipt("p1").shelf, world.receipt("p1").photos) == ("B-1", ("photo://1", "photo://2"))
    before = len(world.events)
    await world.run(lambda work: world.app.shelve_parcel(work, "s1", "p1", "", ["photo://2"]), WALT)
    assert len(world.events) == before


async def test_what_cannot_be_matched_is_refused_and_writes_nothing() -> None:
    """No such parcel, no such return, another return by the warehouse's word, a voided receipt, another shop's."""
    world = await delivered()
    case, other = await world.asked(), await world.asked(Item("l2", 1, "too_small"))
    await registered(world)
    match = world.app.match_parcel
    await refused(world, NotFound, lambda work: match(work, "s1", "p9", str(case.id)))
    await refused(world, NotFound, lambda work: match(work, "s1", "p1", "nothing"))
    await refused(world, NotFound, lambda work: match(work, "s1", "p1", str(case.id)), ELSEWHERE)
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), rma_id=str(case.id))
    await refused(world, Invalid, lambda work: match(work, "s1", "r1", str(other.id)))
    await world.run(lambda work: world.app.void_receipt(work, "s1", "p1", "twice"), WALT)
    await refused(world, ReceiptIsVoid, lambda work: match(work, "s1", "p1", str(case.id)))


async def test_a_parcel_that_moves_there_and_back_is_received_again() -> None:
    """Matched to the wrong return, then to the right one, then back: the last word holds."""
    world = await delivered()
    first, second = await world.asked(), await world.asked(Item("l1", 1, "too_small"))
    await registered(world)
    for case in (first, second, first):
        await world.run(lambda work, id=str(case.id): world.app.match_parcel(work, "s1", "p1", id), WALT)  # type: ignore[misc]
    assert world.case(first.id).units["l1#1"].goods is Goods.RECEIVED
    assert world.case(second.id).units["l1#2"].goods is Goods.WITH_CUSTOMER


async def test_one_parcel_carries_units_of_several_returns() -> None:
    """By the line's own number, or by who waits for the article; voided, both let go."""
    world = await delivered()
    first, second = await world.asked(), await world.asked(Item("l2", 1, "too_small"))
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), ArrivedLine("2", "sku-l2", 1), rma_id=str(first.id))
    goods = [world.case(case.id).units[unit].goods for case, unit in ((first, "l1#1"), (second, "l2#1"))]
    assert goods == [Goods.RECEIVED, Goods.RECEIVED]
    assert world.receipt("r1").bookings == (str(first.id), str(second.id))
    assert [(m.case_id, m.short, m.extra) for m in world.tell("ReturnReceived")] == [
        (str(first.id), 0, 0),
        (str(second.id), 0, 0),
    ]
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    goods = [world.case(case.id).units[unit].goods for case, unit in ((first, "l1#1"), (second, "l2#1"))]
    assert goods == [Goods.WITH_CUSTOMER, Goods.WITH_CUSTOMER]


async def test_lines_name_their_own_return() -> None:
    """Two returns wait for the same article: the line says which, the parcel itself says nothing."""
    world = await delivered()
    await world.asked()
    second = await world.asked(Item("l1", 1, "too_small"))
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1, rma_id=str(second.id)))
    assert world.case(second.id).units["l1#2"].goods is Goods.RECEIVED
    assert world.receipt("r1").case_id == str(second.id)


async def test_goods_of_an_order_open_a_return_at_the_door() -> None:
    """Nobody had asked: the policy decides as of a change of mind, the goods are here, the clerk inspects next."""
    world = await delivered()
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), order_id="o1")
    case = world.case(world.receipt("r1").case_id)
    unit = case.units["l1#1"]
    assert (case.channel, unit.asked.reason, unit.authorisation) == (
        "warehouse",
        "unannounced",
        Authorisation.AUTHORISED,
    )
    assert (unit.goods, case.waiting_on, world.order().units_in_returns) == (
        Goods.RECEIVED,
        "warehouse",
        {"l1#1": str(case.id)},
    )
    (decision,) = case.decisions.values()
    assert decision.question == "return_promise"
    before = len(world.events)
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), order_id="o1")
    assert len(world.events) == before


async def test_the_past_opens_no_return_and_strange_goods_do_not_either() -> None:
    """History builds state alone; an article that was never in the order stays unidentified."""
    world = await delivered()

    async def past(work: Work) -> None:
        work.history = True
        fact = ReceiptFact(0, "", "o1", (ArrivedLine("1", "sku-l1", 1),), T0)
        await world.app.receipt_told(work, "s1", "r1", fact, by="warehouse")

    await world.run(past)
    await told(world, "r2", ArrivedLine("1", "foreign", 1), order_id="o1")
    assert (world.receipt("r1").case_id, world.receipt("r2").case_id) == ("", "")


async def test_an_empty_box_is_short_of_everything() -> None:
    """A receipt without lines is one: all that was announced is missing from it."""
    world = await delivered()
    case = await world.asked(Item("l1", 2, "too_small"))
    await told(world, "r1", rma_id=str(case.id))
    receipt = world.case(case.id).receipts["r1"]
    assert (receipt.short, receipt.lines) == (2, ())


async def test_a_unit_is_found_after_the_case_was_closed() -> None:
    """It had expired: the return opens again for a person, whose word is asked anew; nobody else can ask for it."""
    world = await delivered()
    case = await world.asked()
    world.now += 60 * DAY
    await world.fire("return_due", case.id)
    assert (world.case(case.id).state, world.case(case.id).is_open) == ("expired", False)
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), rma_id=str(case.id))
    assert world.case(case.id).units["l1#1"].goods is Goods.RECEIVED
    assert (world.case(case.id).is_open, world.case(case.id).waiting_on) == (True, "agent")
    assert world.tell("ReturnNeedsDecision")[-1].reason == "came_after_all"
    assert world.order().units_in_returns == {"l1#1": str(case.id)}
    await world.run(lambda work: world.app.decline(work, case.id, (), "not_ours"), ANN)
    assert (world.case(case.id).state, world.case(case.id).is_open) == ("declined", False)


async def test_a_receipt_is_put_right_by_command() -> None:
    """The clerk had the wrong article: the other unit is received, the first is with its customer."""
    world = await delivered()
    case = await world.asked(Item("l1", 1, "too_small"), Item("l2", 1, "too_small"))
    await told(world, "r1", ArrivedLine("1", "sku-l1", 1), rma_id=str(case.id))
    right = [ArrivedLine("1", "sku-l2", 1)]
    await world.run(lambda work: world.app.correct_receipt(work, "s1", "r1", right, "wrong article"), WALT)
    goods = {u: unit.goods for u, unit in world.case(case.id).units.items()}
    assert goods == {"l1#1": Goods.WITH_CUSTOMER, "l2#1": Goods.RECEIVED}
    await world.run(lambda work: world.app.void_receipt(work, "s1", "r1", "typed twice"), WALT)
    assert {unit.goods for unit in world.case(case.id).units.values()} == {Goods.WITH_CUSTOMER}
    await refused(
        world, ReceiptIsVoid, lambda work: world.app.correct_receipt(work, "s1", "r1", right, "wrong article")
    )


async def test_what_was_posted_and_lost_is_paid_back_and_may_turn_up() -> None:
    """Proof, no expiry; lost, refundable without goods; found, received after all."""
    world = await delivered()
    case = await world.asked()
    await world.run(lambda work: world.app.record_posting(work, case.id, (), "JR7"), ANN)
    posted = world.case(case.id)
    assert (posted.units["l1#1"].goods, posted.waiting_on) == (Goods.HANDED_OVER, "carrier")
    world.now += 60 * DAY
    await world.fire("return_due", case.id)
    assert world.case(case.id).units["l1#1"].authorisation is Authorisation.AUTHORISED
    await world.run(lambda work: world.app.report_lost(work, case.id, (), "carrier"), ANN)
    lost = world.case(case.id)
    assert (lost.units["l1#1"].goods, lost.waiting_on) == (Goods.MISSING, "agent")
    await world.refunded(lost)
    assert len(world.effects()) == 1
    await world.received(lost)
    assert world.case(case.id).units["l1#1"].goods is Goods.RECEIVED


async def test_what_was_never_posted_is_not_lost() -> None:
    """At home nothing is lost, and what is on its way is not posted twice; nothing is written."""
    world = await delivered()
    case = await world.asked()
    await refused(world, NothingToDo, lambda work: world.app.report_lost(work, case.id, (), "carrier"), ANN)
    await refused(world, WrongStage, lambda work: world.app.report_lost(work, case.id, ("l1#1",), "carrier"), ANN)
    await world.run(lambda work: world.app.record_posting(work, case.id, (), "JR7"), ANN)
    await refused(world, Refused, lambda work: world.app.record_posting(work, case.id, (), "JR8"), ANN)


async def test_the_warehouse_hears_what_to_expect_whenever_it_changes() -> None:
    """Authorised: one unit by a date; posted: under a number; received: nothing more. A request that waits: nothing."""
    world = await delivered()
    case = await world.asked()
    await world.run(lambda work: world.app.record_posting(work, case.id, (), "JR7"), ANN)
    await world.received(case)
    await world.inspected(case, Finding("l1#1", "sealed", "customer", "restock"))
    heard = world.tell("ReturnExpected")
    assert [([list(u.units) for u in m.units], list(m.tracking_numbers)) for m in heard] == [
        ([[1]], []),
        ([[1]], ["JR7"]),
        ([], ["JR7"]),
    ]
    versions = [m.version for m in heard]
    assert versions == sorted(set(versions))
    assert heard[0].send_by.ToDatetime().date() == (T0 + 14 * DAY).date()
    cancelled = await world.asked(Item("l2", 1, "too_small"), actor=CUSTOMER)
    await world.run(lambda work: world.app.cancel(work, cancelled.id, (), "customer"), CUSTOMER)
    assert [len(m.units) for m in world.tell("ReturnExpected") if m.case_id == str(cancelled.id)] == [1, 0]
