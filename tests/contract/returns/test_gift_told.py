"""What returns tells the world of a gift that its recipient brings back, heard by notifications."""

from datetime import UTC, datetime

from chassis.service import Record
from services.notifications.consumers import notices
from tests.unit.notifications.world import World as Notifications
from tests.unit.returns.test_gift import asked, back, given


async def test_the_recipient_is_told_and_the_buyer_is_sent_nothing() -> None:
    """From the request to the credit: notifications knows both, and every message it plans is the recipient's."""
    returns, notifications = await given(), Notifications()
    notifications.now, before = returns.now, len(returns.told)
    await returns.refunded(await back(returns, await asked(returns)))
    for customer in ("c1", "c9"):
        await notifications.know(customer, shop_id="s1")
    for number, message in enumerate(returns.told[before:]):
        if "customer_id" in message.DESCRIPTOR.fields_by_name:
            record = Record(
                message,
                f"e{number}",
                "returns",
                message.DESCRIPTOR.full_name,
                datetime(2026, 11, 22, tzinfo=UTC),
                "aftercare.returns.events.v1",
                0,
                number,
                None,
            )
            for notice in notices(record):
                await notifications.tell(notice)
    planned = [(message.customer_id, message.sending.template) for message in notifications.messages()]
    assert planned == [("c9", "return_authorised"), ("c9", "return_received"), ("c9", "refund_promised")]
