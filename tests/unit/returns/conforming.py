"""Shorthands of the tests of conformity."""

from datetime import datetime, timedelta
from typing import Any

from chassis.domain import Money
from chassis.service import Receipt
from chassis.work import Actor
from services.returns.application.common import REPAIR_EFFECT, REPLACEMENT_EFFECT
from services.returns.domain.case import ArrivedLine
from services.returns.domain.conformity import Conformity
from services.returns.domain.identity import conformity_id_of
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import eur, line
from tests.unit.returns.world import ANN, CUSTOMER, World


async def sold(days_ago: int = 30, *, tags: tuple[str, ...] = (), **values: Any) -> World:
    """Two units at 10.00, delivered some days ago."""
    world = World()
    await world.order_told(line("l1", 2, tags=tags), **values)
    await world.delivered(days_ago)
    return world


def file(world: World, unit_id: str = "l1#1") -> Conformity:
    """The unit's file as it is stored."""
    found = world.memory.held[conformity_id_of("s1", "o1", unit_id)]
    assert isinstance(found, Conformity)
    return found


async def reported(world: World, number: int = 1, *, actor: Actor = CUSTOMER, **values: Any) -> Receipt:
    """The customer says that a unit does not conform."""
    return await world.run(
        lambda work: world.app.report_lack(work, "s1", "o1", "l1", number, "The zip is broken. Kim", **values), actor
    )


async def asked(world: World, use_case: str, *args: Any, actor: Actor = ANN, **values: Any) -> Receipt:
    """One use case on the file of the first unit."""
    return await world.run(lambda work: getattr(world.app, use_case)(work, file(world).id, *args, **values), actor)


async def acknowledged(world: World, severity: str = "ordinary") -> None:
    await asked(world, "acknowledge_lack", severity, "seen on the photo")


async def started(world: World, remedy: str = "repair", *, goods_needed: bool = False) -> None:
    """Reported, acknowledged, chosen, begun."""
    await reported(world, sought=remedy)
    await acknowledged(world)
    await asked(world, "start_remedy", goods_needed=goods_needed)


async def ended(world: World, *, done: bool = True, reference: str = "shop-1", reason: str = "") -> None:
    """What became of it, as the desk heard of it."""
    await asked(world, "record_remedy_outcome", done=done, reference=reference, reason=reason or "no spare part")


async def reduced(world: World, worth: int = 900, as_is: int = 600, actor: Actor = ANN) -> Receipt:
    return await asked(world, "reduce_price", eur(worth), eur(as_is), actor=actor)


async def evidence(world: World, says: str, source: str = "workshop", reference: str = "w-1") -> None:
    await asked(world, "record_evidence", says, source, reference, "see the report", None)


async def unit_back(world: World, number: str = "r1", *, rma: str = "", correction: int = 0) -> None:
    """The warehouse has the unit, or writes down anew what it has."""
    fact = ReceiptFact(correction, rma or str(file(world).id), "", (ArrivedLine("1", "sku-l1", 1),), world.now)
    await world.run(lambda work: world.app.receipt_told(work, "s1", number, fact, by="warehouse"))


def goods_asked(world: World) -> list[tuple[str, str]]:
    """What was asked of the shop: the kind of effect and its key."""
    return [(kind, effect.key) for kind in (REPAIR_EFFECT, REPLACEMENT_EFFECT) for effect in world.effects(kind)]


def duties(world: World) -> dict[str, tuple[str, datetime | None]]:
    """Every duty by its name: state and date."""
    return {duty.name: (duty.state, duty.due_at) for duty in file(world).duties({})}


def spent(world: World) -> list[tuple[str, Money]]:
    """The money planned for the customer, by the reason the ledger has."""
    return [(c.ask.reason, world.ledger().books.counted(c)) for c in world.ledger().claims.values() if c.is_money]


def days(number: int) -> timedelta:
    return timedelta(days=number)
