"""What commands about remedies share: the units asked for, the role acted in, and the receipt.

Guarantee: nothing is asked that is not in the parcel.
"""

from casework import written
from chassis.service import Receipt
from chassis.work import Actor
from services.shipping_issues.domain import errors
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import Content

_ROLES = ("supervisor", "finance", "senior_agent", "agent", "service", "customer")


def role_of(actor: Actor) -> str:
    """The role somebody acts in: the one with most say."""
    return next((role for role in _ROLES if role in actor.roles), "service")


def remedy_receipt(case: DeliveryCase, key: str) -> Receipt:
    """What a command about a remedy answers."""
    remedy = case.remedies[key]
    facts = {"remedy_id": key, "remedy": remedy.remedy, "state": remedy.state, "case_state": case.state}
    if (value := remedy.amount or remedy.value) is not None:
        facts["amount"] = written(value)
    return Receipt(str(case.id), case.version, facts)


def units_of(parcel: Shipment, order: Order, items: tuple[tuple[str, int], ...]) -> tuple[Content, ...]:
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
