"""A camera kit of three parts, each a line, that its shop takes back whole only."""

from dataclasses import replace
from typing import Any

from services.returns.application.deciding import Finding, Item
from services.returns.domain.bundle import PartOf
from services.returns.domain.case import ArrivedLine, ReturnCase
from services.returns.domain.order import OrderLine
from services.returns.policies import default_policy
from tests.unit.returns.build import line
from tests.unit.returns.policies import policy
from tests.unit.returns.world import World

OPEN = "open: window, clock: delivery, end: request, days: 30"
KITS = "kits: bundle, returns: whole"
BODY, LENS, STRAP = (Item(id, 1, "changed_mind") for id in ("body", "lens", "strap"))


def part(line_id: str, quantity: int = 1, per: int = 1, kit: str = "k1", **values: Any) -> OrderLine:
    titles = {"body": "Camera", "lens": "Lens", "strap": "Strap"}
    told: dict[str, Any] = {"title": titles.get(line_id, ""), "part_of": PartOf(kit, "CAM-KIT", "Camera kit", per)}
    return line(line_id, quantity, **(told | values))


KIT = (part("body", price=6000), part("lens", price=3000), part("strap", price=500))


async def given(
    *clauses: str, lines: tuple[OrderLine, ...] = KIT, country: str = "US", sent: bool = True, **values: Any
) -> World:
    """A kit was delivered two days ago, where no law lets anybody change their mind."""
    world = World(policy=replace(policy(OPEN, *(clauses or (KITS,))), limits=default_policy().limits))
    await world.order_told(*lines, country=country, **values)
    if sent:
        await world.delivered()
    return world


def promised(case: ReturnCase) -> dict[str, str]:
    return {unit_id: unit.authorisation.value for unit_id, unit in case.units.items()}


async def came(world: World, case: ReturnCase, *parts: str, number: str = "r1", correction: int = 0) -> ReturnCase:
    """These parts came with one receipt."""
    lines = tuple(ArrivedLine(str(n), f"sku-{id}", 1) for n, id in enumerate(parts))
    await world.received(case, *lines, number=number, correction=correction)
    return world.case(case.id)


async def looked_at(world: World, case: ReturnCase, *parts: str) -> ReturnCase:
    """They were inspected and are as stated."""
    await world.inspected(case, *(Finding(f"{id}#1", "sealed", "customer", "restock") for id in parts))
    return world.case(case.id)
