"""A shop that forgets a customer is heard by every service, for this shop's customer alone."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aftercare.orders.v1 import customers_pb2
from google.protobuf import json_format

import services.notifications.application as notifications
import services.notifications.consumers as notifications_in
import services.notifications.policies as notifications_policies
import services.quality_complaints.consumers as complaints_in
import services.returns.consumers as returns_in
import services.shipping_issues.consumers as shipping_in
from chassis.aggregates import Aggregates
from chassis.service import Model, Record, Subscription
from chassis.work import SYSTEM, Work
from services.notifications.read_model import metadata
from tests.contract.contracts import EXAMPLES
from tests.unit.quality_complaints.world import World as Complaints
from tests.unit.returns.world import World as Returns
from tests.unit.shipping_issues.world import World as Shipping

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICES: dict[str, Callable[[], Sequence[Subscription]]] = {
    "notifications": lambda: notifications_in.subscriptions(
        notifications.Application(notifications_policies.load_catalogue())
    ),
    "quality_complaints": lambda: complaints_in.subscriptions(Complaints().app),
    "returns": lambda: returns_in.subscriptions(Returns().app),
    "shipping_issues": lambda: shipping_in.subscriptions(Shipping().app),
}


class Empty:
    """A log without events."""

    async def current(self, cls: type, id: object) -> None:
        """Nothing is known."""


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_forgets_a_customer_of_that_shop(service: str) -> None:
    """The documented example ends the keys of one person."""
    text = (EXAMPLES / "CustomerErased.json").read_text(encoding="utf-8")
    message = json_format.Parse(text, customers_pb2.CustomerErased())
    name = message.DESCRIPTOR.full_name
    (subscription,) = [s for s in SERVICES[service]() if s.topic == "shop.customers.v1"]
    record: Record[Any] = Record(message, "e", "/shop", name, NOON, subscription.topic, 0, 0, b"C-4711")
    work = Work(
        cast(Aggregates, Empty()),
        Model(service, (), metadata),
        now=NOON,
        actor=SYSTEM,
        cause="test",
        effect_handlers={},
    )
    await subscription.handlers[name][1](work, record)
    assert work.forgotten == {"acme-de/C-4711"}
