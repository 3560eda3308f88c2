"""The band on what goes back within an hour, on a real store and a running process."""

import asyncio
from pathlib import Path

from infra.local.parts import Parts
from tests.faults.other_ways import KINDS, OtherWays, ShopsBank
from tests.faults.paying import order_facts, till
from tests.faults.rig import until

BAND, ORDERS = 2, 5


async def test_beyond_the_band_refunds_wait_for_a_person_and_then_go_on(
    parts: Parts, run_id: str, tmp_path: Path
) -> None:
    """Five claims at once, two an hour allowed: no more than two are paid, the kind is paused with its reason; lifted
    as often as the guard asks, all five are paid, each once."""
    terms = {"per_hour": {"count": BAND}}
    async with till(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.", terms) as found:
        names = [f"t-band-{n}" for n in range(ORDERS)]

        async def paused() -> str:
            async with found.small.connected() as db:
                return str(await db.fetchval("SELECT reason FROM paused_effects WHERE kind = 'refund'") or "")

        await found.bus.publish(*(fact for name in names for fact in order_facts(name)))
        why = await until("the kind is paused", paused)
        assert why.startswith("shop shop-topic: ") and f"{BAND} are allowed" in why
        assert len(found.kafka.paid) <= BAND

        async def all_paid() -> bool:
            if await paused():
                async with found.small.connected() as db:
                    await db.execute("DELETE FROM paused_effects")
            return len(found.kafka.paid) == ORDERS

        await until("all are paid", all_paid)
        assert sorted(found.kafka.paid.values()) == names


async def test_store_credit_and_transfers_are_held_back_by_the_same_band(
    parts: Parts, run_id: str, tmp_path: Path
) -> None:
    """Two of each are granted and one payment an hour is allowed, whichever way it goes: both kinds are paused, one
    was paid at most; lifted as often as the guard asks, all four are paid, each once."""
    terms = {"per_hour": {"count": 1}, "no_way_back": ["invoice"], "tender_gone": []}
    async with till(tmp_path, parts.postgres_url, parts.kafka_bootstrap, f"{run_id}.", terms) as found:
        ways = OtherWays(found, ShopsBank(found.bus))
        serving = asyncio.create_task(ways.shop.run("provider"))
        names = [f"{kind}-band-{n}" for kind in KINDS for n in range(2)]
        try:
            await ways.ready(names)
            for name in names:
                await ways.pay(name)

            async def paused() -> set[str]:
                async with found.small.connected() as db:
                    return {row["kind"] for row in await db.fetch("SELECT kind FROM paused_effects")}

            async def both() -> bool:
                return await paused() == set(KINDS.values())

            await until("both kinds are paused", both)
            assert len(ways.shop.paid) <= 1

            async def all_paid() -> bool:
                if await paused():
                    async with found.small.connected() as db:
                        await db.execute("DELETE FROM paused_effects")
                return len(ways.shop.paid) == len(names)

            await until("all are paid", all_paid)
            assert sorted(ways.shop.paid.values()) == sorted(names)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
