"""The life of parcels as a warehouse and a carrier tell it, many parcels at once, as bytes for Kafka."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from aftercare.orders.v1 import shipments_pb2
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from infra.shop_simulator.bus import Fact, headers, payload
from infra.shop_simulator.catalogue import PRODUCTS, person
from infra.shop_simulator.lives import Bought, about_parcel, order_record, parcel_record

TOPIC = "shop.shipments.v1"
SCANS = 6
FACTS_OF_A_PARCEL = 3 + SCANS
BATCH = 500

Record = tuple[bytes, bytes, list[tuple[str, bytes]]]
"""Key, value, headers."""


def lives(count: int, seed: int, *, now: datetime) -> list[Record]:
    """Every fact of `count` parcels, in the order in which they happened; none is late, so nothing is due for days."""
    rng = random.Random(seed)
    told: list[tuple[float, Fact]] = []
    for number in range(count):
        at = rng.uniform(0, 40)
        for fact in _life(number, seed, now):
            told.append((at, fact))
            at += rng.uniform(1, 4)
    told.sort(key=lambda one: one[0])
    return [(fact.key.encode(), payload(fact), headers(fact)) for _, fact in told]


def _life(number: int, seed: int, now: datetime) -> Iterator[Fact]:
    order_id, shipment_id = f"O-{seed}-{number}", f"S-{seed}-{number}"
    placed = now - timedelta(hours=30)
    product = PRODUCTS[number % len(PRODUCTS)]
    order = order_record("bench", order_id, person(number % 1000, seed), (Bought(product, 1),), placed_at=placed)
    label = parcel_record(order, shipment_id, at=now - timedelta(hours=20), promised_by=now + timedelta(days=4))
    yield Fact(label, f"{shipment_id}.label", "/bench/warehouse")
    handed = about_parcel(shipments_pb2.HandedOver, order, shipment_id, at=now - timedelta(hours=18))
    yield Fact(handed, f"{shipment_id}.handed", "/bench/warehouse")
    for n in range(1, SCANS + 1):
        more: dict[str, Any] = {"carrier": "dhl", "carrier_status": "transit", "scan_key": f"{shipment_id}-{n}"}
        seen = about_parcel(shipments_pb2.Scanned, order, shipment_id, at=now - timedelta(hours=18 - n), **more)
        seen.place.name, seen.place.country = f"Hub {n}", "DE"
        yield Fact(seen, f"{shipment_id}.scan.{n}", "/bench/carrier")
    handed_out = about_parcel(
        shipments_pb2.Delivered,
        order,
        shipment_id,
        at=now - timedelta(hours=2),
        delivery_key="1",
        handed_to="recipient",
    )
    yield Fact(handed_out, f"{shipment_id}.delivered", "/bench/carrier")


async def produce(bootstrap: str, topic: str, records: Sequence[Record]) -> None:
    """Put records into the partitions their keys belong to, in order."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=1_000_000
    )
    await producer.start()
    try:
        partitions = sorted(await producer.partitions_for(topic))
        choose = DefaultPartitioner()
        by_place: dict[int, list[Record]] = {}
        for record in records:
            by_place.setdefault(int(choose(record[0], partitions, partitions)), []).append(record)
        for partition, mine in by_place.items():
            for at in range(0, len(mine), BATCH):
                batch = producer.create_batch()
                for key, value, attributes in mine[at : at + BATCH]:
                    batch.append(timestamp=None, key=key, value=value, headers=attributes)
                batch.close()
                await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
