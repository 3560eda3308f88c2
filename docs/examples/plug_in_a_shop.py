"""Plug in a shop with nothing but a Kafka client: one customer, one order, one parcel that then goes silent.

    eval "$(.venv/bin/python -m infra.local env)"        # where the embedded Kafka is
    .venv/bin/python docs/examples/plug_in_a_shop.py     # a case opens and an e-mail goes out

The records are JSON with CloudEvents headers. The facts lie in the past, so the silence is already too long.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer

SHOP = "my-shop"


def money(minor_units: int) -> dict[str, Any]:
    """Minor units and ISO 4217 code."""
    return {"minorUnits": minor_units, "currency": "EUR"}


def records(
    tag: str, *, history: bool = False, now: datetime | None = None
) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(topic, type, key, message) of everything this shop has to say; `tag` makes the ids its own."""
    today = now or datetime.now(UTC)

    def ago(**span: float) -> str:
        """An instant in the past, as protobuf's JSON wants it."""
        return (today - timedelta(**span)).isoformat().replace("+00:00", "Z")

    order, parcel, customer = f"O-{tag}", f"S-{tag}", f"C-{tag}"
    about = {"shopId": SHOP, "history": history}
    return [
        (
            "shop.customers.v1",
            "CustomerUpserted",
            customer,
            about
            | {
                "customerId": customer,
                "occurredAt": ago(days=30),
                "version": 1,
                "givenName": "Lena",
                "familyName": "Vogt",
                "language": "de",
                "country": "DE",
                "timeZone": "Europe/Berlin",
                "contacts": [{"channel": "email", "address": f"lena.{tag}@example.test"}],
            },
        ),
        (
            "shop.orders.v1",
            "OrderRecorded",
            order,
            about
            | {
                "orderId": order,
                "occurredAt": ago(days=9),
                "version": 1,
                "customerId": customer,
                "placedAt": ago(days=9),
                "country": "DE",
                "timeZone": "Europe/Berlin",
                "currency": "EUR",
                "pricesIncludeTax": True,
                "lines": [
                    {
                        "lineId": "1",
                        "sku": "KETTLE-17",
                        "title": "Kettle, 1.7 l",
                        "quantity": 1,
                        "unitPrice": money(4990),
                    }
                ],
                "tenders": [
                    {
                        "tenderId": "card",
                        "kind": "card",
                        "captures": [{"captureId": f"cap-{tag}", "amount": money(4990), "capturedAt": ago(days=9)}],
                    }
                ],
                "promises": [{"deliverBy": ago(days=-2)}],
            },
        ),
        (
            "shop.shipments.v1",
            "ShipmentCreated",
            parcel,
            about
            | {
                "shipmentId": parcel,
                "occurredAt": ago(days=8),
                "orderId": order,
                "customerId": customer,
                "direction": "DIRECTION_OUTBOUND",
                "carrier": "dhl",
                "trackingNumber": "00340434161094021501",
                "contents": [{"lineId": "1", "sku": "KETTLE-17", "quantity": 1}],
                "destinationCountry": "DE",
                "destinationTimeZone": "Europe/Berlin",
                "promisedBy": ago(days=-2),
            },
        ),
        (
            "shop.shipments.v1",
            "HandedOver",
            parcel,
            about | {"shipmentId": parcel, "occurredAt": ago(days=8), "orderId": order},
        ),
    ]


async def publish(
    bootstrap: str,
    tag: str,
    *,
    prefix: str = "",
    ids: str = "",
    history: bool = False,
    now: datetime | None = None,
) -> None:
    """Send every record once. `ids` changes the CloudEvents ids: the facts stay the same, and so does the outcome."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for n, (topic, kind, key, message) in enumerate(records(tag, history=history, now=now)):
            headers = {
                "ce_specversion": "1.0",
                "ce_id": f"{tag}-{n}{ids}",
                "ce_source": "/my-shop",
                "ce_type": f"aftercare.orders.v1.{kind}",
                "content-type": "application/json",
            }
            await producer.send_and_wait(
                prefix + topic,
                json.dumps(message).encode(),
                key=key.encode(),
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
    finally:
        await producer.stop()


if __name__ == "__main__":
    address = os.environ.get("AFTERCARE_KAFKA_ADDRESS")
    if not address:
        sys.exit('AFTERCARE_KAFKA_ADDRESS is not set: eval "$(.venv/bin/python -m infra.local env)"')
    name = sys.argv[1] if len(sys.argv) > 1 else datetime.now(UTC).strftime("%H%M%S")
    asyncio.run(publish(address, name))
    print(f"published order O-{name}; next: .venv/bin/aftercare order O-{name}")
