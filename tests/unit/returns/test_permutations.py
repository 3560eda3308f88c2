"""Orders, payments and parcels told in any order give one order and one ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.work import Work
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import DAY, T0, eur, line, shipping, snapshot
from tests.unit.returns.world import World

Tell = Callable[[World, Work], Awaitable[None]]


def paid(kind: PaymentKind, reference: str, minor: int, days: int = 0) -> Tell:
    fact = PaymentFact(kind, reference, "card", eur(minor), T0 + days * DAY, provider_refund_id=reference)
    return lambda world, work: world.app.payment_told(work, "s1", "o1", fact)


def ordered(version: int, quantity: int, **values: Any) -> Tell:
    told = snapshot(line("l1", quantity), version=version, components=(shipping(),), **values)
    return lambda world, work: world.app.order_recorded(work, "s1", "o1", told)


FACTS: list[Tell] = [
    ordered(1, 3),
    ordered(3, 2),
    ordered(2, 1, cancelled_at=T0),
    paid(PaymentKind.CAPTURED, "cap-1", 2000),
    paid(PaymentKind.CAPTURED, "cap-2", 490),
    paid(PaymentKind.REFUNDED, "re-1", 700, days=1),
    paid(PaymentKind.REFUND_FAILED, "re-1", 700, days=2),
    paid(PaymentKind.REFUNDED, "re-2", 300, days=1),
    paid(PaymentKind.DISPUTE_OPENED, "d-1", 400, days=1),
    paid(PaymentKind.DISPUTE_WON, "d-1", 0, days=9),
    paid(PaymentKind.DISPUTE_OPENED, "d-2", 200, days=1),
    paid(PaymentKind.DISPUTE_LOST, "d-2", 200, days=9),
]


async def tell(facts: list[Tell]) -> World:
    world = World()
    for fact in facts:
        await world.run(lambda work, fact=fact: fact(world, work))  # type: ignore[misc]  # mypy has no lambda defaults
    return world


def state(world: World) -> tuple[Any, ...]:
    order, ledger = world.order(), world.ledger()
    return (
        order.snapshot,
        order.payments,
        ledger.entitlements,
        ledger.captures,
        ledger.outside,
        ledger.cancelled,
        ledger.frozen,
        ledger.books.tills.free(),
    )


EXPECTED = state(asyncio.run(tell(FACTS)))


@settings(deadline=None)
@given(st.permutations(FACTS), st.lists(st.sampled_from(FACTS), max_size=4))
def test_every_permutation_gives_one_order_and_one_ledger(facts: list[Tell], repeats: list[Tell]) -> None:
    """Repeats appended; and our own transfers are none."""
    world = asyncio.run(tell([*facts, *repeats]))
    assert state(world) == EXPECTED
    assert world.ledger().transfers == {}


def test_what_the_facts_amount_to() -> None:
    """Version 3 holds; 300 refunded and 200 lost elsewhere of 2490 taken; the failed refund and the won dispute are
    gone."""
    world = asyncio.run(tell(FACTS))
    ledger = world.ledger()
    assert sorted(ledger.entitlements) == ["l1#1", "l1#2", "ship"]
    assert {fact.id: fact.amount for fact in ledger.outside.values()} == {
        "refund:re-2": eur(300),
        "dispute:d-2": eur(200),
    }
    assert ledger.books.tills.free() == (("card", eur(1990)),)
    assert (ledger.cancelled, ledger.frozen) == (False, False)
