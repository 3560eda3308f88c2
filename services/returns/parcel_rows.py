"""What the warehouse received, by its number: what lists of parcels show.

Guarantee: a row is a pure function of the receipt; the table it lies in is that of `read_model`.
"""

from chassis.service import Row
from services.returns.domain.receipt import Receipt


def receipt_row(receipt: Receipt) -> Row:
    """The row of one receipt."""
    return Row(
        "receipts",
        {
            "id": receipt.id,
            "version": receipt.version,
            "shop_id": receipt.shop_id,
            "order_id": receipt.fact.order_id if receipt.fact else "",
            "customer_id": "",
            "receipt_number": receipt.receipt_number,
            "case_id": receipt.case_id,
            "voided": receipt.voided,
            "received_at": receipt.received_at,
            "tracking_number": receipt.fact.tracking_number if receipt.fact else "",
            "shelf": receipt.shelf,
        },
    )
