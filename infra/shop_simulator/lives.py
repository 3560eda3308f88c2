"""The lives of orders: what each system publishes about one order, from the checkout to the doorstep or to silence."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftercare.orders.v1 import orders_pb2, payments_pb2, shipments_pb2

from infra.shop_simulator.bus import Fact
from infra.shop_simulator.catalogue import PRODUCTS, Person, Product, customer_record, instant, line, money

FATES = (
    "delivered",
    "delivered",
    "delivered",
    "silent",
    "never_scanned",
    "late",
    "customs",
    "failed_attempt",
    "damaged",
)


@dataclass(frozen=True, slots=True)
class Life:
    """One order with everything that is told of it, in the order in which it happened."""

    order_id: str
    shipment_id: str
    fate: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Bought:
    """`coupon` minor units were taken off the line."""

    product: Product
    quantity: int
    coupon: int = 0


def order_record(
    shop_id: str,
    order_id: str,
    who: Person,
    bought: tuple[Bought, ...],
    *,
    placed_at: datetime,
    deliver_by: datetime | None = None,
    shipping: int = 490,
    currency: str = "EUR",
    version: int = 1,
) -> orders_pb2.OrderRecorded:
    """The whole order as the shop publishes it, captured in full on one card."""
    lines = [line(f"L{n}", b.product, b.quantity, currency, coupon=b.coupon) for n, b in enumerate(bought, 1)]
    total = sum(b.product.price * b.quantity - b.coupon for b in bought) + shipping
    record = orders_pb2.OrderRecorded(
        shop_id=shop_id,
        order_id=order_id,
        occurred_at=instant(placed_at),
        version=version,
        customer_id=who.customer_id,
        order_number=order_id,
        placed_at=instant(placed_at),
        country=who.country,
        time_zone=who.time_zone,
        currency=currency,
        prices_include_tax=True,
        language=who.language,
        lines=lines,
        components=[
            orders_pb2.Component(
                component_id="shipping", kind="shipping", amount=money(shipping, currency), service_level="standard"
            )
        ],
        tenders=[
            orders_pb2.Tender(
                tender_id="card",
                kind="card",
                provider="acme-pay",
                captures=[
                    orders_pb2.Tender.Capture(
                        capture_id=f"cap-{order_id}", amount=money(total, currency), captured_at=instant(placed_at)
                    )
                ],
            )
        ],
        channel="web",
    )
    record.shipping_address.recipient = f"{who.given_name} {who.family_name}"
    record.shipping_address.lines.append("Lindenweg 4")
    record.shipping_address.city, record.shipping_address.postal_code = "Berlin", "10115"
    record.shipping_address.country = who.country
    if deliver_by is not None:
        record.promises.append(orders_pb2.Promise(deliver_by=instant(deliver_by)))
    return record


def parcel_record(
    order: orders_pb2.OrderRecorded, shipment_id: str, *, at: datetime, promised_by: datetime | None, lot: str = ""
) -> shipments_pb2.ShipmentCreated:
    """One parcel with everything the order holds."""
    contents = []
    for ordered in order.lines:
        content = shipments_pb2.ParcelContent(line_id=ordered.line_id, sku=ordered.sku, quantity=ordered.quantity)
        if lot:
            content.lots.append(shipments_pb2.ParcelContent.Lot(lot_id=lot, quantity=ordered.quantity))
        contents.append(content)
    return shipments_pb2.ShipmentCreated(
        shop_id=order.shop_id,
        shipment_id=shipment_id,
        occurred_at=instant(at),
        order_id=order.order_id,
        customer_id=order.customer_id,
        direction=shipments_pb2.DIRECTION_OUTBOUND,
        carrier="dhl",
        service_level="standard",
        tracking_number=f"{abs(int.from_bytes(shipment_id.encode()[-7:], 'big')) % 10**12:012d}",
        contents=contents,
        destination_country=order.country,
        destination_time_zone=order.time_zone,
        promised_by=instant(promised_by) if promised_by else None,
    )


def about_parcel(kind: Any, order: orders_pb2.OrderRecorded, shipment_id: str, *, at: datetime, **more: Any) -> Any:
    """Any of the parcel's facts: HandedOver, Scanned, Delivered and so on."""
    return kind(
        shop_id=order.shop_id, shipment_id=shipment_id, order_id=order.order_id, occurred_at=instant(at), **more
    )


