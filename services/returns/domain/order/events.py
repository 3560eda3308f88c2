"""Everything that can happen to an order in the eyes of returns."""

from datetime import datetime
from typing import Any

from chassis.domain import Created, Event
from services.returns.domain.order.facts import Delivery, OrderSnapshot, PaymentFact, ShipmentFact


class OrderHeardOf(Created):
    """Some fact named the order for the first time; the order itself may still be unknown."""

    TOPIC = "returns.Order.HeardOf"
    shop_id: str
    order_id: str


class OrderRecorded(Event):
    """The shop stated the order, at a version higher than any before. Version 2 says what may be taken by each
    tender."""

    TOPIC = "returns.Order.Recorded"
    class_version = 5
    order: OrderSnapshot
    history: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        for tender in state["order"]["tenders"]:
            tender["authorisations"] = []

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Before, neither the language nor the customer's tier was taken from the shop's order."""
        state["order"].setdefault("language", "")
        state["order"].setdefault("customer_tier", "")

    @staticmethod
    def upcast_v3_v4(state: dict[str, Any]) -> None:
        """Before, no gift receipt had a code."""
        for line in state["order"]["lines"]:
            line.setdefault("gift_proof", "")

    @staticmethod
    def upcast_v4_v5(state: dict[str, Any]) -> None:
        """Before, nobody told which lines were sold as one bundle."""
        for line in state["order"]["lines"]:
            line.setdefault("part_of", None)


class PaymentTold(Event):
    """The payment system told a fact that was not known."""

    TOPIC = "returns.Order.PaymentTold"
    fact: PaymentFact
    history: bool


class ShipmentTold(Event):
    """A parcel of the order is known, or more is known of it."""

    TOPIC = "returns.Order.ShipmentTold"
    class_version = 3
    shipment: ShipmentFact
    history: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, neither the carrier's names of the parcel nor serials and weights were taken."""
        told = state["shipment"]
        told |= {"carrier": "", "tracking_number": "", "serials": [], "weight_grams": 0, "unit_weights": []} | told

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Before, the lots that units were picked from were not taken."""
        state["shipment"].setdefault("lots", [])


class DeliveryTold(Event):
    """A parcel was delivered, or a delivery of it was taken back."""

    TOPIC = "returns.Order.DeliveryTold"
    delivery: Delivery
    history: bool


class HandOverTold(Event):
    """A carrier has a parcel of the order."""

    TOPIC = "returns.Order.HandOverTold"
    shipment_id: str
    handed_over_at: datetime
    history: bool


class ReceiptTold(Event):
    """The warehouse received something of this order."""

    TOPIC = "returns.Order.ReceiptTold"
    receipt_number: str
    case_id: str
    history: bool


class UnitsTaken(Event):
    """A return holds these units; no other return may."""

    TOPIC = "returns.Order.UnitsTaken"
    case_id: str
    units: tuple[str, ...]


class UnitsFreed(Event):
    """A return let go of these units: declined, cancelled or expired."""

    TOPIC = "returns.Order.UnitsFreed"
    case_id: str
    units: tuple[str, ...]


class ChangeAsked(Event):
    """The shop was asked to change the order before these units leave; nobody else may have them meanwhile."""

    TOPIC = "returns.Order.ChangeAsked"
    change_id: str
    kind: str
    units: tuple[str, ...]


class ChangeTaken(Event):
    """The shop cancelled these units: they are not sent, whatever version of the order is known."""

    TOPIC = "returns.Order.ChangeTaken"
    change_id: str
    units: tuple[str, ...]


class ChangeLetGo(Event):
    """A change has nothing more to do with these units. `undone`: nothing of it came about, so it does not count."""

    TOPIC = "returns.Order.ChangeLetGo"
    change_id: str
    units: tuple[str, ...]
    undone: bool


class UnitsWithdrawn(Event):
    """The customer withdrew from the contract about these units."""

    TOPIC = "returns.Order.UnitsWithdrawn"
    withdrawal_id: str
    units: tuple[str, ...]
