"""Kafka in: what the other services tell the world, as far as a decision of returns rests on it. No decisions."""

from aftercare.common.v1 import event_pb2
from aftercare.shipping_issues.v1 import events_pb2

from chassis.grpc.convert import timestamp_from_proto
from chassis.service import Record, Subscription
from chassis.work import Work
from services.returns.application import Application

SHIPPING = "aftercare.shipping_issues.events.v1"
NOT_RECEIVED = "not_received"

Finding = events_pb2.ShippingTroubleFound | events_pb2.ShippingTroubleChanged


def told_by_shipping(app: Application) -> Subscription:
    """Every type of the topic is handled, or known and passed over."""

    async def found(work: Work, record: Record[Finding]) -> None:
        m = record.message
        if NOT_RECEIVED == m.finding == m.trouble and m.customer_id:
            at = timestamp_from_proto(m.occurred_at, "occurred_at")
            await app.not_received_told(work, m.shop_id, m.customer_id, m.case_id, at)

    read = (events_pb2.ShippingTroubleFound, events_pb2.ShippingTroubleChanged)
    handlers = {kind.DESCRIPTOR.full_name: (kind, found) for kind in read}
    types = {
        message.full_name
        for message in events_pb2.DESCRIPTOR.message_types_by_name.values()
        if SHIPPING in message.GetOptions().Extensions[event_pb2.event].topics
    }
    return Subscription(SHIPPING, ordered=True, handlers=handlers, known=frozenset(types) - frozenset(handlers))