def captured_record(order: orders_pb2.OrderRecorded) -> payments_pb2.PaymentCaptured:
    """The payment system's own word of the order's capture."""
    tender = order.tenders[0]
    return payments_pb2.PaymentCaptured(
        shop_id=order.shop_id,
        capture_id=tender.captures[0].capture_id,
        occurred_at=order.placed_at,
        order_id=order.order_id,
        tender_id=tender.tender_id,
        amount=tender.captures[0].amount,
    )


def live(number: int, seed: int, who: Person, *, shop_id: str, now: datetime) -> Life:
    """An order whose story ends about `now`."""
    rng = random.Random(f"{seed}/life/{number}")
    fate = rng.choice(FATES)
    placed = now - timedelta(days=rng.uniform(4, 6))
    promised = placed + timedelta(days=rng.choice((3, 5, 7)))
    order_id, shipment_id = f"O-{seed}-{number}", f"S-{seed}-{number}"
    bought = tuple(
        Bought(p, rng.choice((1, 1, 2)), rng.choice((0, 0, 300))) for p in rng.sample(PRODUCTS, rng.choice((1, 1, 2)))
    )
    order = order_record(shop_id, order_id, who, bought, placed_at=placed, deliver_by=promised)
    handed = placed + timedelta(hours=rng.uniform(6, 30))

    def scan(n: int, status: str, after: float) -> Fact:
        at = handed + timedelta(hours=after)
        record = about_parcel(
            shipments_pb2.Scanned,
            order,
            shipment_id,
            at=at,
            scan_key=f"{shipment_id}-{n}",
            carrier="dhl",
            carrier_status=status,
        )
        return Fact(record, f"{shipment_id}.scan.{n}", "/shop/carrier")

    def told(kind: Any, after: float, **more: Any) -> Fact:
        record = about_parcel(kind, order, shipment_id, at=handed + timedelta(hours=after), **more)
        return Fact(record, f"{shipment_id}.{record.DESCRIPTOR.name}", "/shop/carrier")

    facts = [
        Fact(customer_record(shop_id, who, at=placed), f"{who.customer_id}.1", "/shop/customers"),
        Fact(order, f"{order_id}.1", "/shop/orders"),
        Fact(captured_record(order), f"{order_id}.capture", "/shop/payments"),
        Fact(
            parcel_record(order, shipment_id, at=handed - timedelta(hours=2), promised_by=promised),
            f"{shipment_id}.1",
            "/shop/warehouse",
        ),
        Fact(
            about_parcel(shipments_pb2.HandedOver, order, shipment_id, at=handed),
            f"{shipment_id}.handed",
            "/shop/warehouse",
        ),
    ]
    if fate != "never_scanned":
        facts.append(scan(1, "transit", 5))
    if fate == "delivered":
        facts += [
            scan(2, "out_for_delivery", 40),
            told(shipments_pb2.Delivered, 44, delivery_key="1", handed_to="recipient"),
        ]
    elif fate == "late":
        facts.append(
            told(
                shipments_pb2.EstimateChanged,
                30,
                estimated_delivery=instant(promised + timedelta(days=2)),
                source="carrier",
            )
        )
    elif fate in EXCEPTIONS:
        facts.append(
            told(shipments_pb2.DeliveryException, 42, exception_key="1", carrier="dhl", exception=EXCEPTIONS[fate])
        )
    return Life(order_id, shipment_id, fate, tuple(facts))


EXCEPTIONS = {"customs": "customs_hold", "failed_attempt": "failed_attempt", "damaged": "damaged"}
