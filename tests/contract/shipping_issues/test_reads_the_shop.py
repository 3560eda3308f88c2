"""Shipping issues understands what a shop publishes about orders and parcels, as JSON and as protobuf."""

from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from chassis.domain import Money
from chassis.grpc.convert import timestamp_from_proto
from chassis.service import Record
from services.shipping_issues.consumers import subscriptions
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.translation import address_from_text, order_snapshot
from tests.contract.contracts import EXAMPLES, rule_of, travelling
from tests.unit.shipping_issues.world import World

READ = ("shop.orders.v1", "shop.shipments.v1", "shop.answers.v1")
LEDGER = "aftercare.compensation.answers.v1"


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


@pytest.mark.parametrize("topic", READ)
def test_what_a_shop_publishes_there_has_a_handler(topic: str) -> None:
    """All but the answers to refund look-ups, exchanges and credit notes, which only returns asks for."""
    types = {message.full_name for message in travelling() if topic in rule_of(message).topics}
    (subscription,) = [s for s in subscriptions(World().app) if s.topic == topic]
    assert not subscription.ordered
    assert types - set(subscription.handlers) <= {
        "aftercare.orders.v1.CreditNoteIssued",
        "aftercare.orders.v1.ExchangeReserved",
        "aftercare.orders.v1.RefundLookupAnswered",
    }


def test_every_answer_of_the_ledger_is_known() -> None:
    """A type outside the list would stop the topic."""
    types = {message.full_name for message in travelling() if LEDGER in rule_of(message).topics}
    (subscription,) = [s for s in subscriptions(World().app) if s.topic == LEDGER]
    assert subscription.ordered
    assert set(subscription.handlers) | subscription.known == types


@pytest.mark.parametrize(
    "name",
    [
        "OrderRecorded",
        "ShipmentCreated",
        "HandedOver",
        "Scanned",
        "ScanRevoked",
        "EstimateChanged",
        "Delivered",
        "DeliveryRevoked",
        "DeliveryException",
    ],
)
async def test_the_documented_example_becomes_state(name: str) -> None:
    """Each is taken alone, whatever else is not known yet, and told again it changes nothing."""
    world, message = World(), example(name)
    await read(world, message)
    (first, *_) = world.memory.held.values()
    assert isinstance(first, (Order, Shipment))
    written = len(world.events)
    assert written > 1
    await read(world, message)
    assert len(world.events) == written


async def test_a_shops_own_translation_of_a_status_goes_before_our_table() -> None:
    """Where it gives none, the carrier's table says it; an unknown code moves nothing."""
    world, message = World(), example("Scanned")
    message.carrier, message.carrier_status, message.neutral_status = "dhl", "transit", "out_for_delivery"
    await read(world, message)
    message.scan_key, message.neutral_status, message.carrier_status = "k-2", "", "DELIVERED"
    await read(world, message)
    message.scan_key, message.carrier_status = "k-3", "ZZ-9"
    await read(world, message)
    (parcel,) = [held for held in world.memory.held.values() if isinstance(held, Shipment)]
    assert [scan.meaning.status for scan in parcel.scans.values()] == ["out_for_delivery", "delivered", "unknown"]
    assert "description" not in repr(parcel.scans)


def test_what_the_shop_allocated_is_used_verbatim_and_the_rest_is_split() -> None:
    """Two lines at 30.00 and 10.00, 1.00 off the first line, 4.00 off the order: 26.10 and 9.00 less rounding."""
    message = example("OrderRecorded")
    del message.lines[:], message.components[:], message.unallocated_discounts[:]
    for line_id, price in (("1", 3000), ("2", 1000)):
        line = message.lines.add(line_id=line_id, sku=line_id, quantity=1)
        line.unit_price.minor_units, line.unit_price.currency = price, message.currency
    off = message.lines[0].discounts.add(discount_id="d")
    off.amount.minor_units, off.amount.currency = 100, message.currency
    rest = message.unallocated_discounts.add(discount_id="e")
    rest.amount.minor_units, rest.amount.currency = 400, message.currency
    message.prices_include_tax = True
    lines = order_snapshot(message).lines
    assert [line.paid_each for line in lines] == [
        (Money(3000 - 100 - 297, message.currency),),
        (Money(1000 - 103, message.currency),),
    ]


def test_an_address_comes_back_as_it_was() -> None:
    """It is kept as one personal text."""
    message = example("OrderRecorded")
    snapshot = order_snapshot(message)
    assert snapshot.address.subject == f"{message.shop_id}/{message.customer_id}"
    assert address_from_text(snapshot.address.text) == message.shipping_address
    assert snapshot.placed_at == timestamp_from_proto(message.placed_at)
