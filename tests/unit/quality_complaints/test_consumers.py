"""The shop's, the ledger's and our own messages, as the application hears them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aftercare.common.v1 import money_pb2
from aftercare.compensation.v1 import answers_pb2
from aftercare.notifications.v1 import events_pb2 as told_pb2
from aftercare.notifications.v1 import model_pb2
from aftercare.orders.v1 import orders_pb2, shipments_pb2
from google.protobuf.message import Message

from chassis.service import Record
from services.quality_complaints.consumers import subscriptions
from services.quality_complaints.domain.values import OrderLine, PickedLot
from services.quality_complaints.translation import order_lines, picked_lots
from tests.unit.quality_complaints.world import SYSTEM, World, euros


async def hear(world: World, message: Message) -> None:
    """A record came."""
    name = message.DESCRIPTOR.full_name
    (handler,) = [s.handlers[name][1] for s in subscriptions(world.app) if name in s.handlers]
    at = datetime(2026, 11, 23, tzinfo=UTC)
    record: Record[Any] = Record(message, "e-1", "/x", name, at, "t", 0, 0, b"k")
    await world.decide(lambda work: handler(work, record), by=SYSTEM)


def accepted(case_id: UUID, trouble: str) -> told_pb2.MessageOutcomeRecorded:
    """A message was accepted."""
    return told_pb2.MessageOutcomeRecorded(
        case_id=str(case_id), message_id="m-1", trouble=trouble, state=model_pb2.MESSAGE_STATE_ACCEPTED
    )


async def test_an_accepted_message_about_the_complaint_acknowledges_it() -> None:
    """A message of another service's case, whatever its id, is passed over."""
    world = World()
    await world.order()
    found = await world.file()
    await hear(world, accepted(uuid4(), "parcel:T-1"))
    assert world.complaint(found).acknowledged_at is None
    await hear(world, accepted(found.id, f"complaint:{found.id}"))
    assert world.complaint(found).acknowledged_at is not None


@pytest.mark.parametrize(("requester", "state"), [("quality_complaints", "reserved"), ("shipping_issues", "asked")])
async def test_the_ledgers_answer_to_others_is_passed_over(requester: str, state: str) -> None:
    """Only our own request is moved."""
    world = World()
    await world.order()
    found = await world.assessed()
    key = await world.resolve(found, "refund")
    answer = answers_pb2.CompensationReserved(
        request_key=key,
        case_id=str(found.id),
        requester=requester,
        amount=money_pb2.Money(minor_units=5000, currency="EUR"),
    )
    await hear(world, answer)
    assert world.complaint(found).remedy(key).state == state


def test_lots_that_were_not_recorded_are_of_no_known_lot() -> None:
    """Three units, two of them from L7."""
    message = shipments_pb2.ShipmentCreated()
    content = message.contents.add(line_id="1", sku="LAMP", quantity=3)
    content.lots.add(lot_id="L7", quantity=2)
    assert picked_lots(message) == (PickedLot("1", "LAMP", "L7", 2), PickedLot("1", "LAMP", "", 1))


def test_what_was_paid_is_split_to_the_unit_and_nothing_is_lost() -> None:
    """Two lamps at 50, 1 off the line, 10 off the order; shipping of 10 carries its share."""
    message = orders_pb2.OrderRecorded(currency="EUR", prices_include_tax=True)
    line = message.lines.add(line_id="1", sku="LAMP", quantity=2)
    line.unit_price.CopyFrom(money_pb2.Money(minor_units=5000, currency="EUR"))
    line.discounts.add(discount_id="d").amount.CopyFrom(money_pb2.Money(minor_units=101, currency="EUR"))
    message.components.add(component_id="s", kind="shipping").amount.CopyFrom(
        money_pb2.Money(minor_units=1000, currency="EUR")
    )
    message.unallocated_discounts.add(discount_id="o").amount.CopyFrom(
        money_pb2.Money(minor_units=1000, currency="EUR")
    )
    # 9899 for the line and 1000 for shipping share 1000: 908 and 92
    assert order_lines(message) == (OrderLine("1", "LAMP", 2, (euros(4496), euros(4495))),)
