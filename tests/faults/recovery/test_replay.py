"""A shop that publishes its whole day again, and a business clock that is moved while the day is played.

What is compared is everything: each row of each read model, the length of each log, the mails, the goods asked for, the
provider's books and the ledger of each order.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from chassis.schema import row_tables
from infra.demo.stage import SERVICES
from infra.shop_simulator.bus import unruly
from infra.shop_simulator.catalogue import person
from infra.shop_simulator.lives import live
from tests.faults.recovery.again import Told, everything_on, publish_again
from tests.faults.recovery.drill import Drill

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(1200)]

HOUR = timedelta(hours=1)
DAY = 30
"""Orders of the shop's day, beside those an agent works on."""


@pytest.mark.fault(11)
async def test_a_day_published_again_and_again_changes_nothing(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """Three times under the same ids, a tenth of it out of order, then once more under new ids with the same keys."""
    rng = random.Random(f"{drill.seed}/replay")
    now = await drill.stage.now()
    for number in range(1, DAY + 1):
        told = live(number, 7, person(number, 7), shop_id=drill.stage.shop, now=now)
        await drill.stage.bus.publish(*unruly(told.facts, rng))
    await drill.orders(4)
    await drill.quiet()
    for _ in range(3):  # silence is noticed, answers become overdue, mails go out
        await drill.stage.set_clock(await drill.stage.now() + 8 * HOUR)
        await drill.quiet()
    day = await _inbound(drill)
    before = await _everything(drill)
    for _ in range(3):
        await publish_again(drill.kafka, _tenth_shuffled(day, rng))
        await drill.quiet()
        assert _changed(before, await _everything(drill)) == {}
    shops = [told for told in day if told.topic.startswith("shop.")]  # our own events never have another id
    await publish_again(drill.kafka, shops, new_ids=True)
    await drill.quiet()
    assert _changed(before, await _everything(drill)) == {}
    assert await drill.judged() == []
    record_property("rounds", 1)
    record_property("redeliveries", 3 * len(day) + len(shops))


@pytest.mark.fault(13)
async def test_a_business_clock_an_hour_ahead_is_not_put_back_and_fires_each_timer_once(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """SetClock forward under load; back is refused, because stored events carry the time that has passed."""
    for _ in range(server_rounds):
        await drill.orders(2)
        ahead = await drill.stage.now() + HOUR
        await drill.stage.set_clock(ahead)
        await drill.orders(1)
        with pytest.raises(Exception, match="the clock stands at"):
            await drill.stage.set_clock(ahead - HOUR)
        await drill.quiet()
        assert await drill.judged() == []
        failed = [(await drill.status(name)).failed_timers for name in SERVICES]
        assert failed == [0] * len(SERVICES)
    record_property("rounds", server_rounds)


async def _inbound(drill: Drill) -> list[Told]:
    """Everything the four services read: the shop's topics and their own, without what only the shop is asked."""
    read = {partition.topic for name in SERVICES for partition in (await drill.status(name)).partitions}
    return await everything_on(drill.kafka, read)


def _tenth_shuffled(day: list[Told], rng: random.Random) -> list[Told]:
    """A tenth of the records change places with one another."""
    out = list(day)
    chosen = rng.sample(range(len(out)), len(out) // 10)
    for a, b in zip(chosen, rng.sample(chosen, len(chosen)), strict=True):
        out[a], out[b] = out[b], out[a]
    return out


async def _everything(drill: Drill) -> Mapping[str, Any]:
    """All that a customer, an agent or finance could see of the day."""
    found: dict[str, Any] = {"mails": drill.mails(), "goods": await drill.goods()}
    found["paid"] = {k: v for k, v in drill.stage.provider.totals().items() if k != "asked"}
    for name in SERVICES:
        found[f"{name}.events"] = await drill.stage.value(name, "SELECT coalesce(max(position), 0) FROM events")
        found[f"{name}.parked"] = await drill.stage.value(name, "SELECT count(*) FROM parked")
        model = import_module(f"services.{name}.bootstrap").SERVICE.model
        for table in row_tables(model.read_model):
            rows = await drill.stage.rows(name, f"SELECT to_jsonb(t)::text FROM {table.name} t")
            found[f"{name}.{table.name}"] = sorted(row[0] for row in rows)
    for trouble in drill.load.troubles:
        found[trouble.order_id] = await drill.refunded(trouble.order_id)
    return found


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, with what is new of it."""
    assert before.keys() == after.keys()
    found = {}
    for name, was in before.items():
        if after[name] != was:
            new = [row for row in after[name] if row not in was] if isinstance(was, list) else after[name]
            found[name] = (new[:3], len(new)) if isinstance(new, list) else (was, new)
    return found
