"""A part of a kit that comes back whole only is not let be, exchanged, cancelled or swapped alone; told before."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chassis.work import Actor, Work
from services.returns.application.changeable import Asker, Wanted
from services.returns.domain.change import ChangeKind
from services.returns.domain.errors import OnlyWhole
from services.returns.presenting.changes import changeable
from services.returns.presenting.orders import view
from tests.unit.returns.build import DAY, eur
from tests.unit.returns.bundling import BODY, KITS, LENS, STRAP, given, part, promised
from tests.unit.returns.world import ANN, CUSTOMER, SUE, World

WITHDRAWAL = "law: withdrawal, days: 14, countries: [DE], source: Directive 2011/83/EU"
CANCEL = "cancel: change, action: cancel, until: packed, overtaken: return, answer_hours: 4"
SWAP = "swap: change, action: swap, until: packed, overtaken: return, answer_hours: 4"


async def refused(world: World, decide: Callable[[Work], Awaitable[Any]], actor: Actor = CUSTOMER) -> OnlyWhole:
    """The refusal, which has written nothing."""
    before = len(world.events)
    with pytest.raises(OnlyWhole) as found:
        await world.run(decide, actor)
    assert len(world.events) == before
    return found.value


async def test_customers_who_asked_for_all_of_it_do_not_let_a_part_be() -> None:
    """Named: the clause, the kit and what would be missing. All of it is let be; staff may let be what they want."""
    world = await given()
    case = await world.asked(BODY, LENS, STRAP)
    why = await refused(world, lambda work: world.app.cancel(work, case.id, ("strap#1",), "customer"))
    assert why.reason == "ONLY_WHOLE"
    assert why.facts == {"clause": "kits", "bundle": "CAM-KIT", "unit": "body#1", "missing": "strap#1 Strap"}
    await world.run(lambda work: world.app.cancel(work, case.id, ("strap#1",), "asked by phone"), ANN)
    await world.run(lambda work: world.app.cancel(work, case.id, (), "customer"), CUSTOMER)
    assert set(promised(world.case(case.id)).values()) == {"cancelled"}


async def test_a_part_on_its_way_holds_the_rest() -> None:
    """The body is handed over: the lens and the strap are no longer let be, not even both."""
    world = await given()
    case = await world.asked(BODY, LENS, STRAP)
    await world.run(lambda work: world.app.record_posting(work, case.id, ("body#1",), "TRACK"), ANN)
    why = await refused(world, lambda work: world.app.cancel(work, case.id, (), "customer"))
    assert why.facts["missing"] == "lens#1 Lens, strap#1 Strap"


async def test_what_the_law_or_a_person_let_come_alone_is_let_be_alone() -> None:
    """Two parts by the right to withdraw; and a faulty one beside others of the same kit."""
    world = await given(KITS, WITHDRAWAL, country="DE")
    case = await world.asked(LENS, STRAP)
    await world.run(lambda work: world.app.cancel(work, case.id, ("strap#1",), "customer"), CUSTOMER)
    assert promised(world.case(case.id)) == {"lens#1": "authorised", "strap#1": "cancelled"}


async def exchanged(world: World, case_id: Any, unit_id: str, actor: Actor = CUSTOMER) -> None:
    await world.run(
        lambda work: world.app.exchange_unit(work, case_id, unit_id, "other", eur(500)),
        actor,
    )


async def test_a_part_alone_is_exchanged_only_where_somebody_let_it_come_or_all_of_it_comes() -> None:
    """By the law it comes back for money; staff are refused too. What a person let come alone is exchanged alone."""
    world = await given(KITS, WITHDRAWAL, country="DE")
    by_law = await world.asked(STRAP)
    for actor in (CUSTOMER, ANN):
        why = await refused(
            world, lambda work: world.app.exchange_unit(work, by_law.id, "strap#1", "other", eur(500)), actor
        )
        assert why.facts["missing"] == "body#1 Camera, lens#1 Lens"
    let = await given()
    case = await let.asked(STRAP)
    await let.run(lambda work: let.app.approve(work, case.id, ("strap#1",), "a gesture"), SUE)
    await exchanged(let, case.id, "strap#1")
    whole = await given()
    case = await whole.asked(BODY, LENS, STRAP)
    await exchanged(whole, case.id, "strap#1")


def asks(world: World, kind: ChangeKind, *items: tuple[str, int]) -> Callable[[Work], Awaitable[Any]]:
    wanted = Wanted(kind, "changed_mind", items, sku="other", shown_price=eur(500))
    return lambda work: world.app.request_change(work, "s1", "o1", wanted)


async def test_a_part_is_not_cancelled_or_swapped_before_it_leaves_and_all_of_it_is_cancelled() -> None:
    """Whoever asks; the list of what can be changed says the same before."""
    world = await given(KITS, CANCEL, SWAP, sent=False)
    for kind in (ChangeKind.CANCEL, ChangeKind.SWAP):
        why = await refused(world, asks(world, kind, ("strap", 1)), ANN)
        assert (why.facts["clause"], why.facts["missing"]) == ("kits", "body#1 Camera, lens#1 Lens")
    order, policy = world.order(), world.policy
    assert order.snapshot is not None
    asker = Asker(True, world.app.legal_days, world.now)
    told = changeable(policy, order, order.snapshot, world.ledger(), "changed_mind", asker)
    assert [(line.cancel.allowed, line.swap.allowed) for line in told.lines] == [(False, False)] * 3
    assert "comes back only whole" in told.lines[0].cancel.why
    assert told.whole.allowed
    await world.run(asks(world, ChangeKind.CANCEL, ("body", 1), ("lens", 1), ("strap", 1)), CUSTOMER)


async def test_the_right_to_withdraw_lets_a_part_be_cancelled_and_not_swapped() -> None:
    """Refused, it would be sent and withdrawn from all the same; another variant is no right."""
    world = await given(KITS, CANCEL, SWAP, WITHDRAWAL, country="DE", sent=False)
    await refused(world, asks(world, ChangeKind.SWAP, ("strap", 1)))
    await world.run(asks(world, ChangeKind.CANCEL, ("strap", 1)), CUSTOMER)


async def shown(world: World) -> dict[str, tuple[bool, list[str], str]]:
    order = world.order()
    assert order.snapshot is not None
    told = view(order, order.snapshot, world.ledger(), world.policy, [], world.app.legal_days, world.now)
    assert {line.bundle.title for line in told.lines} == {"Camera kit"}
    return {
        f"{line.line_id}#{unit.unit}": (
            unit.returnable,
            [f"{ref.line_id}#{ref.unit}" for ref in unit.returned_with],
            unit.explanation,
        )
        for line in told.lines
        for unit in line.units
    }


async def test_what_may_come_back_says_with_what_before_anybody_asks() -> None:
    """Returnable with the rest, and why; too late, or with a part that may not come back, it is not returnable."""
    world = await given()
    told = await shown(world)
    assert told["strap#1"] == (
        True,
        ["body#1", "lens#1"],
        "Camera kit comes back only whole; not with it: body#1 Camera, lens#1 Lens.",
    )
    world.now += 60 * DAY
    assert [(yes, rest) for yes, rest, _ in (await shown(world)).values()] == [(False, [])] * 3
    sale = await given(KITS, "sale: final_sale", lines=(part("body"), part("lens", final_sale=True)))
    assert [(yes, rest) for yes, rest, _ in (await shown(sale)).values()] == [(False, [])] * 2


async def test_what_may_come_back_in_parts_says_nothing_of_the_rest() -> None:
    """By the policy, by the law, or because it is no kit any more."""
    for world in (
        await given("kits: bundle, returns: parts"),
        await given(KITS, WITHDRAWAL, country="DE"),
    ):
        assert [(yes, rest) for yes, rest, _ in (await shown(world)).values()] == [(True, [])] * 3


async def test_what_each_remedy_would_bring_says_it_too() -> None:
    """A quote is tried by the use case itself."""
    world = await given()
    quote = await world.look(lambda work: world.app.quoted(work, "s1", "o1", [STRAP], "refund"), CUSTOMER)
    assert (quote.accepted, quote.units["strap#1"].customer_text) == (
        (),
        "It was sold as a part of Camera kit and comes back only together with: Camera, Lens.",
    )
