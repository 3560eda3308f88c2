"""Values of parcels and remedies: immutable, comparable, and safe to lie in an event."""

from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Money

CREATED, HANDED_OVER, IN_TRANSIT = "created", "handed_over", "in_transit"
OUT_FOR_DELIVERY, READY_FOR_PICKUP = "out_for_delivery", "ready_for_pickup"
EXCEPTION, DELIVERED, RETURNED, UNKNOWN = "exception", "delivered", "returned", "unknown"

# The order also decides between signs of one instant: the later word wins.
STATUSES = (
    UNKNOWN,
    CREATED,
    HANDED_OVER,
    IN_TRANSIT,
    READY_FOR_PICKUP,
    OUT_FOR_DELIVERY,
    EXCEPTION,
    DELIVERED,
    RETURNED,
)

RETURNING, REDELIVERY = "returning_to_sender", "redelivery"

EXCEPTIONS = frozenset(
    {
        "failed_attempt",
        "customs_hold",
        "address_problem",
        "awaiting_pickup",
        "refused",
        RETURNING,
        "damaged",
        "lost",
        "late_to_ship",
        "no_longer_available",
    }
)

OUTBOUND, RETURN = "outbound", "return"


@dataclass(frozen=True, slots=True)
class NeutralStatus:
    """What a carrier's code means, and whose responsibility it names."""

    status: str
    sub_status: str = ""
    responsibility: str = "unknown"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan by the carrier's clock. `key` is its identity. The carrier's free text is left out on purpose:
    it may name people."""

    key: str
    at: datetime
    meaning: NeutralStatus
    carrier: str
    carrier_status: str
    place: str
    country: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The parcel was handed to somebody; `handed_to` is a kind of recipient, never a name."""

    key: str
    at: datetime
    handed_to: str


@dataclass(frozen=True, slots=True)
class ToldException:
    """The shop or the carrier named a trouble."""

    key: str
    at: datetime
    sub_status: str
    responsibility: str
    carrier_status: str


@dataclass(frozen=True, slots=True)
class Content:
    """Units of one order line in a parcel."""

    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ParcelFacts:
    """What a label says of its parcel; told again with more known, the latest instant wins."""

    occurred_at: datetime
    customer_id: str
    direction: str
    carrier: str
    service_level: str
    tracking_number: str
    contents: tuple[Content, ...]
    country: str
    time_zone: str
    ship_by: datetime | None
    promised_by: datetime | None
    estimated_delivery: datetime | None
    fulfilment_request_id: str
    rma_id: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Who expected the parcel when, and when that was said."""

    said_at: datetime
    source: str
    delivery_by: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody says the parcel never came, or came damaged."""

    id: str
    at: datetime
    finding: str
    noticed_by: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order; `paid_each` is what each unit cost after discounts and with tax."""

    line_id: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    paid_each: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class CheckoutPromise:
    """What the customer was promised at checkout; `line_ids` empty means all lines."""

    line_ids: tuple[str, ...]
    ship_by: datetime | None
    deliver_by: datetime | None


@dataclass(frozen=True, slots=True)
class Given:
    """Who gave what of an entitlement, as the ledger tells it to somebody who comes later."""

    requester: str
    case_id: str
    by: str
    at: datetime | None
    what: str
