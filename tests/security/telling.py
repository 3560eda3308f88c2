"""Facts on their way into the services of this process, and from each of them to the others, without a broker."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message

from chassis.cloudevents import Arrived, headers_of, read
from chassis.outbox import read_headers
from chassis.work import SYSTEM
from infra.shop_simulator.bus import Fact, headers, payload
from tests.security.served import Served


async def hand(service: Served, arrived: Arrived) -> None:
    """One record to the service's own handler, if it has one."""
    for subscription in service.wiring.subscriptions:
        found = subscription.handlers.get(arrived.ce_type) if subscription.topic == arrived.topic else None
        if found is not None:
            message_class, handler = found
            record = read(arrived, message_class)
            cause = f"record:{arrived.topic}/0/{arrived.offset}"

            async def decide(work: Any, handler: Any = handler, record: Any = record) -> None:
                await handler(work, record)

            await service.stores.units.run(decide, actor=SYSTEM, cause=cause)


def arrived(message: Message) -> Arrived:
    """A shop's fact, as Kafka would give it."""
    fact = Fact(message, str(uuid4()))
    return Arrived(fact.topic, 0, 0, 0, fact.key.encode(), tuple(headers(fact)), payload(fact))


async def spread(services: Mapping[str, Served], seen: dict[str, tuple[int, int]]) -> None:
    """Until nobody has anything new to tell."""
    while True:
        told: list[Arrived] = []
        for name, service in services.items():
            rows = await service.stores.pool.fetch(
                "SELECT * FROM outbox WHERE (position, n) > ($1, $2) ORDER BY position, n", *seen.get(name, (0, -1))
            )
            for row in rows:
                attributes = headers_of({k: v.decode() for k, v in read_headers(row["headers"])})
                told.append(Arrived(row["topic"], 0, row["position"], 0, row["key"], attributes, row["value"]))
                seen[name] = (row["position"], row["n"])
        if not told:
            return
        for one in told:
            for service in services.values():
                await hand(service, one)
