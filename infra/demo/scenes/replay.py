"""Scene 11: the whole day again; the broker killed; one customer forgotten."""

import random
import time

from aiokafka import AIOKafkaConsumer

from infra.demo.scenes.arrivals import PEOPLE
from infra.demo.stage import SERVICES
from infra.demo.story import Story
from infra.local.topics import read_topics
from infra.shop_simulator.bus import Fact


async def play(story: Story) -> None:
    story.scene(11, "The whole day again, the broker killed, one customer forgotten")
    await _again(story)
    await _broker(story)
    await _forget(story)


async def _again(story: Story) -> None:
    stage = story.stage
    events, mails, paid = await stage.events(), len(stage.mails()), stage.provider.totals()
    same = list(story.published)
    renamed = [Fact(f.message, f"{f.ce_id}.again", f.source) for f in same]
    random.Random(7).shuffle(renamed)
    await stage.bus.publish(*same)
    await stage.bus.publish(*renamed)
    await stage.settled()
    after = await stage.events()
    new = sum(after.values()) - sum(events.values())
    story.claim(f"new events after {2 * len(same)} records again, half under new ids", new, "the four logs", new == 0)
    story.claim("new mails", len(stage.mails()) - mails, "mailbox", len(stage.mails()) == mails)
    refunds = stage.provider.totals()["carried_out"] - paid["carried_out"]
    story.claim("new refunds", refunds, "the provider's own books", refunds == 0)


async def _broker(story: Story) -> None:
    stage = story.stage
    stage.kill("kafka")
    began = time.monotonic()
    await stage.restart_parts()
    await stage.settled(patience=120)
    story.claim(
        "lag after kill -9 of the broker", f"0, {time.monotonic() - began:.0f} s later", "GetStatus", holds=True
    )


async def _forget(story: Story) -> None:
    stage, who = story.stage, PEOPLE[0]
    words = [who.email, who.family_name]
    sums = await _sums(story)
    known = await _known(story, who.customer_id)
    asked = {}
    for name in SERVICES:
        answer = await stage.call(
            stage.operator, name, "EraseCustomer", shop_id=stage.shop, customer_id=who.customer_id
        )
        asked[name] = answer.receipt.id

    async def forgotten() -> bool:
        states = [
            (await stage.call(stage.operator, name, "GetErasure", erasure_id=erasure)).state
            for name, erasure in asked.items()
        ]
        return all(state == "done" for state in states)

    await stage.until("every service has forgotten her", forgotten)
    await stage.settled()
    after = await _known(story, who.customer_id)
    story.claim(
        f"what agents can read of {who.given_name}",
        f"before “{known}”, after “{after}”",
        "notifications: GetContact",
        known == who.email and not after,
    )
    found = await _plaintext(story, words)
    story.claim(
        f"{who.given_name}'s name and address in four databases and our topics",
        found,
        "every row of every table, every record",
        found == 0,
    )
    unchanged = await _sums(story) == sums
    story.claim(
        "sums of money", "unchanged" if unchanged else "changed", "returns: GetStatement of every order", unchanged
    )


async def _known(story: Story, customer_id: str) -> str:
    """The customer's e-mail address as an agent sees it; empty when there is none."""
    agent = story.stage.as_("anna", "agent")
    answer = await story.stage.call(
        agent, "notifications", "GetContact", shop_id=story.stage.shop, customer_id=customer_id
    )
    return next((c.address for c in answer.contact.channels), "")


async def _sums(story: Story) -> list[tuple[int, int, int]]:
    stage = story.stage
    out = []
    for person in story.cast:
        s = (
            await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=person.order_id)
        ).statement
        out.append((s.paid.minor_units, s.refunded.minor_units, s.kept.minor_units))
    return out


async def _plaintext(story: Story, words: list[str]) -> int:
    """How often any of `words` stands in any row of the four databases or any record of our own topics."""
    stage = story.stage
    total = 0
    for name in SERVICES:
        tables = await stage.rows(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for row in tables:
            total += await _in_table(story, name, row["tablename"], words)
    return total + await _in_topics(story, words)


async def _in_table(story: Story, name: str, table: str, words: list[str]) -> int:
    """Text as it stands, and bytes as the text they are."""
    patterns = [f"%{w}%" for w in words] + [f"%{w.encode().hex()}%" for w in words]
    sql = f'SELECT count(*) FROM ONLY "{table}" t WHERE t::text ILIKE ANY($1)'  # a name from pg_tables
    return int(await story.stage.value(name, sql, patterns))


async def _in_topics(story: Story, words: list[str]) -> int:
    stage = story.stage
    topics = [stage.stack.topic_prefix + t.name for t in read_topics() if t.name.startswith("aftercare.")]
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=stage.environment.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = list(consumer.assignment())  # without a group: every partition
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        found = 0
        left = {p for p, end in ends.items() if end}
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    text = (record.value or b"").decode(errors="ignore")
                    found += any(w in text for w in words)
                if await consumer.position(partition) >= ends[partition]:
                    left.discard(partition)
        return found
    finally:
        await consumer.stop()
