"""Which units a remedy is about.

Guarantee: nothing is asked that is not in the parcel, and nothing at all while the order is unknown.
"""

from services.shipping_issues.domain import errors
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import Content


def units_of(parcel: Shipment, order: Order, items: tuple[tuple[str, int], ...] = ()) -> tuple[Content, ...]:
    """The units a remedy is about; refused where they are not known, or not in the parcel."""
    if not order.is_known:
        raise errors.OrderUnknown(f"order {order.order_id} has not been told yet", order_id=order.order_id)
    contents = parcel.contents
    if not contents and order.shipments <= {parcel.shipment_id}:
        contents = order.everything()
    if not contents:
        raise errors.ContentsUnknown(f"nobody told what is in parcel {parcel.shipment_id}")
    if not items:
        return contents
    inside = {content.line_id: content for content in contents}
    chosen = []
    for line_id, quantity in items:
        content = inside.get(line_id)
        if content is None or quantity > content.quantity:
            held = content.quantity if content else 0
            raise errors.NothingToRemedy(
                f"{held} of line {line_id} are in this parcel, not {quantity}", line_id=line_id, inside=held
            )
        chosen.append(Content(line_id, content.sku, quantity))
    return tuple(chosen)
