"""Shorthands of the tests of withdrawals."""

from typing import Any

from chassis.service import Receipt
from chassis.work import Actor
from services.returns.application.noticing import Withdrawn
from services.returns.domain.case import ArrivedLine
from services.returns.domain.order import ShipmentFact
from services.returns.domain.receipt import ReceiptFact
from services.returns.domain.withdrawal import Withdrawal
from tests.unit.returns.build import DAY, eur
from tests.unit.returns.world import ANN, SUE, World

ALL: tuple[Withdrawn, ...] = ()


async def shop(*lines: Any, days_ago: int | None = 2, **values: Any) -> World:
    """Three units of one line, or what is given, delivered unless `days_ago` is None."""
    world = World()
    await world.order_told(*lines, **values)
    if days_ago is not None:
        await world.delivered(days_ago)
    return world


async def on_the_way(world: World) -> None:
    """A carrier has everything, and has delivered nothing."""
    parcel = ShipmentFact("p0", world.now - DAY, True)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", parcel))
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", "p0", world.now - DAY))


async def noticed(world: World, *items: Withdrawn, actor: Actor = ANN, **values: Any) -> Withdrawal:
    receipt = await world.run(lambda work: world.app.give_notice(work, "s1", "o1", items, **values), actor)
    return world.withdrawal(receipt.id)


async def came_back(
    world: World, known: Withdrawal, quantity: int = 3, number: str = "r1", by_order: bool = False
) -> None:
    lines = (ArrivedLine("1", "sku-l1", quantity),)
    fact = ReceiptFact(0, "" if by_order else str(known.id), "o1" if by_order else "", lines, world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", number, fact, by="warehouse"))


async def repaid(world: World, known: Withdrawal, *units: str, actor: Actor = ANN) -> Receipt:
    return await world.run(lambda work: world.app.repay_withdrawal(work, known.id, units), actor)


def rules(known: Withdrawal) -> dict[str, str]:
    return {unit_id: unit.ruling.rule for unit_id, unit in known.units.items() if unit.ruling}


async def lost(world: World, known: Withdrawal, minor: int, informed_by: str = "order confirmation") -> Receipt:
    return await world.run(
        lambda work: world.app.diminish_value(work, known.id, "l1#1", eur(minor), "worn outside", informed_by), SUE
    )
