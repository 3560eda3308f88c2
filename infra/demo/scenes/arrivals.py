"""Scene 1: ten order and shipment records arrive in the wrong order, twice, one of them broken."""

import random
from datetime import timedelta

from infra.demo.story import Cast, Story, fact
from infra.shop_simulator.bus import Fact, headers, payload
from infra.shop_simulator.catalogue import PRODUCTS, Person, customer_record
from infra.shop_simulator.lives import Bought, captured_record, order_record, parcel_record

PEOPLE = (
    Person("C-1", "Anna", "Becker", "de", "DE", "Europe/Berlin"),
    Person("C-2", "Oliver", "Hughes", "en", "IE", "Europe/Dublin"),
    Person("C-3", "Mia", "Wagner", "de-AT", "AT", "Europe/Vienna"),
    Person("C-4", "Grace", "Kelly", "en", "IE", "Europe/Dublin"),
    Person("C-5", "Jonas", "Lang", "de", "DE", "Europe/Berlin"),
)

READERS = ("returns", "shipping_issues", "quality_complaints")
"""The services that read orders."""


async def play(story: Story) -> None:
    stage = story.stage
    story.scene(1, "A morning's records arrive in the wrong order, twice, one of them broken")
    now = await stage.now()
    people = [fact(customer_record(stage.shop, who, at=now), f"{who.customer_id}.1") for who in PEOPLE]
    await story.publish(*people)
    records, captures = [], []
    for n, who in enumerate(PEOPLE, 1):
        bought = (Bought(PRODUCTS[n - 1], 1),)
        placed, promised = now - timedelta(hours=20), now + timedelta(hours=76)
        order = order_record(stage.shop, f"O-{n}", who, bought, placed_at=placed, deliver_by=promised)
        parcel = parcel_record(order, f"S-{n}", at=now - timedelta(hours=3), promised_by=promised)
        records += [fact(order, f"O-{n}.1"), fact(parcel, f"S-{n}.1")]
        captures.append(fact(captured_record(order), f"O-{n}.capture"))
        story.cast.append(Cast(f"O-{n}", who.given_name, who.customer_id))
    await story.publish(*captures)
    shuffled = records * 2
    random.Random(11).shuffle(shuffled)
    broken = next(f for f in records if f.key == "O-5")
    for record in shuffled:
        await (_publish_broken(story, record) if record is broken else story.publish(record))
    await stage.settled()
    await _count(story, len(shuffled))
    await _repair(story, broken)


async def _publish_broken(story: Story, record: Fact) -> None:
    """The order system cut the record short."""
    whole = payload(record)
    await story.stage.bus.publish_raw(
        record.topic, record.key.encode(), whole[: len(whole) // 2], dict(headers(record))
    )


async def _count(story: Story, sent: int) -> None:
    stage, name = story.stage, "shipping_issues"
    topics = ("shop.orders.v1", "shop.shipments.v1")
    arrived = await _received(story, topics)
    parked = await stage.value(name, "SELECT count(*) FROM parked")
    facts = await stage.value(name, "SELECT count(*) FROM inbox")
    story.say(f"  {sent} records were sent. {name} says what became of them:")
    story.claim("records read", arrived, f"{name}: positions of its partitions", arrived == sent)
    story.claim("facts among them", facts, f"{name}: inbox", facts == 9)
    story.claim("duplicates dropped", arrived - facts - parked, "read - facts - parked", arrived - facts - parked == 10)
    reasons = await stage.rows(name, "SELECT reason, detail FROM parked")
    story.claim("parked, everyone else flows on", parked, f"{name}: parked ({reasons[0]['reason']})", parked == 1)


async def _received(story: Story, topics: tuple[str, ...]) -> int:
    """Offsets that shipping_issues has passed, over the partitions of these topics."""
    status = await story.stage.call(story.stage.operator, "shipping_issues", "GetStatus")
    return sum(p.position for p in status.partitions if p.topic in topics)


async def _repair(story: Story, broken: Fact) -> None:
    stage = story.stage
    whole = payload(broken)
    for name in READERS:
        for record in (await stage.call(stage.operator, name, "ListParked")).records:
            await _redrive(story, name, record.parked_id, whole)
    story.published.append(broken)

    async def none_parked() -> bool:
        return not sum([int(await stage.value(name, "SELECT count(*) FROM parked")) for name in READERS])

    await stage.until("the repaired record is applied everywhere", none_parked)
    await stage.settled()
    known = await stage.call(stage.as_("anna", "agent"), "returns", "GetOrderView", order_id="O-5")
    story.claim(
        "the broken one, repaired and redriven, is an order now",
        f"{known.order.order_id} version {known.order.version}",
        "returns: GetOrderView",
        known.order.version == 1,
    )


async def _redrive(story: Story, name: str, parked_id: str, whole: bytes) -> None:
    from clients.cli.stubs import find, request

    method = find(name, "RedriveParked")
    message = request(method, {"parked_id": parked_id, "reason": "the order system cut it short"})
    message.replacement_value = whole  # type: ignore[attr-defined]  # a generated message, typed by name only
    story.stage.operator.send(name, method, message)
