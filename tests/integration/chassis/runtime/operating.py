"""An operator's and a shop's hands at the running example service."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import grpc
from aftercare.admin.v1 import admin_pb2, admin_pb2_grpc
from aftercare.returns.v1 import service_pb2_grpc
from aiokafka import AIOKafkaProducer
from grpc import StatusCode

from chassis.domain import derived_id
from chassis.ids import new_id
from tests.integration.chassis.runtime.conftest import Example
from tests.unit.chassis.grpc.serving import headers

T = TypeVar("T")
UPSERTED = "aftercare.orders.v1.CustomerUpserted"


def request_id() -> str:
    return str(new_id())


def account_of(customer: str) -> UUID:
    return derived_id("example.account", customer)


class Operator:
    """An operator at the running example service, and a shop that publishes."""

    def __init__(self, example: Example, channel: grpc.aio.Channel, producer: AIOKafkaProducer) -> None:
        self.example, self.producer = example, producer
        self.stub = admin_pb2_grpc.AdminServiceStub(channel)
        self.agents = service_pb2_grpc.ReturnsServiceStub(channel)
        self.token = headers(example.issuer.issue("ops", ["operator"]))

    async def ask(self, rpc: str, request: Any) -> Any:
        return await getattr(self.stub, rpc)(request, metadata=self.token, timeout=30)

    async def publish(self, value: dict[str, Any], *, ce_type: str = UPSERTED) -> None:
        said = {"occurredAt": "2026-03-01T12:00:00Z", "shopId": "shop-1", **value}
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": request_id(),
            "ce_source": "/shop",
            "ce_type": ce_type,
            "content-type": "application/json",
        }
        await self.producer.send_and_wait(
            f"{self.example.topic_prefix}shop.customers.v1",
            json.dumps(said).encode(),
            key=str(value["customerId"]).encode(),
            headers=[(name, text.encode()) for name, text in attributes.items()],
        )

    async def parked(self, customer: str) -> list[admin_pb2.ParkedRecord]:
        asked = admin_pb2.ListParkedRequest(filter=f'key = "{customer}" AND topic = "shop.customers.v1"')
        return list((await self.ask("ListParked", asked)).records)

    async def history(self, customer: str) -> list[admin_pb2.GetAggregateHistoryResponse.StoredEvent]:
        try:
            asked = admin_pb2.GetAggregateHistoryRequest(aggregate_id=str(account_of(customer)))
            return list((await self.ask("GetAggregateHistory", asked)).events)
        except grpc.aio.AioRpcError as error:
            assert error.code() is StatusCode.NOT_FOUND
            return []

    async def status(self) -> admin_pb2.GetStatusResponse:
        status: admin_pb2.GetStatusResponse = await self.ask("GetStatus", admin_pb2.GetStatusRequest())
        return status


async def until(look: Callable[[], Awaitable[T]], seconds: float = 30) -> T:
    """What `look` sees, once it sees something."""
    deadline = time.monotonic() + seconds
    while True:
        seen = await look()
        if seen or time.monotonic() > deadline:
            assert seen, f"not seen within {seconds} s"
            return seen
        await asyncio.sleep(0.05)
