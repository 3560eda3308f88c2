"""Shorthands of the tests of changes before dispatch."""

from typing import Any

from chassis.effects.effect import Effect
from chassis.service import Failed, Receipt, Succeeded
from chassis.work import Actor
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT
from services.returns.application.changeable import Wanted
from services.returns.domain.change import ChangeKind, OrderChange
from services.returns.domain.order import Authorised, OrderLine, ShipmentFact, Tender
from services.returns.policies import default_text, load_policy
from tests.unit.returns.build import eur, line, shipping, snapshot
from tests.unit.returns.world import CUSTOMER, World


def policy_says(**clause: str) -> Any:
    """The default policy with other words in its clause about cancelling, for instance overtaken="interception"."""
    text = default_text()
    start = text.index("  - id: cancel_before_dispatch")
    end = text.index("  - id: swap_before_dispatch")
    told = {"action": "cancel", "until": "packed", "overtaken": "return", "answer_hours": "4"} | clause
    said = "".join(f"    {name}: {value}\n" for name, value in told.items())
    return load_policy(text[:start] + "  - id: cancel\n    kind: change\n" + said + text[end:])


def world_with(**clause: str) -> World:
    """A shop whose policy says so of cancelling."""
    world = World()
    if clause:
        world.app._first_policy = policy_says(**clause)
    return world


def card(minor: int = 0) -> Tender:
    """A card, authorised for so much."""
    authorised = (Authorised("auth", "card", eur(minor)),) if minor else ()
    return Tender("card", "card", authorisations=authorised)


async def sold(*lines: OrderLine, captured: int | None = None, authorised: int = 0, **clause: str) -> World:
    """Three units of one line at ten, and shipping; nothing packed."""
    world = world_with(**clause)
    tenders = (card(authorised),)
    await world.order_told(*(lines or (line("l1", 3),)), captured=captured, components=(shipping(),), tenders=tenders)
    return world


async def asked(world: World, *items: tuple[str, int], actor: Actor = CUSTOMER, **wanted: Any) -> OrderChange:
    """Somebody asks to cancel, unless they want something else."""
    receipt = await asks(world, *items, actor=actor, **wanted)
    return world.change(receipt.id)


async def asks(world: World, *items: tuple[str, int], actor: Actor = CUSTOMER, **wanted: Any) -> Receipt:
    values: dict[str, Any] = {"kind": ChangeKind.CANCEL, "reason": "changed_mind", "items": items} | wanted
    return await world.run(lambda work: world.app.request_change(work, "s1", "o1", Wanted(**values)), actor)


async def swapped(world: World, price: int, quantity: int = 1) -> OrderChange:
    return await asked(
        world, ("l1", quantity), kind=ChangeKind.SWAP, reason="too_small", sku="sku-l1-42", shown_price=eur(price)
    )


async def says(world: World, change: OrderChange, answer: Succeeded | Failed) -> None:
    """The shop answers."""
    kind = CHANGE_EFFECTS[change.kind]
    await world.run(lambda work: work.effect_fact(kind, str(change.id), answer))


async def done(world: World, change: OrderChange, difference: int | None = None) -> OrderChange:
    facts = {} if difference is None else {"difference": f"{difference} EUR"}
    await says(world, change, Succeeded("W-1", facts))
    return world.change(change.id)


async def refused(world: World, change: OrderChange, reason: str = "already_packed") -> OrderChange:
    await says(world, change, Failed(reason))
    return world.change(change.id)


async def packed(world: World, *contents: tuple[str, int], parcel: str = "p1") -> None:
    """A parcel exists."""
    fact = ShipmentFact(parcel, world.now, True, contents)
    await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", fact))


async def left(world: World, *contents: tuple[str, int], parcel: str = "p1") -> None:
    """A parcel exists, and a carrier has it."""
    await packed(world, *contents, parcel=parcel)
    await world.run(lambda work: world.app.handed_over(work, "s1", "o1", parcel, world.now))


async def shows(world: World, *lines: OrderLine, version: int = 2, **values: Any) -> None:
    """The shop tells a newer version of the order."""
    components = values.pop("components", (shipping(),))

    told = snapshot(*lines, version=version, components=components, tenders=(card(),), **values)
    await world.run(lambda work: world.app.order_recorded(work, "s1", "o1", told))


def moved(world: World) -> dict[str, int]:
    """What was planned to go back, by way."""
    found: dict[str, int] = {}
    for transfer in world.ledger().transfers.values():
        if transfer.counts:
            found[transfer.way.value] = found.get(transfer.way.value, 0) + transfer.amount.minor
    return found


def interceptions(world: World) -> list[Effect]:
    return world.effects(INTERCEPTION_EFFECT)
