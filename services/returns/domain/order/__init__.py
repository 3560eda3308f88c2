"""An order as its facts from outside tell it."""

from services.returns.domain.order.charges import Charge
from services.returns.domain.order.facts import (
    Authorised,
    Capture,
    Component,
    Delivery,
    Discount,
    OrderLine,
    OrderSnapshot,
    PaymentFact,
    PaymentKind,
    ShipmentFact,
    TaxLine,
    Tender,
)
from services.returns.domain.order.order import Order, SoldUnit
from services.returns.domain.order.payments import RefundOutcome
from services.returns.domain.order.pricing import Price, paid_here, price_order

__all__ = [
    "Authorised",
    "Capture",
    "Charge",
    "Component",
    "Delivery",
    "Discount",
    "Order",
    "OrderLine",
    "OrderSnapshot",
    "PaymentFact",
    "PaymentKind",
    "Price",
    "RefundOutcome",
    "ShipmentFact",
    "SoldUnit",
    "TaxLine",
    "Tender",
    "paid_here",
    "price_order",
]
