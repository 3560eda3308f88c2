"""Scene 2: a parcel goes silent; its customer is told, in her language, before she notices."""

from datetime import timedelta

from aftercare.orders.v1 import orders_pb2, shipments_pb2

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.stage import body
from infra.demo.story import Story, fact
from infra.shop_simulator.lives import about_parcel


def first_order(story: Story, order_id: str) -> orders_pb2.OrderRecorded:
    """The order as it was published."""
    for published in story.published:
        if isinstance(published.message, orders_pb2.OrderRecorded) and published.message.order_id == order_id:
            return published.message
    raise LookupError(order_id)


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(2, "A parcel goes silent, and its customer hears of it before she notices")
    order, anna = first_order(story, "O-1"), PEOPLE[0]
    now = await stage.now()
    handed = fact(about_parcel(shipments_pb2.HandedOver, order, "S-1", at=now), "S-1.handed")
    scanned = about_parcel(
        shipments_pb2.Scanned,
        order,
        "S-1",
        at=now + timedelta(minutes=30),
        scan_key="S-1-1",
        carrier="dhl",
        carrier_status="transit",
    )
    await story.publish(handed, fact(scanned, "S-1.scan.1", "/shop/carrier"))
    for n in range(2, 6):  # everybody else's parcel arrives
        other = first_order(story, f"O-{n}")
        handed_over = about_parcel(shipments_pb2.HandedOver, other, f"S-{n}", at=now)
        delivered = about_parcel(
            shipments_pb2.Delivered,
            other,
            f"S-{n}",
            at=now + timedelta(hours=20),
            delivery_key="1",
            handed_to="recipient",
        )
        await story.publish(fact(handed_over, f"S-{n}.handed"), fact(delivered, f"S-{n}.delivered", "/shop/carrier"))
    await stage.settled()
    before = len(stage.mails(anna.email))
    story.say("  The carrier scanned it once and then fell silent. Three quiet days pass on the clock …")
    for hours in (24, 48, 60, 72):
        await stage.set_clock(now + timedelta(hours=hours))
        await stage.settled()
        if len(stage.mails(anna.email)) > before:
            break

    async def told() -> list[object]:
        return list(stage.mails(anna.email)[before:])

    await stage.until("Anna is told", told)
    mail, message = stage.mails(anna.email)[before]
    told_at = await stage.now()
    promised = order.promises[0].deliver_by.ToDatetime(tzinfo=told_at.tzinfo)
    ahead = (promised - told_at).total_seconds() / 3600
    story.quote(f"To {mail.recipients[0]} — {mail.subject}", body(message))
    story.claim("Anna was told", f"{ahead:.0f} hours before the promise", "mailbox, clock", ahead > 0)
    story.claim("in her language", mail.language or str(message["Content-Language"]), "mailbox", mail.language == "de")
    await _late_scan(story, order, scanned)


async def _late_scan(story: Story, order: orders_pb2.OrderRecorded, first: shipments_pb2.Scanned) -> None:
    """A scan that happened before the one we know comes days late: it changes no case and sends no mail."""
    stage = story.stage
    agent = stage.as_("anna", "agent")
    cases = await stage.call(agent, "shipping_issues", "ListCases", filter='order_id = "O-1"')
    versions = [(c.case_id, c.version, c.state) for c in cases.cases]
    mails = len(stage.mails())
    late = about_parcel(
        shipments_pb2.Scanned,
        order,
        "S-1",
        at=first.occurred_at.ToDatetime() - timedelta(minutes=20),
        scan_key="S-1-0",
        carrier="dhl",
        carrier_status="pre_transit",
    )
    await story.publish(fact(late, "S-1.scan.0", "/shop/carrier"))
    await stage.settled()
    after = await stage.call(agent, "shipping_issues", "ListCases", filter='order_id = "O-1"')
    unchanged = versions == [(c.case_id, c.version, c.state) for c in after.cases]
    story.claim(
        "an older scan comes late and changes nothing",
        f"cases {'unchanged' if unchanged else 'changed'}, {len(stage.mails()) - mails} new mails",
        "shipping_issues: ListCases, mailbox",
        unchanged and len(stage.mails()) == mails,
    )
