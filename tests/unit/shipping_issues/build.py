"""Orders, labels and scans as the shop would tell them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.domain import Money, Personal
from services.shipping_issues.domain.order import OrderSnapshot
from services.shipping_issues.domain.values import (
    OUTBOUND,
    CheckoutPromise,
    Content,
    NeutralStatus,
    OrderLine,
    ParcelFacts,
    Scan,
)

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def order_snapshot(
    *, version: int = 1, deliver_by: datetime | None = None, ship_by: datetime | None = None, price: int = 4000
) -> OrderSnapshot:
    """An order of two shirts, 40.00 each unless told otherwise."""
    return OrderSnapshot(
        order_version=version,
        customer_id="C-1",
        country="DE",
        currency="EUR",
        language="de",
        placed_at=MONDAY - DAY,
        lines=(OrderLine("1", "SHIRT", "Shirt", 2, 0, (Money(price, "EUR"), Money(price, "EUR"))),),
        promises=(CheckoutPromise((), ship_by, deliver_by),),
        cancelled_at=None,
        exchange_of="",
        fulfilment_request_id="",
        address=Personal("shop/C-1", '{"city":"Ulm"}'),
    )


def label(**changes: Any) -> ParcelFacts:
    """A DHL label for both shirts."""
    values: dict[str, Any] = {
        "occurred_at": MONDAY - HOUR,
        "customer_id": "C-1",
        "direction": OUTBOUND,
        "carrier": "dhl",
        "service_level": "standard",
        "tracking_number": "T-1",
        "contents": (Content("1", "SHIRT", 2),),
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "ship_by": None,
        "promised_by": None,
        "estimated_delivery": None,
        "fulfilment_request_id": "",
        "rma_id": "",
    }
    return ParcelFacts(**{**values, **changes})


def scan(key: str, at: datetime, status: str = "in_transit", sub: str = "") -> Scan:
    return Scan(key, at, NeutralStatus(status, sub, "carrier"), "dhl", status.upper(), "Ulm", "DE")
