"""What one test's own shop sells and tells: the facts of an order's life, published when the test says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import grpc
from aftercare.orders.v1 import orders_pb2, shipments_pb2
from google.protobuf.message import Message

from clients.cli.stubs import Channels
from infra.demo.stage import Stage
from infra.shop_simulator.bus import Fact
from infra.shop_simulator.catalogue import PRODUCTS, Person, Product, customer_record
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record
from tests.faults.load import reason_of

BY_SKU = {product.sku: product for product in PRODUCTS}
KETTLE, SHIRT, LAMP, HEADSET = (BY_SKU[sku] for sku in ("KETTLE-17", "TEE-BLK-M", "LAMP-DESK", "HEADSET-2"))
SHOE = BY_SKU["SHOE-RUN-42"]


@dataclass(slots=True)
class Shop:
    """Orders of one test. `told` is everything published so far, for telling it again."""

    stage: Stage
    tag: str
    told: list[Fact] = field(default_factory=list)
    _orders: int = 0

    def customer(self, name: str = "Nina", language: str = "de") -> Person:
        """A customer of the test's own; her family name occurs nowhere else."""
        country, zone = ("DE", "Europe/Berlin") if language == "de" else ("IE", "Europe/Dublin")
        family = f"Q{self.tag.replace('-', '')}"
        return Person(f"C-{self.tag}-{name.lower()}", name, family, language, country, zone)

    async def tell(self, message: Message, key: str, source: str = "/shop") -> None:
        """Publish one fact under an id of its own."""
        fact = Fact(message, f"{self.tag}.{key}", source)
        self.told.append(fact)
        await self.stage.bus.publish(fact)

    async def order(
        self, who: Person, *bought: tuple[Product, int], coupon: int = 0, promised_in: float = 96, lot: str = ""
    ) -> orders_pb2.OrderRecorded:
        """An order of yesterday, paid, with a label for its one parcel."""
        self._orders += 1
        now = await self.stage.now()
        lines = tuple(Bought(product, quantity, coupon) for product, quantity in bought)
        promised = now + timedelta(hours=promised_in)
        order = order_record(
            self.stage.shop,
            f"O-{self.tag}-{self._orders}",
            who,
            lines,
            placed_at=now - timedelta(days=1),
            deliver_by=promised,
        )
        parcel = parcel_record(order, parcel_of(order), at=now - timedelta(hours=4), promised_by=promised, lot=lot)
        await self.tell(customer_record(self.stage.shop, who, at=now), f"{who.customer_id}.customer")
        await self.tell(order, f"{order.order_id}.order")
        await self.tell(captured_record(order), f"{order.order_id}.capture")
        await self.tell(parcel, f"{order.order_id}.label")
        return order

    async def about(self, kind: Any, order: orders_pb2.OrderRecorded, *, at: datetime, **more: Any) -> None:
        """Any fact of the order's parcel."""
        said = about_parcel(kind, order, parcel_of(order), at=at, **more)
        await self.tell(said, f"{order.order_id}.{kind.DESCRIPTOR.name}.{at:%d%H%M%S}", "/shop/carrier")

    async def silent(self, order: orders_pb2.OrderRecorded) -> None:
        """The carrier has the parcel, scans it once, and is never heard of again."""
        now = await self.stage.now()
        await self.about(shipments_pb2.HandedOver, order, at=now)
        await self.scan(order, at=now, key="first")

    async def scan(self, order: orders_pb2.OrderRecorded, *, at: datetime, key: str) -> None:
        """The carrier saw it."""
        scan_key = f"{order.order_id}-{key}"
        await self.about(
            shipments_pb2.Scanned, order, at=at, scan_key=scan_key, carrier="dhl", carrier_status="transit"
        )

    async def damaged(self, order: orders_pb2.OrderRecorded) -> str:
        """The carrier says it broke the parcel; returns the case that this opens, its order heard of by everybody."""
        now = await self.stage.now()
        await self.about(shipments_pb2.HandedOver, order, at=now - timedelta(hours=1))
        await self.about(
            shipments_pb2.DeliveryException, order, at=now, exception_key="1", carrier="dhl", exception="damaged"
        )
        await self.stage.settled()
        return await self.case("shipping_issues", order)

    async def delivered(self, order: orders_pb2.OrderRecorded) -> None:
        """The customer has it since an hour."""
        now = await self.stage.now()
        await self.about(shipments_pb2.HandedOver, order, at=now - timedelta(hours=3))
        await self.about(
            shipments_pb2.Delivered, order, at=now - timedelta(hours=1), delivery_key="1", handed_to="recipient"
        )
        await self.stage.settled()

    async def case(self, service: str, order: orders_pb2.OrderRecorded) -> str:
        """The one case of an order, as soon as there is one."""

        async def opened() -> list[Any]:
            return await self.cases(service, order)

        (found,) = await self.stage.until(f"a case of {order.order_id} in {service}", opened)
        return str(found.case_id)

    async def cases(self, service: str, order: orders_pb2.OrderRecorded) -> list[Any]:
        """Every case of an order in one service."""
        agent = self.stage.as_("reader", "agent")
        terms = f'order_id = "{order.order_id}"'
        return list((await self.stage.call(agent, service, "ListCases", filter=terms)).cases)

    async def pass_time(self, until: Callable[[], Awaitable[bool]], *, step: float = 24, most: float = 240) -> None:
        """Let the clock jump forward, step by step, until something is so."""
        for _ in range(int(most / step)):
            await self.stage.settled()
            if await until():
                return
            await self.stage.set_clock(await self.stage.now() + timedelta(hours=step))
        raise AssertionError(f"not so after {most:.0f} hours")


def parcel_of(order: orders_pb2.OrderRecorded) -> str:
    """The id of the order's one parcel."""
    return f"S{order.order_id[1:]}"


async def refusal(stage: Stage, who: Channels, service: str, rpc: str, **values: Any) -> tuple[str, str, str]:
    """(code, reason, words) of a call that must be refused."""
    try:
        answer = await stage.call(who, service, rpc, **values)
    except grpc.RpcError as error:
        return error.code().name, reason_of(error), str(error.details())
    raise AssertionError(f"{rpc} was accepted: {answer}")
