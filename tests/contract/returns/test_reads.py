"""Returns understands what a shop publishes and what other services ask, as JSON and as protobuf."""

from typing import Any

import pytest
from aftercare.common.v1 import command_pb2
from aftercare.compensation.v1 import ledger_pb2, requests_pb2
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from chassis.service import Record
from services.returns.consumers import subscriptions
from services.returns.domain.order import Order, price_order
from services.returns.domain.receipt import Receipt
from services.returns.translation import snapshot_of
from tests.contract.contracts import EXAMPLES, rule_of, travelling
from tests.unit.returns.world import World

SHOP = ("shop.orders.v1", "shop.payments.v1", "shop.receipts.v1", "shop.answers.v1")
LEDGER = "aftercare.compensation.requests.v1"


def example(name: str) -> Any:
    """The documented example of one message."""
    described = {message.name: message for message in travelling()}[name]
    return json_format.Parse((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"), GetMessageClass(described)())


async def read(world: World, message: Any) -> None:
    """Hand a record to the handler its topic has for it."""
    topic = rule_of(message.DESCRIPTOR).topics[0]
    subscription = next(s for s in subscriptions(world.app) if s.topic == topic)
    _, handler = subscription.handlers[message.DESCRIPTOR.full_name]
    record: Record[Any] = Record(message, "e", "/shop", message.DESCRIPTOR.full_name, world.now, topic, 0, 0, b"k")
    await world.run(lambda work: handler(work, record))


@pytest.mark.parametrize("topic", SHOP)
def test_everything_a_shop_publishes_there_has_a_handler(topic: str) -> None:
    """Nothing of these topics is passed over."""
    types = {message.full_name for message in travelling() if topic in rule_of(message).topics}
    (subscription,) = [s for s in subscriptions(World().app) if s.topic == topic]
    assert not subscription.ordered
    assert types == set(subscription.handlers)


def test_every_request_to_the_ledger_is_known_and_keeps_its_order() -> None:
    """A type outside the list would stop the topic."""
    types = {message.full_name for message in travelling() if LEDGER in rule_of(message).topics}
    (subscription,) = [s for s in subscriptions(World().app) if s.topic == LEDGER]
    assert subscription.ordered
    assert set(subscription.handlers) | subscription.known == types


@pytest.mark.parametrize(
    "name",
    [
        "OrderRecorded",
        "PaymentAuthorised",
        "PaymentCaptured",
        "PaymentRefunded",
        "PaymentRefundFailed",
        "DisputeOpened",
        "DisputeClosed",
        "ShipmentCreated",
        "HandedOver",
        "Delivered",
        "DeliveryRevoked",
        "ReceiptMade",
        "ReceiptCorrected",
        "ReceiptVoided",
    ],
)
async def test_the_documented_example_becomes_state(name: str) -> None:
    """Each is taken alone, whatever else is not known yet, and told again it changes nothing."""
    world, message = World(), example(name)
    await read(world, message)
    (first, *_) = world.memory.held.values()
    assert isinstance(first, (Order, Receipt))
    written = len(world.events)
    assert written > 1
    await read(world, message)
    assert len(world.events) == written


@pytest.mark.parametrize("name", ["RequestAccepted", "RequestDone", "RequestRefused", "RefundLookupAnswered"])
async def test_answers_to_what_was_never_asked_change_nothing(name: str) -> None:
    """Other services' answers come on the same topic."""
    world = World()
    await read(world, example(name))
    assert world.events == []


def test_the_documented_order_is_read_whole() -> None:
    """Every unit, component and discount of the example is in its prices, to the cent."""
    message = example("OrderRecorded")
    order = snapshot_of(message)
    prices = price_order(order)
    listed = sum(line.unit_price.minor_units * line.quantity for line in message.lines)
    listed += sum(component.amount.minor_units for component in message.components)
    parts = [*message.lines, *message.components]
    off = sum(d.amount.minor_units for part in parts for d in part.discounts)
    off += sum(d.amount.minor_units for d in message.unallocated_discounts)
    taxes = sum(t.amount.minor_units for part in parts for t in part.taxes)
    expected = listed - off + (0 if message.prices_include_tax else taxes)
    assert sum(price.paid.minor for price in prices) == expected
    assert (order.customer_id, order.country, order.time_zone) == (
        message.customer_id,
        message.country,
        message.time_zone,
    )


async def test_history_is_state_and_ledger_without_any_message() -> None:
    """A whole order with its payment, flagged: known afterwards, and nobody was told anything."""
    world = World()
    for name in ("OrderRecorded", "PaymentCaptured", "PaymentRefunded", "ShipmentCreated", "Delivered"):
        message = example(name)
        message.history = True
        await read(world, message)
    assert world.told == []
    assert world.effects() == []


async def test_a_request_as_another_service_writes_it_is_answered() -> None:
    """Units of a line without numbers, no amount, no tender: the ledger takes what is left."""
    world = World()
    await world.order_told()
    request = requests_pb2.CompensationRequested(
        shop_id="s1",
        request_key="shipping_issues:case-1:r1",
        order_id="o1",
        customer_id="c1",
        requester="shipping_issues",
        case_id="case-1",
        book=ledger_pb2.BOOK_RESTITUTION,
        units=[ledger_pb2.LineUnits(line_id="l1", quantity=2)],
        reason="lost",
        decided_by=command_pb2.Actor(kind="agent", id="ann"),
    )
    await read(world, request)
    (answer,) = world.tell("CompensationReserved")
    assert (answer.amount.minor_units, list(answer.units[0].units)) == (2000, [1, 2])
