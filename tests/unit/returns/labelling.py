"""A shop's labels in memory: asked for, answered by hand as the shop or an aggregator would."""

from typing import Any
from uuid import UUID

from chassis.effects.effect import Effect
from chassis.service import Failed, Succeeded
from services.returns.application.deciding import Item
from services.returns.application.labelling import CODE_EFFECT, OFFER_EFFECT, PURCHASE_EFFECT
from services.returns.domain.case import ReturnCase
from services.returns.domain.labels import EASYPOST, Label, PostalAddress
from tests.unit.returns.world import ANN, World

HOME = PostalAddress("Grete Weber", ("Lindenweg 4", "2nd floor"), "Bonn", "53111", "", "DE")
MADE = {"label_url": "https://labels.example/1.pdf", "carrier": "dhl", "tracking_number": "T1"}


async def with_return(maker: str = "", *items: Item, **labels: Any) -> tuple[World, ReturnCase]:
    """An order of three, a return of one of them, and a label that was asked for."""
    world = World(label_makers={"s1": EASYPOST} if maker == EASYPOST else {})
    await world.order_told()
    await world.delivered()
    case = await world.asked(*(items or (Item("l1", 1, "too_small"),)))
    await ask_label(world, case, **labels)
    return world, world.case(case.id)


async def ask_label(world: World, case: ReturnCase, units: tuple[str, ...] = (), **labels: Any) -> str:
    """A label is asked for; its id."""
    sender = {"sender": HOME} if world.label_makers else {}
    receipt = await world.run(lambda work: world.app.issue_label(work, case.id, units, **(sender | labels)), ANN)
    return receipt.facts["label_id"]


async def answered(world: World, effect: Effect, reference: str = "", **facts: str) -> None:
    """The outside did what was asked."""
    await world.run(lambda work: work.effect_fact(effect.kind, effect.key, Succeeded(reference, facts)))


async def refused(world: World, effect: Effect, reason: str) -> None:
    """The outside will not do it."""
    await world.run(lambda work: work.effect_fact(effect.kind, effect.key, Failed(reason)))


async def bought(world: World, number: str = "1", code: bool = False) -> None:
    """The aggregator wrote the last parcel down, sold a label for it, and made a code where one was asked for."""
    await answered(world, world.effects(OFFER_EFFECT)[-1], f"shp_{number}", offer="rate_1", minor="607", currency="USD")
    made = MADE | {"tracking_number": f"T{number}"}
    await answered(world, world.effects(PURCHASE_EFFECT)[-1], f"shp_{number}", **made)
    if code:
        await answered(world, world.effects(CODE_EFFECT)[-1], "form_1", qr_code_url="https://labels.example/1.png")


def labels(world: World, case_id: UUID) -> list[Label]:
    """The labels of a return, oldest first."""
    return list(world.case(case_id).labels.values())
