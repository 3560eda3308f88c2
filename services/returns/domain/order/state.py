"""What an order remembers of its facts, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from datetime import datetime

from chassis.domain import Aggregate, applies
from services.returns.domain.order import events as e
from services.returns.domain.order.facts import Delivery, OrderSnapshot, PaymentFact, ShipmentFact
from services.returns.domain.order.pricing import Price, price_order


class OrderState(Aggregate):
    """Abstract: `Order` adds what is told and asked."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.order_id = ""
        self.snapshot: OrderSnapshot | None = None
        self.payments: dict[str, PaymentFact] = {}
        self.shipments: dict[str, ShipmentFact] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.handed_over: dict[str, datetime] = {}
        self.receipts: dict[str, str] = {}
        self.units_in_returns: dict[str, str] = {}
        self.withdrawn: dict[str, str] = {}
        self.changes: dict[str, str] = {}  # kind by change
        self.units_in_changes: dict[str, str] = {}
        self.units_out: set[str] = set()  # cancelled by a change that the shop confirmed
        self.prices: tuple[Price, ...] = ()

    @applies(e.OrderHeardOf)
    def _on_heard_of(self, event: e.OrderHeardOf) -> None:
        self.shop_id, self.order_id = event.shop_id, event.order_id

    @applies(e.OrderRecorded)
    def _on_recorded(self, event: e.OrderRecorded) -> None:
        self.snapshot = event.order
        self.prices = price_order(event.order)

    @applies(e.PaymentTold)
    def _on_payment_told(self, event: e.PaymentTold) -> None:
        self.payments[event.fact.key] = event.fact

    @applies(e.ShipmentTold)
    def _on_shipment_told(self, event: e.ShipmentTold) -> None:
        self.shipments[event.shipment.shipment_id] = event.shipment

    @applies(e.DeliveryTold)
    def _on_delivery_told(self, event: e.DeliveryTold) -> None:
        self.deliveries[event.delivery.key] = event.delivery

    @applies(e.HandOverTold)
    def _on_hand_over_told(self, event: e.HandOverTold) -> None:
        self.handed_over[event.shipment_id] = event.handed_over_at

    @applies(e.ReceiptTold)
    def _on_receipt_told(self, event: e.ReceiptTold) -> None:
        self.receipts[event.receipt_number] = event.case_id

    @applies(e.UnitsTaken)
    def _on_units_taken(self, event: e.UnitsTaken) -> None:
        self.units_in_returns.update(dict.fromkeys(event.units, event.case_id))

    @applies(e.UnitsFreed)
    def _on_units_freed(self, event: e.UnitsFreed) -> None:
        for unit_id in event.units:
            self.units_in_returns.pop(unit_id, None)

    @applies(e.ChangeAsked)
    def _on_change_asked(self, event: e.ChangeAsked) -> None:
        self.changes[event.change_id] = event.kind
        self.units_in_changes.update(dict.fromkeys(event.units, event.change_id))

    @applies(e.ChangeTaken)
    def _on_change_taken(self, event: e.ChangeTaken) -> None:
        self.units_in_changes.update(dict.fromkeys(event.units, event.change_id))
        self.units_out.update(event.units)

    @applies(e.ChangeLetGo)
    def _on_change_let_go(self, event: e.ChangeLetGo) -> None:
        for unit_id in event.units:
            self.units_in_changes.pop(unit_id, None)
        if event.undone:
            self.changes.pop(event.change_id, None)

    @applies(e.UnitsWithdrawn)
    def _on_units_withdrawn(self, event: e.UnitsWithdrawn) -> None:
        self.withdrawn.update(dict.fromkeys(event.units, event.withdrawal_id))
