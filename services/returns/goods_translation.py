"""Between the contracts' words and the domain's, inbound: parcels, and what warehouses received.

Guarantee: field by field, nothing is decided; an instant that cannot be read is an error.
"""

from collections.abc import Iterable
from datetime import datetime

from aftercare.orders.v1 import receipts_pb2, shipments_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.grpc.convert import timestamp_from_proto
from services.returns.domain.case import ArrivedLine
from services.returns.domain.order import Delivery, ShipmentFact
from services.returns.domain.receipt import ReceiptFact


def shipment_of(message: shipments_pb2.ShipmentCreated) -> ShipmentFact:
    """One parcel, to the customer or back."""
    return ShipmentFact(
        shipment_id=message.shipment_id,
        at=_instant(message.occurred_at),
        outbound=message.direction == shipments_pb2.DIRECTION_OUTBOUND,
        contents=tuple((content.line_id, content.quantity) for content in message.contents),
        rma_id=message.rma_id,
        carrier=message.carrier,
        tracking_number=message.tracking_number,
        serials=tuple((content.line_id, serial) for content in message.contents for serial in content.serials),
        weight_grams=message.weight_grams,
        unit_weights=tuple(
            (content.line_id, content.unit_weight_grams) for content in message.contents if content.unit_weight_grams
        ),
        lots=tuple((content.line_id, lot.lot_id, lot.quantity) for content in message.contents for lot in content.lots),
    )


def delivery_of(message: shipments_pb2.Delivered | shipments_pb2.DeliveryRevoked) -> Delivery:
    """A delivery, or its revocation."""
    revoked = isinstance(message, shipments_pb2.DeliveryRevoked)
    at = None if revoked else _instant(message.occurred_at)
    return Delivery(message.shipment_id, message.delivery_key, at, revoked)


def receipt_of(message: receipts_pb2.ReceiptMade) -> ReceiptFact:
    """What came."""
    return ReceiptFact(
        correction=0,
        rma_id=message.rma_id,
        order_id=message.order_id,
        lines=_arrived(message.lines),
        at=_instant(message.occurred_at),
        shipment_id=message.shipment_id,
        tracking_number=message.tracking_number,
        warehouse_id=message.warehouse_id,
        weight_grams=message.weight_grams,
    )


def correction_of(message: receipts_pb2.ReceiptCorrected) -> ReceiptFact:
    """What should have been written down; the highest correction wins."""
    return ReceiptFact(
        correction=message.correction,
        rma_id=message.rma_id,
        order_id=message.order_id,
        lines=_arrived(message.lines),
        at=_instant(message.occurred_at),
        reason=message.reason,
        weight_grams=message.weight_grams,
    )


def _arrived(lines: Iterable[receipts_pb2.ReceiptLine]) -> tuple[ArrivedLine, ...]:
    return tuple(
        ArrivedLine(
            line.receipt_line_id,
            line.sku,
            line.quantity,
            line.condition,
            line.line_id,
            tuple(line.serials),
            line.lot_id,
            line.rma_id,
        )
        for line in lines
    )


def _instant(stamp: Timestamp) -> datetime:
    return timestamp_from_proto(stamp, "occurred_at")
