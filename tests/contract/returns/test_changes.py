"""What is asked of the shop about an order that has not left, as the contract has it."""

from typing import Any

import pytest

from chassis.service import Attempt
from services.returns.domain.change import ChangeKind
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns.build import eur
from tests.unit.returns.changing import asked, interceptions, left, sold, swapped
from tests.unit.returns.world import World


async def asked_of_the_shop(world: World, kind: str) -> Any:
    """The one request of that kind, taken instead of Kafka and held against its contract, twice."""
    (effect,) = world.effects(kind)
    recorder = Recorder()
    provider = asking(recorder)[kind]
    for number in (1, 2):
        attempt = Attempt(kind, effect.key, effect.subject, effect.body, number, "idem", world.now, world.now)
        await provider.perform(attempt)
    assert await provider.look_up(attempt) is None
    first, second = recorder.sent
    assert first == second, "another sending asks for something else"
    topic, key, _, message = first
    assert (topic, key, message.request_id) == ("aftercare.fulfilment.requests.v1", "o1", effect.key)
    assert message.answer_by.seconds - message.occurred_at.seconds == 4 * 3600
    return message


async def test_a_cancellation_names_units_by_line() -> None:
    world = await sold()
    await asked(world, ("l1", 2))
    message = await asked_of_the_shop(world, "order_cancellation")
    assert [(u.line_id, u.sku, u.quantity) for u in message.units] == [("l1", "sku-l1", 2)]


@pytest.mark.parametrize(("price", "most"), [(1200, 400), (700, 0)])
async def test_a_swap_says_how_much_may_be_charged_on_top(price: int, most: int) -> None:
    """For all units together, and never below nothing."""
    world = await sold()
    await swapped(world, price, quantity=2)
    message = await asked_of_the_shop(world, "variant_swap")
    assert (message.line_id, message.quantity, message.to_sku) == ("l1", 2, "sku-l1-42")
    assert (message.most_on_top.minor_units, message.most_on_top.currency) == (most, eur(0).currency)


async def test_another_tender_is_named_by_its_kind() -> None:
    world = await sold(captured=0, authorised=3490)
    await asked(world, kind=ChangeKind.TENDER, tender_id="card", to_kind="invoice")
    message = await asked_of_the_shop(world, "tender_change")
    assert (message.tender_id, message.to_kind) == ("card", "invoice")


async def test_an_interception_names_the_parcel() -> None:
    world = await sold(overtaken="interception")
    await asked(world, ("l1", 3))
    await left(world, ("l1", 3))
    assert len(interceptions(world)) == 1
    assert (await asked_of_the_shop(world, "interception")).shipment_id == "p1"
