"""Public events: keyed by their case, one story over all findings, and nothing personal in them."""

from typing import Any

import protovalidate
from aftercare.orders.v1 import fulfilment_requests_pb2
from google.protobuf import json_format

from chassis.service import Attempt
from services.shipping_issues.providers.fulfilment import AddressCorrections, Reshipments
from services.shipping_issues.publisher import EVENTS, publish
from tests.contract.contracts import rule_of, travelling
from tests.unit.shipping_issues.build import DAY, MONDAY
from tests.unit.shipping_issues.world import ANN, World


async def a_long_story() -> World:
    """Silent, waited for, missed, reshipped; refused once; the first parcel turns up."""
    world = World()
    case = await world.silent_parcel()
    await world.run(lambda work: world.app.wait(work, case.id, expect_by=world.now + DAY, reason=""), ANN)
    await world.pass_until(MONDAY + 6 * DAY)
    first = (await world.reship(address='{"city":"Bonn"}')).facts["remedy_id"]
    await world.run(lambda work: world.app.refused(work, case.id, first, "frozen", None, ()))
    second = (await world.reship(address='{"city":"Bonn"}')).facts["remedy_id"]
    await world.reserve(second)
    await world.run(lambda work: world.app.shop_did(work, second, "R-1"))
    await world.delivered("d", world.now)
    return world


async def test_every_public_event_is_told_and_keyed_by_its_case() -> None:
    """One scenario tells all types of the topic; each names the case, the trouble and the customer."""
    world = await a_long_story()
    types = {message.name for message in travelling() if EVENTS in rule_of(message).topics}
    public = [found for event in world.events for found in publish(event, world.memory.held[event.originator_id])]
    told = [found for found in public if found.topic == EVENTS]
    assert {found.message.DESCRIPTOR.name for found in told} == types
    for found in told:
        message: Any = found.message
        protovalidate.validate(message)
        assert found.key == message.case_id == message.trouble_id == str(world.case().id)
        assert (message.shop_id, message.order_id, message.customer_id) == ("shop", "O-1", "C-1")


async def test_nothing_personal_is_told() -> None:
    """Neither the order's address nor the one given with the remedy."""
    world = await a_long_story()
    text = "".join(json_format.MessageToJson(message) for message in world.told)
    assert "Bonn" not in text and "Ulm" in text  # Ulm is where the carrier last saw it, as told by its scan


async def test_requests_to_the_shop_obey_their_contracts() -> None:
    """A reshipment goes to the address given with it, under the remedy's own key."""
    world = await a_long_story()
    effect, remedy = world.effects()[0], list(world.case().remedies.values())[1]
    attempt = Attempt("reship", effect.key, effect.subject, effect.body, 1, "k", world.now, world.now)
    made = Reshipments(None, None).message(attempt, world.case(), world.order(), remedy)  # type: ignore[arg-type]
    assert isinstance(made, fulfilment_requests_pb2.ReshipRequested)
    protovalidate_address(made)
    assert (made.request_id, made.shipment_id, made.address.city) == (remedy.id, "S-1", "Bonn")


async def test_a_forgotten_address_is_not_asked_for() -> None:
    """Once the customer was forgotten there is nothing to correct."""
    world = World()
    await world.order_told()
    await world.label()
    await world.scan("a", MONDAY, "exception", "address_problem")
    case_id = world.case().id
    await world.run(lambda work: world.app.correct_address(work, case_id, address='{"city":"Bonn"}'), ANN)
    case, effect = world.case().clone(), world.effects()[0]
    case.forget("shop/C-1")
    attempt = Attempt("address_correction", effect.key, case.id, effect.body, 1, "k", world.now, world.now)
    (remedy,) = case.remedies.values()
    corrections = AddressCorrections(None, None)  # type: ignore[arg-type]
    assert corrections.message(attempt, case, world.order(), remedy) is None


def protovalidate_address(made: fulfilment_requests_pb2.ReshipRequested) -> None:
    """The contract wants a country, which these made-up addresses leave out."""
    made.address.country = "DE"
    protovalidate.validate(made)
