"""What the shop, its warehouse and its payment system say of an order, as immutable values."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from zoneinfo import ZoneInfo

from chassis.domain import Invalid, Money
from services.returns.domain.bundle import PartOf


@dataclass(frozen=True, slots=True)
class Discount:
    """A part of a discount, as the shop allocated it; `amount` is taken off."""

    discount_id: str
    code: str
    amount: Money


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax as the shop computed it."""

    name: str
    rate: str
    jurisdiction: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line; discounts and taxes are those of all its units together, cancelled ones included."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Money
    product_id: str = ""
    title: str = ""
    category: str = ""
    options: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    gift: bool = False
    final_sale: bool = False
    cancelled_quantity: int = 0
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    gift_proof: str = ""
    """The code of the gift receipt as `proof_of_gift` keeps it; empty where there is none."""
    part_of: PartOf | None = None

    def is_gift_of(self, code: str) -> bool:
        """Whether this is the code of its gift receipt."""
        return bool(self.gift_proof) and compare_digest(self.gift_proof, proof_of_gift(self.line_id, code))


def proof_of_gift(line_id: str, code: str) -> str:
    """A code as it is kept: enough to know it again, too little to use it."""
    return sha256(f"{line_id}/{code}".encode()).hexdigest() if code else ""


@dataclass(frozen=True, slots=True)
class Component:
    """Something paid that is not goods: shipping, duty, wrap."""

    component_id: str
    kind: str
    amount: Money
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    line_id: str = ""
    service_level: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """Money that was taken; only this can be refunded."""

    capture_id: str
    tender_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Authorised:
    """Money that may be taken; what is not taken of it is released, never refunded."""

    authorisation_id: str
    tender_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Tender:
    """One way the order was paid."""

    tender_id: str
    kind: str
    provider: str = ""
    captures: tuple[Capture, ...] = ()
    authorisations: tuple[Authorised, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """The whole order as it was at one version."""

    version: int
    customer_id: str
    placed_at: datetime
    country: str
    time_zone: str
    currency: str
    lines: tuple[OrderLine, ...]
    prices_include_tax: bool = True
    components: tuple[Component, ...] = ()
    unallocated_discounts: tuple[Discount, ...] = ()
    tenders: tuple[Tender, ...] = ()
    order_number: str = ""
    channel: str = ""
    exchange_of: str = ""
    exchange_value: Money | None = None
    fulfilment_request_id: str = ""
    cancelled_at: datetime | None = None
    language: str = ""
    customer_tier: str = ""


class PaymentKind(Enum):
    """The facts a payment system tells; the fold branches on them."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """One fact of the payment system; `reference` is the provider's own id of what it is about."""

    kind: PaymentKind
    reference: str
    tender_id: str
    amount: Money
    at: datetime
    request_id: str = ""
    provider_refund_id: str = ""
    outside: bool = False
    reason: str = ""

    def of_tender(self, tender_id: str) -> "PaymentFact":
        """The same fact, where its teller does not know tenders."""
        return replace(self, tender_id=tender_id)

    @property
    def key(self) -> str:
        """What makes it the same fact when it is told again. A dispute ends once, however it ends."""
        kind = "dispute_closed" if self.kind in (PaymentKind.DISPUTE_WON, PaymentKind.DISPUTE_LOST) else self.kind.value
        return f"{kind}:{self.reference}"


@dataclass(frozen=True, slots=True)
class ShipmentFact:
    """One parcel; `contents` is (line, units). An empty one counts as every line of the order.

    `serials` and `unit_weights` are (line, serial) and (line, grams of one unit); a weight of 0 is not known. `lots`
    are (line, lot, units picked from it).
    """

    shipment_id: str
    at: datetime
    outbound: bool
    contents: tuple[tuple[str, int], ...] = ()
    rma_id: str = ""
    carrier: str = ""
    tracking_number: str = ""
    serials: tuple[tuple[str, str], ...] = ()
    weight_grams: int = 0
    unit_weights: tuple[tuple[str, int], ...] = ()
    lots: tuple[tuple[str, str, int], ...] = ()

    @property
    def telling(self) -> tuple[Any, ...]:
        """Of two tellings of one parcel the higher holds."""
        return tuple(getattr(self, f.name) for f in fields(self) if f.name != "shipment_id")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of one parcel. A revoked one never happened, whichever of the two was told first."""

    shipment_id: str
    delivery_key: str
    at: datetime | None
    revoked: bool = False

    @property
    def key(self) -> str:
        """What makes it the same delivery when it is told again."""
        return f"{self.shipment_id}/{self.delivery_key}"

    def overrules(self, known: "Delivery") -> bool:
        """Whether this telling of the same delivery holds: with two instants it counts from the first."""
        return self.revoked or (self.at is not None and known.at is not None and self.at < known.at)


def require_zone(name: str) -> None:
    """A place is told by the name of its time zone, or `Invalid`."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # what is no zone's name may be a folder's
        raise Invalid("time_zone", f"{name} is no IANA time zone") from error


def require_even(order: OrderSnapshot) -> None:
    """All lines of a bundle say that as many of it were bought, or `Invalid`."""
    counts: dict[str, int] = {}
    for line in order.lines:
        if (part := line.part_of) is None:
            continue
        count, uneven = divmod(line.quantity, part.per)
        if uneven or counts.setdefault(part.bundle_id, count) != count:
            raise Invalid("lines", f"line {line.line_id} has another number of bundle {part.bundle_id} than its others")
